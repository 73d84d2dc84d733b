//! Where a picture comes from, told in the picture itself: an XMP packet (ISO 16684-1) with the model, the date, and a
//! digest of everything else in the file, so that a change shows.
//!
//! It stands where each format keeps XMP: in a PNG's `iTXt` chunk, a JPEG's `APP1` segment, a WebP's `XMP ` chunk. The
//! digest is XXH3, which finds damage and careless editing; whoever wants to forge a claim can. It is no C2PA manifest:
//! those need certificates that this program does not have.

use std::ops::Range;

use xxhash_rust::xxh3::xxh3_128;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// A PNG's signature and its IHDR chunk, which has to be first.
const PNG_HEAD: usize = 33;
/// Keyword, no compression, no language, no translated keyword (PNG 11.3.3.4).
const PNG_KEY: &[u8] = b"XML:com.adobe.xmp\0\0\0\0\0";
/// What an `APP1` segment with XMP begins with (XMP part 3, 1.1.3).
const JPEG_KEY: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// Flags of `VP8X`: there is XMP; there may be opacity.
const WEBP_XMP: u8 = 0x04;
const WEBP_ALPHA: u8 = 0x10;

/// What a picture says of where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The model that made it.
    pub model: String,
    /// When, as RFC 3339.
    pub generated_at: String,
}

/// What was found in a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// No claim of this program's.
    Absent,
    /// A claim, and nothing was changed since it was written.
    Intact(Claim),
    /// A claim in a picture that was changed.
    Changed(Claim),
}

/// The picture in `file` (PNG, JPEG, or WebP of one frame) with a claim. Another file stays as it is.
pub fn claim(file: Vec<u8>, claim: &Claim) -> Vec<u8> {
    let packet = written(claim, xxh3_128(&file));
    if file.starts_with(PNG) && file.len() >= PNG_HEAD {
        let chunk = png_chunk(&packet);
        inserted(file, PNG_HEAD, &chunk)
    } else if file.starts_with(b"\xff\xd8") {
        let Ok(length) = u16::try_from(2 + JPEG_KEY.len() + packet.len()) else { return file };
        let segment = [b"\xff\xe1", &length.to_be_bytes()[..], JPEG_KEY, packet.as_bytes()].concat();
        inserted(file, 2, &segment)
    } else {
        webp_claimed(&file, &packet).unwrap_or(file)
    }
}

/// What a picture says of where it comes from.
pub fn provenance(file: &[u8]) -> Provenance {
    let Some((packet, without)) = png_parts(file).or_else(|| jpeg_parts(file)).or_else(|| webp_parts(file)) else {
        return Provenance::Absent;
    };
    let Some((claim, digest)) = read(&file[packet]) else { return Provenance::Absent };
    if digest == xxh3_128(&without) { Provenance::Intact(claim) } else { Provenance::Changed(claim) }
}

fn written(claim: &Claim, digest: u128) -> String {
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF \
         xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" \
         xmlns:fakeai=\"urn:fakeai:provenance\" fakeai:model=\"{}\" fakeai:generatedAt=\"{}\" \
         fakeai:digest=\"{digest:032x}\"/></rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>",
        escaped(&claim.model),
        escaped(&claim.generated_at)
    )
}

/// The claim of a packet, and the digest it names.
fn read(packet: &[u8]) -> Option<(Claim, u128)> {
    let text = std::str::from_utf8(packet).ok()?;
    let field = |name: &str| {
        let (_, rest) = text.split_once(&format!("fakeai:{name}=\""))?;
        rest.split_once('"').map(|(value, _)| value)
    };
    let claim = Claim { model: unescaped(field("model")?), generated_at: unescaped(field("generatedAt")?) };
    Some((claim, u128::from_str_radix(field("digest")?, 16).ok()?))
}

const ESCAPES: [(&str, &str); 4] = [("&", "&amp;"), ("\"", "&quot;"), ("<", "&lt;"), (">", "&gt;")];

fn escaped(text: &str) -> String {
    ESCAPES.iter().fold(text.to_owned(), |text, (plain, escape)| text.replace(plain, escape))
}

fn unescaped(text: &str) -> String {
    ESCAPES.iter().rev().fold(text.to_owned(), |text, (plain, escape)| text.replace(escape, plain))
}

fn inserted(mut file: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    drop(file.splice(at..at, bytes.iter().copied()));
    file
}

fn png_chunk(packet: &str) -> Vec<u8> {
    let length = (PNG_KEY.len() + packet.len()) as u32;
    let mut chunk = length.to_be_bytes().to_vec();
    chunk.extend(b"iTXt");
    chunk.extend(PNG_KEY);
    chunk.extend(packet.bytes());
    let mut sum = flate2::Crc::new();
    sum.update(&chunk[4..]);
    chunk.extend(sum.sum().to_be_bytes());
    chunk
}

/// Where the packet is, and the file without the chunk that has it.
type Parts = (Range<usize>, Vec<u8>);

fn without(file: &[u8], cut: Range<usize>) -> Vec<u8> {
    [&file[..cut.start], &file[cut.end..]].concat()
}

fn png_parts(file: &[u8]) -> Option<Parts> {
    let mut at = file.starts_with(PNG).then_some(PNG.len())?;
    loop {
        let length = u32::from_be_bytes(*file.get(at..)?.first_chunk()?) as usize;
        let (start, end) = (at + 8, at.checked_add(length)?.checked_add(12)?);
        let (kind, data) = (file.get(at + 4..start)?, file.get(start..end.checked_sub(4)?)?);
        if kind == b"iTXt" && data.starts_with(PNG_KEY) {
            file.get(..end)?;
            return Some((start + PNG_KEY.len()..end - 4, without(file, at..end)));
        }
        at = end;
    }
}

