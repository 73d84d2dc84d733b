//! The voices: what makes one sound unlike another.

/// How somebody speaks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Voice {
    /// OpenAI's name for it.
    pub name: &'static str,
    /// The middle of its pitch.
    pub pitch_hz: f32,
    /// How much the pitch moves: 1 is usual, 0 monotonous.
    pub melody: f32,
    /// Its formants against those of a man with a vocal tract of 17.5 cm: a shorter tract has higher ones.
    pub formants: f32,
    /// How fast it speaks: 1 is about 165 English words a minute.
    pub pace: f32,
    /// Breath in the voice, 0 to 1.
    pub breath: f32,
    /// How bright it is: the share of the high part of the glottal pulse, 0 to 1.
    pub brightness: f32,
    /// How strong it is: 1 is usual.
    pub power: f32,
    /// How much of the voice is breath alone, 0 to 1.
    pub whisper: f32,
}

const fn voice(
    name: &'static str,
    pitch_hz: f32,
    melody: f32,
    formants: f32,
    pace: f32,
    breath: f32,
    brightness: f32,
) -> Voice {
    Voice { name, pitch_hz, melody, formants, pace, breath, brightness, power: 1.0, whisper: 0.0 }
}

/// The voices that OpenAI names.
pub const VOICES: [Voice; 13] = [
    voice("alloy", 165.0, 0.8, 1.08, 1.00, 0.10, 0.55),
    voice("ash", 118.0, 0.9, 1.00, 1.03, 0.14, 0.50),
    voice("ballad", 132.0, 1.3, 1.03, 0.92, 0.22, 0.40),
    voice("cedar", 105.0, 0.8, 0.96, 0.97, 0.12, 0.45),
    voice("coral", 205.0, 1.2, 1.16, 1.04, 0.12, 0.60),
    voice("echo", 112.0, 0.7, 0.98, 0.98, 0.08, 0.60),
    voice("fable", 145.0, 1.4, 1.06, 0.99, 0.10, 0.65),
    voice("marin", 195.0, 1.0, 1.14, 1.02, 0.16, 0.50),
    voice("nova", 215.0, 1.1, 1.18, 1.07, 0.09, 0.70),
    voice("onyx", 86.0, 0.7, 0.92, 0.95, 0.10, 0.35),
    voice("sage", 185.0, 0.9, 1.12, 0.96, 0.18, 0.45),
    voice("shimmer", 228.0, 1.0, 1.20, 1.00, 0.20, 0.75),
    voice("verse", 125.0, 1.2, 1.01, 1.06, 0.11, 0.60),
];

impl Voice {
    /// The voice of this name, in any case.
    pub fn named(name: &str) -> Option<&'static Self> {
        VOICES.iter().find(|voice| voice.name.eq_ignore_ascii_case(name))
    }
}
