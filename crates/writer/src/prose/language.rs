//! The languages answers are written in, and which one a prompt is in.

use super::words::{Cue, Words};

/// A language answers are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    #[default]
    English,
    Spanish,
    French,
    German,
    Chinese,
    Japanese,
}

impl Language {
    pub(crate) const COUNT: usize = 6;
    const LATIN: [Self; 4] = [Self::English, Self::Spanish, Self::French, Self::German];

    /// Its name in English.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Spanish => "Spanish",
            Self::French => "French",
            Self::German => "German",
            Self::Chinese => "Chinese",
            Self::Japanese => "Japanese",
        }
    }

    /// The language of a scanned text.
    pub(crate) fn of(words: &Words) -> Self {
        let votes = |language: Self| words.votes[language as usize];
        // One kana is enough: Chinese has none, and Japanese shares the ideographs.
        if votes(Self::Japanese) > 0 {
            return Self::Japanese;
        }
        // An ideograph says as much as a word.
        if votes(Self::Chinese) as usize * 2 > words.list.len() {
            return Self::Chinese;
        }
        let mut best = Self::English;
        for language in Self::LATIN {
            if votes(language) > votes(best) {
                best = language;
            }
        }
        best
    }

    /// The language a text asks to be answered in: "in French", "auf Deutsch", "to Spanish", "en español".
    pub(crate) fn asked_for(words: &Words, text: &str) -> Option<Self> {
        let names_one = words.seen & Cue::Tongue(Self::English).bit() != 0;
        let mut pairs = words.list.windows(2).rev().take_while(|_| names_one);
        let named = pairs.find_map(|pair| match pair[1].cue {
            Cue::Tongue(language) if is_towards(pair[0].of(text)) => Some(language),
            _ => None,
        });
        named.or_else(|| Self::asked_for_in_ideographs(text))
    }

    fn asked_for_in_ideographs(text: &str) -> Option<Self> {
        const NAMES: [(&str, Language); 14] = [
            ("用英语", Language::English),
            ("用英文", Language::English),
            ("成英语", Language::English),
            ("成英文", Language::English),
            ("英語で", Language::English),
            ("英語に", Language::English),
            ("用法语", Language::French),
            ("成法语", Language::French),
            ("用中文", Language::Chinese),
            ("成日语", Language::Japanese),
            ("用日语", Language::Japanese),
            ("日本語で", Language::Japanese),
            ("中国語で", Language::Chinese),
            ("フランス語", Language::French),
        ];
        if text.len() > 600 || text.is_ascii() {
            return None;
        }
        NAMES.into_iter().find(|(name, _)| text.contains(name)).map(|(_, language)| language)
    }
}

fn is_towards(word: &str) -> bool {
    ["in", "to", "into", "en", "al", "auf", "ins", "nach", "speak", "only", "au"]
        .iter()
        .any(|towards| word.eq_ignore_ascii_case(towards))
}
