//! The elements of a WebM or Matroska file that say how large and how long its video is (RFC 8794, RFC 9559).

use super::{VideoContainer, VideoFacts, number, sensible};

const EBML: u64 = 0x1A45_DFA3;
const DOC_TYPE: u64 = 0x4282;
const SEGMENT: u64 = 0x1853_8067;
const INFO: u64 = 0x1549_A966;
const TIMESTAMP_SCALE: u64 = 0x2A_D7B1;
const DURATION: u64 = 0x4489;
const TRACKS: u64 = 0x1654_AE6B;
const TRACK_ENTRY: u64 = 0xAE;
const TRACK_NUMBER: u64 = 0xD7;
const TRACK_TYPE: u64 = 0x83;
const DEFAULT_DURATION: u64 = 0x23_E383;
const VIDEO: u64 = 0xE0;
const PIXEL_WIDTH: u64 = 0xB0;
const PIXEL_HEIGHT: u64 = 0xBA;
const CLUSTER: u64 = 0x1F43_B675;
const CLUSTER_TIME: u64 = 0xE7;
const SIMPLE_BLOCK: u64 = 0xA3;
const BLOCK_GROUP: u64 = 0xA0;
const BLOCK: u64 = 0xA1;

/// What is found while the segment is walked.
struct Walk {
    scale: u64,
    duration: f64,
    size: Option<(u32, u32)>,
    track: u64,
    /// Nanoseconds of a picture.
    picture: u64,
    cluster_time: u64,
    frames: u64,
    /// The last picture's time, in ticks.
    last: u64,
}

/// Measures the first video track. Pictures are counted, because many writers tell neither length nor rate.
pub(super) fn facts(bytes: &[u8]) -> Option<VideoFacts> {
    let mut elements = Elements { rest: bytes };
    let (_, head) = elements.find(|(id, _)| *id == EBML)?;
    let is_webm = child(head, DOC_TYPE).is_some_and(|kind| kind.starts_with(b"webm"));
    let container = if is_webm { VideoContainer::WebM } else { VideoContainer::Matroska };
    let (_, segment) = elements.find(|(id, _)| *id == SEGMENT)?;
    let mut walk =
        Walk { scale: 1_000_000, duration: 0.0, size: None, track: 0, picture: 0, cluster_time: 0, frames: 0, last: 0 };
    for (id, content) in (Elements { rest: segment }) {
        walk.element(id, content);
    }
    let (width, height) = walk.size?;
    let tick = walk.scale as f64 / 1e9;
    let given = sensible(1e9 / walk.picture as f64);
    let counted = sensible(walk.last as f64 * tick);
    let counted_rate = counted.and_then(|last| sensible(walk.frames.saturating_sub(1) as f64 / last));
    let frames_per_second = given.or(counted_rate);
    let last_picture = frames_per_second.map_or(0.0, |rate| 1.0 / rate);
    let seconds = sensible(walk.duration * tick).or(counted.map(|last| last + last_picture)).unwrap_or(0.0);
    Some(VideoFacts { container, width, height, seconds, frames_per_second })
}

impl Walk {
    fn element(&mut self, id: u64, content: &[u8]) {
        match id {
            INFO => {
                self.scale = child(content, TIMESTAMP_SCALE).map_or(1_000_000, number);
                self.duration = child(content, DURATION).map_or(0.0, float);
            }
            TRACKS if self.size.is_none() => {
                for (_, track) in (Elements { rest: content }).filter(|(id, _)| *id == TRACK_ENTRY) {
                    if child(track, TRACK_TYPE).map(number) == Some(1) && self.size.is_none() {
                        self.size = child(track, VIDEO).and_then(size);
                        self.track = child(track, TRACK_NUMBER).map_or(0, number);
                        self.picture = child(track, DEFAULT_DURATION).map_or(0, number);
                    }
                }
            }
            CLUSTER => Elements { rest: content }.for_each(|(id, content)| self.in_cluster(id, content)),
            // A cluster of unknown size lets its elements stand among the segment's.
            _ => self.in_cluster(id, content),
        }
    }

    fn in_cluster(&mut self, id: u64, content: &[u8]) {
        match id {
            CLUSTER_TIME => self.cluster_time = number(content),
            SIMPLE_BLOCK => self.block(content),
            BLOCK_GROUP => child(content, BLOCK).into_iter().for_each(|block| self.block(block)),
            _ => {}
        }
    }

    /// A block begins with its track and its time, relative to the cluster's.
    fn block(&mut self, content: &[u8]) {
        let Some((track, length)) = variable(content, false) else { return };
        let time = content.get(length..length + 2).filter(|_| track == self.track);
        if let Some(time) = time {
            let time = i64::from(i16::from_be_bytes([time[0], time[1]]));
            self.frames += 1;
            self.last = self.last.max(self.cluster_time.saturating_add_signed(time));
        }
    }
}

fn size(video: &[u8]) -> Option<(u32, u32)> {
    let side = |id| child(video, id).map(number).and_then(|side| u32::try_from(side).ok()).filter(|side| *side > 0);
    Some((side(PIXEL_WIDTH)?, side(PIXEL_HEIGHT)?))
}

/// Elements one after the other: their id, marker included, and their content, which may be cut by the file's end.
struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Elements<'a> {
    type Item = (u64, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (id, id_length) = variable(self.rest, true)?;
        let after = &self.rest[id_length..];
        let (size, size_length) = variable(after, false)?;
        let after = &after[size_length..];
        let is_unknown = size == (1 << (7 * size_length)) - 1;
        // Only a segment or a cluster may be of unknown size. A segment lasts to the end of the file; a cluster's
        // elements are handed out as if they were its siblings, which ends it where the next one begins.
        let size = match id {
            CLUSTER if is_unknown => 0,
            _ if is_unknown => after.len(),
            _ => usize::try_from(size).unwrap_or(usize::MAX).min(after.len()),
        };
        let (content, rest) = after.split_at(size);
        self.rest = rest;
        Some((id, content))
    }
}

fn child(bytes: &[u8], wanted: u64) -> Option<&[u8]> {
    Elements { rest: bytes }.find(|(id, _)| *id == wanted).map(|(_, content)| content)
}

/// A number of variable length and its length in bytes; the leading zeros of the first byte tell the length.
fn variable(bytes: &[u8], keeps_marker: bool) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = first.leading_zeros() as usize + 1;
    let all = bytes.get(..length).filter(|_| length <= 8)?;
    let marker = if keeps_marker { 0 } else { 1_u64 << (7 * length) };
    Some((number(all) & !marker, length))
}

/// A floating point number of four or eight bytes.
fn float(bytes: &[u8]) -> f64 {
    match bytes.len() {
        4 => f64::from(f32::from_bits(number(bytes) as u32)),
        8 => f64::from_bits(number(bytes)),
        _ => 0.0,
    }
}
