//! Section `generation`.

use std::path::PathBuf;

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
        /// Seconds that a picture of 1024 × 1024 pixels and medium quality takes; other sizes and qualities follow. Without
        /// it pictures take what the model card says (`latency` profile) or `response_delay`.
        image_delay: Option<f64> = None, Key::number(0.0, 3600.0).value("SECONDS");
        /// Time to the first token, in milliseconds; the flag also takes its variance.
        ttft_ms: f64 = 20.0, Key::milliseconds().flag("ttft").aliases(&["time-to-first-token"]).value("MS[:PERCENT[%]]");
        /// Variance of the time to the first token, in percent.
        ttft_variance_percent: f64 = 10.0, Key::number(0.0, 100.0).second_of("ttft");
        /// Time between tokens, in milliseconds; the flag also takes its variance.
        itl_ms: f64 = 5.0, Key::milliseconds().flag("itl").aliases(&["inter-token-latency"]).value("MS[:PERCENT[%]]");
        /// Variance of the time between tokens, in percent.
        itl_variance_percent: f64 = 10.0, Key::number(0.0, 100.0).second_of("itl");
        /// Standard deviation of the time to the first token. Above 0, it is drawn from a normal distribution and the
        /// variance in percent does not hold; draws stray by 70 % at most.
        ttft_std_dev_ms: f64 = 0.0, Key::milliseconds().flag("time-to-first-token-std-dev");
        /// Standard deviation of the time between tokens, as for the first.
        itl_std_dev_ms: f64 = 0.0, Key::milliseconds().flag("inter-token-latency-std-dev");
        /// Time to the first token before any of the prompt is read. If this or `prefill_time_per_token_ms` is above 0,
        /// they and the prompt's length decide instead of `ttft_ms`.
        prefill_overhead_ms: f64 = 0.0, Key::milliseconds().flag("prefill-overhead");
        /// Time to the first token for each prompt token that is not cached.
        prefill_time_per_token_ms: f64 = 0.0, Key::milliseconds().flag("prefill-time-per-token");
        /// Standard deviation of the time to the first token where the prompt's length decides it.
        prefill_time_std_dev_ms: f64 = 0.0, Key::milliseconds().flag("prefill-time-std-dev");
        /// Time to the first token where the prompt was read by another server (`do_remote_prefill`). If it is 0,
        /// `kv_cache_transfer_time_per_token_ms` decides.
        kv_cache_transfer_latency_ms: f64 = 0.0, Key::milliseconds().flag("kv-cache-transfer-latency");
        /// Standard deviation of that time.
        kv_cache_transfer_latency_std_dev_ms: f64 = 0.0, Key::milliseconds().flag("kv-cache-transfer-latency-std-dev");
        /// Time to the first token for each prompt token that was read by another server.
        kv_cache_transfer_time_per_token_ms: f64 = 0.0, Key::milliseconds().flag("kv-cache-transfer-time-per-token");
        /// Standard deviation of the time to the first token where those tokens decide it.
        kv_cache_transfer_time_std_dev_ms: f64 = 0.0, Key::milliseconds().flag("kv-cache-transfer-time-std-dev");
        /// How many times as slow the knobs are when `engine.max_num_seqs` sequences run (5 if that is 0). Further
        /// sequences wait.
        time_factor_under_load: f64 = 1.0, Key::number(1.0, 1000.0).value("FACTOR");
        /// Which model of time decides when a token is ready: knobs (`ttft_ms` and `itl_ms`), profile (the model card's
        /// speed) or instant.
        latency: Latency = Latency::Knobs, Key::new(Kind::OneOf(Latency::WORDS)).value("MODEL");
        /// Measured percentiles of TTFT and ITL by concurrency (CSV, see docs/simulate.md); they replace `latency`.
        latency_table: Option<PathBuf> = None, Key::new(Kind::File);
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
