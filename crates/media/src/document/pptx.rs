//! Slides: a ZIP archive with the text of each in `ppt/slides/slide1.xml` and so on (ECMA-376, part 1, 19 and 21.1.2).

use super::{MOST_XML_BYTES, html, xml};
use crate::MediaError;
use crate::archive::members;

/// The most slides that are read.
const MOST_SLIDES: usize = 5000;

/// The number of the slide that a member holds.
fn number(name: &[u8]) -> Option<u32> {
    let digits = name.strip_prefix(b"ppt/slides/slide")?.strip_suffix(b".xml")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Whether the archive has slides in it.
pub(super) fn is_slides(bytes: &[u8]) -> bool {
    members(bytes).any(|member| number(member.name).is_some())
}

/// The text of each slide, in the order of their numbers, which is that in which they were made.
pub(super) fn pages(bytes: &[u8]) -> Result<Vec<String>, MediaError> {
    let mut slides: Vec<_> = members(bytes).filter(|member| number(member.name).is_some()).take(MOST_SLIDES).collect();
    slides.sort_by_key(|slide| number(slide.name));
    let mut room = MOST_XML_BYTES;
    slides.iter().map(|slide| Ok(text(&xml(slide, "PPTX", &mut room)?))).collect()
}

/// The text of runs: `a:t` is text, `a:br` and the end of `a:p` are line breaks.
fn text(xml: &str) -> String {
    let mut text = String::new();
    for piece in xml.split('<').skip(1) {
        let (tag, content) = piece.split_once('>').unwrap_or((piece, ""));
        match tag.split([' ', '/', '\n', '\r', '\t']).next().unwrap_or_default() {
            "a:t" if !tag.ends_with('/') => text.push_str(&html::unescape(content)),
            "a:br" => text.push('\n'),
            _ if tag == "/a:p" && !text.is_empty() && !text.ends_with('\n') => text.push('\n'),
            _ => {}
        }
    }
    text.trim().to_owned()
}
