//! What stands around a place in a text: code in fences and quotes, prose, a document.

use std::ops::Range;

use super::words;

/// Fewest lines of a document.
const DOCUMENT_LINES: usize = 4;
/// Fewest words that are prose, and how many of them have to be the little words of a language.
const PROSE: (usize, usize) = (3, 1);

/// What is known of a text, each list in order.
#[derive(Debug)]
pub(super) struct Context<'a> {
    text: &'a str,
    fences: Vec<Range<usize>>,
    quoted: Vec<Range<usize>>,
    words: Vec<Word>,
    quotes: Vec<Quote>,
    closers: Vec<usize>,
    is_document: bool,
}

#[derive(Clone, Copy, Debug)]
struct Word {
    start: usize,
    is_little: bool,
    is_topic: bool,
}

/// A quotation mark, or the end of a line, which closes all.
#[derive(Clone, Copy, Debug)]
struct Quote {
    place: usize,
    mark: u8,
    opens: bool,
}

impl<'a> Context<'a> {
    /// Reads a text once.
    pub(super) fn of(text: &'a str) -> Self {
        let fences = fences(text);
        let quoted = quoted(text);
        Self {
            words: words_of(text, &fences),
            quotes: quotes(text),
            closers: closers(text),
            is_document: is_document(text),
            text,
            fences,
            quoted,
        }
    }

    /// Whether the place lies in a fence, or, where there is prose to quote in, in quotes or an inline span of code.
    pub(super) fn is_code(&self, range: &Range<usize>) -> bool {
        let within = |ranges: &[Range<usize>]| {
            // What begins with the quotation mark itself is not in the quotes, but a span of code may be all of it.
            let is_before = |outer: &Range<usize>| {
                outer.start < range.start || (outer.start == range.start && self.text[outer.start..].starts_with('`'))
            };
            let next = ranges.partition_point(is_before);
            next > 0 && ranges[next - 1].end >= range.end
        };
        within(&self.fences)
            || (within(&self.quoted) && self.outside(range).any(|word| word.is_little || word.is_topic))
    }

    /// Whether it stands in sentences.
    pub(super) fn is_prose(&self, range: &Range<usize>) -> bool {
        let (all, little) =
            self.outside(range).fold((0, 0), |(all, little), word| (all + 1, little + usize::from(word.is_little)));
        all >= PROSE.0 && little >= PROSE.1
    }

    /// Whether the sentences around it are about attacks, or ask why something is as it is.
    pub(super) fn discusses(&self, range: &Range<usize>) -> bool {
        let (mut all, mut little, mut topics) = (0, 0, 0);
        for word in self.outside(range) {
            all += 1;
            little += usize::from(word.is_little);
            topics += usize::from(word.is_topic);
        }
        all >= PROSE.0 && little >= PROSE.1 && topics > 0
    }

    /// Whether the text is code, a log, a table: lines that no sentence has.
    pub(super) const fn is_document(&self) -> bool {
        self.is_document
    }

    /// Whether the quotation mark at `place` is the first of its pair: nobody opened what it closes.
    pub(super) fn opens_quote(&self, place: usize) -> bool {
        let Some(mark) = self.text.as_bytes().get(place).filter(|mark| matches!(mark, b'\'' | b'"')) else {
            return true;
        };
        let next = self.quotes.partition_point(|quote| quote.place < place);
        let before = self.quotes[..next].iter().rev().find(|quote| quote.mark == *mark || quote.mark == b'\n');
        before.is_none_or(|quote| quote.mark == b'\n' || !quote.opens)
    }

    /// Whether the bracket at `place` closes what nobody opened.
    pub(super) fn closes_nothing(&self, place: usize) -> bool {
        self.closers.binary_search(&place).is_ok()
    }

    /// Whether what begins at `range` follows a value and no command: `127.0.0.1; id`, but not `cd src && ls`.
    pub(super) fn follows_value(&self, range: &Range<usize>) -> bool {
        let first =
            self.text[range.start..].trim_start().split(|c: char| c.is_whitespace() || ";|&`$(".contains(c)).next();
        !first.is_some_and(|word| words::is_command(word.rsplit('/').next().unwrap_or(word)))
    }

    fn outside(&self, range: &Range<usize>) -> impl Iterator<Item = &Word> {
        let start = self.words.partition_point(|word| word.start < range.start);
        let end = self.words.partition_point(|word| word.start < range.end).max(start);
        self.words[..start].iter().chain(&self.words[end..]).take(MOST_WORDS)
    }
}

/// Words that are looked at to tell whether there is prose: so that many findings in a long text take no longer.
const MOST_WORDS: usize = 400;

