//! A vocal tract: a source of voice and noise through resonators whose targets move from phone to phone.
//!
//! Four formants in cascade make the voice and the breath, one resonator makes the friction (after Klatt, 1980).

use std::f32::consts::PI;

use super::sounds::Phone;
use super::voices::Voice;

/// Samples between two settings of the resonators: 2.5 ms.
const STEP: usize = 60;
/// How far the targets are approached in one step: most of the way in 15 ms.
const GLIDE: f32 = 0.3;
const FOURTH_FORMANT_HZ: f32 = 3500.0;
/// Above this there is little of speech here, so that the watermark has room.
const HIGHEST_HZ: f32 = 5300.0;
/// Quality of each of four sections that make a Butterworth filter of the eighth order: 1 / (2·cos((2k + 1)·π / 16)).
const SECTIONS: [f32; 4] = [0.509_80, 0.601_34, 0.899_98, 2.562_92];
const BANDWIDTHS_HZ: [f32; 4] = [80.0, 100.0, 140.0, 220.0];

/// Two poles: y = a·x + b·y₁ + c·y₂ (Klatt, 1980, equation 1 and 2).
#[derive(Debug, Clone, Copy, Default)]
struct Resonator {
    gain: f32,
    first: f32,
    second: f32,
    before: [f32; 2],
}

impl Resonator {
    fn tune(&mut self, hz: f32, bandwidth_hz: f32, rate: f32) {
        let radius = (-PI * bandwidth_hz / rate).exp();
        self.second = -radius * radius;
        self.first = 2.0 * radius * (2.0 * PI * hz.min(rate * 0.48) / rate).cos();
        self.gain = 1.0 - self.first - self.second;
    }

    fn filter(&mut self, input: f32) -> f32 {
        let output = self.gain * input + self.first * self.before[0] + self.second * self.before[1];
        self.before = [output, self.before[0]];
        output
    }
}

/// A section of a low pass: y = b·(x + 2·x₁ + x₂) − a₁·y₁ − a₂·y₂ (Bristow-Johnson, "Cookbook formulae for audio
/// equalizer biquad filter coefficients").
#[derive(Debug, Clone, Copy, Default)]
struct LowPass {
    gain: f32,
    first: f32,
    second: f32,
    inputs: [f32; 2],
    outputs: [f32; 2],
}

impl LowPass {
    fn new(hz: f32, quality: f32, rate: f32) -> Self {
        let (sine, cosine) = (2.0 * PI * hz / rate).sin_cos();
        let alpha = sine / (2.0 * quality);
        let whole = 1.0 + alpha;
        Self {
            gain: (1.0 - cosine) / 2.0 / whole,
            first: -2.0 * cosine / whole,
            second: (1.0 - alpha) / whole,
            ..Self::default()
        }
    }

    fn filter(&mut self, input: f32) -> f32 {
        let output = self.gain * (input + 2.0 * self.inputs[0] + self.inputs[1])
            - self.first * self.outputs[0]
            - self.second * self.outputs[1];
        self.inputs = [input, self.inputs[0]];
        self.outputs = [output, self.outputs[0]];
        output
    }
}

/// The tract of one voice, in motion.
#[derive(Debug, Clone)]
pub(super) struct Tract {
    voice: Voice,
    rate: f32,
    /// Where the targets are now.
    now: Phone,
    pitch_hz: f32,
    /// Where in its cycle the glottis is, 0 to 1.
    phase: f32,
    noise: u32,
    formants: [Resonator; 4],
    friction: Resonator,
    low_pass: [LowPass; 4],
    /// The last sample of the source, for its slope.
    pressure: f32,
    /// Where in the current step it is.
    at: usize,
}

impl Tract {
    pub(super) fn new(voice: &Voice, rate: u32) -> Self {
        Self {
            voice: *voice,
            rate: rate as f32,
            now: super::sounds::pause(0.0),
            pitch_hz: voice.pitch_hz,
            phase: 0.0,
            noise: 0x2545_F491,
            formants: [Resonator::default(); 4],
            friction: Resonator::default(),
            low_pass: SECTIONS.map(|quality| LowPass::new(HIGHEST_HZ, quality, rate as f32)),
            pressure: 0.0,
            at: 0,
        }
    }

    /// Speaks `count` samples of a phone at this pitch.
    pub(super) fn utter(&mut self, phone: &Phone, pitch_hz: f32, count: usize, samples: &mut Vec<i16>) {
        samples.reserve(count);
        for _ in 0..count {
            if self.at == 0 {
                self.approach(phone, pitch_hz);
            }
            self.at = (self.at + 1) % STEP;
            let sound = self.sample();
            // A soft limit, so that no voice ever clips.
            let limited = sound / (1.0 + sound.abs()) * 28_000.0;
            let passed = self.low_pass.iter_mut().fold(limited, |sound, section| section.filter(sound));
            samples.push(passed as i16);
        }
    }

    fn approach(&mut self, phone: &Phone, pitch_hz: f32) {
        let glide = |now: &mut f32, target: f32| *now += (target - *now) * GLIDE;
        for (now, target) in self.now.formants.iter_mut().zip(phone.formants) {
            glide(now, target);
        }
        glide(&mut self.now.voice, phone.voice);
        glide(&mut self.now.breath, phone.breath);
        glide(&mut self.now.hiss, phone.hiss);
        glide(&mut self.now.hiss_hz, phone.hiss_hz);
        glide(&mut self.pitch_hz, pitch_hz);
        let [first, second, third] = self.now.formants;
        let targets = [first, second, third, FOURTH_FORMANT_HZ];
        for ((resonator, hz), bandwidth) in self.formants.iter_mut().zip(targets).zip(BANDWIDTHS_HZ) {
            resonator.tune(hz * self.voice.formants, bandwidth, self.rate);
        }
        self.friction.tune(self.now.hiss_hz * self.voice.formants.sqrt(), 1200.0, self.rate);
    }

    fn sample(&mut self) -> f32 {
        self.phase += self.pitch_hz / self.rate;
        self.phase -= self.phase.floor();
        // Rosenberg's pulse ("Effect of glottal pulse shape on the quality of natural vowels", 1971, form B).
        let open = if self.phase < 0.6 {
            let opening = self.phase / 0.6;
            6.75 * opening * opening * (1.0 - opening)
        } else {
            0.0
        };
        let slope = (open - self.pressure) * self.rate / (self.pitch_hz * 8.0);
        self.pressure = open;
        let noise = self.noise();
        let pulse = (open - 0.33) * (1.0 - self.voice.brightness) + slope * self.voice.brightness;
        let breath = noise * (self.now.breath * 0.6 + self.now.voice * self.voice.breath * open * 0.5);
        let whisper = self.voice.whisper;
        let throat = (pulse * (1.0 - whisper) + noise * whisper * 0.35) * self.now.voice + breath;
        let tract = self.formants.iter_mut().fold(throat, |sound, resonator| resonator.filter(sound));
        let friction = self.friction.filter(noise * self.now.hiss);
        (tract * 0.5 + friction * 0.12) * self.voice.power
    }

    /// White noise from −1 to 1 (Marsaglia's xorshift): always the same, so that speech is too.
    fn noise(&mut self) -> f32 {
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 17;
        self.noise ^= self.noise << 5;
        self.noise as f32 / (u32::MAX / 2) as f32 - 1.0
    }
}
