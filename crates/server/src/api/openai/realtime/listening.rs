//! What a session does with sound that comes in: turns are found, understood, written down and answered.

use std::time::Duration;

use fakeai_core::Tick;
use serde_json::json;

use super::config::{Config, Kind, Means};
use super::heard::{Purpose, Understood, Writing, is_complete};
use super::item::{Content, Item, Said};
use super::session::{Session, spoken_item};
use super::translation::request;
use super::turns::Found;
use crate::error::ApiError;

impl Session {
    /// Sound has come in.
    pub(super) fn append(&mut self, sound: &[u8]) -> Result<(), ApiError> {
        for found in self.buffer.append(sound)? {
            match found {
                Found::Started(at) => self.started(at),
                Found::Paused(at) => {
                    let (item, sound) = (self.buffer.item.clone(), self.buffer.so_far());
                    let work = self.listening_to(item, Purpose::Pause(at), sound);
                    self.works.push(work);
                }
                Found::Stopped(at) => self.stopped(at)?,
            }
        }
        self.buffer.trim();
        Ok(())
    }

    /// Somebody has begun to speak.
    fn started(&mut self, at: u64) {
        self.idle_at = None;
        let start = at.max(self.buffer.begins_ms());
        self.buffer.begin_at(start);
        let fields = json!({"audio_start_ms": start, "item_id": self.buffer.item});
        self.out.send("input_audio_buffer.speech_started", fields);
        let interrupts = self.config.input.turns.is_some_and(|turns| turns.interrupts);
        if interrupts && self.active().is_some() {
            // There is one.
            let _ = self.cancel(None, "turn_detected");
        }
    }

    /// A turn has ended.
    fn stopped(&mut self, at: u64) -> Result<(), ApiError> {
        let fields = json!({"audio_end_ms": at, "item_id": self.buffer.item});
        self.out.send("input_audio_buffer.speech_stopped", fields);
        self.take_turn(Some(at))?;
        self.owes_answer |=
            self.config.kind == Kind::Conversation && self.config.input.turns.is_some_and(|turns| turns.creates);
        Ok(())
    }

    /// The client says that a turn has ended.
    pub(super) fn commit(&mut self) -> Result<(), ApiError> {
        self.buffer.check()?;
        self.idle_at = None;
        self.buffer.end_turn();
        self.take_turn(None)
    }

    /// Makes a turn of the sound up to `end`.
    fn take_turn(&mut self, end: Option<u64>) -> Result<(), ApiError> {
        let next = self.out.id("item_");
        let (id, sound) = self.buffer.take(end, next);
        let fields = json!({"previous_item_id": self.conversation.last(), "item_id": id});
        self.out.send("input_audio_buffer.committed", fields);
        let milliseconds = self.config.input.coding.milliseconds(sound.len() as u64);
        self.add(spoken_item(id.clone(), milliseconds), None)?;
        self.listen(id, (0, sound));
        Ok(())
    }

    /// Somebody has listened to a recording.
    pub(super) fn understood(&mut self, understood: Understood) {
        let Understood { item, purpose, seconds, transcript } = understood;
        let index = match purpose {
            Purpose::Content(index) => index,
            Purpose::Pause(at) => {
                // The same turn still pauses, and nothing is missing.
                let is_whole = transcript.is_ok_and(|transcript| is_complete(&transcript));
                if is_whole && self.buffer.item == item && self.buffer.pauses_since(at) {
                    let end = self.buffer.heard_ms();
                    self.buffer.end_turn();
                    if let Err(error) = self.stopped(end) {
                        self.out.fail(&error, None);
                    }
                }
                return;
            }
        };
        self.listening = self.listening.saturating_sub(1);
        if let Some(Item { said: Said::Message { content, .. }, .. }) = self.conversation.get_mut(&item)
            && let Some(Content::Heard(heard)) = content.get_mut(index)
        {
            heard.seconds = seconds;
            if let Ok(transcript) = &transcript {
                heard.text.clone_from(&transcript.text);
            }
        }
        if self.config.kind == Kind::Translation
            && let Ok(transcript) = &transcript
        {
            self.untranslated.push_back(transcript.text.clone());
        }
        let Some(wanted) = self.config.input.transcription.clone() else { return };
        let written = transcript.and_then(|transcript| {
            let place = (item.clone(), index);
            Writing::new(self.follow(), &wanted, place, &transcript, self.config.has_logprobs)
        });
        match written {
            Ok(writing) => self.writings.push(writing),
            Err(error) => {
                let error = json!({
                    "type": error.kind, "code": error.label(), "message": error.message,
                });
                let fields = json!({"item_id": item, "content_index": index, "error": error});
                self.out.send("conversation.item.input_audio_transcription.failed", fields);
            }
        }
    }

    /// Says the next of what was said in another language, once all before it has been said.
    pub(super) fn translate_next(&mut self) {
        if !self.responses.is_empty() {
            return;
        }
        let said = std::iter::from_fn(|| self.untranslated.pop_front()).find(|said| !said.trim().is_empty());
        let Some(said) = said else { return };
        let config = Config { instructions: String::new(), ..self.config.clone() };
        let item = request(self.out.id("item_"), &said, &config.output.language);
        self.respond(config, Some(vec![item]), false);
        self.advance();
    }

    /// When the model speaks up by itself, if its last words are heard until `heard_until`.
    pub(super) fn idle_after(&self, heard_until: Tick) -> Option<Tick> {
        let Some(Means::Silence { idle_timeout_ms: Some(wait), .. }) = self.config.input.turns.map(|turns| turns.means)
        else {
            return None;
        };
        Some(heard_until + Duration::from_millis(wait.into()))
    }

    /// Answers what was said while an answer was under way, or speaks up where nobody says anything.
    pub(super) fn answer_or_speak_up(&mut self, now: Tick) {
        if self.active().is_some() {
            self.idle_at = None;
            return;
        }
        if self.buffer.is_speaking() {
            self.idle_at = None;
        }
        if std::mem::take(&mut self.owes_answer) {
            self.respond(self.config.clone(), None, true);
            self.advance();
        } else if self.idle_at.is_some_and(|idle| idle <= now) {
            self.idle_at = None;
            let (start, end) = (self.buffer.begins_ms(), self.buffer.heard_ms());
            let fields = json!({"audio_start_ms": start, "audio_end_ms": end, "item_id": self.buffer.item});
            self.out.send("input_audio_buffer.timeout_triggered", fields);
            match self.take_turn(None) {
                Ok(()) => {
                    self.respond(self.config.clone(), None, true);
                    self.advance();
                }
                Err(error) => self.out.fail(&error, None),
            }
        }
    }
}
