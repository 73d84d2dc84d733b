//! Placeholder Latin, in sentences of our own making from the usual words.

use fakeai_core::Rng;

const WORDS: &[&str] = &[
    "lorem",
    "ipsum",
    "dolor",
    "sit",
    "amet",
    "consectetur",
    "adipiscing",
    "elit",
    "sed",
    "do",
    "eiusmod",
    "tempor",
    "incididunt",
    "ut",
    "labore",
    "et",
    "dolore",
    "magna",
    "aliqua",
    "enim",
    "ad",
    "minim",
    "veniam",
    "quis",
    "nostrud",
    "exercitation",
    "ullamco",
    "laboris",
    "nisi",
    "aliquip",
    "ex",
    "ea",
    "commodo",
    "consequat",
    "duis",
    "aute",
    "irure",
    "in",
    "reprehenderit",
    "voluptate",
    "velit",
    "esse",
    "cillum",
    "eu",
    "fugiat",
    "nulla",
    "pariatur",
    "excepteur",
    "sint",
    "occaecat",
    "cupidatat",
    "non",
    "proident",
    "sunt",
    "culpa",
    "qui",
    "officia",
    "deserunt",
    "mollit",
    "anim",
    "id",
    "est",
    "laborum",
];

/// Appends sentences until `text` has at least `bytes`, with a new paragraph now and then. The first begins as
/// everybody knows it.
pub(crate) fn write(text: &mut String, bytes: usize, rng: &mut Rng) {
    while text.len() < bytes {
        let opening = text.is_empty();
        if !opening {
            text.push_str(if rng.chance(0.2) { "\n\n" } else { " " });
        }
        for word in 0..6 + rng.below(9) {
            let at = if opening && word < 5 { word } else { rng.below(WORDS.len()) };
            let chosen = WORDS[at];
            if word == 0 {
                text.extend(chosen.chars().take(1).map(|letter| letter.to_ascii_uppercase()));
                text.push_str(&chosen[1..]);
            } else {
                text.push_str(if word % 5 == 4 && !opening && rng.chance(0.4) { ", " } else { " " });
                text.push_str(chosen);
            }
        }
        text.push('.');
    }
}
