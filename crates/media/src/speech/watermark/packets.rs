//! What the tones say: packets with parts of a text, or with the number that stands for it.

use super::codewords::{correct, encode};
use super::letters::{FILLER, pack, unpack};
use super::mark_id;

/// What every packet begins with: no tone next to the one before, and no part of it like its beginning.
pub(super) const SYNC: [u8; 6] = [2, 13, 6, 15, 0, 9];
/// Bytes of text and of parity in a packet, the safest first.
const SHAPES: [(usize, usize); 5] = [(12, 10), (16, 8), (32, 8), (48, 6), (48, 4)];
/// Bytes of parity there may be.
const PARITIES: [usize; 4] = [10, 8, 6, 4];
/// Bytes around the text: a header and a checksum.
const FRAME: usize = 3;
/// Bit of the header: a number instead of a text. The other bits count packets.
const IS_ID: u8 = 0x80;
/// Bit of the header: the text ends here.
const IS_LAST: u8 = 0x40;
const NUMBERS: usize = 0x40;

/// What was found in a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// The text, or what is left of it.
    Text(String),
    /// The number of the text, see [`mark_id`].
    Id(u64),
}

/// How a text is carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Plan {
    /// In packets of these bytes, with so much parity.
    Text { packets: Vec<Vec<u8>>, parity: usize },
    /// By its number, as often as there is room.
    Id { id: u64, parity: usize, times: usize },
    /// Not at all: there is no room.
    Nothing,
}

/// Symbols of a packet that carries so many bytes.
const fn symbols(bytes: usize, parity: usize) -> usize {
    SYNC.len() + 2 * (FRAME + bytes + parity)
}

impl Plan {
    /// How `text` is carried by so many symbols.
    pub(super) fn of(text: &str, room: usize) -> Self {
        if text.trim().is_empty() {
            return Self::Nothing;
        }
        for (size, parity) in SHAPES {
            let packets = split(text, size);
            if packets.iter().map(|packet| symbols(packet.len(), parity)).sum::<usize>() <= room {
                return Self::Text { packets, parity };
            }
        }
        for parity in PARITIES {
            let times = room / symbols(8, parity);
            if times > 0 {
                return Self::Id { id: mark_id(text), parity, times };
            }
        }
        Self::Nothing
    }

    /// The tones that say it, 0 to 15 each.
    pub(super) fn symbols(&self) -> Vec<u8> {
        let mut all = Vec::new();
        match self {
            Self::Text { packets, parity } => {
                for (number, packet) in packets.iter().enumerate() {
                    let last = if number + 1 == packets.len() { IS_LAST } else { 0 };
                    write((number % NUMBERS) as u8 | last, packet, *parity, &mut all);
                }
            }
            Self::Id { id, parity, times } => {
                for _ in 0..*times {
                    write(IS_ID | IS_LAST, &id.to_be_bytes(), *parity, &mut all);
                }
            }
            Self::Nothing => {}
        }
        all
    }
}

/// Cuts a text between characters into parts of at most `size` bytes as they are packed.
fn split(text: &str, size: usize) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let mut halves: Vec<u8> = Vec::new();
    let mut close = |halves: &mut Vec<u8>| {
        if halves.len() % 2 == 1 {
            halves.push(FILLER);
        }
        parts.push(halves.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect());
        halves.clear();
    };
    let mut letter = [0; 4];
    for character in text.chars() {
        let next = pack(character.encode_utf8(&mut letter).as_bytes());
        if halves.len() + next.len() > size * 2 {
            close(&mut halves);
        }
        halves.extend(next);
    }
    close(&mut halves);
    parts
}

fn write(header: u8, bytes: &[u8], parity: usize, all: &mut Vec<u8>) {
    let mut message = vec![header];
    message.extend_from_slice(bytes);
    message.extend(checksum(&message).to_be_bytes());
    all.extend(SYNC);
    let coded = encode(&message, parity);
    all.extend(coded.iter().flat_map(|byte| [byte >> 4, byte & 15]));
}

/// CRC-16/CCITT (ITU-T V.41).
fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |sum: u16, byte| {
        (0..8).fold(
            sum ^ (u16::from(*byte) << 8),
            |sum, _| if sum & 0x8000 == 0 { sum << 1 } else { (sum << 1) ^ 0x1021 },
        )
    })
}

/// A packet that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packet {
    header: u8,
    bytes: Vec<u8>,
}

impl Packet {
    /// The packet whose codeword begins with these tones, of which `doubts` are the least sure first; and how many
    /// tones it has.
    pub(super) fn read(tones: &[u8], doubt: &[f32]) -> Option<(Self, usize)> {
        for parity in PARITIES {
            for length in 1..=SHAPES.iter().map(|shape| shape.0).max().unwrap_or(0) {
                let count = FRAME + length + parity;
                let Some(tones) = tones.get(..count * 2) else { break };
                if let Some(packet) = Self::decode(tones, &doubt[..count * 2], parity) {
                    return Some((packet, count * 2));
                }
            }
        }
        None
    }

    fn decode(tones: &[u8], doubt: &[f32], parity: usize) -> Option<Self> {
        let bytes: Vec<u8> = tones.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        let mut order: Vec<usize> = (0..bytes.len()).collect();
        let doubt = |at: &usize| doubt[at * 2].max(doubt[at * 2 + 1]);
        order.sort_by(|one, other| doubt(other).total_cmp(&doubt(one)));
        // One equation is left over to see whether the others are right.
        let doubtful = order.get(..parity - 1)?;
        let mut word = bytes;
        if !correct(&mut word, parity, doubtful) {
            return None;
        }
        Self::open(&word[..word.len() - parity])
    }

    /// Checks the sum.
    fn open(message: &[u8]) -> Option<Self> {
        let (message, sum) = message.split_last_chunk::<2>()?;
        let (header, bytes) = message.split_first()?;
        (checksum(message) == u16::from_be_bytes(*sum)).then(|| Self { header: *header, bytes: bytes.to_vec() })
    }

    fn text(&self) -> Option<String> {
        let halves: Vec<u8> = self.bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect();
        String::from_utf8(unpack(&halves)?).ok()
    }
}

impl Mark {
    /// What packets say together, in the order they were heard; `None` if there are none.
    pub(super) fn of(packets: &[Packet]) -> Option<Self> {
        let first = packets.first()?;
        if first.header & IS_ID != 0 {
            return first.bytes.as_slice().try_into().ok().map(|bytes| Self::Id(u64::from_be_bytes(bytes)));
        }
        let mut text = String::new();
        let mut has_ended = false;
        for packet in packets.iter().filter(|packet| packet.header & IS_ID == 0) {
            // Another speech begins.
            if has_ended && !text.ends_with(char::is_whitespace) {
                text.push(' ');
            }
            text.push_str(&packet.text()?);
            has_ended = packet.header & IS_LAST != 0;
        }
        Some(Self::Text(text))
    }
}
