//! Speech made: a small formant synthesiser with thirteen voices.
//!
//! It speaks English by rules and other languages by their letters: real sound with the rhythm of the words. Nobody
//! will take it for a human. The same text, voice and speed give the same samples.

mod instructions;
mod sounds;
mod spelling;
mod synth;
mod voices;
mod watermark;

use std::ops::Range;

use sounds::{Phone, pause};
use synth::Tract;
pub use voices::{VOICES, Voice};
#[cfg(feature = "audio")]
pub(crate) use watermark::Ear;
use watermark::Writing;
pub use watermark::{Mark, is_marked_by_id, mark_id};

use crate::Pcm;

/// Samples a second of speech.
pub const SPEECH_RATE: u32 = 24_000;

/// Slowest and fastest speech, against the voice's own pace.
pub const SPEEDS: (f64, f64) = (0.25, 4.0);

/// A word spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokenChunk {
    /// The bytes of the text that it covers, with the space and the marks around the word. Spans follow on each other
    /// and together are the whole text.
    pub span: Range<usize>,
    /// Its sound, with the pause after it.
    pub samples: Vec<i16>,
}

/// Speaks the whole text. `speed` is held within [`SPEEDS`].
pub fn speak(text: &str, voice: &Voice, speed: f64) -> Pcm {
    let speaker = Speaker::new(text, voice, speed);
    let mut samples = Vec::with_capacity(speaker.total_samples());
    for chunk in speaker {
        samples.extend(chunk.samples);
    }
    Pcm { rate: SPEECH_RATE, samples }
}

/// Speaks a text word by word, so that sound and transcript can leave in step.
#[derive(Debug, Clone)]
pub struct Speaker {
    words: std::vec::IntoIter<Word>,
    total_samples: usize,
    speed: f64,
    tract: Tract,
    voice: Voice,
    /// Samples at speed 1 of all that was spoken.
    spoken: f64,
    /// Samples given out.
    given: usize,
    mark: Writing,
}

#[derive(Debug, Clone)]
struct Word {
    span: Range<usize>,
    phones: Vec<Spoken>,
}

/// A phone in its place.
#[derive(Debug, Clone, Copy)]
struct Spoken {
    phone: Phone,
    /// Pitch against the voice's own, in octaves, at a melody of 1.
    lift: f32,
}

impl Speaker {
    /// Plans the speech; the sound is made as it is taken. `speed` is held within [`SPEEDS`].
    pub fn new(text: &str, voice: &Voice, speed: f64) -> Self {
        let speed = if speed.is_finite() { speed.clamp(SPEEDS.0, SPEEDS.1) } else { 1.0 };
        let words = plan(text);
        let phones = words.iter().flat_map(|word| &word.phones);
        let total: f64 = phones.map(|spoken| natural_samples(&spoken.phone, voice)).sum();
        let total_samples = (total / speed).round() as usize;
        Self {
            words: words.into_iter(),
            total_samples,
            mark: Writing::new(text, total_samples),
            speed,
            tract: Tract::new(voice, SPEECH_RATE),
            voice: *voice,
            spoken: 0.0,
            given: 0,
        }
    }

    /// Samples of the whole speech, known before any is made.
    pub fn total_samples(&self) -> usize {
        self.total_samples
    }
}

impl Iterator for Speaker {
    type Item = SpokenChunk;

    fn next(&mut self) -> Option<SpokenChunk> {
        let Word { span, phones } = self.words.next()?;
        let mut samples = Vec::new();
        let start = self.given;
        for Spoken { phone, lift } in phones {
            // Ends are rounded, not lengths, so that errors do not add up.
            self.spoken += natural_samples(&phone, &self.voice);
            let end = (self.spoken / self.speed).round() as usize;
            let pitch_hz = self.voice.pitch_hz * (lift * self.voice.melody).exp2();
            self.tract.utter(&phone, pitch_hz, end.saturating_sub(self.given), &mut samples);
            self.given = end;
        }
        self.mark.add(start, &mut samples);
        Some(SpokenChunk { span, samples })
    }
}

