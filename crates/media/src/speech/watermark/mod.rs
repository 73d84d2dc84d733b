//! A text hidden in the speech that says it, so that speech made here can be read again. No recognition: a sound that
//! nobody marked says nothing.
//!
//! The mark is a quiet tone above the formants that changes every 20 ms between sixteen pitches, four bits each. It
//! follows the loudness of the speech, so that it is masked where it is loudest. The text is cut into packets: a
//! pattern to find them by, and a Reed–Solomon codeword that survives what codecs do. Speech too fast for its text
//! carries a number instead, [`mark_id`], which whoever keeps texts can look up; speech shorter than about 0.7 s
//! carries nothing.

mod codewords;
mod letters;
mod packets;
mod tones;

pub use packets::Mark;
use packets::{Packet, Plan};
pub(crate) use tones::Ear;
use tones::Voicing;

/// The number that stands for a text where the text itself does not fit: its FNV-1a hash of 64 bits.
pub fn mark_id(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

/// Writes a mark into samples as they are made.
#[derive(Debug, Clone)]
pub(super) struct Writing {
    symbols: Vec<u8>,
    voicing: Voicing,
}

impl Writing {
    /// The mark of `text` in speech of so many samples.
    pub(super) fn new(text: &str, samples: usize) -> Self {
        Self { symbols: Plan::of(text, samples / tones::SYMBOL).symbols(), voicing: Voicing::default() }
    }

    /// Adds the mark to the samples that begin at the sample `at` of the speech. To be called in order.
    pub(super) fn add(&mut self, at: usize, samples: &mut [i16]) {
        self.voicing.add(&self.symbols, at, samples);
    }
}

/// Whether the text is carried by its number in speech of so many samples.
pub fn is_marked_by_id(text: &str, samples: usize) -> bool {
    matches!(Plan::of(text, samples / tones::SYMBOL), Plan::Id { .. })
}

#[cfg(test)]
mod tests;
