//! A key as somebody keeps it: as it is, or as a hash of it.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordVerifier};
use ring::digest::{SHA256, digest};

use crate::GuardError;

/// Longest key, characters; OpenAI's have up to 164.
const LONGEST: usize = 512;
/// What bcrypt looks at, bytes: longer keys are told apart by their SHA-256.
const BCRYPT_BYTES: usize = 72;
/// 2^10 rounds, which take some 50 ms: what the original's documents ask for.
const BCRYPT_COST: u32 = 10;
/// 2^15 rounds take more than a second; a mistyped cost would take days, for each key that is tried.
const MOST_BCRYPT_COST: u32 = 15;

/// A key as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub enum StoredKey {
    /// As clients send it.
    Plain(String),
    /// Its SHA-256: `sha256:` and 64 hexadecimal digits.
    Sha256([u8; 32]),
    /// `$2a$`, `$2b$`, `$2x$` or `$2y$`, of the key itself, or of its SHA-256 in hexadecimal digits if it has more than 72
    /// bytes.
    Bcrypt(String),
    /// `$argon2id$`, `$argon2i$` or `$argon2d$`.
    Argon2(String),
}

impl std::fmt::Debug for StoredKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Plain(_) => "Plain(…)",
            Self::Sha256(_) => "Sha256(…)",
            Self::Bcrypt(_) => "Bcrypt(…)",
            Self::Argon2(_) => "Argon2(…)",
        })
    }
}

impl StoredKey {
    /// Reads a key or a hash of one.
    pub fn read(text: &str) -> Result<Self, GuardError> {
        let text = text.trim();
        let bad = |why: String| GuardError::BadHash { start: text.chars().take(10).collect(), why };
        if let Some(digits) = text.strip_prefix("sha256:").or_else(|| text.strip_prefix("sha256$")) {
            return read_hex(digits)
                .map(Self::Sha256)
                .ok_or_else(|| bad("sha256 is followed by 64 hexadecimal digits".to_owned()));
        }
        if ["$2a$", "$2b$", "$2x$", "$2y$"].iter().any(|start| text.starts_with(start)) {
            if text.get(4..6).and_then(|cost| cost.parse().ok()).is_some_and(|cost: u32| cost > MOST_BCRYPT_COST) {
                return Err(bad(format!("its cost is more than {MOST_BCRYPT_COST}")));
            }
            // A hash that cannot be checked would refuse everybody.
            return bcrypt::verify("", text)
                .map(|_| Self::Bcrypt(text.to_owned()))
                .map_err(|error| bad(error.to_string()));
        }
        if text.starts_with("$argon2") {
            return PasswordHash::new(text)
                .map(|_| Self::Argon2(text.to_owned()))
                .map_err(|error| bad(error.to_string()));
        }
        let is_key = !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_key { Ok(Self::Plain(text.to_owned())) } else { Err(GuardError::BadKey) }
    }

    /// The key as a bcrypt hash with this salt, if it is kept as it is; hashes stay as they are. Takes some 50 ms.
    pub fn hashed(self, salt: [u8; 16]) -> Result<Self, GuardError> {
        let Self::Plain(key) = self else { return Ok(self) };
        let hash = bcrypt::hash_with_salt(bcrypt_input(key.as_bytes()), BCRYPT_COST, salt)
            .map_err(|error| GuardError::BadHash { start: String::new(), why: error.to_string() })?;
        Ok(Self::Bcrypt(hash.format_for_version(bcrypt::Version::TwoB)))
    }

    /// Whether looking at it takes milliseconds.
    pub const fn is_slow(&self) -> bool {
        matches!(self, Self::Bcrypt(_) | Self::Argon2(_))
    }

    /// Whether it is this key. The time it takes does not depend on where keys begin to differ.
    pub(super) fn is(&self, key: &[u8]) -> bool {
        match self {
            Self::Plain(own) => sha256(own.as_bytes()) == sha256(key),
            Self::Sha256(own) => *own == sha256(key),
            Self::Bcrypt(hash) => bcrypt::verify(bcrypt_input(key), hash).unwrap_or(false),
            Self::Argon2(hash) => {
                PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(key, &hash).is_ok())
            }
        }
    }

    /// The digest of the key itself, where it is known.
    pub(super) fn sha256(&self) -> Option<[u8; 32]> {
        match self {
            Self::Plain(key) => Some(sha256(key.as_bytes())),
            Self::Sha256(digest) => Some(*digest),
            Self::Bcrypt(_) | Self::Argon2(_) => None,
        }
    }
}

/// SHA-256 of a key.
pub(super) fn sha256(key: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, key).as_ref());
    bytes
}

fn bcrypt_input(key: &[u8]) -> Vec<u8> {
    if key.len() <= BCRYPT_BYTES {
        return key.to_vec();
    }
    sha256(key).iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

fn read_hex(digits: &str) -> Option<[u8; 32]> {
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, place) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(digits.get(place..place + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_and_hashes_are_told_apart() {
        // printf abc | sha256sum
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(StoredKey::read(" sk-1 "), Ok(StoredKey::Plain("sk-1".to_owned())));
        for text in [format!("sha256:{digest}"), format!("sha256${digest}")] {
            assert!(StoredKey::read(&text).unwrap().is(b"abc"));
            assert!(!StoredKey::read(&text).unwrap().is(b"abd"));
        }
        for bad in ["", "a b", "sha256:12", "$2b$nonsense", "$argon2id$nonsense", "ключ"] {
            assert!(StoredKey::read(bad).is_err(), "{bad}");
        }
        assert_eq!(format!("{:?}", StoredKey::read("sk-secret").unwrap()), "Plain(…)");
    }

    #[test]
    fn hashes_that_others_made_are_read() {
        // python: bcrypt.hashpw(b"sk-test", bcrypt.gensalt(4)), argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        let long = "k".repeat(164);
        let own = StoredKey::Plain(long.clone()).hashed([7; 16]).unwrap();
        assert!(own.is_slow() && own.is(long.as_bytes()));
        // The end of a long key counts.
        assert!(!own.is(format!("{}x", &long[..163]).as_bytes()));
        let short = StoredKey::read("sk-test").unwrap().hashed([9; 16]).unwrap();
        assert!(short.is(b"sk-test") && !short.is(b"sk-tesu"));
    }

    #[test]
    fn a_hash_that_takes_ages_is_refused() {
        for cost in [16, 24, 31] {
            let text = format!("$2b${cost}$7JwLMNPCLTHY2jyyqkpgLeQc1oJUbAvRdFqPSdBSs2DcVGgvpJ3gy");
            assert!(StoredKey::read(&text).unwrap_err().to_string().contains("cost is more than 15"), "{cost}");
        }
    }

    proptest! {
        #[test]
        fn anything_is_read_without_a_panic(text in ".{0,80}") {
            drop(StoredKey::read(&text));
        }
    }
}
