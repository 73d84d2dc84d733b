//! What a prompt is about: its own content words and phrases.

use super::Language;
use super::why;
use super::words::{Cue, Word, Words};

/// Phrases kept of one prompt.
const MOST: usize = 10;
/// Words of one phrase.
const LONGEST_WORDS: usize = 3;

/// A phrase of the prompt that sentences can be built around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Phrase<'a> {
    /// The article a sentence puts before it, with its space; empty where none fits.
    pub(crate) article: &'static str,
    /// The words as the user wrote them.
    pub(crate) text: &'a str,
}

/// Where a phrase is in the prompt.
#[derive(Clone, Copy, Debug)]
struct Place {
    article: &'static str,
    /// In bytes.
    start: u32,
    end: u32,
}

impl Place {
    fn of<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// The phrases of a prompt in the order they come; the first from `from` on leads. They are places in the text, which
/// every question about them has to bring along.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keywords {
    phrases: Vec<Place>,
    lead: usize,
}

impl Keywords {
    /// The phrases of `text`. Those that begin at or after byte `from` are what it is about.
    pub(crate) fn find(text: &str, words: &Words, language: Language, from: u32) -> Self {
        let mut keywords = Self { phrases: Vec::with_capacity(MOST), lead: 0 };
        if matches!(language, Language::Chinese | Language::Japanese) {
            ideographic(text, &mut keywords.phrases);
            return keywords;
        }
        let list = &words.list;
        let asks_why = language == Language::English && words.seen & Cue::Why.bit() != 0;
        let subject = if asks_why { why::subject(text, list) } else { None };
        let mut at = 0;
        let mut lead = None;
        while at < list.len() && keywords.phrases.len() < MOST {
            if list[at].cue != Cue::Content || !worth(list[at].of(text)) {
                at += 1;
                continue;
            }
            if language == Language::English
                && subject.is_none_or(|(start, _)| start != at)
                && is_verb(at.checked_sub(1).and_then(|before| list.get(before)), &list[at], text)
            {
                at += 1;
                continue;
            }
            let first = at;
            at += 1;
            while at < list.len() && at - first < LONGEST_WORDS && list[at].follows && list[at].cue == Cue::Content {
                at += 1;
            }
            // "the sky blue" is about the sky.
            let end = match subject {
                Some((start, end)) if start == first => end,
                _ => {
                    at = with_complement(list, at, text, language);
                    at
                }
            };
            let article = article(first.checked_sub(1).and_then(|before| list.get(before)), text, language);
            let place = Place { article, start: list[first].start, end: list[end - 1].end };
            if keywords.phrases.iter().any(|known| known.of(text).eq_ignore_ascii_case(place.of(text))) {
                continue;
            }
            if list[first].start >= from {
                lead = lead.or(Some(keywords.phrases.len()));
            }
            keywords.phrases.push(place);
        }
        keywords.lead = lead.unwrap_or(0);
        keywords
    }

    /// What the prompt is about.
    pub(crate) fn topic<'a>(&self, text: &'a str) -> Option<Phrase<'a>> {
        self.phrases.get(self.lead).map(|place| Phrase { article: place.article, text: place.of(text) })
    }

    /// The phrase numbered `index`, counted round and round.
    pub(crate) fn nth<'a>(&self, text: &'a str, index: usize) -> Option<Phrase<'a>> {
        let place = self.phrases.get(index % self.phrases.len().max(1))?;
        Some(Phrase { article: place.article, text: place.of(text) })
    }

    /// How many phrases there are.
    pub(crate) const fn count(&self) -> usize {
        self.phrases.len()
    }
}

/// Whether a word is something done: it follows a pronoun, an auxiliary or "to".
fn is_verb(before: Option<&Word>, word: &Word, text: &str) -> bool {
    let lower = word.of(text).starts_with(|first: char| first.is_lowercase());
    // "started", "moved".
    let past = word.end - word.start > 4 && word.of(text).ends_with("ed") && word.cue == Cue::Content;
    let led = before.is_some_and(|before| match before.cue {
        Cue::Doer => true,
        // "is" and "are" stand before nouns too.
        Cue::Auxiliary => {
            !matches!(before.of(text).as_bytes().first(), Some(b'i' | b'a' | b'w' | b'h' | b'I' | b'A' | b'W' | b'H'))
        }
        _ => false,
    });
    lower && (past || led)
}

/// Draws in a complement: "history" and "of mathematics".
fn with_complement(list: &[Word], at: usize, text: &str, language: Language) -> usize {
    let preposition = match language {
        Language::English => "of",
        Language::Spanish | Language::French => "de",
        _ => return at,
    };
    match list.get(at..at + 2) {
        Some([of, noun]) if of.follows && noun.follows && noun.cue == Cue::Content && of.of(text) == preposition => {
            at + 2
        }
        _ => at,
    }
}

