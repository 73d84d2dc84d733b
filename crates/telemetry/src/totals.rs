//! What is counted since the start.

use std::sync::Arc;

use fakeai_core::Tick;
use serde::{Deserialize, Deserializer, Serialize};

use crate::histogram::Buckets;
use crate::record::{Outcome, Record};

/// What totals are kept by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The endpoint's path.
    pub endpoint: &'static str,
    /// The model, empty where there is none.
    pub model: Arc<str>,
    /// The HTTP status.
    pub status: u16,
    /// The error's kind, empty on success.
    pub error: &'static str,
}

/// Everything counted under one [`Key`] since the start.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Totals {
    /// Requests ended.
    pub requests: u64,
    /// Of those, streamed.
    pub streams: u64,
    /// Of those, left by the client before their end.
    pub client_closed: u64,
    /// Prompt tokens.
    pub prompt_tokens: u64,
    /// Prompt tokens found in the cache.
    pub cached_tokens: u64,
    /// Tokens written.
    pub completion_tokens: u64,
    /// Of those, thought.
    pub reasoning_tokens: u64,
    /// Of the written, those that left.
    pub delivered_tokens: u64,
    /// Of the written, those that clients had predicted.
    pub accepted_tokens: u64,
    /// Predicted and not written.
    pub rejected_tokens: u64,
    /// Sound, given and written.
    pub audio_tokens: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// US dollars.
    pub cost_usd: f64,
    /// When the first ended, by the server's clock.
    #[serde(with = "nanos")]
    pub first: Tick,
    /// When the last ended.
    #[serde(with = "nanos")]
    pub last: Tick,
    /// Seconds from arrival to end.
    #[serde(deserialize_with = "latency_buckets")]
    pub latency: Buckets,
    /// Seconds from arrival to first token, of streams.
    #[serde(deserialize_with = "ttft_buckets")]
    pub ttft: Buckets,
    /// Mean seconds between tokens, of streams.
    #[serde(deserialize_with = "itl_buckets")]
    pub itl: Buckets,
}

fn latency_buckets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Buckets, D::Error> {
    Buckets::read(Buckets::LATENCY_SECONDS, deserializer)
}

fn ttft_buckets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Buckets, D::Error> {
    Buckets::read(Buckets::TTFT_SECONDS, deserializer)
}

fn itl_buckets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Buckets, D::Error> {
    Buckets::read(Buckets::ITL_SECONDS, deserializer)
}

/// Ticks as nanoseconds.
mod nanos {
    use fakeai_core::Tick;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
    pub(super) fn serialize<S: Serializer>(tick: &Tick, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(tick.as_nanos())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tick, D::Error> {
        u64::deserialize(deserializer).map(Tick::from_nanos)
    }
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            requests: 0,
            streams: 0,
            client_closed: 0,
            prompt_tokens: 0,
            cached_tokens: 0,
            completion_tokens: 0,
            reasoning_tokens: 0,
            delivered_tokens: 0,
            accepted_tokens: 0,
            rejected_tokens: 0,
            audio_tokens: 0,
            bytes_in: 0,
            bytes_out: 0,
            cost_usd: 0.0,
            first: Tick::from_nanos(u64::MAX),
            last: Tick::default(),
            latency: Buckets::new(Buckets::LATENCY_SECONDS),
            ttft: Buckets::new(Buckets::TTFT_SECONDS),
            itl: Buckets::new(Buckets::ITL_SECONDS),
        }
    }
}

impl Totals {
    /// Adds one request.
    pub fn add(&mut self, record: &Record) {
        self.requests += 1;
        self.streams += u64::from(record.stream);
        self.client_closed += u64::from(record.outcome == Outcome::ClientClosed);
        self.prompt_tokens += u64::from(record.tokens.prompt);
        self.cached_tokens += u64::from(record.tokens.cached);
        self.completion_tokens += u64::from(record.tokens.completion);
        self.reasoning_tokens += u64::from(record.tokens.reasoning);
        self.delivered_tokens += u64::from(record.tokens.delivered);
        self.accepted_tokens += u64::from(record.tokens.accepted);
        self.rejected_tokens += u64::from(record.tokens.rejected);
        self.audio_tokens += u64::from(record.tokens.audio);
        self.bytes_in += record.bytes_in;
        self.bytes_out += record.bytes_out;
        self.cost_usd += record.cost_usd;
        self.first = self.first.min(record.at);
        self.last = self.last.max(record.at);
        self.latency.observe(record.latency_seconds());
        if record.stream {
            record.ttft_seconds().into_iter().for_each(|ttft| self.ttft.observe(ttft));
            record.itl_seconds().into_iter().for_each(|itl| self.itl.observe(itl));
        }
    }

    /// Adds other totals to these.
    pub fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.streams += other.streams;
        self.client_closed += other.client_closed;
        self.prompt_tokens += other.prompt_tokens;
        self.cached_tokens += other.cached_tokens;
        self.completion_tokens += other.completion_tokens;
        self.reasoning_tokens += other.reasoning_tokens;
        self.delivered_tokens += other.delivered_tokens;
        self.accepted_tokens += other.accepted_tokens;
        self.rejected_tokens += other.rejected_tokens;
        self.audio_tokens += other.audio_tokens;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.cost_usd += other.cost_usd;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.latency.merge(&other.latency);
        self.ttft.merge(&other.ttft);
        self.itl.merge(&other.itl);
    }
}
