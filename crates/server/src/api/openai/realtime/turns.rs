//! Who speaks when: speech found in sound as it comes in, by its energy against what is quiet around it. Each sample is
//! looked at once.

use super::config::{Means, TurnDetection};

/// Milliseconds of a frame.
const FRAME_MS: u32 = 10;
/// Frames of speech from which on it is speech.
const LEAST_VOICE: u32 = 5;
/// Where the loudness of speech begins for the least and the greatest threshold, decibels below full scale.
const QUIETEST_DBFS: f64 = -60.0;
const LOUDEST_DBFS: f64 = -25.0;
/// How far speech lies above what is quiet, decibels.
const ABOVE_FLOOR: f64 = 9.0;
/// How fast what lasts becomes what is quiet, decibels a frame: a hum is no speech after some seconds.
const FLOOR_RISE: f64 = 0.03;

/// Something that was found, in milliseconds of sound since the session began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Speech began, with what is to be taken of before.
    Started(u64),
    /// It may have ended: who listens to what was said knows more.
    Paused(u64),
    /// It has ended.
    Stopped(u64),
}

/// Listens to sound as it comes in.
#[derive(Clone, Debug)]
pub(super) struct Detector {
    rate: u32,
    detection: TurnDetection,
    /// Of the frame under way.
    power: f64,
    samples: u32,
    /// Milliseconds heard.
    heard_ms: u64,
    floor_dbfs: f64,
    /// Frames of speech, of which a few may be quiet.
    voice: u32,
    /// Frames of quiet since the last of speech.
    quiet: u32,
    is_speaking: bool,
}

impl Detector {
    /// For so many samples a second, of a session in which `heard_ms` were heard.
    pub(super) fn new(detection: TurnDetection, rate: u32, heard_ms: u64) -> Self {
        Self {
            rate,
            detection,
            power: 0.0,
            samples: 0,
            heard_ms,
            floor_dbfs: QUIETEST_DBFS,
            voice: 0,
            quiet: 0,
            is_speaking: false,
        }
    }

    /// Whether somebody speaks.
    pub(super) const fn is_speaking(&self) -> bool {
        self.is_speaking
    }

    /// Whether the pause that was found at `at` still lasts.
    pub(super) fn pauses_since(&self, at: u64) -> bool {
        self.is_speaking && self.quiet > 0 && self.heard_ms - u64::from(self.quiet * FRAME_MS) <= at
    }

    /// Says that the turn is over: what was said was complete.
    pub(super) const fn stop(&mut self) {
        (self.is_speaking, self.voice, self.quiet) = (false, 0, 0);
    }

    /// How much of what came before speech belongs to it.
    pub(super) const fn prefix_ms(&self) -> u64 {
        match self.detection.means {
            Means::Silence { prefix_padding_ms, .. } => prefix_padding_ms as u64,
            Means::Sense(_) => 300,
        }
    }

    /// Listens on.
    pub(super) fn hear(&mut self, samples: &[i16]) -> Vec<Found> {
        let mut found = Vec::new();
        let whole = self.rate * FRAME_MS / 1000;
        for sample in samples {
            self.power += (f64::from(*sample) / 32_768.0).powi(2);
            self.samples += 1;
            if self.samples >= whole {
                let loudness = 10.0 * (self.power / f64::from(whole)).max(1e-10).log10();
                (self.power, self.samples) = (0.0, 0);
                self.heard_ms += u64::from(FRAME_MS);
                found.extend(self.frame(loudness));
            }
        }
        found
    }

    fn frame(&mut self, loudness: f64) -> Option<Found> {
        let is_voice = loudness > self.threshold();
        self.floor_dbfs = (self.floor_dbfs + FLOOR_RISE).min(loudness.max(QUIETEST_DBFS));
        if !self.is_speaking {
            self.voice = if is_voice { self.voice + 1 } else { self.voice.saturating_sub(1) };
            if self.voice < LEAST_VOICE {
                return None;
            }
            (self.is_speaking, self.quiet) = (true, 0);
            let began = self.heard_ms - u64::from(LEAST_VOICE * FRAME_MS);
            return Some(Found::Started(began.saturating_sub(self.prefix_ms())));
        }
        if is_voice {
            self.quiet = 0;
            return None;
        }
        self.quiet += 1;
        let reached = |wait_ms: u32| self.quiet == wait_ms.div_ceil(FRAME_MS).max(1);
        let now = self.heard_ms;
        match self.detection.means {
            Means::Silence { silence_duration_ms, .. } if reached(silence_duration_ms) => {
                self.stop();
                Some(Found::Stopped(now))
            }
            Means::Sense(eagerness) if reached(eagerness.waits().1) => {
                self.stop();
                Some(Found::Stopped(now))
            }
            Means::Sense(eagerness) if reached(eagerness.waits().0) => Some(Found::Paused(now)),
            Means::Silence { .. } | Means::Sense(_) => None,
        }
    }

