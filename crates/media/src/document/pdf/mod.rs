//! The text of PDF files (ISO 32000-1), read without trusting any of their tables.
//!
//! Objects are found by scanning for them, as readers do with damaged files: no table of offsets can lie, and no loop of
//! references matters. Unpacking is bounded for each stream and for the file. Text comes in the order in which it is
//! drawn, with a space or a line where it is set apart. Not built: decryption, LZW, predefined CJK encodings.

mod file;
mod font;
mod object;
mod page;

use file::File;

use crate::MediaError;

/// The most pages that are read.
const MOST_PAGES: usize = 5000;

/// The text of each page.
pub(super) fn pages(bytes: &[u8]) -> Result<Vec<String>, MediaError> {
    let file = File::new(bytes);
    if file.is_encrypted() {
        return Err(MediaError::Unsupported("an encrypted PDF"));
    }
    let pages = file.pages(MOST_PAGES);
    if pages.is_empty() {
        return Err(MediaError::broken("PDF", "it has no pages"));
    }
    let mut left = super::MOST_TEXT_BYTES;
    let mut texts = Vec::with_capacity(pages.len());
    for page in &pages {
        let mut text = page::text(&file, page);
        let end = text.floor_char_boundary(left.min(text.len()));
        text.truncate(end);
        left -= end;
        texts.push(text);
    }
    Ok(texts)
}
