//! Word documents: a ZIP archive with the text in `word/document.xml` (ECMA-376, part 1, 17).

use super::{MOST_TEXT_BYTES, html};
use crate::MediaError;
use crate::archive::Archive;

/// The member that holds the text.
const BODY: &str = "word/document.xml";
/// The most that its XML may unpack to: markup outweighs text, and a bomb outweighs both.
const MOST_XML_BYTES: u64 = 2 * MOST_TEXT_BYTES as u64;

/// Whether the archive has a Word document's text in it.
pub(super) fn is_word(bytes: &[u8]) -> bool {
    Archive::open(bytes).is_some_and(|archive| archive.names().any(|name| name == BODY))
}

/// The text, split at the page breaks that the writer set or last saw; they are hints, as Word makes pages anew.
pub(super) fn pages(bytes: &[u8]) -> Result<Vec<String>, MediaError> {
    let broken = |reason: String| MediaError::broken("DOCX", reason);
    let archive = Archive::open(bytes).ok_or_else(|| broken("it has no text".to_owned()))?;
    let xml = archive.read(BODY, MOST_XML_BYTES).map_err(|error| match error {
        MediaError::Broken { reason, .. } => broken(reason),
        MediaError::TooLarge { .. } => MediaError::TooLarge { format: "DOCX", limit: "64 MiB of XML" },
        other => other,
    })?;
    Ok(text(&String::from_utf8_lossy(&xml)))
}

/// Takes the runs' text out of the XML: `w:t` is text, `w:tab`, `w:br`, `w:cr` and `w:p` are white space.
fn text(xml: &str) -> Vec<String> {
    let mut pages = vec![String::new()];
    let mut is_text = false;
    for piece in xml.split('<').skip(1) {
        let (tag, content) = piece.split_once('>').unwrap_or((piece, ""));
        let name = tag.split([' ', '/', '\n', '\r', '\t']).next().unwrap_or_default();
        let is_page_break = name == "w:lastRenderedPageBreak" || (name == "w:br" && tag.contains("w:type=\"page\""));
        if is_page_break && pages.last().is_some_and(|page| !page.trim().is_empty()) {
            pages.push(String::new());
        }
        let Some(page) = pages.last_mut() else { break };
        match name {
            "w:t" => is_text = !tag.ends_with('/'),
            "w:tab" => page.push('\t'),
            "w:br" | "w:cr" if !is_page_break => page.push('\n'),
            _ => is_text = false,
        }
        if tag == "/w:p" {
            page.push('\n');
        }
        if is_text {
            page.push_str(&html::unescape(content));
        }
    }
    pages.into_iter().map(|page| page.trim().to_owned()).collect()
}
