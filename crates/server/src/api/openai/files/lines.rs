//! Files of lines, each a JSON object, read as they come.

use serde::de::IgnoredAny;

use crate::error::ApiError;

/// Longest line, bytes.
const MOST_LINE_BYTES: usize = 16 << 20;
/// Characters of a wrong line that are shown.
const SHOWN: usize = 40;

/// What was seen of the lines so far.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The line that has not ended.
    open: Vec<u8>,
    /// Lines that have ended.
    ended: u64,
    /// Lines with something in them.
    filled: u64,
    wrong: Option<Wrong>,
}

/// The first line that is wrong.
#[derive(Clone, Debug)]
struct Wrong {
    line: u64,
    begins: String,
}

impl Lines {
    /// Reads on. Behind the first mistake nothing is kept.
    pub(super) fn read(&mut self, mut part: &[u8]) {
        while self.wrong.is_none() && !part.is_empty() {
            let Some(end) = memchr::memchr(b'\n', part) else {
                self.open.extend_from_slice(part);
                if self.open.len() > MOST_LINE_BYTES {
                    self.mistake();
                }
                return;
            };
            self.open.extend_from_slice(&part[..end]);
            self.end_line();
            part = &part[end + 1..];
        }
    }

    fn end_line(&mut self) {
        let line = self.open.trim_ascii();
        if !line.is_empty() {
            self.filled += 1;
            let object = line.first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(line).is_ok();
            if !object {
                return self.mistake();
            }
        }
        self.ended += 1;
        self.open.clear();
    }

    fn mistake(&mut self) {
        let begins = String::from_utf8_lossy(self.open.trim_ascii()).chars().take(SHOWN).collect();
        self.wrong = Some(Wrong { line: self.ended + 1, begins });
        self.open = Vec::new();
    }

    /// The first mistake in all of it, in OpenAI's words.
    pub(super) fn check(mut self, filename: &str) -> Result<(), ApiError> {
        let invalid = |message: String| ApiError::invalid(message).param("file").code("invalid_jsonl");
        if !filename.to_ascii_lowercase().ends_with(".jsonl") {
            let message = format!("Invalid file format for '{filename}'. Files of this purpose must be .jsonl files.");
            return Err(ApiError::invalid(message).param("file").code("invalid_file_format"));
        }
        if self.wrong.is_none() {
            self.end_line();
        }
        if let Some(Wrong { line, begins }) = self.wrong {
            return Err(invalid(format!(
                "Expected file to have JSONL format, where every line is a valid JSON dictionary. Line {line} is not a \
                 dictionary (HINT: line starts with: \"{begins}...\")."
            )));
        }
        if self.filled == 0 {
            return Err(invalid("Expected file to have JSONL format, but it has no lines.".to_owned()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn checked(text: &[u8], part: usize) -> Result<(), String> {
        let mut lines = Lines::default();
        text.chunks(part.max(1)).for_each(|part| lines.read(part));
        lines.check("x.jsonl").map_err(|error| error.message.into_owned())
    }

    #[test]
    fn the_wrong_line_is_named() {
        assert_eq!(checked(b"{}\n\n{\"a\":1}\r\n", 2), Ok(()));
        assert_eq!(checked(b"{\"a\": \"\xc3\xbc\"}", 3), Ok(()));
        for (text, line) in [("{}\n[1]\n", 2), ("{}\n\n{\"a\":\n", 3), ("nope", 1), ("{}\n{} x\n{}", 2)] {
            let wrong = checked(text.as_bytes(), 3).unwrap_err();
            assert!(wrong.contains(&format!("Line {line} is not a dictionary")), "{text}: {wrong}");
        }
        assert!(checked(b"\n \n", 1).unwrap_err().contains("no lines"));
        assert!(Lines::default().check("x.txt").unwrap_err().message.contains(".jsonl"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_as_a_whole_and_in_parts(text in "[{}\"a:1,\\[\\]\n \\PC]{0,60}", part in 1..9_usize) {
            let objects = text.lines().map(str::trim_ascii).filter(|line| !line.is_empty());
            let right: Vec<bool> = objects.map(|line| serde_json::from_str::<Value>(line).is_ok_and(|value| value.is_object())).collect();
            let expected = !right.is_empty() && right.iter().all(|right| *right);
            prop_assert_eq!(checked(text.as_bytes(), part).is_ok(), expected, "{:?}", text);
        }
    }
}
