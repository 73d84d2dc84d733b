//! How sound is written in events.

use fakeai_media::{decode_alaw, decode_mulaw, encode_alaw, encode_mulaw};

/// How sound is written in events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Coding {
    /// 16 bits a sample, little-endian, 24 kHz.
    #[default]
    Pcm,
    /// G.711 µ-law, 8 kHz.
    MuLaw,
    /// G.711 A-law, 8 kHz.
    ALaw,
}

impl Coding {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Pcm, Self::MuLaw, Self::ALaw];

    /// Samples a second.
    pub(super) const fn rate(self) -> u32 {
        match self {
            Self::Pcm => 24_000,
            Self::MuLaw | Self::ALaw => 8000,
        }
    }

    /// Bytes of a sample.
    pub(super) const fn width(self) -> usize {
        match self {
            Self::Pcm => 2,
            Self::MuLaw | Self::ALaw => 1,
        }
    }

    /// Milliseconds of so many bytes.
    pub(super) const fn milliseconds(self, bytes: u64) -> u64 {
        bytes * 1000 / (self.rate() as u64 * self.width() as u64)
    }

    /// Bytes of so many milliseconds, whole samples.
    pub(super) const fn bytes(self, milliseconds: u64) -> u64 {
        milliseconds * self.rate() as u64 / 1000 * self.width() as u64
    }

    /// `audio/pcm`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pcm => "audio/pcm",
            Self::MuLaw => "audio/pcmu",
            Self::ALaw => "audio/pcma",
        }
    }

    /// `pcm16`: the name in the beta.
    pub(super) const fn beta_name(self) -> &'static str {
        match self {
            Self::Pcm => "pcm16",
            Self::MuLaw => "g711_ulaw",
            Self::ALaw => "g711_alaw",
        }
    }

    /// Bytes as samples; half a sample at the end is left out.
    pub(super) fn samples(self, bytes: &[u8]) -> Vec<i16> {
        match self {
            Self::Pcm => bytes.as_chunks().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect(),
            Self::MuLaw => decode_mulaw(bytes),
            Self::ALaw => decode_alaw(bytes),
        }
    }

    /// Samples at 24 kHz as bytes.
    pub(super) fn written(self, samples: &[i16]) -> Vec<u8> {
        match self {
            Self::Pcm => samples.iter().flat_map(|sample| sample.to_le_bytes()).collect(),
            Self::MuLaw => encode_mulaw(&third(samples)),
            Self::ALaw => encode_alaw(&third(samples)),
        }
    }
}

/// 24 kHz as 8 kHz: the mean of each three samples, which is filter enough for a telephone.
fn third(samples: &[i16]) -> Vec<i16> {
    let mean = |three: &[i16]| {
        let sum: i32 = three.iter().map(|sample| i32::from(*sample)).sum();
        (sum / three.len() as i32) as i16
    };
    samples.chunks(3).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bytes_are_time() {
        for (coding, bytes) in [(Coding::Pcm, 4800), (Coding::MuLaw, 800), (Coding::ALaw, 800)] {
            assert_eq!((coding.bytes(100), coding.milliseconds(bytes)), (bytes, 100));
            assert_eq!(coding.written(&[0; 2400]).len() as u64, bytes);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_samples(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            for coding in Coding::ALL {
                prop_assert_eq!(coding.samples(&bytes).len(), bytes.len() / coding.width());
            }
        }
    }
}
