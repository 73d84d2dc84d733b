//! What instructions do to a voice: words for manners of speaking change its pace, pitch, melody, strength and breath.
//!
//! Words are all that is understood. A manner counts once, however often it is named, several add up, and one behind a
//! "not" does nothing. Whatever is asked for, `speed` stays exact against the pace that comes out.

use super::Voice;

/// A manner of speaking: its words, and what it does. Factors, but for breath and brightness, which are added.
struct Manner {
    words: &'static [&'static str],
    pace: f32,
    pitch: f32,
    melody: f32,
    power: f32,
    formants: f32,
    breath: f32,
    brightness: f32,
    whisper: f32,
}

const PLAIN: Manner = Manner {
    words: &[],
    pace: 1.0,
    pitch: 1.0,
    melody: 1.0,
    power: 1.0,
    formants: 1.0,
    breath: 0.0,
    brightness: 0.0,
    whisper: 0.0,
};

const MANNERS: [Manner; 15] = [
    Manner { words: &["slow", "slowly", "slower", "leisurely", "unhurried", "drawl"], pace: 0.75, ..PLAIN },
    Manner {
        words: &["fast", "faster", "quick", "quickly", "rapid", "rapidly", "hurried", "brisk", "briskly"],
        pace: 1.3,
        ..PLAIN
    },
    Manner {
        words: &["whisper", "whispers", "whispered", "whispering", "hushed"],
        pace: 0.95,
        power: 0.5,
        whisper: 0.95,
        ..PLAIN
    },
    Manner {
        words: &["soft", "softly", "gentle", "gently", "quiet", "quietly", "tender", "tenderly"],
        power: 0.55,
        breath: 0.12,
        brightness: -0.1,
        ..PLAIN
    },
    Manner {
        words: &["loud", "loudly", "louder", "shout", "shouting", "yell", "yelling"],
        power: 1.7,
        pitch: 1.1,
        brightness: 0.15,
        ..PLAIN
    },
    Manner {
        words: &[
            "cheerful",
            "cheerfully",
            "happy",
            "happily",
            "joyful",
            "excited",
            "excitedly",
            "enthusiastic",
            "energetic",
            "upbeat",
            "lively",
        ],
        pitch: 1.12,
        melody: 1.6,
        pace: 1.08,
        brightness: 0.1,
        ..PLAIN
    },
    Manner {
        words: &["sad", "sadly", "melancholy", "gloomy", "mournful", "somber", "sombre", "sorrowful"],
        pitch: 0.92,
        melody: 0.5,
        pace: 0.85,
        power: 0.8,
        ..PLAIN
    },
    Manner {
        words: &["calm", "calmly", "relaxed", "soothing", "serene"],
        melody: 0.7,
        pace: 0.9,
        power: 0.85,
        ..PLAIN
    },
    Manner { words: &["deep", "deeper", "low", "lower", "baritone", "bass"], pitch: 0.8, formants: 0.96, ..PLAIN },
    Manner { words: &["high", "higher", "squeaky", "childlike"], pitch: 1.25, formants: 1.05, ..PLAIN },
    Manner {
        words: &["angry", "angrily", "furious", "furiously"],
        power: 1.5,
        melody: 1.2,
        pace: 1.1,
        brightness: 0.2,
        ..PLAIN
    },
    Manner { words: &["monotone", "monotonous", "flat", "robotic", "robot"], melody: 0.0, ..PLAIN },
    Manner { words: &["dramatic", "dramatically", "theatrical", "expressive"], melody: 1.8, pace: 0.92, ..PLAIN },
    Manner { words: &["breathy"], breath: 0.4, ..PLAIN },
    Manner {
        words: &["serious", "formal", "professional", "authoritative", "stern"],
        pitch: 0.94,
        melody: 0.75,
        ..PLAIN
    },
];

/// Words that take back what follows them, and how many words they reach.
const NEGATIONS: [&str; 7] = ["not", "don't", "dont", "never", "without", "no", "avoid"];
const REACH: usize = 3;

impl Voice {
    /// This voice, speaking as instructions in English ask. What they say of other things does nothing.
    #[must_use]
    pub fn instructed(&self, instructions: &str) -> Self {
        let text = instructions.to_lowercase().replace('’', "'");
        let words: Vec<&str> = text
            .split(|letter: char| !letter.is_alphanumeric() && letter != '\'')
            .filter(|word| !word.is_empty())
            .collect();
        let is_meant = |at: usize| {
            let before = &words[at.saturating_sub(REACH)..at];
            !before.iter().any(|word| NEGATIONS.contains(word))
        };
        let is_asked =
            |manner: &&Manner| words.iter().enumerate().any(|(at, word)| manner.words.contains(word) && is_meant(at));
        let mut voice = *self;
        for manner in MANNERS.iter().filter(is_asked) {
            voice.pace = (voice.pace * manner.pace).clamp(0.4, 2.5);
            voice.pitch_hz = (voice.pitch_hz * manner.pitch).clamp(60.0, 330.0);
            voice.melody = (voice.melody * manner.melody).min(2.5);
            voice.power = (voice.power * manner.power).clamp(0.25, 2.5);
            voice.formants = (voice.formants * manner.formants).clamp(0.85, 1.3);
            voice.breath = (voice.breath + manner.breath).clamp(0.0, 1.0);
            voice.brightness = (voice.brightness + manner.brightness).clamp(0.2, 0.9);
            voice.whisper = voice.whisper.max(manner.whisper);
        }
        voice
    }
}
