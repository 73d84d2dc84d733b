//! Where in a recording somebody speaks: by its energy, against the quietest and the loudest there is in it.

use std::ops::Range;

/// Loudness is measured over so many seconds at a time.
const FRAME_SECONDS: f64 = 0.01;
/// Shorter silence is part of the speech around it.
const LEAST_GAP: usize = 20;
/// Shorter sounds are no speech.
const LEAST_VOICE: usize = 5;
/// Quieter than this is never speech, decibels below full scale.
const QUIETEST_DBFS: f32 = -55.0;
/// How far the loudest lies above the quietest where there is speech and silence.
const LEAST_RANGE: f32 = 12.0;
/// Where between both, in decibels, speech begins.
const THRESHOLD: f32 = 0.35;

/// Measures a recording while it is decoded.
#[derive(Debug, Clone)]
pub struct VoiceActivity {
    samples: f64,
    power: f64,
    count: usize,
    frames: Vec<f32>,
}

impl VoiceActivity {
    /// For so many samples a second.
    pub fn new(rate: u32) -> Self {
        Self { samples: f64::from(rate) * FRAME_SECONDS, power: 0.0, count: 0, frames: Vec::new() }
    }

    /// Takes samples in, from −1 to 1.
    pub fn hear(&mut self, samples: &[f32]) {
        for sample in samples {
            self.power += f64::from(*sample).powi(2);
            self.count += 1;
            // Ends are counted from the beginning, so that rates that are no multiple of 100 do not drift.
            let end = (self.samples * (self.frames.len() + 1) as f64).round();
            let begin = (self.samples * self.frames.len() as f64).round();
            if self.count as f64 >= end - begin {
                self.frames.push((10.0 * (self.power / self.count as f64).max(1e-10).log10()) as f32);
                (self.power, self.count) = (0.0, 0);
            }
        }
    }

    /// The stretches of speech so far, in seconds from the beginning, in order.
    pub fn spans(&self) -> Vec<Range<f64>> {
        let Some(threshold) = self.threshold() else { return Vec::new() };
        let mut spans: Vec<Range<usize>> = Vec::new();
        for (frame, loudness) in self.frames.iter().enumerate() {
            if *loudness < threshold {
                continue;
            }
            match spans.last_mut() {
                Some(last) if frame - last.end < LEAST_GAP => last.end = frame + 1,
                _ => spans.push(frame..frame + 1),
            }
        }
        spans.retain(|span| span.len() >= LEAST_VOICE);
        spans.into_iter().map(|span| span.start as f64 * FRAME_SECONDS..span.end as f64 * FRAME_SECONDS).collect()
    }

    /// From which loudness on it is speech; `None` if nothing is.
    fn threshold(&self) -> Option<f32> {
        let mut sorted = self.frames.clone();
        sorted.sort_by(f32::total_cmp);
        let at = |share: f64| sorted.get(((sorted.len() as f64 - 1.0) * share).round() as usize).copied();
        // Silence may be deeper than any room; that says nothing of where speech begins.
        let (low, high) = (at(0.05)?.max(QUIETEST_DBFS - 5.0), at(0.95)?);
        if high < QUIETEST_DBFS {
            return None;
        }
        // Where nothing is quieter than the rest, all of it counts.
        let bound = if high - low < LEAST_RANGE { low } else { low + (high - low) * THRESHOLD };
        Some(bound.max(QUIETEST_DBFS))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::speech::{VOICES, speak};

    fn spans(samples: &[f32], rate: u32) -> Vec<Range<f64>> {
        let mut activity = VoiceActivity::new(rate);
        samples.chunks(333).for_each(|block| activity.hear(block));
        activity.spans()
    }

    fn tone(seconds: f64, amplitude: f32, rate: u32) -> Vec<f32> {
        (0..(seconds * f64::from(rate)) as usize).map(|at| (at as f32 * 0.06).sin() * amplitude).collect()
    }

    #[test]
    fn gaps_are_found_where_they_are() {
        let hum = 0.002;
        for rate in [8000, 22_050, 44_100] {
            let sound =
                [tone(0.5, hum, rate), tone(1.0, 0.3, rate), tone(0.8, hum, rate), tone(0.7, 0.2, rate)].concat();
            let found = spans(&sound, rate);
            assert_eq!(found.len(), 2, "{found:?}");
            for (span, expected) in found.iter().zip([0.5..1.5, 2.3..3.0]) {
                assert!(
                    (span.start - expected.start).abs() < 0.03 && (span.end - expected.end).abs() < 0.03,
                    "{found:?}"
                );
            }
        }
    }

    #[test]
    fn sentences_are_stretches_of_speech() {
        let sound = speak("One sentence is here. Another one follows it.", &VOICES[0], 1.0);
        let samples: Vec<f32> = sound.samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
        let found = spans(&samples, sound.rate);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[1].start - found[0].end > 0.25);
    }

    #[test]
    fn silence_is_no_speech_and_a_steady_sound_is_all_of_it() {
        assert!(spans(&tone(2.0, 0.0, 16_000), 16_000).is_empty());
        let found = spans(&tone(2.0, 0.3, 16_000), 16_000);
        assert!(found.len() == 1 && found[0].start < 0.05 && found[0].end > 1.95, "{found:?}");
    }

    proptest! {
        #[test]
        fn spans_are_in_order_and_inside(samples in proptest::collection::vec(-1.0..1.0_f32, 0..20_000), rate in 1..50_000_u32) {
            let seconds = samples.len() as f64 / f64::from(rate);
            let mut last = 0.0;
            for span in spans(&samples, rate) {
                prop_assert!(span.start >= last && span.end > span.start && span.end <= seconds + 0.011);
                last = span.end;
            }
        }
    }
}