/// Samples of a phone at speed 1.
fn natural_samples(phone: &Phone, voice: &Voice) -> f64 {
    f64::from(phone.milliseconds / voice.pace) * f64::from(SPEECH_RATE) / 1000.0
}

/// Splits the text into words with their sounds, pauses and melody.
fn plan(text: &str) -> Vec<Word> {
    let spans = word_spans(text);
    let mut words = Vec::with_capacity(spans.len());
    let mut sentence_start = 0;
    for (index, span) in spans.iter().enumerate() {
        let marks = text[span.clone()].trim_end();
        let is_end = index + 1 == spans.len() || ends_sentence(&text[span.clone()]);
        if is_end {
            let is_question = marks.trim_end_matches(['"', '\'', ')', '”', '’']).ends_with(['?', '？']);
            let sentence = &spans[sentence_start..=index];
            for (place, span) in sentence.iter().enumerate() {
                let through = place as f32 / (sentence.len() - 1).max(1) as f32;
                words.push(word(text, span, through, is_question && place + 1 == sentence.len()));
            }
            sentence_start = index + 1;
        }
    }
    words
}

/// Word by word, each with what follows until the next; writing without spaces is cut after each of its letters.
fn word_spans(text: &str) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    let (mut start, mut has_letters, mut before_space) = (0, false, false);
    for (at, letter) in text.char_indices() {
        let begins = (before_space && !letter.is_whitespace()) || is_ideograph(letter);
        if begins && has_letters {
            spans.push(start..at);
            (start, has_letters) = (at, false);
        }
        has_letters |= letter.is_alphanumeric();
        before_space = letter.is_whitespace();
    }
    match spans.last_mut() {
        Some(last) if !has_letters => last.end = text.len(),
        _ if text.is_empty() => {}
        _ => spans.push(start..text.len()),
    }
    spans
}

/// Letters of scripts that put no space between words.
fn is_ideograph(letter: char) -> bool {
    matches!(letter, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}')
}

fn ends_sentence(word: &str) -> bool {
    let trimmed = word.trim_end();
    let marks = trimmed.trim_end_matches(['"', '\'', ')', '”', '’']);
    marks.ends_with(['.', '!', '?', '。', '！', '？', '…']) || word[trimmed.len()..].contains('\n')
}

/// The sounds of one word; `through` is how far the sentence has come, 0 to 1.
fn word(text: &str, span: &Range<usize>, through: f32, is_question: bool) -> Word {
    let spelt = &text[span.clone()];
    let sounds = spelling::pronounce(spelt);
    let vowels = sounds.iter().filter(|sound| sound.is_vowel()).count();
    let mut phones = Vec::new();
    let mut syllable = 0;
    for sound in sounds {
        // Pitch sinks through a sentence; the first syllable of a longer word is stressed; questions rise at the end.
        let stress = if syllable == 0 && vowels > 1 { 0.12 } else { 0.0 };
        let rise = if is_question { 0.45 } else { -0.05 };
        let lift = 0.18 - 0.36 * through + stress + rise * f32::from(u8::from(through >= 1.0 || is_question));
        syllable += usize::from(sound.is_vowel());
        phones.extend(sound.phones().iter().map(|phone| Spoken { phone: *phone, lift }));
    }
    let milliseconds = pause_after(spelt, !phones.is_empty());
    phones.push(Spoken { phone: pause(milliseconds), lift: 0.0 });
    Word { span: span.clone(), phones }
}

/// How long to pause after a word, by the marks behind it, in milliseconds.
fn pause_after(word: &str, is_spoken: bool) -> f32 {
    if ends_sentence(word) {
        return 380.0;
    }
    match word.trim_end().chars().next_back() {
        Some(',' | ';' | ':' | '—' | '–' | '、' | '，' | '；' | '：') => 200.0,
        _ if is_spoken && word.ends_with(char::is_whitespace) => 18.0,
        _ if is_spoken => 0.0,
        _ => 60.0,
    }
}

#[cfg(test)]
mod tests;
