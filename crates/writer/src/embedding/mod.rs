//! Vectors of text: near for texts that mean nearly the same, without a model.
//!
//! A text is a bag of weighted features (stems, synonym groups, topics, word pairs, letter triples, see [`features`]).
//! Each feature has a pseudo-random direction of its own, seeded by the feature and the model; the vector is the sum,
//! normalised. Directions of different features are nearly orthogonal, so the cosine of two texts is the weight of
//! what they share.

mod features;
mod kin;
mod lexicon;
mod stem;
mod terms;
mod words;

use fakeai_core::Seed;

pub(crate) use kin::{Bag, is_common};
pub use terms::{condense, passage, terms};

/// One coordinate of each block of this many is set by a feature: as little noise as dense signs, at a sixteenth of
/// the work.
const BLOCK: usize = 16;
/// Blocks that one 64-bit draw serves: four bits of place and one of sign each.
const BLOCKS_PER_DRAW: usize = 12;
/// Share of what all texts of a model have in common: real embeddings are not centred on zero.
const COMMON_SHARE: f32 = 0.25;

/// The vector of `text`: `dimensions` numbers (1 to 4096; more or fewer are clamped) of length 1.
///
/// The same text, dimensions and `model_salt` always give the same vector. A shorter vector is the normalised prefix
/// of a longer one; different salts give unrelated vectors, as different models do. Text without words has the
/// direction that all texts share.
pub fn embed(text: &str, dimensions: u32, model_salt: u64) -> Vec<f32> {
    let mut vector = vec![0.0; dimensions.clamp(1, 4096) as usize];
    let features = features::of(text);
    let weight: f32 = features.iter().map(|feature| feature.weight * feature.weight).sum();
    let common = if features.is_empty() { 1.0 } else { COMMON_SHARE * weight.sqrt() };
    let model = Seed::new(model_salt).derive("embedding");
    add_common(&mut vector, model, common / (BLOCK as f32).sqrt());
    for feature in features {
        add_direction(&mut vector, model.mix(feature.hash), feature.weight);
    }
    normalise(&mut vector);
    vector
}

/// Adds `weight` to a random place of each block, with a random sign.
fn add_direction(vector: &mut [f32], seed: Seed, weight: f32) {
    let mut rng = seed.rng();
    let (rows, rest) = vector.as_chunks_mut::<{ BLOCK * BLOCKS_PER_DRAW }>();
    for row in rows {
        let bits = rng.bits();
        for block in 0..BLOCKS_PER_DRAW {
            let (place, signed) = place_and_sign(bits, block, weight);
            row[BLOCK * block + place] += signed;
        }
    }
    let bits = rng.bits();
    for block in 0..rest.len().div_ceil(BLOCK) {
        let (place, signed) = place_and_sign(bits, block, weight);
        // The last block may be cut: what falls off it would be in a longer vector.
        if let Some(number) = rest.get_mut(BLOCK * block + place) {
            *number += signed;
        }
    }
}

/// Without a branch: the sign is as good as a coin, so half the guesses of the processor would be wrong.
const fn place_and_sign(bits: u64, block: usize, weight: f32) -> (usize, f32) {
    let bits = (bits >> (5 * block)) as u32;
    ((bits as usize) % BLOCK, f32::from_bits(weight.to_bits() ^ ((bits >> 4) << 31)))
}

/// Adds bell-shaped numbers of mean zero and deviation `weight`.
fn add_common(vector: &mut [f32], seed: Seed, weight: f32) {
    // Four draws of 0 to 15 have mean 30 and variance 4 × (16² - 1) / 12 = 85.
    let scale = weight / 85.0_f32.sqrt();
    let mut rng = seed.rng();
    for numbers in vector.chunks_mut(4) {
        let mut bits = rng.bits();
        for number in numbers {
            let sum = (0..4).map(|place| bits >> (4 * place) & 15).sum::<u64>();
            *number += (sum as f32 - 30.0) * scale;
            bits >>= 16;
        }
    }
}

fn normalise(vector: &mut [f32]) {
    let length = vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
    if length > 1e-12 {
        let scale = (1.0 / length) as f32;
        for number in vector {
            *number *= scale;
        }
    } else if let Some(first) = vector.first_mut() {
        // Opposite features can cancel out in one or two dimensions.
        *first = 1.0;
    }
}
