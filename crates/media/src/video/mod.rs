//! Videos measured from the headers of their containers; no picture is decoded.

mod mp4;
mod webm;

use crate::MediaError;

/// How a video is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoContainer {
    /// MP4, and M4V (ISO/IEC 14496-12).
    Mp4,
    /// QuickTime.
    Mov,
    /// WebM.
    WebM,
    /// Matroska that is not WebM.
    Matroska,
}

impl VideoContainer {
    /// The container's usual name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mp4 => "MP4",
            Self::Mov => "MOV",
            Self::WebM => "WebM",
            Self::Matroska => "Matroska",
        }
    }
}

/// What is known of a video.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VideoFacts {
    /// How it is packed.
    pub container: VideoContainer,
    /// Pixels across, before any rotation.
    pub width: u32,
    /// Pixels down, before any rotation.
    pub height: u32,
    /// How long it plays, in seconds.
    pub seconds: f64,
    /// Pictures a second; `None` if the headers do not say and no pictures can be counted.
    pub frames_per_second: Option<f64>,
}

/// Measures an MP4, MOV, WebM or Matroska video.
///
/// # Errors
/// [`MediaError::Unknown`] if it is none of these; [`MediaError::Broken`] if it has no readable video track.
pub fn video_facts(bytes: &[u8]) -> Result<VideoFacts, MediaError> {
    match bytes {
        [0x1A, 0x45, 0xDF, 0xA3, ..] => {
            webm::facts(bytes).ok_or_else(|| MediaError::broken("Matroska", "it has no video track"))
        }
        // A MOV may begin with its data instead of its type.
        [_, _, _, _, b'f', b't', b'y', b'p', ..]
        | [_, _, _, _, b'm', b'o', b'o', b'v', ..]
        | [_, _, _, _, b'm', b'd', b'a', b't', ..]
        | [_, _, _, _, b'w', b'i', b'd', b'e', ..] => {
            mp4::facts(bytes).ok_or_else(|| MediaError::broken("MP4", "it has no video track"))
        }
        _ => Err(MediaError::Unknown { wanted: "video" }),
    }
}

/// A big-endian number of up to eight bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

/// A quantity that headers give, if it makes sense.
fn sensible(value: f64) -> Option<f64> {
    (value.is_finite() && value > 0.0).then_some(value)
}

#[cfg(test)]
mod tests;
