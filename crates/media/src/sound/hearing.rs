//! A recording listened to: how long it is, where somebody speaks, and what our own speech says.

use std::ops::Range;

use super::activity::VoiceActivity;
use super::decode::{Listened, listen};
use super::{AudioFormat, MOST_HEARD_SECONDS};
use crate::MediaError;
use crate::speech::{Ear, Mark};

/// What was heard in a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// How it is packed.
    pub format: AudioFormat,
    /// How long it plays, in seconds.
    pub seconds: f64,
    /// The stretches of speech in it, in seconds from its beginning. What comes after [`MOST_HEARD_SECONDS`] is taken for
    /// one of them.
    pub voiced: Vec<Range<f64>>,
    /// What it says, if the speech was made here.
    pub mark: Option<Mark>,
}

/// Listens to a WAV, MP3, FLAC, Ogg (Opus or Vorbis), AAC, M4A, MP4 or WebM recording.
///
/// # Errors
/// As [`super::audio_facts`].
pub fn hear(bytes: &[u8]) -> Result<Heard, MediaError> {
    let mut at_work: Option<(VoiceActivity, Ear)> = None;
    let mut heard = 0_usize;
    let listened = listen(bytes, |samples, rate| {
        let (activity, ear) = at_work.get_or_insert_with(|| (VoiceActivity::new(rate), Ear::new(rate)));
        activity.hear(samples);
        ear.hear(samples);
        heard += samples.len();
        (heard as f64) < MOST_HEARD_SECONDS * f64::from(rate)
    })?;
    let Listened { format, sample_rate, seconds, .. } = listened;
    let (mut voiced, mark) =
        at_work.map_or_else(|| (Vec::new(), None), |(activity, ear)| (activity.spans(), ear.mark()));
    let end = heard as f64 / f64::from(sample_rate.max(1));
    if seconds > end + 1.0 {
        voiced.push(end..seconds);
    }
    for span in &mut voiced {
        span.end = span.end.min(seconds);
    }
    Ok(Heard { format, seconds, voiced, mark })
}
