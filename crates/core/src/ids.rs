//! Ids shaped as OpenAI shapes them: a prefix and letters and digits.

use crate::{Rng, Seed};

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Makes the ids of one request. Two sources with the same seed make the same ids in the same order.
#[derive(Clone, Debug)]
pub struct Ids(Rng);

impl Ids {
    /// A source of ids that is decided by `seed`.
    pub fn new(seed: Seed) -> Self {
        Self(seed.rng())
    }

    /// `prefix` followed by `length` letters and digits, for example `chatcmpl-` and 29.
    pub fn next(&mut self, prefix: &str, length: usize) -> String {
        made(prefix, (0..length).map(|_| ALPHABET[self.0.below(ALPHABET.len())]))
    }

    /// `prefix` followed by `length` lower-case hexadecimal digits, for example `req_` and 32.
    pub fn next_hex(&mut self, prefix: &str, length: usize) -> String {
        let mut bits = 0;
        let digits = (0..length).map(|digit| {
            if digit % 16 == 0 {
                bits = self.0.bits();
            }
            let own = b"0123456789abcdef"[(bits & 15) as usize];
            bits >>= 4;
            own
        });
        made(prefix, digits)
    }
}

/// `prefix` and ASCII after it. Made of bytes, because every request makes some, and a string asks of each character how
/// many bytes it takes.
fn made(prefix: &str, rest: impl ExactSizeIterator<Item = u8>) -> String {
    let mut id = Vec::with_capacity(prefix.len() + rest.len());
    id.extend_from_slice(prefix.as_bytes());
    id.extend(rest);
    // It is text; the check costs less than pushing characters.
    String::from_utf8(id).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_decides_the_ids() {
        let ids = |seed| {
            let mut ids = Ids::new(Seed::new(seed));
            (ids.next("chatcmpl-", 29), ids.next_hex("req_", 32))
        };
        assert_eq!(ids(1), ids(1));
        assert_ne!(ids(1), ids(2));
        let (chat, request) = ids(1);
        assert_eq!((chat.len(), request.len()), (9 + 29, 4 + 32));
        assert!(request[4..].bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
