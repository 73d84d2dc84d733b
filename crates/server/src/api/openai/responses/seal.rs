//! What clients carry for us and must neither read nor change: `encrypted_content`.
//!
//! A token is a version byte, a nonce and ChaCha20-Poly1305 ciphertext, in URL-safe base64. The key follows from the
//! server's seed, so a token opens on every server of that seed and on none of another. It keeps honest clients honest;
//! a seed of 64 bits is no secret worth more.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use fakeai_core::Seed;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde_json::Value;

use crate::error::ApiError;

/// Tells our tokens from any other base64.
const VERSION: u8 = 0x80;

/// Seals and opens.
pub(super) struct Seal {
    key: LessSafeKey,
}

impl Seal {
    /// The seal of a server of `seed`.
    pub(super) fn new(seed: Seed) -> Result<Self, ApiError> {
        let mut bytes = [0; 32];
        let mut rng = seed.derive("seal").rng();
        for part in bytes.chunks_mut(8) {
            part.copy_from_slice(&rng.bits().to_le_bytes()[..part.len()]);
        }
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).map_err(|_| ApiError::internal())?;
        Ok(Self { key: LessSafeKey::new(key) })
    }

    /// The token that carries `text`. `unique` is an id that no other token is sealed with.
    pub(super) fn close(&self, text: &str, unique: &str) -> String {
        // FNV-1a of the id, twice with different starts: ids are random, so nonces do not meet.
        let hash = |start: u64| {
            unique.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
        };
        let mut nonce = [0; NONCE_LEN];
        nonce[..8].copy_from_slice(&hash(0xCBF2_9CE4_8422_2325).to_le_bytes());
        nonce[8..].copy_from_slice(&hash(0x9E37_79B9_7F4A_7C15).to_le_bytes()[..4]);
        let mut sealed = text.as_bytes().to_vec();
        // Cannot fail for texts of less than 256 GB.
        let _ = self.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed);
        let mut token = Vec::with_capacity(1 + NONCE_LEN + sealed.len());
        token.push(VERSION);
        token.extend_from_slice(&nonce);
        token.extend_from_slice(&sealed);
        URL_SAFE.encode(token)
    }

    /// What a token carries; `None` if it is not ours, or was changed.
    pub(super) fn open(&self, token: &str) -> Option<String> {
        let bytes = URL_SAFE.decode(token).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN).filter(|_| *version == VERSION)?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let text = self.key.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?;
        String::from_utf8(text.to_vec()).ok()
    }

    /// What an item's `encrypted_content` carries, if it has one.
    pub(super) fn open_item(&self, item: &Value) -> Result<Option<String>, ApiError> {
        let token = match &item["encrypted_content"] {
            Value::Null => return Ok(None),
            Value::String(token) => self.open(token),
            _ => None,
        };
        token.map(Some).ok_or_else(|| {
            let id = item["id"].as_str().unwrap_or_default();
            ApiError::invalid(format!(
                "The encrypted content for item {id} could not be verified. Reason: Encrypted content could not be \
                 decrypted or parsed."
            ))
            .code("invalid_encrypted_content")
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_sealed_opens_and_nothing_else_does(text in any::<String>(), id in "[a-z0-9]{1,60}", at in any::<usize>(), flip in 1_u8..255) {
            let seal = Seal::new(Seed::new(7)).unwrap();
            let token = seal.close(&text, &id);
            prop_assert_eq!(seal.open(&token), Some(text));
            prop_assert_eq!(Seal::new(Seed::new(8)).unwrap().open(&token), None);
            let mut bytes = URL_SAFE.decode(&token).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= flip;
            prop_assert_eq!(seal.open(&URL_SAFE.encode(bytes)), None);
        }

        #[test]
        fn any_text_is_taken_for_a_token(text in any::<String>()) {
            let _ = Seal::new(Seed::new(7)).unwrap().open(&text);
        }
    }
}
