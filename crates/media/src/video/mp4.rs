//! The boxes of an MP4 or MOV file that say how large and how long its video is (ISO/IEC 14496-12).

use super::{VideoContainer, VideoFacts, number, sensible};

/// More boxes beside each other are not walked: the box that is looked for comes early in real files.
const MOST_BOXES: usize = 4096;

/// Measures the first video track with a size.
pub(super) fn facts(bytes: &[u8]) -> Option<VideoFacts> {
    let brand = child(bytes, *b"ftyp").and_then(|kind| kind.get(..4));
    let container = if brand.is_none_or(|brand| brand == b"qt  ") { VideoContainer::Mov } else { VideoContainer::Mp4 };
    let movie = child(bytes, *b"moov")?;
    let whole = child(movie, *b"mvhd").and_then(times).map_or(0.0, |(scale, length)| length as f64 / scale as f64);
    let fragments = child(movie, *b"mvex").and_then(|extends| child(extends, *b"mehd"));
    children(movie).filter(|(name, _)| name == b"trak").find_map(|(_, track)| {
        let media = child(track, *b"mdia")?;
        (child(media, *b"hdlr")?.get(8..12)? == b"vide").then_some(())?;
        let (width, height) = size(child(track, *b"tkhd")?)?;
        let (scale, length) = times(child(media, *b"mdhd")?)?;
        let own = length as f64 / scale as f64;
        let extended = fragments.map_or(0.0, |length| {
            let width = if length.first() == Some(&1) { 8 } else { 4 };
            let movie_scale = child(movie, *b"mvhd").and_then(times).map_or(1, |(scale, _)| scale);
            length.get(4..4 + width).map_or(0, number) as f64 / movie_scale as f64
        });
        let seconds = sensible(own).or(sensible(whole)).or(sensible(extended)).unwrap_or(0.0);
        let table = child(media, *b"minf").and_then(|info| child(info, *b"stbl"));
        let frames = table.and_then(|table| child(table, *b"stts")).map_or(0, samples);
        let frames_per_second = sensible(frames as f64 / seconds);
        Some(VideoFacts { container, width, height, seconds, frames_per_second })
    })
}

/// The boxes that stand one after the other in `bytes`: name and content, which may be cut short by the file's end.
fn children(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let head = rest.get(..8)?;
        let name = [head[4], head[5], head[6], head[7]];
        let (start, size) = match number(&head[..4]) {
            0 => (8, rest.len() as u64),
            1 => (16, number(rest.get(8..16)?)),
            size => (8, size),
        };
        let end = usize::try_from(size).unwrap_or(usize::MAX).min(rest.len());
        let content = rest.get(start..end)?;
        rest = &rest[end..];
        Some((name, content))
    })
    .take(MOST_BOXES)
}

fn child(bytes: &[u8], wanted: [u8; 4]) -> Option<&[u8]> {
    children(bytes).find(|(name, _)| *name == wanted).map(|(_, content)| content)
}

/// Ticks a second and length in ticks, of `mvhd` and `mdhd`; a length of all ones is unknown, so none.
fn times(header: &[u8]) -> Option<(u64, u64)> {
    let (scale, length) = match header.first()? {
        1 => (header.get(20..24)?, header.get(24..32)?),
        _ => (header.get(12..16)?, header.get(16..20)?),
    };
    let length = if length.iter().all(|byte| *byte == 0xFF) { 0 } else { number(length) };
    Some((number(scale), length)).filter(|(scale, _)| *scale > 0)
}

/// Width and height of a track header, which ends with them in 16.16 fixed point.
fn size(header: &[u8]) -> Option<(u32, u32)> {
    let start = if header.first() == Some(&1) { 88 } else { 76 };
    let width = number(header.get(start..start + 2)?) as u32;
    let height = number(header.get(start + 4..start + 6)?) as u32;
    (width > 0 && height > 0).then_some((width, height))
}

/// Samples of a decoding time table.
fn samples(table: &[u8]) -> u64 {
    let entries = table.get(8..).unwrap_or(&[]).chunks_exact(8);
    entries.take(table.get(4..8).map_or(0, number) as usize).map(|entry| number(&entry[..4])).sum()
}
