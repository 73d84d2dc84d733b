//! Sound: how long a recording is, what it is like, its samples, and sound written in the formats of the API.

mod activity;
#[cfg(feature = "audio")]
mod decode;
mod encode;
#[cfg(feature = "audio")]
mod facts;
mod g711;
mod header;
#[cfg(feature = "audio")]
mod hearing;
#[cfg(feature = "audio")]
mod opus;

pub use activity::VoiceActivity;
#[cfg(feature = "audio")]
pub use decode::{DecodedAudio, decode_audio};
pub use encode::{SoundEncoder, SoundFormat, encode};
#[cfg(feature = "audio")]
pub use facts::{AudioFacts, MOST_HEARD_SECONDS, SILENCE_DBFS, audio_facts};
pub use g711::{decode_alaw, decode_mulaw, encode_alaw, encode_mulaw};
pub use header::audio_seconds;
#[cfg(feature = "audio")]
pub use hearing::{Heard, hear};

/// How a recording is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudioFormat {
    /// RIFF WAVE, mostly PCM.
    Wav,
    /// MPEG layer III frames.
    Mp3,
    /// Native FLAC.
    Flac,
    /// Ogg with Opus or Vorbis in it.
    Ogg,
    /// AAC in ADTS frames.
    Aac,
    /// MP4, M4A or MOV.
    Mp4,
    /// WebM or Matroska.
    WebM,
}

impl AudioFormat {
    /// The format's usual name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wav => "WAV",
            Self::Mp3 => "MP3",
            Self::Flac => "FLAC",
            Self::Ogg => "Ogg",
            Self::Aac => "AAC",
            Self::Mp4 => "MP4",
            Self::WebM => "WebM",
        }
    }

    /// The format that the first bytes announce; `None` if it is none of these.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Some(Self::Wav),
            [b'f', b'L', b'a', b'C', ..] => Some(Self::Flac),
            [b'O', b'g', b'g', b'S', ..] => Some(Self::Ogg),
            [0x1A, 0x45, 0xDF, 0xA3, ..] => Some(Self::WebM),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some(Self::Mp4),
            [b'I', b'D', b'3', ..] => Some(Self::Mp3),
            // Both begin with twelve set bits; layer 0 is ADTS, layer 1 is layer III.
            [0xFF, second, ..] if second & 0xF6 == 0xF0 => Some(Self::Aac),
            [0xFF, second, ..] if second & 0xE6 == 0xE2 => Some(Self::Mp3),
            _ => None,
        }
    }
}

#[cfg(test)]
#[cfg(feature = "audio")]
mod tests;
