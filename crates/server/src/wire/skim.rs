//! Skimming JSON: reading the plain kind of it that most clients send, at a third of what serde takes.
//!
//! A skimmer knows the outlines: objects, arrays, strings. What a value means is still serde's: numbers, words and
//! strings with escapes are handed to it one by one. Whatever is unusual — `null`, a field twice, an unknown field,
//! wrong types, broken text — is `None`, and then serde reads the whole, says what is wrong with it, or finds that
//! nothing is. So a skimmer never has to be complete, only right.

use serde::de::DeserializeOwned;

use crate::body::plain_bytes;

/// A place in a text of JSON.
#[derive(Debug)]
pub(crate) struct Skimmer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Skimmer<'a> {
    /// At the beginning.
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Reads an object: `field` reads the value of the field it is called with.
    pub(crate) fn object(&mut self, mut field: impl FnMut(&mut Self, &str) -> Option<()>) -> Option<()> {
        self.pass(b'{')?;
        if self.peek()? == b'}' {
            return self.pass(b'}');
        }
        loop {
            let name = self.plain()?;
            self.pass(b':')?;
            field(self, name)?;
            if self.either(b',', b'}')? == b'}' {
                return Some(());
            }
        }
    }

    /// Reads an array: `item` reads an item of it.
    pub(crate) fn array<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.pass(b'[')?;
        if self.peek()? == b']' {
            return self.pass(b']').map(|()| Vec::new());
        }
        // Most arrays are short, and a vector left to itself makes room for four.
        let mut items = Vec::with_capacity(2);
        loop {
            items.push(item(self)?);
            if self.either(b',', b']')? == b']' {
                return Some(items);
            }
        }
    }

    /// Reads a string.
    pub(crate) fn string(&mut self) -> Option<String> {
        let start = self.at;
        if let Some(plain) = self.plain() {
            return Some(plain.to_owned());
        }
        // It has escapes, or is none.
        self.at = start;
        self.pass(b'"')?;
        let quote = self.at - 1;
        loop {
            self.at += plain_bytes(&self.text.as_bytes()[self.at..]);
            match self.text.as_bytes().get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => return None,
            }
            if self.at > self.text.len() {
                return None;
            }
        }
        self.at += 1;
        serde_json::from_str(self.text.get(quote..self.at)?).ok()
    }

    /// Reads a number, `true` or `false`.
    pub(crate) fn scalar<T: DeserializeOwned>(&mut self) -> Option<T> {
        self.peek()?;
        let rest = &self.text[self.at..];
        let end =
            rest.bytes().position(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'+' | b'-' | b'.' | b'E'))?;
        self.at += end;
        serde_json::from_str(&rest[..end]).ok()
    }

    /// Whether nothing is left.
    pub(crate) fn is_done(&mut self) -> bool {
        self.peek().is_none()
    }

    /// The next string, if it has no escapes.
    fn plain(&mut self) -> Option<&'a str> {
        self.pass(b'"')?;
        let text = &self.text[self.at..];
        let end = plain_bytes(text.as_bytes());
        if text.as_bytes().get(end) != Some(&b'"') {
            return None;
        }
        self.at += end + 1;
        Some(&text[..end])
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match *self.text.as_bytes().get(self.at)? {
                b' ' | b'\n' | b'\t' | b'\r' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    fn pass(&mut self, byte: u8) -> Option<()> {
        self.either(byte, byte).map(drop)
    }

    fn either(&mut self, one: u8, other: u8) -> Option<u8> {
        let next = self.peek()?;
        // Both are ASCII, so this stays at a character's border.
        self.at += 1;
        (next == one || next == other).then_some(next)
    }
}

/// Puts a value that was read into its field, which has to be empty: a field twice is an error that serde tells.
pub(crate) fn put<T>(field: &mut Option<T>, value: Option<T>) -> Option<()> {
    field.replace(value?).is_none().then_some(())
}
