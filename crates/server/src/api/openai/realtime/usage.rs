//! What a response counts, by what it is made of.

use serde_json::{Value, json};

use super::prompt::Given;

/// What a response counts, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ResponseUsage {
    pub given: Given,
    /// Of what was given, what was read before.
    pub cached: u32,
    pub text: u32,
    pub audio: u32,
}

impl ResponseUsage {
    /// `usage` of a response. What was read before are its beginnings, which are words before anything else.
    pub(super) fn shown(self) -> Value {
        let Given { text, audio, image } = self.given;
        let cached = self.cached.min(self.given.total());
        let cached_text = cached.min(text);
        let cached_audio = (cached - cached_text).min(audio);
        let cached_image = (cached - cached_text - cached_audio).min(image);
        let (input, output) = (self.given.total(), self.text + self.audio);
        json!({
            "total_tokens": input + output, "input_tokens": input, "output_tokens": output,
            "input_token_details": {
                "text_tokens": text, "audio_tokens": audio, "image_tokens": image, "cached_tokens": cached,
                "cached_tokens_details": {
                    "text_tokens": cached_text, "audio_tokens": cached_audio, "image_tokens": cached_image,
                },
            },
            "output_token_details": {"text_tokens": self.text, "audio_tokens": self.audio},
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_the_sums() {
        let given = Given { text: 30, audio: 20, image: 0 };
        let shown = ResponseUsage { given, cached: 40, text: 5, audio: 7 }.shown();
        assert_eq!((&shown["total_tokens"], &shown["output_tokens"]), (&json!(62), &json!(12)));
        let cached = json!({"text_tokens": 30, "audio_tokens": 10, "image_tokens": 0});
        assert_eq!(shown["input_token_details"]["cached_tokens_details"], cached);
    }
}
