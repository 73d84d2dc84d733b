//! What a recording is like: length, rate, loudness, silence.

use super::AudioFormat;
use super::decode::{Listened, listen};
use crate::MediaError;

/// Only this much from the beginning is decoded for loudness and silence; the rest is counted by its packets.
pub const MOST_HEARD_SECONDS: f64 = 600.0;

/// Stretches quieter than this are silence, in decibels below full scale.
pub const SILENCE_DBFS: f64 = -50.0;

/// Quieter than this is reported as this: digital silence has no logarithm.
const QUIETEST_DBFS: f64 = -100.0;

/// What is known of a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AudioFacts {
    /// How it is packed.
    pub format: AudioFormat,
    /// How long it plays, in seconds.
    pub seconds: f64,
    /// Samples a second, of each channel.
    pub sample_rate: u32,
    /// Channels: 1 is mono, 2 stereo.
    pub channels: u16,
    /// Root mean square of the mixed channels, in decibels below full scale: 0 at most, −100 for silence.
    pub loudness_dbfs: f64,
    /// The part of the time below [`SILENCE_DBFS`], 0 to 1, measured over 20 ms at a time.
    pub silence_share: f64,
}

/// Measures a WAV, MP3, FLAC, Ogg (Opus or Vorbis), AAC, M4A, MP4 or WebM recording.
///
/// # Errors
/// [`MediaError::Unknown`] if it is of none of these formats; [`MediaError::Broken`] if not one packet can be decoded.
pub fn audio_facts(bytes: &[u8]) -> Result<AudioFacts, MediaError> {
    let mut meter = Meter::default();
    let Listened { format, sample_rate, channels, seconds } = listen(bytes, |samples, rate| meter.take(samples, rate))?;
    Ok(AudioFacts {
        format,
        seconds,
        sample_rate,
        channels,
        loudness_dbfs: dbfs(meter.power, meter.samples),
        silence_share: meter.silent as f64 / meter.blocks.max(1) as f64,
    })
}

/// Adds up power, as a whole and by blocks of 20 ms.
#[derive(Default)]
struct Meter {
    power: f64,
    samples: u64,
    block_power: f64,
    block_samples: u64,
    blocks: u64,
    silent: u64,
}

impl Meter {
    /// Takes samples in; false when enough was heard.
    fn take(&mut self, samples: &[f32], rate: u32) -> bool {
        let block = u64::from(rate / 50).max(1);
        for sample in samples {
            let power = f64::from(*sample).powi(2);
            self.block_power += power;
            self.block_samples += 1;
            if self.block_samples == block {
                self.power += self.block_power;
                self.blocks += 1;
                self.silent += u64::from(dbfs(self.block_power, block) < SILENCE_DBFS);
                (self.block_power, self.block_samples) = (0.0, 0);
                self.samples += block;
            }
        }
        self.samples as f64 / f64::from(rate.max(1)) < MOST_HEARD_SECONDS
    }
}

/// Ten times the logarithm of the mean power.
fn dbfs(power: f64, samples: u64) -> f64 {
    (10.0 * (power / samples.max(1) as f64).log10()).clamp(QUIETEST_DBFS, 0.0)
}
