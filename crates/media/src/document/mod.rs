//! Documents turned into text, page by page where there are pages.
//!
//! What a file is, is told by its first bytes where they are plain, then by its media type, then by its name.

mod docx;
mod html;
mod pdf;
mod pptx;
mod text;

use crate::MediaError;
use crate::archive::Member;

/// The most text that is kept of one document, in bytes of UTF-8.
pub const MOST_TEXT_BYTES: usize = 32 << 20;

/// How much a document's XML may unpack to, bytes: markup outweighs text, and a bomb outweighs both.
const MOST_XML_BYTES: u64 = 2 * MOST_TEXT_BYTES as u64;

/// What kind of document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// Text that is read as it is: plain, Markdown, CSV, JSON, XML, code.
    Text,
    /// HTML, of which the visible text is kept.
    Html,
    /// PDF.
    Pdf,
    /// A Word document in Office Open XML.
    Docx,
    /// Slides in Office Open XML.
    Pptx,
}

/// The text of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What it is.
    pub kind: DocumentKind,
    /// The text of each page; one page for kinds that have none. A page of pictures alone is an empty text.
    pub pages: Vec<String>,
}

impl Document {
    /// All pages, with an empty line between them.
    pub fn text(&self) -> String {
        self.pages.join("\n\n")
    }
}

/// A member of an office document as text, which takes as much of `room` as it is long.
fn xml(member: &Member<'_>, format: &'static str, room: &mut u64) -> Result<String, MediaError> {
    let content = member.unpack(*room, MediaError::TooLarge { format, limit: "64 MiB of XML" })?;
    *room -= content.len() as u64;
    Ok(String::from_utf8_lossy(&content).into_owned())
}

/// Reads a document's text. `name` is the file's, `mime` its media type with or without parameters.
///
/// # Errors
/// [`MediaError::Unknown`] if it is no document of a known kind; [`MediaError::Broken`] or [`MediaError::TooLarge`] if
/// it cannot be taken apart; [`MediaError::Unsupported`] if it is encrypted.
pub fn document_text(name: Option<&str>, mime: Option<&str>, bytes: &[u8]) -> Result<Document, MediaError> {
    let kind = kind(name, mime, bytes).ok_or(MediaError::Unknown { wanted: "document" })?;
    let pages = match kind {
        DocumentKind::Text => vec![text::decode(bytes)],
        DocumentKind::Html => vec![html::visible_text(&text::decode(bytes))],
        DocumentKind::Pdf => pdf::pages(bytes)?,
        DocumentKind::Docx => docx::pages(bytes)?,
        DocumentKind::Pptx => pptx::pages(bytes)?,
    };
    Ok(Document { kind, pages })
}

fn kind(name: Option<&str>, mime: Option<&str>, bytes: &[u8]) -> Option<DocumentKind> {
    // Some writers put a line or a mark before the header; readers look for it in the first kilobyte.
    if bytes.iter().take(1024).collect::<Vec<_>>().windows(5).any(|five| five.iter().copied().eq(b"%PDF-")) {
        return Some(DocumentKind::Pdf);
    }
    if bytes.starts_with(b"PK\x03\x04") {
        let word = docx::is_word(bytes).then_some(DocumentKind::Docx);
        return word.or_else(|| pptx::is_slides(bytes).then_some(DocumentKind::Pptx));
    }
    if !text::is_text(bytes) {
        return None;
    }
    let mime = mime.and_then(|mime| mime.split(';').next()).map(str::trim).unwrap_or_default();
    let ending = name.and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending.to_ascii_lowercase());
    let is_html = mime.eq_ignore_ascii_case("text/html")
        || mime.eq_ignore_ascii_case("application/xhtml+xml")
        || matches!(ending.as_deref(), Some("html" | "htm" | "xhtml"));
    Some(if is_html { DocumentKind::Html } else { DocumentKind::Text })
}

#[cfg(test)]
mod tests;
