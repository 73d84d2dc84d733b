//! Strings: of a format, by a pattern, by the name of the field, or prose.

use crate::check::fits_text;
use crate::field::Kind;
use crate::format::Format;
use crate::json;
use crate::names::{self, Entry};
use crate::node::TextRules;
use crate::prose;

use super::plan::Plan;
use super::{Maker, Place, Way, field};

/// Prose without a limit of its own is at most this long.
const MOST_PROSE: usize = 600;
/// A `minLength` above this is not met: it is no use to anybody.
const MOST_CHARS: usize = 100_000;
/// As above, of a pattern.
const MOST_MATCHED_CHARS: usize = 10_000;

/// What all the rules together ask of the length.
struct Length {
    min: usize,
    max: usize,
    /// What may be used, of what is allowed.
    affordable: usize,
}

/// The property that holds the object of the field at `pointer`; for an object of a list, the list's.
fn parent(pointer: &str) -> &str {
    let mut names = pointer.rsplit('/').skip(1).filter(|name| !name.bytes().all(|byte| byte.is_ascii_digit()));
    names.next().unwrap_or_default()
}

/// The place in its list of the object of the field at `pointer`.
fn turn(pointer: &str) -> Option<usize> {
    pointer.rsplit('/').nth(1)?.parse().ok()
}

impl Maker<'_> {
    pub(super) fn text(&mut self, plan: &Plan, place: Place<'_>, way: Way) -> Option<String> {
        let nodes = self.nodes;
        let rules: Vec<&TextRules> = plan.rules.iter().map(|id| &nodes[*id].text).collect();
        let min = rules.iter().map(|text| text.min_chars).max().unwrap_or(0);
        let max = rules.iter().filter_map(|text| text.max_chars).min().unwrap_or(usize::MAX);
        if min > max || min > MOST_CHARS {
            return None;
        }
        let affordable = if way.is_tight { min } else { place.budget.saturating_sub(2).clamp(min, max.max(min)) };
        let length = Length { min, max, affordable };
        let fits = |text: &String| rules.iter().all(|rules| fits_text(rules, text));
        let formats: Vec<Format> = rules.iter().filter_map(|rules| rules.format).collect();
        if let Some(format) = formats.first() {
            return self
                .formatted(*format, place, way, &length)
                .into_iter()
                .find(fits)
                .or_else(|| self.matching(&rules, &length, fits));
        }
        if rules.iter().any(|rules| rules.pattern.is_some()) {
            let named = if way.is_tight || way.attempt > 0 || self.is_varied {
                None
            } else {
                self.named(plan, place, &length).filter(fits)
            };
            return named.or_else(|| self.matching(&rules, &length, fits));
        }
        if way.is_tight && !(self.is_varied || way.attempt > 0) {
            return Some(fit(String::new(), &length, ""));
        }
        let text = if self.is_varied || way.attempt > 2 {
            prose::words(self.rng, 1 + self.fuel as usize % 3)
        } else {
            self.free(plan, place, &length)
        };
        Some(fit(text, &length, &prose::words(self.rng, 3))).filter(fits)
    }

    /// A text by its pattern; of several, one that happens to match the others, too.
    fn matching(&mut self, rules: &[&TextRules], length: &Length, fits: impl Fn(&String) -> bool) -> Option<String> {
        if length.min > MOST_MATCHED_CHARS {
            return None;
        }
        let patterns: Vec<_> = rules.iter().filter_map(|rules| rules.pattern.as_ref()).collect();
        for max in [length.affordable.clamp(length.min, 64.max(length.min)), length.max] {
            for _ in 0..8 {
                let sample = self.rng.pick(&patterns)?.sample_between(self.rng, length.min, max);
                if let Some(sample) = sample.filter(&fits) {
                    return Some(sample);
                }
            }
        }
        None
    }

    /// Texts of the format, the most fitting first.
    fn formatted(&mut self, format: Format, place: Place<'_>, way: Way, length: &Length) -> Vec<String> {
        let mut texts = vec![format.least().to_owned()];
        if way.is_tight && way.attempt == 0 && !self.is_varied {
            return texts;
        }
        let long = self.persona.formatted(format, place.name, self.is_varied, self.rng);
        let short = prose::short_format(format, self.rng);
        if json::text_size(&long) <= length.affordable.max(length.min) + 2 {
            texts.insert(0, short);
            texts.insert(0, long);
        } else {
            texts.insert(0, short);
            texts.push(long);
        }
        texts
    }

    /// What the name of the field, its title or its description suggest.
    fn named(&mut self, plan: &Plan, place: Place<'_>, length: &Length) -> Option<String> {
        let nodes = self.nodes;
        let known = field(nodes, plan, place, Kind::Text, "");
        let description = known.description.unwrap_or_default();
        if let Some(example) = names::example_in(description) {
            return Some(example);
        }
        if let Some(format) = names::format_in(description) {
            return Some(self.persona.formatted(format, place.name, false, self.rng));
        }
        let entry = names::lookup_within(parent(&self.pointer), place.name)
            .or_else(|| names::lookup(known.title.unwrap_or_default()))
            .or_else(|| names::lookup_in(description));
        self.entry(entry?, place, length)
    }

    fn entry(&mut self, entry: &'static Entry, place: Place<'_>, length: &Length) -> Option<String> {
        match entry {
            Entry::Number { low, high, places } => {
                let number = self.rng.range(*low, *high);
                Some(format!("{number:.places$}", places = *places as usize))
            }
            Entry::Texts(texts) => {
                // The objects of a list take turns as its items would.
                let turn = place.index.or_else(|| turn(&self.pointer));
                let start = turn.unwrap_or_else(|| self.rng.below(texts.len()));
                texts.get(start % texts.len()).map(|text| (*text).to_owned())
            }
            Entry::Made(what) => Some(self.persona.value(*what, self.rng)),
            Entry::Prose { sentences } => {
                Some(prose::sentences(self.rng, *sentences, length.affordable.min(MOST_PROSE)))
            }
        }
    }

    /// A text without any rule but its length.
    fn free(&mut self, plan: &Plan, place: Place<'_>, length: &Length) -> String {
        let nodes = self.nodes;
        let entry = names::lookup(place.name);
        let is_prose = matches!(entry, None | Some(Entry::Prose { .. }));
        if is_prose {
            let pointer = std::mem::take(&mut self.pointer);
            let known = field(nodes, plan, place, Kind::Text, &pointer);
            let hinted = names::example_in(known.description.unwrap_or_default());
            let text =
                if hinted.is_some() { None } else { self.source.text(&known, length.affordable.min(MOST_PROSE)) };
            self.pointer = pointer;
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                return text;
            }
        }
        let named = self.named(plan, place, length);
        named.unwrap_or_else(|| prose::sentences(self.rng, 1, length.affordable.min(MOST_PROSE)))
    }
}

