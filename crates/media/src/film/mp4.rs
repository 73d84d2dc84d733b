//! The boxes of an MP4 file with one video track (ISO/IEC 14496-12 and 14496-15). What describes comes first, so that a
//! player can begin before it has all.

use super::h264::Headers;
use super::{FRAMES_PER_SECOND, Film};

/// Units of a second in the movie, and in its track.
const MOVIE_SCALE: u32 = 1000;
const FRAME_UNITS: u32 = 512;
const TRACK_SCALE: u32 = FRAMES_PER_SECOND * FRAME_UNITS;
/// No rotation: the matrix that everything has.
const MATRIX: [u32; 9] = [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000];
/// Bytes before each unit that say how long it is.
const LENGTH_BYTES: u8 = 4;

/// A picture.
#[derive(Debug)]
pub(super) struct Frame {
    /// One unit.
    pub bytes: Vec<u8>,
    /// Whether it needs none before it.
    pub is_key: bool,
}

/// The file.
pub(super) fn write(film: &Film, headers: &Headers, frames: &[Frame]) -> Vec<u8> {
    let mut file = boxed(*b"ftyp", &[b"isom".as_slice(), &512_u32.to_be_bytes(), b"isomiso2avc1mp41"].concat());
    // Where the pictures begin is known once it is known how long what describes them is, which it does not change.
    let description = movie(film, headers, frames, 0).len();
    let start = file.len() + description + 8;
    file.extend(movie(film, headers, frames, start));
    let data: usize = frames.iter().map(|frame| frame.bytes.len() + usize::from(LENGTH_BYTES)).sum();
    file.extend(length(data + 8).to_be_bytes());
    file.extend(b"mdat");
    for frame in frames {
        file.extend(length(frame.bytes.len()).to_be_bytes());
        file.extend(&frame.bytes);
    }
    file
}

fn length(bytes: usize) -> u32 {
    // Films have 120 seconds at most, so their files are far from 4 GB.
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn boxed(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    [&length(content.len() + 8).to_be_bytes(), &kind, content].concat()
}

/// A box with a version and flags.
fn full(kind: [u8; 4], flags: u32, content: &[u8]) -> Vec<u8> {
    boxed(kind, &[&flags.to_be_bytes(), content].concat())
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

fn movie(film: &Film, headers: &Headers, frames: &[Frame], start: usize) -> Vec<u8> {
    let duration = film.seconds * MOVIE_SCALE;
    // Times, rate 1.0, full volume, reserved, matrix, six reserved, the next track's number.
    let mut head = numbers(&[0, 0, MOVIE_SCALE, duration, 0x0001_0000, 0x0100_0000, 0, 0]);
    head.extend(numbers(&MATRIX));
    head.extend(numbers(&[0, 0, 0, 0, 0, 0, 2]));
    // Times, number 1, reserved, duration, four words of layer and volume, matrix, width, height as 16.16.
    let mut track = numbers(&[0, 0, 1, 0, duration, 0, 0, 0, 0]);
    track.extend(numbers(&MATRIX));
    track.extend(numbers(&[film.width << 16, film.height << 16]));
    // Times, scale, duration, no language.
    let media = numbers(&[0, 0, TRACK_SCALE, film.seconds * TRACK_SCALE, 0x55C4_0000]);
    let handler = [&[0; 4], b"vide".as_slice(), &[0; 12], b"VideoHandler\0"].concat();
    let here = boxed(*b"dref", &[numbers(&[0, 1]), full(*b"url ", 1, &[])].concat());
    let information =
        [full(*b"vmhd", 1, &[0; 8]), boxed(*b"dinf", &here), boxed(*b"stbl", &table(film, headers, frames, start))];
    let media = [full(*b"mdhd", 0, &media), full(*b"hdlr", 0, &handler), boxed(*b"minf", &information.concat())];
    let track = [full(*b"tkhd", 3, &track), boxed(*b"mdia", &media.concat())];
    boxed(*b"moov", &[full(*b"mvhd", 0, &head), boxed(*b"trak", &track.concat())].concat())
}

/// The tables of pictures: how they are written, how long they are shown, which are keys, how large, where.
fn table(film: &Film, headers: &Headers, frames: &[Frame], start: usize) -> Vec<u8> {
    let count = length(frames.len());
    let size = |frame: &Frame| length(frame.bytes.len() + usize::from(LENGTH_BYTES));
    let mut sizes = vec![0, count];
    sizes.extend(frames.iter().map(size));
    let keys: Vec<u32> = (1..).zip(frames).filter(|(_, frame)| frame.is_key).map(|(number, _)| number).collect();
    let mut synchronised = vec![length(keys.len())];
    synchronised.extend(keys);
    [
        full(*b"stsd", 0, &[numbers(&[1]), entry(film, headers)].concat()),
        full(*b"stts", 0, &numbers(&[1, count, FRAME_UNITS])),
        full(*b"stss", 0, &numbers(&synchronised)),
        full(*b"stsc", 0, &numbers(&[1, 1, count, 1])),
        full(*b"stsz", 0, &numbers(&sizes)),
        full(*b"stco", 0, &numbers(&[1, length(start)])),
    ]
    .concat()
}

/// How the pictures are written: `avc1` with the parameter sets.
fn entry(film: &Film, Headers { sequence, picture }: &Headers) -> Vec<u8> {
    let half = |number: usize| u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes();
    let mut configuration = vec![1];
    configuration.extend(&sequence[1..4]);
    configuration.extend([0xFC | (LENGTH_BYTES - 1), 0xE1]);
    configuration.extend(half(sequence.len()));
    configuration.extend(sequence);
    configuration.push(1);
    configuration.extend(half(picture.len()));
    configuration.extend(picture);
    // Reserved, the first data reference, reserved, size, 72 dpi both ways, one frame a sample, no name, 24 bits.
    let mut entry = vec![0, 0, 0, 0, 0, 0, 0, 1];
    entry.extend([0; 16]);
    entry.extend(half(film.width as usize));
    entry.extend(half(film.height as usize));
    entry.extend(numbers(&[0x0048_0000, 0x0048_0000, 0]));
    entry.extend(half(1));
    entry.extend([0; 32]);
    entry.extend([0, 24, 0xFF, 0xFF]);
    entry.extend(boxed(*b"avcC", &configuration));
    boxed(*b"avc1", &entry)
}
