//! The objects of PDF and the tokens of content streams (ISO 32000-1, 7.3 and 7.8).

use std::collections::BTreeMap;

/// Arrays and dictionaries within each other deeper than this are not read.
const MOST_DEPTH: usize = 32;
/// Members of one array or dictionary, and operands of one operator.
const MOST_MEMBERS: usize = 100_000;

/// A dictionary.
pub(super) type Dictionary = BTreeMap<Vec<u8>, Object>;

/// An object, or an operator of a content stream.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Object {
    Number(f64),
    Name(Vec<u8>),
    Text(Vec<u8>),
    Array(Vec<Object>),
    Dictionary(Dictionary),
    Reference(u32),
    /// `true`, `null`, `stream`, `Tj`, and everything else that is a bare word.
    Word(Vec<u8>),
}

impl Object {
    pub(super) fn number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    pub(super) fn name(&self) -> Option<&[u8]> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    pub(super) fn dictionary(&self) -> Option<&Dictionary> {
        if let Self::Dictionary(dictionary) = self { Some(dictionary) } else { None }
    }
}

/// Reads objects one after the other. Whatever the bytes are, it moves on with each.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !b"()<>[]{}/%".contains(&byte)
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// Where the next byte is.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Goes to `at`, but never back.
    pub(super) fn skip_to(&mut self, at: usize) {
        self.at = self.at.max(at);
    }

    /// The next object; none at the end.
    pub(super) fn object(&mut self) -> Option<Object> {
        self.nested(0)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                while self.peek().is_some_and(|byte| byte != b'\n' && byte != b'\r') {
                    self.at += 1;
                }
            } else if is_space(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    fn nested(&mut self, depth: usize) -> Option<Object> {
        self.skip_space();
        let first = self.peek()?;
        self.at += 1;
        match first {
            b'/' => Some(Object::Name(self.name())),
            b'(' => Some(Object::Text(self.literal())),
            b'<' if self.peek() == Some(b'<') => {
                self.at += 1;
                Some(Object::Dictionary(self.dictionary(depth)))
            }
            b'<' => Some(Object::Text(self.hexadecimal())),
            b'[' => Some(Object::Array(self.members(depth, b"]"))),
            b')' | b'>' | b']' | b'{' | b'}' => {
                let is_end = first == b'>' && self.peek() == Some(b'>');
                self.at += usize::from(is_end);
                Some(Object::Word(if is_end { b">>".to_vec() } else { vec![first] }))
            }
            _ => {
                let start = self.at - 1;
                while self.peek().is_some_and(is_regular) {
                    self.at += 1;
                }
                let word = &self.bytes[start..self.at];
                let number =
                    std::str::from_utf8(word).ok().filter(|_| matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.'));
                let number = number.and_then(|word| word.parse().ok()).filter(|number: &f64| number.is_finite());
                Some(number.map_or_else(|| Object::Word(word.to_vec()), Object::Number))
            }
        }
    }

    /// What comes until the closing word; `n g R` becomes a reference.
    fn members(&mut self, depth: usize, close: &[u8]) -> Vec<Object> {
        let mut members = Vec::new();
        while depth < MOST_DEPTH && members.len() < MOST_MEMBERS {
            match self.nested(depth + 1) {
                None => break,
                Some(Object::Word(word)) if word == close => break,
                Some(Object::Word(word)) if word == b"R" => {
                    members.pop();
                    let number = members.pop().and_then(|number: Object| number.number());
                    members.push(Object::Reference(number.unwrap_or(0.0) as u32));
                }
                // A dictionary that was not closed.
                Some(Object::Word(word)) if matches!(word.as_slice(), b"endobj" | b"obj" | b"stream") => {
                    self.at -= word.len();
                    break;
                }
                Some(member) => members.push(member),
            }
        }
        members
    }

    fn dictionary(&mut self, depth: usize) -> Dictionary {
        let mut entries = self.members(depth, b">>").into_iter();
        let mut dictionary = Dictionary::new();
        while let Some(key) = entries.next() {
            if let (Object::Name(key), Some(value)) = (key, entries.next()) {
                dictionary.insert(key, value);
            }
        }
        dictionary
    }

    fn name(&mut self) -> Vec<u8> {
        let mut name = Vec::new();
        while let Some(byte) = self.peek().filter(|byte| is_regular(*byte)) {
            self.at += 1;
            let escaped = (byte == b'#').then(|| self.bytes.get(self.at..self.at + 2)).flatten();
            let escaped = escaped.and_then(|pair| Some(hex(pair[0])? << 4 | hex(pair[1])?));
            self.at += if escaped.is_some() { 2 } else { 0 };
            name.push(escaped.unwrap_or(byte));
        }
        name
    }

    fn literal(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let mut open = 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'\\' => self.escape(&mut text),
                b'(' => open += 1,
                b')' => open -= 1,
                _ => {}
            }
            if open == 0 {
                break;
            }
            if byte != b'\\' {
                text.push(byte);
            }
        }
        text
    }

    fn escape(&mut self, text: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.at += 1;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' | b'f' => text.push(b' '),
            b'\r' => self.at += usize::from(self.peek() == Some(b'\n')),
            b'\n' => {}
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    if let Some(digit @ b'0'..=b'7') = self.peek() {
                        code = code * 8 + u32::from(digit - b'0');
                        self.at += 1;
                    }
                }
                text.push(code as u8);
            }
            other => text.push(other),
        }
    }

    fn hexadecimal(&mut self) -> Vec<u8> {
        let mut digits = Vec::new();
        while let Some(byte) = self.peek() {
            self.at += 1;
            if byte == b'>' {
                break;
            }
            digits.extend(hex(byte));
        }
        digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)).collect()
    }
}

/// The value of a hexadecimal digit.
pub(super) fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}
