//! Writing JSON by hand into a stream's buffer.

use bytes::{BufMut, BytesMut};
use serde::Serialize;

/// Bytes looked at in one go.
const BLOCK: usize = 32;

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

/// How many bytes there are before the first that has to be escaped. Whole blocks are looked at without a branch for
/// each byte, which the compiler makes into a few instructions.
fn plain_bytes(bytes: &[u8]) -> usize {
    let special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    let blocks = bytes.as_chunks::<BLOCK>().0;
    let any = |block: &[u8; BLOCK]| block.iter().fold(false, |any, byte| any | special(*byte));
    let start = blocks.iter().position(any).unwrap_or(blocks.len()) * BLOCK;
    bytes[start..].iter().position(|byte| special(*byte)).map_or(bytes.len(), |at| start + at)
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
    }
}
