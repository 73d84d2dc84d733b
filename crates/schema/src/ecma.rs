//! Patterns as JSON Schema writes them (ECMA 262, and what Python and Lark add) in the syntax of the `regex` crate.
//!
//! The two differ in what the short classes mean (`\d` is ASCII in ECMA), in which characters must be escaped, and in
//! how code points are written. Look-around and back-references have no counterpart and are refused.

use std::fmt::Write as _;

use crate::error::SchemaError;

/// The same pattern for `regex`, or why there is none.
pub(crate) fn translate(pattern: &str) -> Result<String, SchemaError> {
    let characters: Vec<char> = pattern.chars().collect();
    let mut reader = Reader { characters: &characters, at: 0, out: String::with_capacity(pattern.len() + 8) };
    while let Some(character) = reader.next() {
        match character {
            '\\' => reader.escape(false)?,
            '[' => reader.class()?,
            '(' => reader.group()?,
            '{' if !reader.is_counted() => reader.out.push_str("\\{"),
            '}' => reader.close_brace(),
            other => reader.out.push(other),
        }
    }
    Ok(reader.out)
}

struct Reader<'a> {
    characters: &'a [char],
    at: usize,
    out: String,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let character = self.peek(0)?;
        self.at += 1;
        Some(character)
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    /// Whether what follows `{` counts repetitions: `3}`, `3,}`, `3,4}`.
    fn is_counted(&self) -> bool {
        let rest = &self.characters[self.at..];
        let Some(end) = rest.iter().take(24).position(|character| *character == '}') else { return false };
        let inside: String = rest[..end].iter().collect();
        let (low, high) = inside.split_once(',').unwrap_or((&inside, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        !low.is_empty() && is_number(low) && is_number(high)
    }

    /// A closing brace ends a count or stands for itself.
    fn close_brace(&mut self) {
        let counted = self.out.rfind('{').is_some_and(|open| {
            let is_escaped = self.out[..open].ends_with('\\');
            let inside = &self.out[open + 1..];
            !is_escaped
                && inside.starts_with(|first: char| first.is_ascii_digit())
                && inside.bytes().all(|byte| byte.is_ascii_digit() || byte == b',')
        });
        self.out.push_str(if counted { "}" } else { "\\}" });
    }

    fn group(&mut self) -> Result<(), SchemaError> {
        self.out.push('(');
        if self.peek(0) != Some('?') {
            return Ok(());
        }
        let refused = match (self.peek(1), self.peek(2)) {
            (Some('='), _) => Some("look-ahead `(?=`"),
            (Some('!'), _) => Some("look-ahead `(?!`"),
            (Some('<'), Some('=' | '!')) => Some("look-behind `(?<`"),
            (Some('>'), _) => Some("atomic groups `(?>`"),
            _ => None,
        };
        refused.map_or(Ok(()), |what| Err(SchemaError::new("", format!("{what} in patterns is not supported"))))
    }

    fn class(&mut self) -> Result<(), SchemaError> {
        if self.peek(0) == Some(']') {
            // ECMA: no character at all.
            self.at += 1;
            self.out.push_str("[^\\s\\S]");
            return Ok(());
        }
        if self.peek(0) == Some('^') && self.peek(1) == Some(']') {
            self.at += 2;
            self.out.push_str("[\\s\\S]");
            return Ok(());
        }
        self.out.push('[');
        if self.peek(0) == Some('^') {
            self.at += 1;
            self.out.push('^');
        }
        loop {
            match self.next() {
                None => return Err(SchemaError::new("", "a character class `[` is not closed")),
                Some(']') => break,
                Some('\\') => self.escape(true)?,
                // These open nested classes and set operations in `regex`.
                Some(character @ ('[' | '&' | '~')) => self.out.extend(['\\', character]),
                Some('-') if self.peek(0) == Some(']') || self.out.ends_with(['[', '^', '-']) => {
                    self.out.push_str("\\-");
                }
                Some(character) => self.out.push(character),
            }
        }
        self.out.push(']');
        Ok(())
    }

    fn escape(&mut self, is_in_class: bool) -> Result<(), SchemaError> {
        let Some(character) = self.next() else {
            return Err(SchemaError::new("", "the pattern ends with a backslash"));
        };
        match character {
            'd' => self.out.push_str(if is_in_class { "0-9" } else { "[0-9]" }),
            'D' => self.out.push_str("[^0-9]"),
            'w' => self.out.push_str(if is_in_class { "0-9A-Za-z_" } else { "[0-9A-Za-z_]" }),
            'W' => self.out.push_str("[^0-9A-Za-z_]"),
            'b' if is_in_class => self.out.push_str("\\x08"),
            'b' => self.out.push_str("(?-u:\\b)"),
            'B' if !is_in_class => self.out.push_str("\\B"),
            's' | 'S' | 'n' | 'r' | 't' | 'f' | 'v' | 'p' | 'P' => self.out.extend(['\\', character]),
            'A' | 'z' if !is_in_class => self.out.extend(['\\', character]),
            'Z' if !is_in_class => self.out.push_str("\\z"),
            '0' => self.out.push_str("\\x00"),
            '1'..='9' | 'k' => {
                return Err(SchemaError::new("", "back-references in patterns are not supported"));
            }
            'x' | 'u' => self.code_point(character)?,
            'c' => {
                let letter = self.next().filter(char::is_ascii_alphabetic);
                let letter = letter.ok_or_else(|| SchemaError::new("", "`\\c` needs a letter"))?;
                self.code(u32::from(letter) % 32);
            }
            other if other.is_ascii_punctuation() => self.out.extend(['\\', other]),
            other if other.is_ascii_alphanumeric() => {
                return Err(SchemaError::new("", format!("`\\{other}` in patterns is not known")));
            }
            other => self.out.push(other),
        }
        Ok(())
    }

    fn code_point(&mut self, kind: char) -> Result<(), SchemaError> {
        let digits: String = if self.peek(0) == Some('{') {
            let rest = &self.characters[self.at + 1..];
            let digits: String = rest.iter().take(8).take_while(|digit| digit.is_ascii_hexdigit()).collect();
            self.at += digits.len() + 2;
            digits
        } else {
            let length = if kind == 'x' { 2 } else { 4 };
            let end = (self.at + length).min(self.characters.len());
            let digits: String = self.characters[self.at..end].iter().collect();
            self.at = end;
            digits
        };
        let code = u32::from_str_radix(&digits, 16).ok().filter(|code| char::from_u32(*code).is_some());
        let code = code.ok_or_else(|| SchemaError::new("", format!("`\\{kind}{digits}` is no code point")))?;
        self.code(code);
        Ok(())
    }

    fn code(&mut self, code: u32) {
        // Writing to a string cannot fail.
        let _ = write!(self.out, "\\x{{{code:X}}}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_classes_are_ascii_and_braces_may_be_plain() {
        assert_eq!(translate(r"^\d{3}-[\d\w]+$").unwrap(), "^[0-9]{3}-[0-90-9A-Za-z_]+$");
        assert_eq!(translate("^{a}$").unwrap(), r"^\{a\}$");
        assert_eq!(translate(r"a{2,}\/[[&&-]").unwrap(), r"a{2,}\/[\[\&\&\-]");
        assert_eq!(translate(r"\u00e9\cJ").unwrap(), r"\x{E9}\x{A}");
    }

    #[test]
    fn what_has_no_counterpart_is_refused_by_name() {
        for (pattern, word) in [("(?=a)", "look-ahead"), ("(?<!a)", "look-behind"), (r"(a)\1", "back-references")] {
            assert!(translate(pattern).unwrap_err().message.contains(word), "{pattern}");
        }
    }
}
