//! All keys that are good, and what was found out about those that were sent.

use std::sync::{Mutex, PoisonError};

use ring::hmac;
use rustc_hash::FxHashMap;

use super::stored::{StoredKey, sha256};

/// What is known of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the key at this place of the ring.
    Good(usize),
    /// It is none of them.
    Bad,
    /// Slow hashes have to be looked at: [`KeyRing::verify`].
    Unknown,
}

/// Keys whose hashes were looked at, before remembering begins anew.
const REMEMBERED: usize = 10_000;

/// The keys that are good. A key is looked for by a digest with a secret of this ring, so the time it takes tells nothing
/// of good keys, and neither keys nor plain digests of them are kept.
#[derive(Debug)]
pub struct KeyRing {
    secret: hmac::Key,
    fast: FxHashMap<[u8; 32], usize>,
    slow: Vec<(usize, StoredKey)>,
    seen: Mutex<FxHashMap<[u8; 32], Verdict>>,
}

impl KeyRing {
    /// A ring of `keys`, in their order. `secret` is any 32 bytes nobody else knows.
    pub fn new(keys: impl IntoIterator<Item = StoredKey>, secret: &[u8; 32]) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let (mut fast, mut slow) = (FxHashMap::default(), Vec::new());
        for (place, key) in keys.into_iter().enumerate() {
            match key.sha256() {
                Some(digest) => {
                    fast.entry(keyed(&secret, &digest)).or_insert(place);
                }
                None => slow.push((place, key)),
            }
        }
        Self { secret, fast, slow, seen: Mutex::default() }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.fast.is_empty() && self.slow.is_empty()
    }

    /// What is known of `key` without looking at slow hashes; about a microsecond.
    pub fn look(&self, key: &[u8]) -> Verdict {
        let digest = keyed(&self.secret, &sha256(key));
        if let Some(place) = self.fast.get(&digest) {
            return Verdict::Good(*place);
        }
        if self.slow.is_empty() {
            return Verdict::Bad;
        }
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&digest).copied().unwrap_or(Verdict::Unknown)
    }

    /// Looks at everything, and remembers it. With slow hashes tens of milliseconds for each: not for a thread that serves.
    pub fn verify(&self, key: &[u8]) -> Verdict {
        match self.look(key) {
            Verdict::Unknown => {}
            known => return known,
        }
        let found = self.slow.iter().find(|(_, stored)| stored.is(key));
        let verdict = found.map_or(Verdict::Bad, |(place, _)| Verdict::Good(*place));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED {
            // Invented keys must not push out good ones.
            seen.retain(|_, verdict| *verdict != Verdict::Bad);
        }
        seen.insert(keyed(&self.secret, &sha256(key)), verdict);
        verdict
    }
}

fn keyed(secret: &hmac::Key, digest: &[u8; 32]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hmac::sign(secret, digest).as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(key: &str) -> StoredKey {
        StoredKey::read(key).unwrap()
    }

    #[test]
    fn plain_keys_are_known_at_once() {
        let ring = KeyRing::new([plain("sk-a"), plain("sk-b")], &[1; 32]);
        assert_eq!(ring.look(b"sk-b"), Verdict::Good(1));
        assert_eq!(ring.look(b"sk-c"), Verdict::Bad);
        assert!(!ring.is_empty());
        assert!(KeyRing::new([], &[1; 32]).is_empty());
    }

    #[test]
    fn a_slow_hash_is_looked_at_once() {
        let ring = KeyRing::new([plain("sk-a"), plain("sk-b").hashed([3; 16]).unwrap()], &[1; 32]);
        assert_eq!(ring.look(b"sk-a"), Verdict::Good(0));
        for (key, verdict) in [(b"sk-b", Verdict::Good(1)), (b"sk-x", Verdict::Bad)] {
            assert_eq!(ring.look(key), Verdict::Unknown);
            assert_eq!(ring.verify(key), verdict);
            assert_eq!(ring.look(key), verdict);
        }
    }

    #[test]
    fn invented_keys_neither_grow_memory_nor_push_out_good_ones() {
        let ring = KeyRing::new([StoredKey::read("sk-b").unwrap().hashed([3; 16]).unwrap()], &[1; 32]);
        assert_eq!(ring.verify(b"sk-b"), Verdict::Good(0));
        {
            let mut seen = ring.seen.lock().unwrap();
            for number in 0..REMEMBERED {
                seen.insert(sha256(&number.to_le_bytes()), Verdict::Bad);
            }
        }
        assert_eq!(ring.verify(b"sk-x"), Verdict::Bad);
        assert_eq!(ring.seen.lock().unwrap().len(), 2);
        assert_eq!(ring.look(b"sk-b"), Verdict::Good(0));
    }
}
