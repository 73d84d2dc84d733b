//! What is counted of requests and of steps.

use serde::{Deserialize, Deserializer, Serialize};

use crate::engine::bounds::{CHOICES, SECONDS, SGLANG_RETRACTIONS, TOKENS};
use crate::histogram::Buckets;
use crate::record::{Outcome, Record, Tokens};

/// How a request ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// It was complete.
    #[default]
    Stop,
    /// It reached the most tokens allowed.
    Length,
    /// The client left.
    Abort,
    /// The engine failed.
    Error,
}

impl Ending {
    /// Every ending, in the order of the engines.
    pub const ALL: [Self; 4] = [Self::Stop, Self::Length, Self::Abort, Self::Error];

    /// `finished_reason`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::Abort => "abort",
            Self::Error => "error",
        }
    }
}

/// Requests that were answered, token by token. Histograms have one value for each request that ended by its last
/// token, but for `ttft` (each that wrote its first) and `itl` (each gap between tokens).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Requests {
    /// Tokens of prompts that were read, cached ones included.
    pub prompt_tokens: u64,
    /// Of those, found in a cache.
    pub cached_tokens: u64,
    /// Tokens written.
    pub generation_tokens: u64,
    /// Requests ended, by [`Ending::ALL`].
    pub endings: [u64; 4],
    /// Seconds from arrival to the first token.
    #[serde(deserialize_with = "of_seconds")]
    pub ttft: Buckets,
    /// Seconds from token to token.
    #[serde(deserialize_with = "of_seconds")]
    pub itl: Buckets,
    /// Mean seconds from token to token of a request; of requests with more than one token.
    #[serde(deserialize_with = "of_seconds")]
    pub tpot: Buckets,
    /// Seconds from arrival to the last token.
    #[serde(deserialize_with = "of_seconds")]
    pub e2e: Buckets,
    /// Tokens of a prompt.
    #[serde(deserialize_with = "of_tokens")]
    pub prompt_lengths: Buckets,
    /// Tokens of an answer.
    #[serde(deserialize_with = "of_tokens")]
    pub answer_lengths: Buckets,
    /// Cached tokens of a prompt.
    #[serde(deserialize_with = "of_tokens")]
    pub cached_lengths: Buckets,
    /// Tokens of a prompt that were not cached.
    #[serde(deserialize_with = "of_tokens")]
    pub computed_lengths: Buckets,
}

fn of_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Buckets, D::Error> {
    Buckets::read(&SECONDS, deserializer)
}

fn of_tokens<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Buckets, D::Error> {
    Buckets::read(&TOKENS, deserializer)
}

impl Default for Requests {
    fn default() -> Self {
        let (seconds, tokens) = (Buckets::new(&SECONDS), Buckets::new(&TOKENS));
        Self {
            prompt_tokens: 0,
            cached_tokens: 0,
            generation_tokens: 0,
            endings: [0; 4],
            ttft: seconds.clone(),
            itl: seconds.clone(),
            tpot: seconds.clone(),
            e2e: seconds,
            prompt_lengths: tokens.clone(),
            answer_lengths: tokens.clone(),
            cached_lengths: tokens.clone(),
            computed_lengths: tokens,
        }
    }
}

impl Requests {
    /// Requests that ended that way.
    pub const fn ended(&self, ending: Ending) -> u64 {
        self.endings[ending as usize]
    }

    /// Counts an ending.
    pub const fn end(&mut self, ending: Ending, times: u64) {
        self.endings[ending as usize] += times;
    }

    /// Requests that ended by their last token.
    pub const fn answered(&self) -> u64 {
        self.ended(Ending::Stop) + self.ended(Ending::Length)
    }

    /// Counts a request as it was written down: of its gaps only the mean is known, which counts for each.
    pub(crate) fn add(&mut self, record: &Record) {
        let Tokens { prompt, cached, completion, delivered, .. } = record.tokens;
        let cached = cached.min(prompt);
        self.prompt_tokens += u64::from(prompt);
        self.cached_tokens += u64::from(cached);
        record.ttft_seconds().into_iter().for_each(|ttft| self.ttft.observe(ttft));
        if let Some(gap) = record.itl_seconds() {
            self.itl.observe_many(gap, u64::from(delivered.saturating_sub(1)));
        }
        let ending = match record.outcome {
            Outcome::Success if record.is_cut => Ending::Length,
            Outcome::Success => Ending::Stop,
            Outcome::ClientClosed => Ending::Abort,
            Outcome::Error(_) => Ending::Error,
        };
        self.end(ending, 1);
        if record.outcome != Outcome::Success {
            self.generation_tokens += u64::from(delivered);
            return;
        }
        self.generation_tokens += u64::from(completion);
        self.e2e.observe(record.latency_seconds());
        record.itl_seconds().into_iter().for_each(|gap| self.tpot.observe(gap));
        self.lengths(prompt, cached, completion);
    }