    /// From which loudness on it is speech.
    fn threshold(&self) -> f64 {
        let wanted = match self.detection.means {
            Means::Silence { threshold, .. } => threshold,
            Means::Sense(_) => 0.5,
        };
        (QUIETEST_DBFS + wanted * (LOUDEST_DBFS - QUIETEST_DBFS)).max(self.floor_dbfs + ABOVE_FLOOR)
    }
}

#[cfg(test)]
mod tests {
    use fakeai_media::speech::{VOICES, speak};
    use proptest::prelude::*;

    use super::super::config::Eagerness;
    use super::*;

    fn quiet(milliseconds: usize) -> Vec<i16> {
        (0..milliseconds * 24).map(|at| (at * 7919 % 21) as i16 - 10).collect()
    }

    fn found(detector: &mut Detector, sound: &[i16], piece: usize) -> Vec<Found> {
        sound.chunks(piece).flat_map(|piece| detector.hear(piece)).collect()
    }

    #[test]
    fn speech_is_found_where_it_is_however_it_is_cut() {
        let said = speak("Hello there, how are you today?", &VOICES[0], 1.0);
        let spoken = (said.seconds() * 1000.0) as u64;
        let sound = [quiet(1000), said.samples, quiet(1500)].concat();
        for piece in [1, 240, 1000, sound.len()] {
            let mut detector = Detector::new(TurnDetection::default(), 24_000, 0);
            let all = found(&mut detector, &sound, piece);
            let [Found::Started(start), Found::Stopped(stop)] = all[..] else { panic!("{all:?}") };
            assert!((700..=800).contains(&start), "{start}");
            // The last word of a text is followed by a pause.
            assert!(stop + 450 >= 1000 + spoken + 500 - 100 && stop <= 1000 + spoken + 520, "{stop} {spoken}");
        }
    }

    #[test]
    fn who_waits_for_sense_pauses_first() {
        let means = Means::Sense(Eagerness::High);
        let mut detector = Detector::new(TurnDetection { means, ..TurnDetection::default() }, 24_000, 0);
        let said = speak("Hello there, how are you today?", &VOICES[4], 1.0);
        let all = found(&mut detector, &[said.samples, quiet(2500)].concat(), 480);
        assert!(
            matches!(all[..], [Found::Started(0), Found::Paused(pause), Found::Stopped(stop)] if stop - pause == 1750),
            "{all:?}"
        );
    }

    #[test]
    fn silence_and_hum_are_no_speech() {
        let mut detector = Detector::new(TurnDetection::default(), 24_000, 0);
        assert!(found(&mut detector, &quiet(3000), 240).is_empty());
        let hum: Vec<i16> = (0..24_000 * 20).map(|at| ((f64::from(at) * 0.05).sin() * 3000.0) as i16).collect();
        let all = found(&mut detector, &hum, 240);
        assert!(matches!(all[..], [Found::Started(_), Found::Stopped(_)]), "{all:?}");
    }

    proptest! {
        #[test]
        fn turns_begin_before_they_end(samples in proptest::collection::vec(any::<i16>(), 0..30_000), piece in 1..5000_usize) {
            let mut detector = Detector::new(TurnDetection::default(), 8000, 0);
            let all = found(&mut detector, &samples, piece);
            let mut last = 0;
            for (place, found) in all.into_iter().enumerate() {
                match found {
                    Found::Started(at) => prop_assert!(place % 2 == 0 && at + 1000 >= last),
                    Found::Stopped(at) | Found::Paused(at) => { prop_assert!(place % 2 == 1 && at >= last); last = at; }
                }
            }
        }
    }
}
