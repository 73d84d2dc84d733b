//! Word documents: a ZIP archive with the text in `word/document.xml` (ECMA-376, part 1, 17).

use std::io::Read;

use flate2::read::DeflateDecoder;

use super::{MOST_TEXT_BYTES, html};
use crate::MediaError;

/// The member that holds the text.
const BODY: &[u8] = b"word/document.xml";
/// The most that its XML may unpack to: markup outweighs text, and a bomb outweighs both.
const MOST_XML_BYTES: u64 = 2 * MOST_TEXT_BYTES as u64;
/// Archives with more members are none of Word's.
const MOST_MEMBERS: usize = 65_536;

/// Whether the archive has a Word document's text in it.
pub(super) fn is_word(bytes: &[u8]) -> bool {
    member(bytes).is_some()
}

/// The text, split at the page breaks that the writer set or last saw; they are hints, as Word makes pages anew.
pub(super) fn pages(bytes: &[u8]) -> Result<Vec<String>, MediaError> {
    let broken = |reason: &str| MediaError::broken("DOCX", reason);
    let Member { method, packed } = member(bytes).ok_or_else(|| broken("it has no text"))?;
    let mut xml = Vec::new();
    let read = match method {
        0 => packed.take(MOST_XML_BYTES + 1).read_to_end(&mut xml),
        8 => DeflateDecoder::new(packed).take(MOST_XML_BYTES + 1).read_to_end(&mut xml),
        _ => return Err(MediaError::Unsupported("this compression of ZIP archives")),
    };
    read.map_err(|error| broken(&error.to_string()))?;
    if xml.len() as u64 > MOST_XML_BYTES {
        return Err(MediaError::TooLarge { format: "DOCX", limit: "64 MiB of XML" });
    }
    Ok(text(&String::from_utf8_lossy(&xml)))
}

struct Member<'a> {
    method: u16,
    packed: &'a [u8],
}

/// Finds the text by the archive's central directory (PKWARE APPNOTE, 4.3.12 and 4.3.16).
fn member(bytes: &[u8]) -> Option<Member<'_>> {
    let end = bytes.windows(4).rposition(|four| four == b"PK\x05\x06")?;
    let mut at = u32_at(bytes, end + 16)? as usize;
    for _ in 0..MOST_MEMBERS {
        if bytes.get(at..at.checked_add(4)?)? != b"PK\x01\x02" {
            return None;
        }
        let [name, extra, comment] = [28, 30, 32].map(|field| u16_at(bytes, at + field).map(usize::from));
        let (name, extra, comment) = (name?, extra?, comment?);
        if bytes.get(at + 46..at + 46 + name)? == BODY {
            let start = u32_at(bytes, at + 42)? as usize;
            // The local header has its own extra field, of its own length.
            let skip = usize::from(u16_at(bytes, start + 26)?) + usize::from(u16_at(bytes, start + 28)?);
            let from = bytes.get(start + 30 + skip..)?;
            let length = (u32_at(bytes, at + 20)? as usize).min(from.len());
            return Some(Member { method: u16_at(bytes, at + 10)?, packed: &from[..length] });
        }
        at += 46 + name + extra + comment;
    }
    None
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).map(|two| u16::from_le_bytes([two[0], two[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
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