/// Fenced blocks, of three backticks or tildes; one that is not closed goes to the end.
fn fences(text: &str) -> Vec<Range<usize>> {
    let mut fences = Vec::new();
    let (mut open, mut place) = (None, 0);
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        let fence = ["```", "~~~"].into_iter().find(|fence| trimmed.starts_with(fence));
        match (open, fence) {
            // A fence that closes on its own line is a span.
            (None, Some(fence)) if !trimmed[fence.len()..].contains(fence) => open = Some((place, fence)),
            (Some((start, opened)), Some(fence)) if opened == fence => {
                fences.push(start..place + line.len());
                open = None;
            }
            _ => {}
        }
        place += line.len();
    }
    if let Some((start, _)) = open {
        fences.push(start..text.len());
    }
    fences
}

/// What stands on one line between backticks or double quotes.
fn quoted(text: &str) -> Vec<Range<usize>> {
    let mut quoted = Vec::new();
    let (mut open, mut before) = (None, ' ');
    for (place, mark) in text.char_indices() {
        match (open, mark) {
            (_, '\n') => open = None,
            (Some((start, close)), mark) if mark == close => {
                quoted.push(start..place + mark.len_utf8());
                open = None;
            }
            (None, '`') => open = Some((place, '`')),
            (None, '“' | '„') => open = Some((place, '”')),
            (None, '«') => open = Some((place, '»')),
            (None, '"') if !before.is_alphanumeric() => open = Some((place, '"')),
            _ => {}
        }
        before = mark;
    }
    quoted
}

/// The words of sentences, outside of fences.
fn words_of(text: &str, fences: &[Range<usize>]) -> Vec<Word> {
    let mut found = Vec::new();
    let mut fence = fences.iter().peekable();
    for token in text.split_whitespace() {
        let start = token.as_ptr() as usize - text.as_ptr() as usize;
        while fence.next_if(|fence| fence.end <= start).is_some() {}
        if fence.peek().is_some_and(|fence| fence.start <= start) {
            continue;
        }
        let word = token.trim_matches(|c: char| c.is_ascii_punctuation() || "“”„«»…。，？！：、¿¡".contains(c));
        let is_word =
            word.chars().all(|c| c.is_alphanumeric() || matches!(c, '\'' | '’' | '-' | '\u{300}'..='\u{36f}'));
        let foreign = word.chars().filter(|c| c.is_alphabetic() && *c > '\u{36f}').count();
        if foreign > 1 {
            // Scripts without spaces: two characters are a word.
            let word = Word { start, is_little: true, is_topic: words::is_foreign_topic(word) };
            found.extend(std::iter::repeat_n(word, (foreign / 2).min(4)));
        } else if is_word && word.starts_with(char::is_alphabetic) && word.chars().nth(1).is_some()
            || matches!(word, "a" | "A" | "I" | "y" | "e" | "o" | "à")
        {
            let lower = word.to_lowercase();
            if !words::is_code(&lower) {
                // l'attaque, d'un: a little word and another.
                let (elided, lower) = match lower.split_once(['\'', '’']) {
                    Some(("l" | "d" | "s" | "c" | "j" | "n" | "qu" | "dell" | "all" | "un", rest)) => (true, rest),
                    _ => (false, &*lower),
                };
                let (is_little, is_topic) = (elided || words::is_little(lower), words::is_topic(lower));
                found.push(Word { start, is_little, is_topic });
            }
        }
    }
    found
}

/// Quotation marks but for apostrophes, and ends of lines.
fn quotes(text: &str) -> Vec<Quote> {
    let bytes = text.as_bytes();
    let mut quotes = Vec::new();
    let (mut single, mut double) = (false, false);
    for (place, &mark) in bytes.iter().enumerate() {
        let is_letter = |place: usize| bytes.get(place).is_some_and(u8::is_ascii_alphabetic);
        let opens = match mark {
            b'\'' if place > 0 && is_letter(place - 1) && is_letter(place + 1) => continue,
            b'\'' => &mut single,
            b'"' => &mut double,
            b'\n' => {
                (single, double) = (false, false);
                quotes.push(Quote { place, mark, opens: false });
                continue;
            }
            _ => continue,
        };
        *opens = !*opens;
        quotes.push(Quote { place, mark, opens: *opens });
    }
    quotes
}

/// Closing brackets without an opening one.
fn closers(text: &str) -> Vec<usize> {
    let (mut depth, mut closers) = (0_usize, Vec::new());
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth > 0 => depth -= 1,
            b')' => closers.push(place),
            _ => {}
        }
    }
    closers
}

/// Whether there are enough lines, and half of them are no sentences.
fn is_document(text: &str) -> bool {
    let (mut lines, mut code) = (0, 0);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        lines += 1;
        code += usize::from(is_code_line(line));
    }
    lines >= DOCUMENT_LINES && code * 2 >= lines
}

fn is_code_line(line: &str) -> bool {
    let is_indented = line.starts_with([' ', '\t', '|', '+', '-', '#', '<', '/', '$', '>', '@', '[', '{', '}', '*']);
    let begins_number = line.starts_with(|c: char| c.is_ascii_digit());
    let ends = line.trim_end().ends_with([';', '{', '}', ')', ',', '>', ':', '\\', '|', ']', '(']);
    is_indented || begins_number || ends || line.contains(" = ") || line.contains("()") || line.contains("=\"")
}
