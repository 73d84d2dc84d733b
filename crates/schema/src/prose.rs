//! Plain words and sentences, for fields of which nothing is known and where no better source speaks.

use fakeai_core::Rng;

use crate::format::Format;
use crate::persona;

const WORDS: [&str; 40] = [
    "harbour", "signal", "meadow", "lantern", "journey", "market", "river", "garden", "window", "summer", "letter",
    "bridge", "forest", "answer", "silver", "morning", "station", "paper", "engine", "island", "planet", "report",
    "cedar", "stone", "valley", "copper", "cloud", "orchard", "anchor", "compass", "maple", "north", "amber", "coast",
    "ridge", "violet", "willow", "ember", "quartz", "sparrow",
];

const KEYS: [&str; 12] =
    ["alpha", "beta", "gamma", "first", "second", "third", "primary", "extra", "note", "other", "main", "total"];

const TITLES: [&str; 10] = [
    "A Short Guide to Getting Started",
    "What We Learned This Year",
    "Five Ideas Worth Trying",
    "Planning for the Next Step",
    "An Overview of the Main Points",
    "How Small Changes Add Up",
    "Notes on a Working Approach",
    "The Case for Keeping It Simple",
    "Questions Worth Asking Early",
    "From First Draft to Finished Work",
];

const SENTENCES: [&str; 16] = [
    "The main points are clear and fit together well.",
    "Most of the work can be done in a few simple steps.",
    "It helps to start with what is already known.",
    "The results so far are in line with what was expected.",
    "A closer look shows where the largest gains are.",
    "Each part builds on the one before it.",
    "The approach is practical and easy to follow.",
    "There is enough time to check the details before the next stage.",
    "The key facts were gathered from several sources.",
    "Costs and benefits are close to balanced.",
    "Small changes made early save effort later.",
    "What matters most is a clear goal and a steady pace.",
    "The figures support this view without much doubt.",
    "A short review every week keeps things on track.",
    "Both options are reasonable, but the first is simpler.",
    "Everyone involved agreed on the next step.",
];

pub(crate) fn word(rng: &mut Rng) -> &'static str {
    WORDS[rng.below(WORDS.len())]
}

/// So many words, with spaces between them.
pub(crate) fn words(rng: &mut Rng, count: usize) -> String {
    (0..count).map(|_| word(rng)).collect::<Vec<_>>().join(" ")
}

/// Words that read as the end of an address.
pub(crate) fn slug(rng: &mut Rng) -> String {
    format!("{}-{}", word(rng), word(rng))
}

/// A name for a property that has none; ever other ones with the number of the attempt.
pub(crate) fn key(rng: &mut Rng, attempt: usize) -> String {
    let key = KEYS[rng.below(KEYS.len())];
    if attempt < 8 { key.to_owned() } else { format!("{key}_{}", rng.below(10_000)) }
}

pub(crate) fn title(rng: &mut Rng) -> String {
    TITLES[rng.below(TITLES.len())].to_owned()
}

/// So many different sentences as far as they fit; a word or two where none does.
pub(crate) fn sentences(rng: &mut Rng, count: usize, max_chars: usize) -> String {
    let mut text = String::new();
    let start = rng.below(SENTENCES.len());
    for place in 0..count.min(SENTENCES.len()) {
        let sentence = SENTENCES[(start + 5 * place) % SENTENCES.len()];
        if text.len() + sentence.len() + 1 > max_chars {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(sentence);
    }
    if text.is_empty() { words(rng, if max_chars > 20 { 3 } else { 1 }) } else { text }
}

/// Many different short texts of a format: for lists whose items must differ.
pub(crate) fn short_format(format: Format, rng: &mut Rng) -> String {
    match format {
        Format::Email => format!("{}@a.co", word(rng)),
        Format::Uuid => persona::uuid(rng),
        Format::Uri => format!("http://{}.co", word(rng)),
        Format::UriReference | Format::JsonPointer | Format::UriTemplate => format!("/{}", word(rng)),
        Format::Hostname => format!("{}.co", word(rng)),
        Format::Ipv4 => format!("10.0.{}.{}", rng.below(256), rng.below(256)),
        Format::Ipv6 => format!("::{:x}", 1 + rng.below(65_000)),
        Format::Duration => format!("P{}D", 1 + rng.below(90)),
        Format::RelativeJsonPointer => rng.below(9).to_string(),
        Format::Regex => word(rng).to_owned(),
        Format::Date => format!("20{:02}-{:02}-{:02}", rng.below(40), 1 + rng.below(12), 1 + rng.below(28)),
        Format::Time => format!("{:02}:{:02}:00Z", rng.below(24), rng.below(60)),
        Format::DateTime => format!("20{:02}-01-{:02}T{:02}:00:00Z", rng.below(40), 1 + rng.below(28), rng.below(24)),
    }
}
