//! Writing JSON by hand into a stream's buffer.

use bytes::{BufMut, BytesMut};
use serde::Serialize;

/// Appends `text` as the inside of a JSON string.
pub(crate) fn push_text(out: &mut BytesMut, text: &str) {
    let bytes = text.as_bytes();
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[start..at]);
        start = at + 1;
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
    out.extend_from_slice(&bytes[start..]);
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
