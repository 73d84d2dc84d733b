//! Sound written, whole or piece by piece, in the formats of the speech endpoint.

#[cfg(feature = "audio")]
mod codecs;

use crate::{MediaError, Pcm};

/// How sound is to be written. All are mono.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoundFormat {
    /// RIFF WAVE of 16 bits.
    Wav,
    /// MPEG layer III at 64 kbit/s.
    Mp3,
    /// FLAC of 16 bits.
    Flac,
    /// Opus in Ogg at 32 kbit/s; its rates are 8, 12, 16, 24 and 48 kHz.
    Opus,
    /// AAC-LC in ADTS at 64 kbit/s.
    Aac,
    /// Samples alone, little-endian.
    Pcm16,
}

/// Writes the whole sound.
///
/// # Errors
/// [`MediaError::Unsupported`] if the format does not have the rate, or this build not the format.
pub fn encode(sound: &Pcm, format: SoundFormat) -> Result<Vec<u8>, MediaError> {
    if format == SoundFormat::Wav {
        let size = u32::try_from(sound.samples.len() * 2).unwrap_or(u32::MAX);
        return Ok([wav_header(sound.rate, size).to_vec(), little_endian(&sound.samples)].concat());
    }
    #[cfg(feature = "audio")]
    match format {
        SoundFormat::Flac => return crate::error::shield("FLAC", || codecs::whole_flac(sound)),
        SoundFormat::Mp3 => return crate::error::shield("MP3", || codecs::whole_mp3(sound)),
        _ => {}
    }
    let mut encoder = SoundEncoder::new(format, sound.rate)?;
    let mut bytes = encoder.feed(&sound.samples)?;
    bytes.extend(encoder.finish()?);
    Ok(bytes)
}

/// Writes sound as it comes. What [`feed`](Self::feed) and [`finish`](Self::finish) return, put together, is one file.
///
/// A WAV file says at its beginning how long it is; written this way it claims the most there can be, unless
/// it was told. An MP3 file
/// written this way has no tag that tells its length. FLAC comes at the end, whole.
pub struct SoundEncoder {
    format: SoundFormat,
    rate: u32,
    has_begun: bool,
    /// Bytes of samples there will be, as far as is known.
    data_bytes: u32,
    #[cfg(feature = "audio")]
    codec: Option<Box<codecs::Codec>>,
}

impl SoundEncoder {
    /// An encoder of mono sound with this many samples a second.
    ///
    /// # Errors
    /// [`MediaError::Unsupported`] if the format does not have the rate, or this build not the format.
    pub fn new(format: SoundFormat, rate: u32) -> Result<Self, MediaError> {
        let is_raw = matches!(format, SoundFormat::Wav | SoundFormat::Pcm16);
        #[cfg(not(feature = "audio"))]
        if !is_raw {
            return Err(MediaError::Unsupported("a codec of sound in this build"));
        }
        Ok(Self {
            format,
            rate,
            has_begun: false,
            data_bytes: u32::MAX,
            #[cfg(feature = "audio")]
            codec: if is_raw { None } else { Some(Box::new(codecs::Codec::new(format, rate)?)) },
        })
    }

    /// The same where it is known how many samples will come: a WAV file then says so at its beginning.
    #[must_use]
    pub fn expecting(mut self, samples: usize) -> Self {
        self.data_bytes = u32::try_from(samples.saturating_mul(2)).unwrap_or(u32::MAX);
        self
    }

    /// Takes samples in and gives the bytes that are ready, which may be none.
    ///
    /// # Errors
    /// [`MediaError::Broken`] if the codec fails.
    pub fn feed(&mut self, samples: &[i16]) -> Result<Vec<u8>, MediaError> {
        #[cfg(feature = "audio")]
        if let Some(codec) = &mut self.codec {
            return crate::error::shield("sound", || codec.feed(samples));
        }
        let mut bytes = self.beginning();
        bytes.extend(little_endian(samples));
        Ok(bytes)
    }

    /// Gives the rest of the file.
    ///
    /// # Errors
    /// [`MediaError::Broken`] if the codec fails.
    pub fn finish(mut self) -> Result<Vec<u8>, MediaError> {
        #[cfg(feature = "audio")]
        if let Some(codec) = self.codec.take() {
            return crate::error::shield("sound", || codec.finish());
        }
        Ok(self.beginning())
    }

    fn beginning(&mut self) -> Vec<u8> {
        let is_due = self.format == SoundFormat::Wav && !self.has_begun;
        self.has_begun = true;
        if is_due { wav_header(self.rate, self.data_bytes).to_vec() } else { Vec::new() }
    }
}

fn little_endian(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// The 44 bytes before the samples of a mono WAV file of 16 bits.
fn wav_header(rate: u32, data_bytes: u32) -> [u8; 44] {
    let mut header = *b"RIFF....WAVEfmt \x10\0\0\0\x01\0\x01\0........\x02\0\x10\0data....";
    header[4..8].copy_from_slice(&data_bytes.saturating_add(36).to_le_bytes());
    header[24..28].copy_from_slice(&rate.to_le_bytes());
    header[28..32].copy_from_slice(&rate.saturating_mul(2).to_le_bytes());
    header[40..].copy_from_slice(&data_bytes.to_le_bytes());
    header
}

#[cfg(test)]
#[cfg(feature = "audio")]
mod tests;
