//! What the two forms of the API call the same things: the general one, and the beta before it.

/// A form of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Generally available.
    #[default]
    General,
    /// `OpenAI-Beta: realtime=v1`.
    Beta,
}

impl Dialect {
    /// The name of a server's event that is called `name` in the general form; `None` for events that this form has
    /// not.
    pub(super) fn event(self, name: &'static str) -> Option<&'static str> {
        if self == Self::General {
            return (name != "conversation.created").then_some(name);
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

    /// What a piece of an assistant's message is: words that are written or spoken.
    pub(super) const fn said(self, is_spoken: bool) -> &'static str {
        match (self, is_spoken) {
            (Self::General, true) => "output_audio",
            (Self::General, false) => "output_text",
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
