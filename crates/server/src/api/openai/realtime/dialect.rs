//! What the two forms of the API call the same things: the general one, and the beta before it.

use serde_json::{Value, json};

/// A form of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Generally available.
    #[default]
    General,
    /// `OpenAI-Beta: realtime=v1`.
    Beta,
    /// Of translations, whose sessions show no items and no responses.
    Translation,
}

impl Dialect {
    /// The name of a server's event that is called `name` in the general form; `None` for events that this form has
    /// not.
    pub(super) fn event(self, name: &'static str) -> Option<&'static str> {
        match self {
            Self::General => return (name != "conversation.created").then_some(name),
            Self::Translation => return Self::of_translation(name),
            Self::Beta => {}
        }
        Some(match name {
            "conversation.item.done" => return None,
            "conversation.item.added" => "conversation.item.created",
            "response.output_text.delta" => "response.text.delta",
            "response.output_text.done" => "response.text.done",
            "response.output_audio.delta" => "response.audio.delta",
            "response.output_audio.done" => "response.audio.done",
            "response.output_audio_transcript.delta" => "response.audio_transcript.delta",
            "response.output_audio_transcript.done" => "response.audio_transcript.done",
            name => name,
        })
    }

    fn of_translation(name: &'static str) -> Option<&'static str> {
        Some(match name {
            "conversation.item.input_audio_transcription.delta" => "session.input_transcript.delta",
            "response.output_audio_transcript.delta" => "session.output_transcript.delta",
            "response.output_audio.delta" => "session.output_audio.delta",
            "session.created" | "session.updated" | "session.closed" | "error" => name,
            _ => return None,
        })
    }

    /// The fields of an event of this form that the general form calls `name`.
    pub(super) fn fields(self, name: &str, fields: Value) -> Value {
        if self != Self::Translation || fields["delta"].is_null() {
            return fields;
        }
        let mut told = json!({"delta": fields["delta"]});
        if name == "response.output_audio.delta" {
            (told["sample_rate"], told["channels"], told["format"]) = (json!(24_000), json!(1), json!("pcm16"));
        }
        told
    }

    /// What a piece of an assistant's message is: words that are written or spoken.
    pub(super) const fn said(self, is_spoken: bool) -> &'static str {
        match (self, is_spoken) {
            (Self::General | Self::Translation, true) => "output_audio",
            (Self::General | Self::Translation, false) => "output_text",
            (Self::Beta, true) => "audio",
            (Self::Beta, false) => "text",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_have_names_of_their_own() {
        let name = "response.output_audio_transcript.delta";
        assert_eq!(Dialect::General.event(name), Some(name));
        assert_eq!(Dialect::Beta.event(name), Some("response.audio_transcript.delta"));
        assert_eq!(Dialect::Beta.event("conversation.item.done"), None);
        assert_eq!(Dialect::General.event("conversation.created"), None);
        assert_eq!((Dialect::Beta.said(true), Dialect::General.said(false)), ("audio", "output_text"));
    }
}
