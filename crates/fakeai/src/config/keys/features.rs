//! Section `features`.

use crate::config::section::section;

section! {
    /// What the API does beyond answering.
    features: Features {
        /// Refuse prompts that do not fit the model's context window.
        enable_context_validation: bool = true, Key::switch();
        /// Refuse harmful requests as a safe model would.
        enable_refusals: bool = false, Key::switch();
        /// The same as `enable_refusals`; either turns refusals on.
        enable_safety_features: bool = false, Key::switch().aliases(&["enable-safety"]);
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