/// Cuts at a word, or fills up, to the length that is asked for.
fn fit(mut text: String, length: &Length, filling: &str) -> String {
    while text.len() > 16 && json::text_size(&text) - 2 > length.affordable || text.chars().count() > length.affordable
    {
        let keep = text.chars().count().min(length.affordable + 1).saturating_sub(1);
        let cut = text.char_indices().nth(keep).map_or(text.len(), |(at, _)| at);
        let word = text[..cut].rfind(' ').filter(|at| *at >= cut / 2);
        text.truncate(word.unwrap_or(cut));
        text.truncate(text.trim_end_matches([' ', ',', ';', ':', '-']).len());
    }
    let mut missing = length.min.saturating_sub(text.chars().count());
    if missing > 0 {
        let filling = if filling.is_empty() { "a" } else { filling };
        let source = if text.is_empty() { String::new() } else { " ".to_owned() } + filling + " ";
        let mut characters: Vec<char> = source.chars().cycle().take(missing).collect();
        if characters.last() == Some(&' ') {
            characters.pop();
            characters.push('.');
        }
        text.extend(characters);
        missing = 0;
    }
    debug_assert_eq!(missing, 0, "texts are filled up at once");
    if text.chars().count() > length.max {
        text = text.chars().take(length.max).collect();
    }
    text
}