fn jpeg_parts(file: &[u8]) -> Option<Parts> {
    let mut at = file.starts_with(b"\xff\xd8").then_some(2)?;
    loop {
        let [0xff, kind, high, low] = *file.get(at..)?.first_chunk()? else { return None };
        let end = at + 2 + usize::from(u16::from_be_bytes([high, low]));
        let data = file.get(at + 4..end)?;
        if kind == 0xe1 && data.starts_with(JPEG_KEY) {
            return Some((at + 4 + JPEG_KEY.len()..end, without(file, at..end)));
        }
        // The picture itself: nothing that is read stands behind it.
        if kind == 0xda {
            return None;
        }
        at = end;
    }
}

/// The bytes that follow a WebP's header, if it is one.
fn webp_body(file: &[u8]) -> Option<&[u8]> {
    let body = file.strip_prefix(b"RIFF")?.get(4..)?;
    body.strip_prefix(b"WEBP")
}

/// The simple form, one chunk of pixels, becomes the extended one (WebP container specification).
fn webp_claimed(file: &[u8], packet: &str) -> Option<Vec<u8>> {
    let body = webp_body(file)?;
    let (width, height) = super::image_size(file)?;
    // Width and height less one, three bytes each.
    let side = |pixels: u32| pixels.checked_sub(1).filter(|side| *side < 1 << 24).map(u32::to_le_bytes);
    let (width, height) = (side(width)?, side(height)?);
    if !body.starts_with(b"VP8L") && !body.starts_with(b"VP8 ") {
        return None;
    }
    let mut all = b"WEBPVP8X\x0a\0\0\0".to_vec();
    all.extend([WEBP_XMP | if body.starts_with(b"VP8L") { WEBP_ALPHA } else { 0 }, 0, 0, 0]);
    all.extend(&width[..3]);
    all.extend(&height[..3]);
    all.extend(body);
    all.extend(b"XMP ");
    all.extend((packet.len() as u32).to_le_bytes());
    all.extend(packet.bytes());
    if packet.len() % 2 == 1 {
        all.push(0);
    }
    Some([b"RIFF", &(all.len() as u32).to_le_bytes()[..], &all].concat())
}

fn webp_parts(file: &[u8]) -> Option<Parts> {
    const HEAD: usize = 12;
    let body = webp_body(file)?;
    let pixels = body.strip_prefix(b"VP8X\x0a\0\0\0")?.get(10..)?;
    let length = u32::from_le_bytes(*pixels.get(4..)?.first_chunk()?) as usize;
    let length = length.checked_add(length % 2)?.checked_add(8)?;
    let (pixels, rest) = pixels.split_at_checked(length)?;
    let packet = rest.strip_prefix(b"XMP ")?;
    let start = HEAD + body.len() - rest.len() + 8;
    let end = start.checked_add(u32::from_le_bytes(*packet.first_chunk()?) as usize)?;
    file.get(start..end)?;
    // As it was before the claim: the simple form.
    let size = (4 + pixels.len()) as u32;
    Some((start..end, [b"RIFF", &size.to_le_bytes()[..], b"WEBP", pixels].concat()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Picture, Writing, describe_image};

    fn known() -> Claim {
        Claim { model: "gpt-image-1 <\"&\">".to_owned(), generated_at: "2025-01-01T00:00:00Z".to_owned() }
    }

    fn claimed(writing: Writing) -> Vec<u8> {
        claim(Picture::filled(5, 7, [200, 40, 90, 255]).encode(writing).unwrap(), &known())
    }

    const ALL: [Writing; 3] = [Writing::Png, Writing::Jpeg(80), Writing::WebP(100)];

    #[test]
    fn a_claim_is_read_from_every_format_and_the_picture_stays() {
        for writing in ALL {
            let picture = Picture::filled(5, 7, [200, 40, 90, 255]);
            let plain = picture.encode(writing).unwrap();
            assert_eq!(provenance(&plain), Provenance::Absent);
            let file = claim(plain.clone(), &known());
            assert_eq!(provenance(&file), Provenance::Intact(known()), "{writing:?}");
            assert_eq!(Picture::decode(&file).unwrap(), Picture::decode(&plain).unwrap());
            assert!(describe_image(&file).is_ok());
        }
    }

    #[test]
    fn a_changed_picture_keeps_its_claim_and_shows_the_change() {
        for writing in ALL {
            let mut file = claimed(writing);
            let at = if writing == ALL[2] { 40 } else { file.len() - 6 };
            file[at] ^= 1;
            assert_eq!(provenance(&file), Provenance::Changed(known()), "{writing:?}");
        }
    }

    #[test]
    fn other_files_say_nothing() {
        for file in [b"".as_slice(), b"RIFF\0\0\0\0WEBP", b"\xff\xd8\xff\xe1\0", PNG, b"no picture"] {
            assert_eq!(provenance(file), Provenance::Absent);
            assert!(claim(file.to_vec(), &known()).len() >= file.len());
        }
    }

    proptest! {
        #[test]
        fn torn_files_are_no_panic(kind in 0..3_usize, at in 0..900_usize, value: u8, cut in 0..900_usize) {
            let mut file = claimed(ALL[kind]);
            let place = at % file.len();
            file[place] = value;
            file.truncate(cut);
            let _ = provenance(&file);
            let _ = claim(file, &known());
        }
    }
}
