//! Poems of a fixed form: haiku of three lines, limericks of five.

use super::Language;
use super::composer::Composer;
use super::slots::capitalise;

/// First lines of a haiku, by the syllables the topic has, so that the line has five.
const FIRST: [&[&str]; 5] = [
    &["{t} in the morning,", "{t} on quiet hills,", "soft {t} at daybreak,"],
    &["{t} before dawn,", "{t} in the dusk,", "thinking of {t},"],
    &["{t} at dawn,", "again, {t},", "{t} once more,"],
    &["{t}, still,", "once {t},"],
    &["{t},"],
];
/// Second lines, of seven syllables.
const SECOND: &[&str] = &[
    "the whole world holds its breath now,",
    "a slow hush settles on all,",
    "one lamp glows behind the glass,",
    "the old gate stands half open,",
    "small sounds gather in the dark,",
    "footsteps fade along the lane,",
];
/// Third lines, of five.
const THIRD: &[&str] = &[
    "and I stay a while.",
    "then the silence comes.",
    "nothing else to say.",
    "the day starts again.",
    "no one else is near.",
    "time forgets to move.",
];

const LIMERICKS: &[[&str; 5]] = &[
    [
        "When asked about {t}, a young man",
        "Said, \u{201c}I'll tell you as much as I can:",
        "I have studied all day",
        "In a serious way,",
        "And I'm back at the point I began.\u{201d}",
    ],
    [
        "A writer who lived by the bay",
        "Wrote of {t} for most of the day.",
        "When the ink had run dry,",
        "She looked up at the sky",
        "And she whistled the evening away.",
    ],
    [
        "There once was a baker named Lou",
        "Who loved {t}, as some bakers do;",
        "He would hum, he would sing,",
        "He would dance in a ring,",
        "Till his neighbours were fond of it too.",
    ],
];

impl Composer<'_> {
    /// The poem, if the prompt names a form that has its own lines; whether it did.
    pub(super) fn verse(&mut self, out: &mut String) -> bool {
        if self.brief.language != Language::English {
            return false;
        }
        let named = |form: &str| {
            let mut words = self.brief.words().iter().map(|word| word.of(self.brief.text).as_bytes());
            words.any(|word| word.get(..form.len()).is_some_and(|head| head.eq_ignore_ascii_case(form.as_bytes())))
        };
        if named("haiku") {
            self.haiku(out);
        } else if named("limerick") {
            let chosen = self.rng.below(LIMERICKS.len());
            self.lines(out, &LIMERICKS[chosen]);
        } else {
            return false;
        }
        self.end_here();
        true
    }

    fn haiku(&mut self, out: &mut String) {
        let count = self.brief.topic().map_or(3, |topic| syllables(topic.article) + syllables(topic.text));
        let first = self.pick(FIRST[count.clamp(1, FIRST.len()) - 1]);
        let lines = [first, self.pick(SECOND), self.pick(THIRD)];
        self.lines(out, &lines);
    }

    /// Lines of a verse, each on a line of its own in Markdown too.
    fn lines(&mut self, out: &mut String, lines: &[&'static str]) {
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                out.push_str("  \n");
            }
            let from = out.len();
            self.say(out, line);
            capitalise(out, from);
        }
    }
}

/// How many syllables English words have, about: groups of vowels, without a silent "e" at the end.
fn syllables(text: &str) -> usize {
    let of_word = |word: &str| {
        let word = word.to_ascii_lowercase();
        let is_vowel = |byte: u8| matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
        let mut before = false;
        let mut groups: usize = 0;
        for byte in word.bytes() {
            groups += usize::from(is_vowel(byte) && !before);
            before = is_vowel(byte);
        }
        let silent = word.ends_with('e') && !word.ends_with("le") && !word.ends_with("ee");
        (groups - usize::from(silent && groups > 1)).max(1)
    };
    text.split_whitespace().map(of_word).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_their_syllables() {
        for (text, count) in [("rain", 1), ("the sea", 2), ("autumn wind", 3), ("a little moon", 4), ("snow time", 2)] {
            assert_eq!(syllables(text), count, "{text}");
        }
        for line in THIRD {
            let count = syllables(line.trim_end_matches('.'));
            assert!((4..=6).contains(&count), "{line}: {count}");
        }
    }
}
