//! Section `generation`.

use crate::config::kind::Kind;
use crate::config::section::section;
use crate::config::values::{Latency, OutputTokens, Reply, TokenizerChoice};

section! {
    /// What is said, and when.
    generation: Generation {
        /// Base delay of answers that are not generated token by token, in seconds.
        response_delay: f64 = 0.5, Key::number(0.0, 3600.0).value("SECONDS");
        /// Vary the response delay.
        random_delay: bool = true, Key::switch();
        /// Most that the response delay varies, as a fraction of it.
        max_variance: f64 = 0.3, Key::number(0.0, 1.0).value("FRACTION");
        /// Time to the first token, in milliseconds; the flag also takes its variance.
        ttft_ms: f64 = 20.0, Key::number(0.0, 3_600_000.0).flag("ttft").value("MS[:PERCENT[%]]");
        /// Variance of the time to the first token, in percent.
        ttft_variance_percent: f64 = 10.0, Key::number(0.0, 100.0).second_of("ttft");
        /// Time between tokens, in milliseconds; the flag also takes its variance.
        itl_ms: f64 = 5.0, Key::number(0.0, 3_600_000.0).flag("itl").value("MS[:PERCENT[%]]");
        /// Variance of the time between tokens, in percent.
        itl_variance_percent: f64 = 10.0, Key::number(0.0, 100.0).second_of("itl");
        /// Which model of time decides when a token is ready: knobs (`ttft_ms` and `itl_ms`), profile (the model card's
        /// speed) or instant.
        latency: Latency = Latency::Knobs, Key::new(Kind::OneOf(Latency::WORDS)).value("MODEL");
        /// Length of answers that the request does not end first.
        output_tokens: OutputTokens = OutputTokens::Auto,
            Key::new(Kind::Text { allowed: OutputTokens::ALLOWED, accepts: |text| text.parse::<OutputTokens>().is_ok() })
                .value("LENGTH");
        /// What answers say.
        reply: Reply = Reply::Auto,
            Key::new(Kind::Text { allowed: Reply::ALLOWED, accepts: |text| text.parse::<Reply>().is_ok() })
                .value("REPLY");
        /// How text is cut into tokens. `auto` is as the model card says.
        tokenizer: TokenizerChoice = TokenizerChoice::Auto,
            Key::new(Kind::OneOf(TokenizerChoice::WORDS)).value("NAME");
        /// Where every draw of chance begins. The same seed gives the same answers.
        seed: u64 = 42, Key::integer(0, u64::MAX);
        /// Give the same ids and timestamps on every run too.
        deterministic: bool = false, Key::switch();
    }
}