/// Whether a word can be a keyword: not a bare number, not a single letter, not a foreign body such as base64.
fn worth(word: &str) -> bool {
    word.len() > 1 && word.len() < 40 && !word.bytes().all(|byte| byte.is_ascii_digit())
}

/// The article to say before a phrase that stood behind `before`.
fn article(before: Option<&Word>, text: &str, language: Language) -> &'static str {
    const LONGEST: usize = 5;
    let word = before.map_or("", |before| before.of(text)).as_bytes();
    let mut small = [0; LONGEST];
    let Some(small) = small.get_mut(..word.len()) else { return "" };
    small.copy_from_slice(word);
    small.make_ascii_lowercase();
    match language {
        Language::English => match &*small {
            b"a" => "a ",
            b"an" => "an ",
            b"the" => "the ",
            b"my" | b"our" | b"your" => "your ",
            b"his" => "his ",
            b"her" => "her ",
            b"their" => "their ",
            b"this" => "this ",
            b"these" => "these ",
            _ => "",
        },
        Language::Spanish => match &*small {
            b"el" | b"del" | b"al" => "el ",
            b"la" => "la ",
            b"los" => "los ",
            b"las" => "las ",
            b"un" => "un ",
            b"una" => "una ",
            b"mi" => "tu ",
            b"mis" => "tus ",
            _ => "",
        },
        Language::French => match &*small {
            b"le" | b"du" | b"au" => "le ",
            b"la" => "la ",
            b"les" | b"des" | b"aux" => "les ",
            b"l" => "l’",
            b"un" => "un ",
            b"une" => "une ",
            b"mon" | b"ma" => "votre ",
            _ => "",
        },
        _ => "",
    }
}

/// Words and particles that part Chinese and Japanese text into phrases; the longer before the shorter.
const BORDERS: &[&str] = &[
    "介绍一下",
    "解释一下",
    "请介绍",
    "请解释",
    "告诉我",
    "什么是",
    "是什么",
    "为什么",
    "怎么样",
    "有哪些",
    "如何",
    "怎么",
    "怎样",
    "什么",
    "可以",
    "一下",
    "请问",
    "帮我",
    "我们",
    "我想",
    "需要",
    "应该",
    "一个",
    "一篇",
    "一首",
    "关于",
    "之间",
    "以及",
    "解释",
    "介绍",
    "说明",
    "写一",
    "列出",
    "给我",
    "请",
    "的",
    "了",
    "是",
    "在",
    "和",
    "与",
    "吗",
    "呢",
    "把",
    "对",
    "用",
    "有",
    "我",
    "你",
    "について",
    "ください",
    "を教えて",
    "教えて",
    "おすすめ",
    "とは何",
    "何ですか",
    "ですか",
    "ますか",
    "説明",
    "して",
    "する",
    "です",
    "ます",
    "から",
    "まで",
    "どう",
    "なぜ",
    "何",
    "の",
    "を",
    "に",
    "は",
    "が",
    "で",
    "と",
    "も",
    "へ",
    "か",
    "や",
    "な",
    "い",
    "る",
    "し",
    "た",
    "て",
    "れ",
    "ら",
    "り",
    "く",
    "す",
    "お",
    "ま",
    "せ",
];

fn ideographic(text: &str, phrases: &mut Vec<Place>) {
    let text = &text[..text.floor_char_boundary(600)];
    let mut start = 0;
    let mut at = 0;
    while at < text.len() && phrases.len() < MOST {
        let rest = &text[at..];
        let next = rest.chars().next().map_or(1, char::len_utf8);
        let inside = rest.chars().next().is_some_and(char::is_alphanumeric);
        let border = if inside {
            BORDERS.iter().find(|border| rest.starts_with(**border)).map(|border| border.len())
        } else {
            Some(next)
        };
        if let Some(length) = border {
            keep(text, start, at, phrases);
            at += length;
            start = at;
        } else {
            at += next;
        }
    }
    keep(text, start, text.len(), phrases);
}

fn keep(text: &str, start: usize, end: usize, phrases: &mut Vec<Place>) {
    let place = Place { article: "", start: start as u32, end: end as u32 };
    let phrase = place.of(text);
    let characters = phrase.chars().count();
    if (2..=12).contains(&characters) && phrases.len() < MOST && phrases.iter().all(|known| known.of(text) != phrase) {
        phrases.push(place);
    }
}