    /// Counts the lengths of a request that ended by its last token.
    pub fn lengths(&mut self, prompt: u32, cached: u32, answer: u32) {
        self.prompt_lengths.observe(f64::from(prompt));
        self.cached_lengths.observe(f64::from(cached));
        self.computed_lengths.observe(f64::from(prompt - cached.min(prompt)));
        self.answer_lengths.observe(f64::from(answer));
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.prompt_tokens += other.prompt_tokens;
        self.cached_tokens += other.cached_tokens;
        self.generation_tokens += other.generation_tokens;
        for (ending, more) in self.endings.iter_mut().zip(other.endings) {
            *ending += more;
        }
        self.ttft.merge(&other.ttft);
        self.itl.merge(&other.itl);
        self.tpot.merge(&other.tpot);
        self.e2e.merge(&other.e2e);
        self.prompt_lengths.merge(&other.prompt_lengths);
        self.answer_lengths.merge(&other.answer_lengths);
        self.cached_lengths.merge(&other.cached_lengths);
        self.computed_lengths.merge(&other.computed_lengths);
    }
}

/// What only an engine that runs steps can tell. Histograms of requests as in [`Requests`].
#[derive(Clone, Debug)]
pub struct Steps {
    /// Prompt tokens looked up in the cache, again after each preemption.
    pub cache_queries: u64,
    /// Of those, found.
    pub cache_hits: u64,
    /// Requests that lost their blocks and waited again, each time.
    pub preemptions: u64,
    /// Prompt tokens of those.
    pub preempted_prompt_tokens: u64,
    /// Tokens they had written.
    pub preempted_answer_tokens: u64,
    /// Verifications of drafts.
    pub drafts: u64,
    /// Tokens drafted.
    pub draft_tokens: u64,
    /// Of those, accepted.
    pub accepted_tokens: u64,
    /// Accepted at the first place of a draft, at the second …
    pub accepted_at: Vec<u64>,
    /// Seconds in the queue before the first step.
    pub queue: Buckets,
    /// Seconds from the first step to the first token.
    pub prefill: Buckets,
    /// Seconds from the first token to the last.
    pub decode: Buckets,
    /// Seconds from the first step to the last token.
    pub inference: Buckets,
    /// Tokens that went through the model in a step.
    pub step_tokens: Buckets,
    /// Tokens of prompts in a step that had some.
    pub step_prompt_tokens: Buckets,
    /// The largest `max_tokens` of a request that had one.
    pub asked_tokens: Buckets,
    /// Choices of a request.
    pub choices: Buckets,
    /// Tokens of a request's longest choice.
    pub longest_choice: Buckets,
    /// How often a request was preempted.
    pub preemptions_each: Buckets,
    /// The last step that ended.
    pub last: LastStep,
    /// The last request that wrote its first token: seconds to it, and tokens of its prompt.
    pub last_first_token: (f64, u32),
    /// The last gap between two tokens, seconds.
    pub last_gap: f64,
    /// Tokens written each second, over the last forty steps that had decodes.
    pub throughput: f64,
    /// What the cache saved, of requests that had cached tokens.
    pub savings: Savings,
}

/// The last step that ended.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LastStep {
    /// How long it took, seconds.
    pub seconds: f64,
    /// Sequences in it.
    pub sequences: u32,
    /// Of those, reading prompts.
    pub prefills: u32,
    /// Tokens of prompts in it.
    pub prompt_tokens: u64,
    /// Tokens it wrote for each sequence that wrote some.
    pub written_each: f64,
}

/// What the prefix cache saved: sums over requests that had cached tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Savings {
    /// Requests.
    pub requests: u64,
    /// Seconds to their first tokens.
    pub actual_seconds: f64,
    /// The same, had nothing been cached: with the time that the step model gives for reading what was.
    pub baseline_seconds: f64,
    /// Cached shares of their prompts.
    pub cached_shares: f64,
}

impl Default for Steps {
    fn default() -> Self {
        let (seconds, tokens) = (Buckets::new(&SECONDS), Buckets::new(&TOKENS));
        Self {
            cache_queries: 0,
            cache_hits: 0,
            preemptions: 0,
            preempted_prompt_tokens: 0,
            preempted_answer_tokens: 0,
            drafts: 0,
            draft_tokens: 0,
            accepted_tokens: 0,
            accepted_at: Vec::new(),
            queue: seconds.clone(),
            prefill: seconds.clone(),
            decode: seconds.clone(),
            inference: seconds,
            step_tokens: tokens.clone(),
            step_prompt_tokens: tokens.clone(),
            asked_tokens: tokens.clone(),
            choices: Buckets::new(CHOICES),
            longest_choice: tokens,
            preemptions_each: Buckets::new(SGLANG_RETRACTIONS),
            last: LastStep::default(),
            last_first_token: (0.0, 0),
            last_gap: 0.0,
            throughput: 0.0,
            savings: Savings::default(),
        }
    }
}

impl Steps {
    /// Counts one verification of `drafts` tokens, of which the first `accepted` held.
    pub fn verify(&mut self, drafts: u32, accepted: u32) {
        self.drafts += 1;
        self.draft_tokens += u64::from(drafts);
        self.accepted_tokens += u64::from(accepted);
        if self.accepted_at.len() < drafts as usize {
            self.accepted_at.resize(drafts as usize, 0);
        }
        self.accepted_at.iter_mut().take(accepted as usize).for_each(|count| *count += 1);
    }

    /// Found of what was looked up in the cache; 0 before anything was.
    pub fn hit_rate(&self) -> f64 {
        self.cache_hits as f64 / self.cache_queries.max(1) as f64
    }
}
