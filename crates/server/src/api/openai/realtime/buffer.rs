//! Sound that came in and is no turn yet.

use super::config::TurnDetection;
use super::sound::Coding;
use super::turns::{Detector, Found};
use crate::error::ApiError;

/// Bytes of sound that may wait to become a turn.
const MOST_BYTES: usize = 30 << 20;
/// The shortest turn, in milliseconds.
const LEAST_MS: u64 = 100;
/// What is kept before speech beyond what belongs to it: the detector hears it a little late.
const SLACK_MS: u64 = 100;

/// Sound that came in and is no turn yet.
#[derive(Debug)]
pub(super) struct InputBuffer {
    coding: Coding,
    sound: Vec<u8>,
    /// Where `sound` begins, in milliseconds and bytes since the coding was changed.
    begins: u64,
    /// Milliseconds before the coding was changed.
    before_ms: u64,
    detector: Option<Detector>,
    /// The id of the item that it becomes.
    pub item: String,
}

impl InputBuffer {
    pub(super) fn new(coding: Coding, detection: Option<TurnDetection>, item: String) -> Self {
        let mut buffer = Self { coding, sound: Vec::new(), begins: 0, before_ms: 0, detector: None, item };
        buffer.detect(detection);
        buffer
    }

    /// Milliseconds of sound since the session began.
    pub(super) const fn heard_ms(&self) -> u64 {
        self.before_ms + self.coding.milliseconds(self.begins + self.sound.len() as u64)
    }

    /// Milliseconds at which what waits begins.
    pub(super) const fn begins_ms(&self) -> u64 {
        self.before_ms + self.coding.milliseconds(self.begins)
    }

    /// Goes by another configuration from now on.
    pub(super) fn configure(&mut self, coding: Coding, detection: Option<TurnDetection>, has_changed: bool) {
        if coding != self.coding {
            self.before_ms = self.heard_ms();
            (self.begins, self.coding) = (0, coding);
            self.sound.clear();
        } else if !has_changed {
            return;
        }
        self.detect(detection);
    }

    fn detect(&mut self, detection: Option<TurnDetection>) {
        let heard = self.heard_ms();
        self.detector = detection.map(|detection| Detector::new(detection, self.coding.rate(), heard));
    }

    /// Whether somebody speaks, as far as that is looked for.
    pub(super) fn is_speaking(&self) -> bool {
        self.detector.as_ref().is_some_and(Detector::is_speaking)
    }

    /// Whether nobody has spoken since `at`, at which somebody paused.
    pub(super) fn pauses_since(&self, at: u64) -> bool {
        self.detector.as_ref().is_some_and(|detector| detector.pauses_since(at))
    }

    /// Takes sound in; what was found in it comes back.
    ///
    /// # Errors
    /// There is too much.
    pub(super) fn append(&mut self, sound: &[u8]) -> Result<Vec<Found>, ApiError> {
        if self.sound.len() + sound.len() > MOST_BYTES {
            let message = format!("The input audio buffer holds at most {MOST_BYTES} bytes: commit or clear it.");
            return Err(ApiError::invalid(message).param("audio").code("input_audio_buffer_full"));
        }
        // Half samples belong to the next event's first byte; whole ones are heard.
        let width = self.coding.width();
        let heard = self.sound.len() / width * width;
        self.sound.extend_from_slice(sound);
        let Some(detector) = &mut self.detector else { return Ok(Vec::new()) };
        let whole = self.sound.len() / width * width;
        let found = detector.hear(&self.coding.samples(&self.sound[heard..whole]));
        Ok(found)
    }

    /// Forgets what can't belong to a turn any more.
    pub(super) fn trim(&mut self) {
        let Some(detector) = self.detector.as_ref().filter(|detector| !detector.is_speaking()) else { return };
        let kept = self.coding.bytes(detector.prefix_ms() + SLACK_MS) as usize;
        // Moved now and then only, so that each byte is moved once.
        if self.sound.len() > 2 * kept + self.coding.bytes(SLACK_MS) as usize {
            self.drop_first(self.sound.len() - kept);
        }
    }

    /// Forgets what is before `start_ms`.
    pub(super) fn begin_at(&mut self, start_ms: u64) {
        let start = self.coding.bytes(start_ms.saturating_sub(self.before_ms));
        self.drop_first(start.saturating_sub(self.begins) as usize);
    }

    fn drop_first(&mut self, bytes: usize) {
        let width = self.coding.width();
        let bytes = bytes.min(self.sound.len()) / width * width;
        self.sound.drain(..bytes);
        self.begins += bytes as u64;
    }

    /// What waits, to be listened to before its end.
    pub(super) fn so_far(&self) -> Vec<u8> {
        self.sound.clone()
    }

    /// The turn that ends at `end_ms`, or with all there is.
    pub(super) fn take(&mut self, end_ms: Option<u64>, next: String) -> (String, Vec<u8>) {
        let end = end_ms.map_or(usize::MAX, |end| {
            let end = self.coding.bytes(end.saturating_sub(self.before_ms));
            end.saturating_sub(self.begins) as usize
        });
        let width = self.coding.width();
        let end = end.min(self.sound.len()) / width * width;
        let rest = self.sound.split_off(end);
        self.begins += end as u64;
        let taken = std::mem::replace(&mut self.sound, rest);
        (std::mem::replace(&mut self.item, next), taken)
    }

    /// Refuses a turn that is too short.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let milliseconds = self.coding.milliseconds(self.sound.len() as u64);
        if milliseconds >= LEAST_MS {
            return Ok(());
        }
        let bytes_a_second = f64::from(self.coding.rate()) * self.coding.width() as f64;
        let exact = self.sound.len() as f64 * 1000.0 / bytes_a_second;
        let message = format!(
            "Error committing input audio buffer: buffer too small. Expected at least {LEAST_MS}ms of audio, but \
             buffer only has {exact:.2}ms of audio."
        );
        Err(ApiError::invalid(message).code("input_audio_buffer_commit_empty"))
    }

    /// Forgets all that waits; somebody who speaks begins anew.
    pub(super) fn clear(&mut self) {
        self.drop_first(usize::MAX);
        self.sound.clear();
        self.end_turn();
    }

    /// Nobody speaks any more: what was said is a turn.
    pub(super) fn end_turn(&mut self) {
        if let Some(detector) = &mut self.detector {
            detector.stop();
        }
    }
}
