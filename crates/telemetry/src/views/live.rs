//! The view of streams that are being written.

use std::sync::Arc;

use fakeai_core::Tick;
use serde::Serialize;

use crate::ledger::Ledger;
use crate::open::OpenStream;

/// `GET /metrics/live`.
#[derive(Debug, Serialize)]
pub struct Live {
    /// Always `list`.
    pub object: &'static str,
    /// Streams being written, those included that are not listed.
    pub count: usize,
    /// The oldest first.
    pub data: Vec<LiveStream>,
}

/// A stream that is being written.
#[derive(Debug, Serialize)]
pub struct LiveStream {
    /// Its request.
    pub request_id: Box<str>,
    /// The endpoint's path.
    pub endpoint: &'static str,
    /// The model.
    pub model: Option<Arc<str>>,
    /// The workspace.
    pub workspace: Arc<str>,
    /// Since the request came, by the workspace's clock.
    pub age_ms: f64,
    /// From arrival to the first token; `null` before it.
    pub ttft_ms: Option<f64>,
    /// Tokens it will have.
    pub tokens: u32,
    /// Tokens that have left.
    pub delivered: u32,
    /// Tokens a second since the first.
    pub tokens_per_second: Option<f64>,
}

impl LiveStream {
    fn of(stream: &OpenStream, now: Tick) -> Self {
        let first = stream.first_token();
        let delivered = stream.delivered();
        let since_first = first.map(|first| now.since(first).as_secs_f64()).filter(|seconds| *seconds > 0.0);
        Self {
            request_id: stream.request.clone(),
            endpoint: stream.endpoint,
            model: stream.model.clone(),
            workspace: Arc::clone(&stream.workspace),
            age_ms: now.since(stream.arrived).as_secs_f64() * 1e3,
            ttft_ms: first.map(|first| first.since(stream.arrived).as_secs_f64() * 1e3),
            tokens: stream.tokens,
            delivered,
            tokens_per_second: since_first.map(|seconds| f64::from(delivered.saturating_sub(1)) / seconds),
        }
    }
}

impl Live {
    /// At most `limit` of them; `now` tells the tick of a workspace's clock by its name.
    pub fn of(ledger: &Ledger, limit: usize, mut now: impl FnMut(&str) -> Tick) -> Self {
        let streams = ledger.streams();
        let data = streams.iter().take(limit).map(|stream| LiveStream::of(stream, now(&stream.workspace))).collect();
        Self { object: "list", count: streams.len(), data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_seen_as_far_as_it_is() {
        let ledger = Ledger::new(true);
        let at = |ms: u64| Tick::from_nanos(ms * 1_000_000);
        let stream =
            OpenStream::new("req_1".into(), "/v1/chat/completions", Some("m".into()), "default".into(), at(100), 50);
        let stream = Arc::new(stream);
        let ticket = ledger.open(Arc::clone(&stream));
        assert_eq!(Live::of(&ledger, 10, |_| at(110)).data[0].ttft_ms, None);
        stream.deliver(1, at(120));
        stream.deliver(11, at(620));
        let live = Live::of(&ledger, 10, |_| at(1120));
        let seen = &live.data[0];
        assert_eq!((seen.tokens, seen.delivered, seen.ttft_ms), (50, 11, Some(20.0)));
        assert_eq!((seen.age_ms, seen.tokens_per_second), (1020.0, Some(10.0)));
        assert_eq!((Live::of(&ledger, 0, |_| at(0)).data.len(), live.count), (0, 1));
        ledger.close(ticket);
        assert_eq!(Live::of(&ledger, 10, |_| at(0)).count, 0);
    }
}
