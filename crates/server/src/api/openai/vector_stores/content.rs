//! What is kept of a file's content: its text, where its chunks are, and their vectors.
//!
//! One blob: the text, then for each chunk its first byte and the byte behind it (little endian, 4 bytes each), then
//! the chunks' vectors.

use std::ops::Range;

use bytes::Bytes;
use fakeai_core::Seed;
use fakeai_search::quantise;
use fakeai_store::{MOST_READ_BYTES, Space};

use crate::error::ApiError;

/// Numbers of a vector, as many as OpenAI's file search has.
pub(super) const DIMENSIONS: usize = 256;
/// The model whose vectors they are.
const MODEL: &str = "text-embedding-3-large";
/// Bytes of a chunk's place.
const SPAN_BYTES: usize = 8;

/// The vector of a text.
pub(super) fn vector(text: &str) -> Vec<i8> {
    quantise(&fakeai_writer::embed(text, DIMENSIONS as u32, Seed::new(0).derive(MODEL).value()))
}

/// A file's content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub text: String,
    pub spans: Vec<Range<u32>>,
    /// Of all chunks, one after the other.
    pub vectors: Vec<i8>,
}

impl Content {
    /// The content of a text cut into `spans`.
    pub(super) fn of(text: String, spans: Vec<Range<usize>>) -> Self {
        let vectors = spans.iter().flat_map(|span| vector(&text[span.clone()])).collect();
        // Texts are bounded by `fakeai_media::MOST_TEXT_BYTES`.
        let spans = spans.into_iter().map(|span| span.start as u32..span.end as u32).collect();
        Self { text, spans, vectors }
    }

    /// What it takes in a store, bytes.
    pub(super) fn usage_bytes(&self) -> u64 {
        let text: u64 = self.spans.iter().map(|span| u64::from(span.end - span.start)).sum();
        text + self.vectors.len() as u64
    }

    fn into_bytes(self) -> Vec<u8> {
        let mut bytes = self.text.into_bytes();
        for span in &self.spans {
            bytes.extend(span.start.to_le_bytes());
            bytes.extend(span.end.to_le_bytes());
        }
        bytes.extend(self.vectors.iter().map(|number| number.cast_unsigned()));
        bytes
    }

    fn from_bytes(mut bytes: Vec<u8>, text_bytes: usize, chunks: usize) -> Option<Self> {
        let places = chunks.checked_mul(SPAN_BYTES)?;
        if bytes.len() != text_bytes.checked_add(places)?.checked_add(chunks.checked_mul(DIMENSIONS)?)? {
            return None;
        }
        let vectors = bytes.split_off(text_bytes + places).into_iter().map(u8::cast_signed).collect();
        let places = bytes.split_off(text_bytes);
        let text = String::from_utf8(bytes).ok()?;
        let number = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes);
        let span = |bytes: &[u8]| Some(number(&bytes[..4]).ok()?..number(&bytes[4..]).ok()?);
        let spans: Vec<Range<u32>> = places.chunks_exact(SPAN_BYTES).map(span).collect::<Option<_>>()?;
        let whole = spans.iter().all(|span| text.get(span.start as usize..span.end as usize).is_some());
        whole.then_some(Self { text, spans, vectors })
    }

    /// Puts it away as the blob of an id. Waits for the store: for threads that may be kept.
    pub(super) fn put(self, space: &Space, id: &str) -> Result<(), ApiError> {
        let mut writer = space.home().create(space.name(), id);
        let mut rest = Bytes::from(self.into_bytes());
        while !rest.is_empty() {
            writer.write(rest.split_to(rest.len().min(MOST_READ_BYTES))).wait()?;
        }
        writer.finish().wait()?;
        Ok(())
    }

    /// The content in the blob of an id; `None` if it is gone, or another one meanwhile.
    pub(super) fn get(space: &Space, id: &str, text_bytes: usize, chunks: usize) -> Result<Option<Self>, ApiError> {
        let most = text_bytes + chunks * (SPAN_BYTES + DIMENSIONS);
        Ok(read(space, id, 0, most)?.and_then(|bytes| Self::from_bytes(bytes, text_bytes, chunks)))
    }
}

/// A part of a text that is kept; what is cut in the middle of a character loses it.
pub(super) fn text_at(space: &Space, id: &str, span: &Range<u32>) -> Result<Option<String>, ApiError> {
    let bytes = read(space, id, u64::from(span.start), (span.end - span.start) as usize)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// At most so many bytes of a blob.
fn read(space: &Space, id: &str, from: u64, most: usize) -> Result<Option<Vec<u8>>, ApiError> {
    let mut bytes = Vec::new();
    while bytes.len() < most {
        let Some(part) = space.home().read(space.name(), id, from + bytes.len() as u64, most - bytes.len()).wait()?
        else {
            return Ok(None);
        };
        if part.is_empty() {
            break;
        }
        bytes.extend_from_slice(&part);
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn contents_go_there_and_back() {
        let content = Content::of("One chunk. Größe.".to_owned(), vec![0..10, 4..19]);
        let (text, chunks) = (content.text.len(), content.spans.len());
        assert_eq!(content.usage_bytes(), 25 + 2 * 256);
        assert_eq!(Content::from_bytes(content.clone().into_bytes(), text, chunks), Some(content));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_content_or_none(bytes: Vec<u8>, text in 0..40_usize, chunks in 0..3_usize) {
            let _ = Content::from_bytes(bytes.clone(), text, chunks);
            let fitting = [bytes, vec![0; 600]].concat();
            let length = (text + chunks * (SPAN_BYTES + DIMENSIONS)).min(fitting.len());
            let _ = Content::from_bytes(fitting[..length].to_vec(), text, chunks);
        }
    }
}
