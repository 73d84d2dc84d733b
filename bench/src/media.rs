//! `media`: what pictures and speech cost one core, each kind of scene and each format, against the figures that were set.
#![expect(clippy::print_stdout, reason = "its output is what a person at a terminal reads")]

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fakeai_media::art::{Look, Sketch, paint};
use fakeai_media::speech::{SPEECH_RATE, VOICES, speak};
use fakeai_media::{Claim, Pcm, SoundFormat, Writing, claim, encode};

/// A prompt for each kind of scene.
const PROMPTS: [(&str, &str); 11] = [
    ("landscape", "a green valley with a lake and a cabin"),
    ("night", "a galaxy over the desert"),
    ("sea", "a lighthouse at the sea"),
    ("city", "the skyline of a city"),
    ("forest", "a path through a forest"),
    ("portrait", "a portrait of a king"),
    ("animal", "a red cat"),
    ("still life", "a vase with flowers on a table"),
    ("map", "a treasure map"),
    ("chart", "a bar chart"),
    ("abstract", "bauhaus shapes"),
];
const SIDE: u32 = 1024;
const SOUND_SECONDS: usize = 10;
/// Milliseconds of one core that a PNG, and ten seconds of MP3, may take.
const MOST_MS: f64 = 60.0;
const ROUNDS: usize = 5;
const FORMATS: [(&str, SoundFormat); 6] = [
    ("mp3", SoundFormat::Mp3),
    ("opus", SoundFormat::Opus),
    ("aac", SoundFormat::Aac),
    ("flac", SoundFormat::Flac),
    ("wav", SoundFormat::Wav),
    ("pcm", SoundFormat::Pcm16),
];

/// Time this thread has had a core for.
fn now() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Milliseconds that `work` takes: the median of some rounds.
fn milliseconds(mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let begin = now();
        work()?;
        times.push(now().saturating_sub(begin).as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    times.get(ROUNDS / 2).copied().context("no rounds")
}

/// Runs it.
pub(crate) fn run() -> Result<()> {
    let mut over = Vec::new();
    println!("pictures of {SIDE} × {SIDE}, ms of one core: painted, written as PNG, both (at most {MOST_MS})");
    for (name, prompt) in PROMPTS {
        let sketch = Sketch { prompt, width: SIDE, height: SIDE, seed: 42, look: Look::default(), caption: "" };
        let painted = milliseconds(|| {
            std::hint::black_box(paint(&sketch));
            Ok(())
        })?;
        let picture = paint(&sketch);
        let mark = Claim { model: "gpt-image-1".to_owned(), generated_at: "2025-01-01T00:00:00Z".to_owned() };
        let mut bytes = 0;
        let written = milliseconds(|| {
            bytes = claim(picture.encode(Writing::Png)?, &mark).len();
            Ok(())
        })?;
        println!("  {name:<12}{painted:8.1}{written:8.1}{:8.1}   {} KB", painted + written, bytes >> 10);
        if painted + written > MOST_MS {
            over.push(name);
        }
    }
    let text = "The quick brown fox jumps over the lazy dog, and then it rests for a while. ".repeat(6);
    let mut sound: Pcm = speak(&text, &VOICES[0], 1.0);
    sound.samples.truncate(SOUND_SECONDS * SPEECH_RATE as usize);
    ensure!(sound.samples.len() == SOUND_SECONDS * SPEECH_RATE as usize, "the text is too short");
    let spoken = milliseconds(|| {
        std::hint::black_box(speak(&text, &VOICES[0], 1.0));
        Ok(())
    })?;
    let all = speak(&text, &VOICES[0], 1.0).seconds();
    let spoken = spoken * SOUND_SECONDS as f64 / all;
    println!(
        "{SOUND_SECONDS} s of speech, ms of one core: {spoken:.1} spoken; written as (MP3: both at most {MOST_MS})"
    );
    for (name, format) in FORMATS {
        let written = milliseconds(|| {
            std::hint::black_box(encode(&sound, format)?);
            Ok(())
        })?;
        println!("  {name:<12}{written:8.1}{:8.1}", spoken + written);
        if format == SoundFormat::Mp3 && spoken + written > MOST_MS {
            over.push(name);
        }
    }
    println!("over the figure: {}", if over.is_empty() { "none".to_owned() } else { over.join(", ") });
    Ok(())
}
