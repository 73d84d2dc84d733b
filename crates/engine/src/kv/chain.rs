//! Chained hashes of the full blocks of a prompt.
//!
//! As vLLM's block hashing (`v1/core/kv_cache_utils.py`): each hash mixes its parent, the block's tokens and extra
//! keys. Model and adapter go into the root, so whole chains differ; the salt goes into the first block; an image goes
//! into the blocks it overlaps. The function itself is ours (a folded multiply over pairs of tokens): nothing outside
//! compares its values, they only have to be stable and spread.

/// What besides the tokens tells one block from another.
#[derive(Clone, Debug, Default)]
pub struct ExtraKeys<'a> {
    /// The model, as a number that differs from model to model.
    pub model: u64,
    /// The adapter (`LoRA`), 0 for none.
    pub adapter: u64,
    /// The client's cache salt: chains of different salts share nothing.
    pub salt: Option<&'a str>,
    /// The images of the prompt, by position.
    pub images: &'a [ImageSpan],
}

/// The placeholder tokens of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageSpan {
    /// A hash of the picture.
    pub hash: u64,
    /// Place of its first token.
    pub first_token: u32,
    /// Its tokens.
    pub tokens: u32,
}

const SALT_A: u64 = 0x9E37_79B9_7F4A_7C15;
const SALT_B: u64 = 0xE703_7ED1_A0B4_28DB;

/// Both halves of the product: each input bit reaches all output bits.
const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128).wrapping_mul(b as u128);
    (product as u64) ^ (product >> 64) as u64
}

const fn mix(hash: u64, value: u64) -> u64 {
    fold(hash ^ value ^ SALT_A, SALT_B ^ value.rotate_left(29))
}

/// The hashes of all full blocks of `tokens`, `block_tokens` each; the rest of the prompt has none.
pub fn chain(tokens: &[u32], block_tokens: u32, extra: &ExtraKeys<'_>) -> Vec<u64> {
    let size = block_tokens.max(1) as usize;
    let mut hash = mix(mix(SALT_B, extra.model), extra.adapter);
    if let Some(salt) = extra.salt {
        hash = salt.bytes().fold(mix(hash, 1), |hash, byte| mix(hash, u64::from(byte)));
    }
    let mut hashes = Vec::with_capacity(tokens.len() / size);
    for (number, block) in tokens.chunks_exact(size).enumerate() {
        hash = mix(hash, content(block));
        if !extra.images.is_empty() {
            hash = mix_images(hash, (number * size) as u64, size as u64, extra.images);
        }
        // Zero marks a block without a hash.
        hashes.push(hash.max(1));
    }
    hashes
}

/// The hash of one block's tokens alone: it does not wait for the block before, so blocks overlap in the processor.
fn content(block: &[u32]) -> u64 {
    // Two lanes, so that the multiplications of one block overlap too.
    let (mut left, mut right) = (SALT_A, SALT_B.rotate_left(32));
    let quads = block.chunks_exact(4);
    for token in quads.remainder() {
        left = mix(left, u64::from(*token));
    }
    for quad in quads {
        let [a, b, c, d] = [quad[0], quad[1], quad[2], quad[3]].map(u64::from);
        left = fold(left ^ (a | (b << 32)), SALT_B);
        right = fold(right ^ (c | (d << 32)), SALT_A);
    }
    fold(left ^ SALT_B, right ^ SALT_A)
}

fn mix_images(hash: u64, start: u64, size: u64, images: &[ImageSpan]) -> u64 {
    let overlaps = |image: &&ImageSpan| {
        let first = u64::from(image.first_token);
        first < start + size && first + u64::from(image.tokens) > start
    };
    images.iter().filter(overlaps).fold(hash, |hash, image| {
        // The offset of the picture in the block, so that a shifted picture is another block.
        mix(mix(hash, image.hash), u64::from(image.first_token).wrapping_sub(start))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(tokens: &[u32]) -> Vec<u64> {
        chain(tokens, 16, &ExtraKeys::default())
    }

    #[test]
    fn extra_keys_part_chains() {
        let tokens: Vec<u32> = (0..64).collect();
        let root = plain(&tokens);
        let keys = [
            ExtraKeys { model: 1, ..ExtraKeys::default() },
            ExtraKeys { adapter: 1, ..ExtraKeys::default() },
            ExtraKeys { salt: Some("a"), ..ExtraKeys::default() },
            ExtraKeys { salt: Some(""), ..ExtraKeys::default() },
        ];
        for extra in keys {
            let other = chain(&tokens, 16, &extra);
            assert!(root.iter().zip(&other).all(|(a, b)| a != b), "{extra:?}");
        }
    }

    #[test]
    fn an_image_parts_chains_from_its_first_block_on() {
        let tokens: Vec<u32> = vec![7; 64];
        let with = |hash, first_token| {
            let images = [ImageSpan { hash, first_token, tokens: 20 }];
            chain(&tokens, 16, &ExtraKeys { images: &images, ..ExtraKeys::default() })
        };
        let (one, other, shifted) = (with(1, 20), with(2, 20), with(1, 21));
        assert_eq!(one[0], other[0]);
        assert!((1..4).all(|block| one[block] != other[block] && one[block] != shifted[block]));
    }

    proptest! {
        #[test]
        fn chains_agree_as_far_as_the_tokens_do(
            tokens in prop::collection::vec(any::<u32>(), 0..200),
            at in 0_usize..200,
            change in 1_u32..u32::MAX,
        ) {
            let mut other = tokens.clone();
            let place = at.min(tokens.len());
            if let Some(token) = other.get_mut(at) { *token = token.wrapping_add(change); }
            let (a, b) = (plain(&tokens), plain(&other));
            prop_assert_eq!(a.len(), tokens.len() / 16);
            for block in 0..a.len() {
                prop_assert_eq!(a[block] == b[block], (block + 1) * 16 <= place || place == tokens.len());
            }
        }
    }
}
