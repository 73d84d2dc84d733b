//! Section `features`.

use crate::config::kind::Kind;
use crate::config::section::section;

/// The voices there are; `fakeai_media::speech::VOICES` has them.
const VOICES: &[&str] =
    &["alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse"];
/// The formats sound is written in.
const FORMATS: &[&str] = &["mp3", "opus", "aac", "flac", "wav", "pcm16"];

section! {
    /// What the API does beyond answering.
    features: Features {
        /// Refuse prompts that do not fit the model's context window.
        enable_context_validation: bool = true, Key::switch();
        /// Remember the beginnings of prompts and say how much of a prompt was read before.
        enable_prompt_caching: bool = true, Key::switch();
        /// Seconds after which the beginning of a prompt is forgotten, counted from when it was last read.
        cache_ttl_seconds: u64 = 600, Key::integer(1, 86_400).value("SECONDS");
        /// Tokens of the shortest prompt that is remembered.
        min_tokens_for_cache: u32 = 1024, Key::integer(1, 1_000_000).value("TOKENS");
        /// Refuse harmful requests as a safe model would.
        enable_refusals: bool = false, Key::switch();
        /// The same as `enable_refusals`; either turns refusals on.
        enable_safety_features: bool = false, Key::switch().aliases(&["enable-safety"]);
        /// Refuse attempts to talk the model out of its rules.
        enable_jailbreak_detection: bool = false, Key::switch();
        /// Begin conversations without a system message with one about safety.
        prepend_safety_message: bool = false, Key::switch();
        /// Answer at `/v1/moderations`.
        enable_moderation: bool = true, Key::switch();
        /// The score from which a category of moderation is flagged.
        moderation_threshold: f64 = 0.5, Key::number(0.0, 1.0).value("SCORE");
        /// Write the prompt on pictures that are generated, to tell them apart.
        caption_images: bool = false, Key::switch();
        /// Take sound in and give spoken answers.
        enable_audio: bool = true, Key::switch();
        /// The voice of spoken answers whose request names none.
        default_voice: String = "alloy".to_owned(), Key::new(Kind::OneOf(VOICES)).value("VOICE");
        /// The format of spoken answers whose request names none.
        default_audio_format: String = "mp3".to_owned(), Key::new(Kind::OneOf(FORMATS)).value("FORMAT");
        /// Seconds it takes to make a second of speech.
        speech_rtf: f64 = 0.1, Key::number(0.0, 100.0).value("FACTOR");
        /// Seconds a Realtime session may last.
        realtime_session_limit: u64 = 3600, Key::integer(1, 86_400).value("SECONDS");
        /// Accept only exact vocabularies: refuses the tokenizer `words`.
        strict_token_counting: bool = false, Key::switch();
        /// Seconds after which a stream is ended with an error.
        stream_timeout_seconds: f64 = 300.0, Key::number(0.001, 86_400.0).flag("stream-timeout").value("SECONDS");
        /// Seconds without a token after which a stream is ended with an error.
        stream_token_timeout_seconds: f64 = 30.0,
            Key::number(0.001, 86_400.0).flag("stream-token-timeout").value("SECONDS");
        /// Send a comment on streams that are quiet for long, so that proxies keep them open.
        stream_keepalive_enabled: bool = true, Key::switch().flag("stream-keepalive");
        /// Seconds of quiet before such a comment.
        stream_keepalive_interval_seconds: f64 = 15.0,
            Key::number(0.001, 86_400.0).flag("stream-keepalive-interval").value("SECONDS");
    }
}

impl Features {
    /// Whether harmful requests are refused.
    pub fn refuses(&self) -> bool {
        self.enable_refusals || self.enable_safety_features
    }
}
