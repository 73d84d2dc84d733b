//! The tones: written into samples, and heard again at any rate of samples.

use std::f64::consts::TAU;

use super::packets::SYNC;
use super::{Mark, Packet};
use crate::speech::SPEECH_RATE;

/// Samples of a symbol in speech: 20 ms.
pub(super) const SYMBOL: usize = SPEECH_RATE as usize / 50;
/// The lowest of the sixteen tones, and from each to the next. The highest is below half of 16 kHz.
const LOWEST_HZ: f64 = 6200.0;
const STEP_HZ: f64 = 100.0;
/// Samples over which a tone swells and fades: 2 ms, so that it does not click.
const EDGE: usize = 48;
/// Amplitude against that of the speech, and its bounds in steps of 16 bits: −49 to −32 dBFS.
const SHARE: f32 = 0.14;
const QUIETEST: f32 = 120.0;
const LOUDEST: f32 = 800.0;
/// Parts of a symbol that the ear listens in: how finely it looks for beginnings.
const PARTS: usize = 4;
/// Nothing is looked for after so many seconds without a packet.
const PATIENCE_SECONDS: usize = 20;

/// The tone at work: how loud it is now.
#[derive(Debug, Clone, Default)]
pub(super) struct Voicing {
    loudness: f32,
}

impl Voicing {
    pub(super) fn add(&mut self, symbols: &[u8], at: usize, samples: &mut [i16]) {
        for (place, sample) in samples.iter_mut().enumerate() {
            let place = at + place;
            let speech = f32::from(*sample).abs();
            // Quick to rise, slow to fall: within 4 ms and 40 ms.
            self.loudness += (speech - self.loudness) * if speech > self.loudness { 0.01 } else { 0.001 };
            let Some(symbol) = symbols.get(place / SYMBOL) else { continue };
            let within = place % SYMBOL;
            let edge = (within.min(SYMBOL - 1 - within) as f32 / EDGE as f32).min(1.0);
            let swell = edge * edge * (3.0 - 2.0 * edge);
            let hz = LOWEST_HZ + STEP_HZ * f64::from(*symbol);
            let phase = (hz * within as f64 / f64::from(SPEECH_RATE)).fract();
            let tone = (TAU * phase).sin() as f32 * swell * (self.loudness * SHARE).clamp(QUIETEST, LOUDEST);
            *sample = sample.saturating_add(tone.round() as i16);
        }
    }
}

/// Listens for tones while a recording is decoded.
#[derive(Debug, Clone)]
pub(crate) struct Ear {
    rate: f64,
    /// Where each tone's own wave is, and how it turns from sample to sample.
    wave: [[f32; 16]; 2],
    turn: [[f32; 16]; 2],
    /// The product of sound and waves so far in this part of a symbol.
    sum: [[f32; 16]; 2],
    /// Samples heard, and at which the next part ends.
    heard: u64,
    ends: u64,
    /// The products of every part.
    parts: Vec<[[f32; 16]; 2]>,
}

impl Ear {
    /// An ear for so many samples a second; it hears nothing below 16 kHz, where there is no room for the tones.
    pub(crate) fn new(rate: u32) -> Self {
        let mut ear = Self {
            rate: f64::from(rate),
            wave: [[1.0; 16], [0.0; 16]],
            turn: [[0.0; 16]; 2],
            sum: [[0.0; 16]; 2],
            heard: 0,
            ends: 0,
            parts: Vec::new(),
        };
        for tone in 0..16 {
            let angle = ear.angle(tone);
            (ear.turn[0][tone], ear.turn[1][tone]) = (angle.cos() as f32, angle.sin() as f32);
        }
        ear.ends = ear.end_of(1);
        ear
    }

    fn angle(&self, tone: usize) -> f64 {
        TAU * (LOWEST_HZ + STEP_HZ * tone as f64) / self.rate
    }

    fn end_of(&self, part: usize) -> u64 {
        (part as f64 * self.rate / (50 * PARTS) as f64).round() as u64
    }

    pub(crate) fn hear(&mut self, samples: &[f32]) {
        if self.rate < 16_000.0 {
            return;
        }
        for sample in samples {
            for tone in 0..16 {
                let (real, imaginary) = (self.wave[0][tone], self.wave[1][tone]);
                self.sum[0][tone] += sample * real;
                self.sum[1][tone] += sample * imaginary;
                self.wave[0][tone] = real * self.turn[0][tone] - imaginary * self.turn[1][tone];
                self.wave[1][tone] = real * self.turn[1][tone] + imaginary * self.turn[0][tone];
            }
            self.heard += 1;
            if self.heard == self.ends {
                self.close();
            }
        }
    }

    /// Ends a part, and puts the waves exactly where they should be.
    fn close(&mut self) {
        self.parts.push(std::mem::take(&mut self.sum));
        self.ends = self.end_of(self.parts.len() + 1);
        for tone in 0..16 {
            let angle = (self.angle(tone) * self.heard as f64) % TAU;
            (self.wave[0][tone], self.wave[1][tone]) = (angle.cos() as f32, angle.sin() as f32);
        }
    }

    /// Which tone sounds from a part on for the length of a symbol, and how doubtful that is, 0 to 1.
    fn symbol(&self, part: usize) -> Option<(u8, f32)> {
        let parts = self.parts.get(part..part + PARTS)?;
        let power = |tone: usize| {
            let sum = |side: usize| parts.iter().map(|part| part[side][tone]).sum::<f32>();
            sum(0) * sum(0) + sum(1) * sum(1)
        };
        let powers: [f32; 16] = std::array::from_fn(power);
        let (mut best, mut second) = (0, 0.0);
        for tone in 1..16 {
            if powers[tone] > powers[best] {
                second = powers[best];
                best = tone;
            } else {
                second = second.max(powers[tone]);
            }
        }
        Some((best as u8, second / powers[best].max(f32::MIN_POSITIVE)))
    }

    /// What was said.
    pub(crate) fn mark(&self) -> Option<Mark> {
        let heard: Vec<(u8, f32)> = (0..self.parts.len()).map_while(|part| self.symbol(part)).collect();
        let mut packets = Vec::new();
        let mut at = 0;
        let is_patient = |packets: &[Packet], at: usize| !packets.is_empty() || at < PATIENCE_SECONDS * 50 * PARTS;
        while at + SYNC.len() * PARTS < heard.len() && is_patient(&packets, at) {
            let Some((packet, parts)) = packet_at(&heard, at) else {
                at += 1;
                continue;
            };
            packets.push(packet);
            // The next begins where this one ends, or a little before.
            at += parts - PARTS / 2;
        }
        Mark::of(&packets)
    }
}

/// The packet that begins at a part, and how many parts it has.
fn packet_at(heard: &[(u8, f32)], at: usize) -> Option<(Packet, usize)> {
    let right = SYNC
        .iter()
        .enumerate()
        .filter(|(place, tone)| heard.get(at + place * PARTS).is_some_and(|heard| heard.0 == **tone));
    if right.count() + 2 < SYNC.len() {
        return None;
    }
    let coded = heard.iter().skip(at + SYNC.len() * PARTS).step_by(PARTS);
    let (tones, doubts): (Vec<u8>, Vec<f32>) = coded.take(256).copied().unzip();
    let (packet, symbols) = Packet::read(&tones, &doubts)?;
    Some((packet, (SYNC.len() + symbols) * PARTS))
}
