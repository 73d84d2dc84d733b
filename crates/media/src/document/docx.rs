//! Word documents: a ZIP archive with the text in `word/document.xml` (ECMA-376, part 1, 17).

use super::{MOST_XML_BYTES, html, xml};
use crate::MediaError;
use crate::archive::members;

/// The member that holds the text.
const BODY: &[u8] = b"word/document.xml";

/// Whether the archive has a Word document's text in it.
pub(super) fn is_word(bytes: &[u8]) -> bool {
    members(bytes).any(|member| member.name == BODY)
}

/// The text, split at the page breaks that the writer set or last saw; they are hints, as Word makes pages anew.
pub(super) fn pages(bytes: &[u8]) -> Result<Vec<String>, MediaError> {
    let member = members(bytes).find(|member| member.name == BODY);
    let member = member.ok_or_else(|| MediaError::broken("DOCX", "it has no text"))?;
    Ok(text(&xml(&member, "DOCX", &mut { MOST_XML_BYTES })?))
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
