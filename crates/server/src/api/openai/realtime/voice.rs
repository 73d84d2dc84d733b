//! The sound of one message on its way out: made a little ahead, word by word, and sent in step with its words.

use std::collections::VecDeque;
use std::time::Duration;

use fakeai_core::Tick;
use fakeai_media::speech::{SPEECH_RATE, Speaker, Voice, is_marked_by_id, mark_id};

use super::item::Spoken;
use super::sound::Coding;

/// Sound that is made at a time, and that may wait, in seconds.
const MADE_SECONDS: f64 = 0.5;

/// A word with its sound.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// Bytes of the transcript up to its end.
    end: usize,
    /// Where it begins and ends in the sound, in seconds.
    start: f64,
    stop: f64,
    pub sound: Vec<u8>,
}

/// What has been made, and who makes the rest.
#[derive(Debug)]
pub(super) struct Made {
    pub words: Vec<Word>,
    /// Nothing if there is no rest.
    pub rest: Option<Box<Speaking>>,
}

/// Who makes the sound. It is made where it keeps no connection waiting.
#[derive(Debug)]
pub(super) struct Speaking {
    speaker: Speaker,
    coding: Coding,
    samples: usize,
}

impl Speaking {
    /// Makes the next words.
    pub(super) fn make(mut self: Box<Self>) -> Made {
        let mut words = Vec::new();
        let begun = self.samples;
        let seconds = |samples: usize| samples as f64 / f64::from(SPEECH_RATE);
        while seconds(self.samples - begun) < MADE_SECONDS {
            let Some(chunk) = self.speaker.next() else { return Made { words, rest: None } };
            let start = seconds(self.samples);
            self.samples += chunk.samples.len();
            let (stop, sound) = (seconds(self.samples), self.coding.written(&chunk.samples));
            words.push(Word { end: chunk.span.end, start, stop, sound });
        }
        Made { words, rest: Some(self) }
    }
}

/// The sound of a message.
#[derive(Debug)]
pub(super) struct Sound {
    /// Who goes on, while nobody is at it.
    idle: Option<Box<Speaking>>,
    /// Whether somebody is at it.
    is_busy: bool,
    ready: VecDeque<Word>,
    /// When its first second is due, and how many seconds a second of it takes.
    first: Option<Tick>,
    rtf: f64,
    pub spoken: Spoken,
    /// The number that its sound carries instead of its text, and the text.
    pub mark: Option<(u64, String)>,
}

impl Sound {
    /// The sound of `text`; a second of it is sent in `rtf` seconds.
    pub(super) fn new(text: &str, (voice, speed): (&Voice, f64), coding: Coding, rtf: f64) -> Self {
        let speaker = Speaker::new(text, voice, speed);
        let has_number = is_marked_by_id(text, speaker.total_samples());
        let speaking = Speaking { speaker, coding, samples: 0 };
        Self {
            mark: has_number.then(|| (mark_id(text), text.to_owned())),
            idle: Some(Box::new(speaking)),
            is_busy: false,
            ready: VecDeque::new(),
            first: None,
            rtf,
            spoken: Spoken::default(),
        }
    }

    /// Its first word may be heard from `at` on; the first time counts.
    pub(super) fn begin(&mut self, at: Tick) {
        self.first.get_or_insert(at);
    }

    /// Who has to make more of it, if it is time to.
    pub(super) fn wanted(&mut self) -> Option<Box<Speaking>> {
        let waiting: f64 = self.ready.iter().map(|word| word.stop - word.start).sum();
        if waiting >= MADE_SECONDS {
            return None;
        }
        let speaking = self.idle.take()?;
        self.is_busy = true;
        Some(speaking)
    }

    /// Takes in what was made.
    pub(super) fn take(&mut self, made: Made) {
        self.is_busy = false;
        self.ready.extend(made.words);
        self.idle = made.rest;
    }

    /// When the next word is due, of whose words `shown` bytes were sent. None while it is not known.
    pub(super) fn due(&self, shown: usize) -> Option<Tick> {
        let word = self.ready.front().filter(|word| word.end <= shown)?;
        let first = self.first?;
        Some(first + Duration::from_secs_f64((word.start * self.rtf).max(0.0)))
    }

    /// The next word, if it is due.
    pub(super) fn next(&mut self, shown: usize, now: Tick) -> Option<Word> {
        self.due(shown).filter(|due| *due <= now)?;
        let word = self.ready.pop_front()?;
        let milliseconds = (word.stop * 1000.0).round() as u64;
        self.spoken.milliseconds = milliseconds;
        self.spoken.words.push((milliseconds as u32, word.end as u32));
        Some(word)
    }

    /// When who listens has heard what was sent, if it is played from its beginning on.
    pub(super) fn heard_until(&self) -> Option<Tick> {
        self.first.map(|first| first + Duration::from_millis(self.spoken.milliseconds))
    }

    /// Whether all of it was sent.
    pub(super) fn has_ended(&self) -> bool {
        self.idle.is_none() && !self.is_busy && self.ready.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use fakeai_media::speech::{VOICES, speak};

    use super::*;

    #[test]
    fn words_are_sent_in_step_and_make_the_whole_speech() {
        let text = "Hello there, how are you today? I am very well, thank you for asking.";
        let mut sound = Sound::new(text, (&VOICES[0], 1.0), Coding::Pcm, 0.5);
        let mut sent = Vec::new();
        let mut now = Tick::from_nanos(1_000);
        sound.begin(now);
        while !sound.has_ended() {
            if let Some(speaking) = sound.wanted() {
                sound.take(speaking.make());
            }
            assert!(sound.next(0, now).is_none(), "no word goes before its text");
            if let Some(due) = sound.due(text.len()) {
                now = now.max(due);
            }
            if let Some(word) = sound.next(text.len(), now) {
                sent.extend(word.sound);
            }
        }
        let whole = speak(text, &VOICES[0], 1.0);
        assert_eq!(sent, Coding::Pcm.written(&whole.samples));
        assert!(now.as_nanos() as f64 / 1e9 > whole.seconds() * 0.4);
        assert_eq!(sound.spoken.milliseconds, (whole.seconds() * 1000.0).round() as u64);
    }
}
