//! The lines of a file, read one after the other: of the file, as much is in memory as its longest line and a portion.

use bytes::Bytes;
use fakeai_store::{Space, StoreError};

use super::stored::File;

/// A line with something in it.
#[derive(Debug)]
pub(in crate::api::openai) struct Line {
    /// Its number in the file, from 1.
    pub number: u64,
    /// Where the next line begins, bytes.
    pub next: u64,
    /// What it says.
    pub text: Bytes,
}

/// Where in a file one is.
#[derive(Debug)]
pub(in crate::api::openai) struct LineReader {
    space: Space,
    file: String,
    /// Read and not yet given out.
    open: Vec<u8>,
    /// Of those, given out.
    given: usize,
    /// Where `open` ends in the file.
    at: u64,
    /// The number of the last line given out.
    number: u64,
    ended: bool,
}

impl LineReader {
    /// The lines of a file from the byte `at` on, which follows line `number`.
    pub(in crate::api::openai) fn from(space: Space, file: &str, at: u64, number: u64) -> Self {
        Self { space, file: file.to_owned(), open: Vec::new(), given: 0, at, number, ended: false }
    }

    /// The next line; `None` at the end.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the file is gone.
    pub(in crate::api::openai) async fn next(&mut self) -> Result<Option<Line>, StoreError> {
        loop {
            let rest = &self.open[self.given..];
            let end = memchr::memchr(b'\n', rest);
            let length = match end {
                Some(end) => end,
                None if self.ended && rest.is_empty() => return Ok(None),
                None if self.ended => rest.len(),
                None => {
                    self.fill().await?;
                    continue;
                }
            };
            let text = rest[..length].trim_ascii();
            let text = (!text.is_empty()).then(|| Bytes::copy_from_slice(text));
            self.given += length + usize::from(end.is_some());
            self.number += 1;
            if let Some(text) = text {
                let next = self.at - (self.open.len() - self.given) as u64;
                return Ok(Some(Line { number: self.number, next, text }));
            }
        }
    }

    async fn fill(&mut self) -> Result<(), StoreError> {
        self.open.drain(..self.given);
        self.given = 0;
        let gone = || StoreError::Damaged("a file that is read is gone".into());
        let more = File::read_content(&self.space, &self.file, self.at).await?.ok_or_else(gone)?;
        self.ended = more.is_empty();
        self.at += more.len() as u64;
        self.open.extend_from_slice(&more);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    /// The lines of a file with this content, begun anew behind each as a worker does after a crash.
    fn lines(content: &[u8]) -> Vec<(u64, Bytes)> {
        let space = Space::new(Arc::new(fakeai_store::Memory::default()), "a");
        let mut writer = File::writer(&space, "f");
        writer.write(Bytes::copy_from_slice(content)).wait().unwrap();
        writer.finish().wait().unwrap();
        futures_util::FutureExt::now_or_never(async {
            let (mut found, mut at, mut number) = (Vec::new(), 0, 0);
            while let Some(line) = LineReader::from(space.clone(), "f", at, number).next().await.unwrap() {
                (at, number) = (line.next, line.number);
                found.push((line.number, line.text));
            }
            found
        })
        .unwrap()
    }

    proptest! {
        #[test]
        fn lines_are_those_of_the_text(content in "[a{}\n\r ]{0,40}") {
            let expected: Vec<(u64, Bytes)> = content
                .split('\n')
                .zip(1..)
                .map(|(line, number)| (number, Bytes::copy_from_slice(line.trim_ascii().as_bytes())))
                .filter(|(_, line)| !line.is_empty())
                .collect();
            prop_assert_eq!(lines(content.as_bytes()), expected);
        }
    }
}
