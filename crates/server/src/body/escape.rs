//! Writing JSON by hand into a stream's buffer.

use bytes::{BufMut, BytesMut};
use serde::Serialize;

/// Bytes looked at in one go.
const BLOCK: usize = 64;
/// And of what is no whole block.
const WORD: usize = 8;

/// Appends `text` as the inside of a JSON string.
pub(crate) fn push_text(out: &mut BytesMut, text: &str) {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        let plain = plain_bytes(rest);
        out.extend_from_slice(&rest[..plain]);
        let Some(byte) = rest.get(plain) else { return };
        push_escaped(out, *byte);
        rest = &rest[plain + 1..];
    }
}

/// How many bytes there are before the first that cannot stand in a JSON string as it is. Whole blocks are looked at
/// without a branch for each byte, which the compiler makes into a few instructions, then words; the last word reaches
/// back over bytes that were looked at.
pub(crate) fn plain_bytes(bytes: &[u8]) -> usize {
    let blocks = bytes.as_chunks::<BLOCK>().0;
    // The least of three differences is 0 where one of them is.
    let nearest = |least: u8, byte: &u8| least.min(byte ^ b'"').min(byte ^ b'\\').min(byte & 0xE0);
    let plain = |block: &[u8; BLOCK]| block.iter().fold(u8::MAX, nearest) != 0;
    let start = blocks.iter().take_while(|block| plain(block)).count() * BLOCK;
    for (index, word) in bytes[start..].as_chunks().0.iter().enumerate() {
        if let Some(at) = first_special(*word) {
            return start + index * WORD + at;
        }
    }
    match bytes.last_chunk() {
        Some(word) => first_special(*word).map_or(bytes.len(), |at| bytes.len() - WORD + at),
        None => bytes.iter().position(|byte| is_special(*byte)).unwrap_or(bytes.len()),
    }
}

/// A control character, a quotation mark or a backslash.
const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The first byte that [`is_special`]. Each difference sets the top bit of a byte that is, and of bytes above it, where
/// it borrows, but of none below (Mycroft's test for a zero byte).
const fn first_special(word: [u8; WORD]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    let word = u64::from_le_bytes(word);
    let (quote, backslash) = (word ^ (ONES * b'"' as u64), word ^ (ONES * b'\\' as u64));
    let special = (word.wrapping_sub(ONES * 0x20) & !word)
        | (quote.wrapping_sub(ONES) & !quote)
        | (backslash.wrapping_sub(ONES) & !backslash);
    match special & (ONES << 7) {
        0 => None,
        tops => Some(tops.trailing_zeros() as usize / 8),
    }
}

fn push_escaped(out: &mut BytesMut, byte: u8) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        control => {
            out.extend_from_slice(b"\\u00");
            for nibble in [control >> 4, control & 15] {
                out.put_u8(b"0123456789abcdef"[usize::from(nibble)]);
            }
        }
    }
}

/// Appends `value` as JSON; for the rare parts of a stream.
pub(crate) fn push_json<T: Serialize>(out: &mut BytesMut, value: &T) {
    // Writing plain data into memory cannot fail.
    let _ = serde_json::to_writer(out.writer(), value);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_escaped_reads_back(text in any::<String>()) {
            let mut out = BytesMut::from(&b"\""[..]);
            push_text(&mut out, &text);
            out.put_u8(b'"');
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }

        #[test]
        fn the_first_special_byte_is_found(bytes in prop::collection::vec(prop_oneof![9 => 0x20_u8..=0xFF, 1 => any::<u8>()], 0..150)) {
            let first = bytes.iter().position(|byte| is_special(*byte));
            prop_assert_eq!(plain_bytes(&bytes), first.unwrap_or(bytes.len()));
        }
    }
}
