//! The log of recent requests, each with its timeline.

use std::sync::Arc;

use serde::Serialize;

use super::dates::Dates;
use crate::ledger::Ledger;
use crate::record::{Outcome, Record};

/// Which requests are asked for; what is not said does not matter.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The request's id.
    pub id: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The endpoint's path, with or without `/v1`.
    pub endpoint: Option<String>,
    /// The status.
    pub status: Option<WantedStatus>,
    /// The workspace.
    pub workspace: Option<String>,
    /// The fingerprint of the key.
    pub key: Option<String>,
}

/// Which ends are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WantedStatus {
    /// This HTTP status.
    Code(u16),
    /// One of a hundred: 4 for 400 to 499.
    Class(u16),
    /// Answered well.
    Success,
    /// Refused or failed.
    Error,
    /// Left by the client.
    ClientClosed,
}

impl WantedStatus {
    /// `200`, `4xx`, `success`, `error` or `client_closed`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "success" => Some(Self::Success),
            "error" => Some(Self::Error),
            "client_closed" => Some(Self::ClientClosed),
            _ => match text.strip_suffix("xx") {
                Some(class) => class.parse().ok().filter(|class| (1..=5).contains(class)).map(Self::Class),
                None => text.parse().ok().filter(|code| (100..1000).contains(code)).map(Self::Code),
            },
        }
    }

    fn holds(self, record: &Record) -> bool {
        match self {
            Self::Code(code) => record.status == code,
            Self::Class(class) => record.status / 100 == class,
            Self::Success => record.outcome == Outcome::Success,
            Self::Error => record.is_error(),
            Self::ClientClosed => record.outcome == Outcome::ClientClosed,
        }
    }
}

impl Wanted {
    fn holds(&self, record: &Record) -> bool {
        let is = |wanted: &Option<String>, own: Option<&str>| wanted.as_deref().is_none_or(|name| own == Some(name));
        let key = record.caller.as_ref().and_then(|caller| caller.key.as_deref());
        let endpoint = self.endpoint.as_deref();
        let short = record.endpoint.strip_prefix("/v1").unwrap_or(record.endpoint);
        endpoint.is_none_or(|path| path == record.endpoint || path == short)
            && self.status.is_none_or(|status| status.holds(record))
            && is(&self.id, Some(&record.request))
            && is(&self.model, record.model.as_deref())
            && is(&self.workspace, Some(&record.workspace))
            && is(&self.key, key)
    }
}

/// `GET /metrics/requests`: of the last minute.
#[derive(Debug, Serialize)]
pub struct Requests {
    /// Always `list`.
    pub object: &'static str,
    /// The newest first.
    pub data: Vec<RequestEntry>,
    /// Whether there are more like these.
    pub has_more: bool,
}

/// One request.
#[derive(Debug, Serialize)]
pub struct RequestEntry {
    /// Its id.
    pub id: Box<str>,
    /// When it ended.
    pub timestamp: String,
    /// The endpoint's path.
    pub endpoint: &'static str,
    /// The model asked.
    pub model: Option<Arc<str>>,
    /// The workspace.
    pub workspace: Arc<str>,
    /// Fingerprint of the key.
    pub key: Option<Arc<str>>,
    /// `OpenAI-Organization`.
    pub organization: Option<Arc<str>>,
    /// `OpenAI-Project`.
    pub project: Option<Arc<str>>,
    /// The batch it is a line of.
    pub batch: Option<Arc<str>>,
    /// The worker that wrote the answer, where there is a physical engine.
    pub worker: Option<u16>,
    /// The HTTP status; 499 if the client left before there was an answer.
    pub status: u16,
    /// `success`, `error` or `client_closed`.
    pub outcome: &'static str,
    /// The error's code, or its type where there is no code.
    pub error: Option<&'static str>,
    /// What the client was told of it, without secrets.
    pub message: Option<Box<str>>,
    /// Whether it was streamed.
    pub stream: bool,
    /// What was read and written.
    pub tokens: EntryTokens,
    /// Bytes of the body received.
    pub bytes_in: u64,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
    /// US dollars.
    pub cost_usd: f64,
    /// When what happened.
    pub timeline: Timeline,
}

/// Tokens of one request.
#[derive(Debug, Serialize)]
pub struct EntryTokens {
    /// Read.
    pub prompt: u32,
    /// Of those, found in the cache.
    pub cached: u32,
    /// Written.
    pub completion: u32,
    /// Of those, thought.
    pub reasoning: u32,
    /// Of those written, sent.
    pub delivered: u32,
    /// Of those written, predicted by the client.
    pub accepted: u32,
    /// Predicted and not written.
    pub rejected: u32,
    /// Sound, read and written.
    pub audio: u32,
}

/// When what happened, milliseconds from the arrival.
#[derive(Debug, PartialEq, Serialize)]
pub struct Timeline {
    /// The engine began to read the prompt; `null` where it has no queue.
    pub admitted_ms: Option<f64>,
    /// The first token left; `null` if none did.
    pub first_token_ms: Option<f64>,
    /// The end.
    pub ended_ms: f64,
    /// Mean time from one token to the next.
    pub itl_mean_ms: Option<f64>,
    /// The longest time from one token to the next; 0 where it was not streamed.
    pub itl_max_ms: f64,
    /// How late tokens left after they were due, in all.
    pub late_ms: f64,
    /// The latest of them.
    pub latest_ms: f64,
}

impl RequestEntry {
    /// One record.
    pub fn of(record: Record, dates: Dates) -> Self {
        let ms = |seconds: f64| seconds * 1e3;
        let timeline = Timeline {
            admitted_ms: record.queue_seconds().map(ms),
            first_token_ms: record.ttft_seconds().map(ms),
            ended_ms: ms(record.latency_seconds()),
            itl_mean_ms: record.itl_seconds().map(ms),
            itl_max_ms: ms(record.gaps.longest.as_secs_f64()),
            late_ms: ms(record.gaps.late.as_secs_f64()),
            latest_ms: ms(record.gaps.latest.as_secs_f64()),
        };
        let caller = record.caller.as_deref().cloned().unwrap_or_default();
        let tokens = record.tokens;
        Self {
            timestamp: dates.text(record.at),
            endpoint: record.endpoint,
            key: caller.key,
            organization: caller.organization,
            project: caller.project,
            worker: record.worker,
            status: record.status,
            outcome: match record.outcome {
                Outcome::Success => "success",
                Outcome::Error(_) => "error",
                Outcome::ClientClosed => "client_closed",
            },
            error: if let Outcome::Error(kind) = record.outcome { Some(kind) } else { None },
            stream: record.stream,
            tokens: EntryTokens {
                prompt: tokens.prompt,
                cached: tokens.cached,
                completion: tokens.completion,
                reasoning: tokens.reasoning,
                delivered: tokens.delivered,
                accepted: tokens.accepted,
                rejected: tokens.rejected,
                audio: tokens.audio,
            },
            bytes_in: record.bytes_in,
            bytes_out: record.bytes_out,
            cost_usd: record.cost_usd,
            timeline,
            id: record.request,
            model: record.model,
            workspace: record.workspace,
            batch: record.batch,
            message: record.detail,
        }
    }
}

impl Requests {
    /// At most `limit` of the last minute's that are wanted.
    pub fn of(ledger: &Ledger, dates: Dates, wanted: &Wanted, limit: usize) -> Self {
        let mut records: Vec<Record> = ledger.look(|archive| {
            let found = archive.recent(dates.now()).rev().filter(|record| wanted.holds(record));
            found.take(limit + 1).cloned().collect()
        });
        let has_more = records.len() > limit;
        records.truncate(limit);
        let data = records.into_iter().map(|record| RequestEntry::of(record, dates)).collect();
        Self { object: "list", data, has_more }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::ledger::tests::record;

    fn dates() -> Dates {
        let clock = fakeai_core::Clock::manual(0);
        clock.advance(Duration::from_secs(30));
        Dates::of(&clock)
    }

    #[test]
    fn what_is_wanted_is_found_newest_first() {
        let ledger = Ledger::new(true);
        for (second, endpoint) in [(1, "/v1/chat/completions"), (2, "/v1/models"), (3, "/v1/chat/completions")] {
            ledger.add(record(endpoint, second));
        }
        let mut failed = record("/v1/chat/completions", 4);
        (failed.outcome, failed.status) = (Outcome::Error("model_not_found"), 404);
        ledger.add(failed);
        let find = |wanted: Wanted, limit| Requests::of(&ledger, dates(), &wanted, limit);
        let chat = Wanted { endpoint: Some("/chat/completions".to_owned()), ..Wanted::default() };
        assert_eq!(find(chat.clone(), 10).data.len(), 3);
        let first = find(chat, 1);
        assert_eq!((first.data[0].error, first.has_more), (Some("model_not_found"), true));
        let status = |status| find(Wanted { status: Some(status), ..Wanted::default() }, 10).data.len();
        assert_eq!(status(WantedStatus::Class(4)), 1);
        assert_eq!((status(WantedStatus::Code(200)), status(WantedStatus::Success)), (3, 3));
        assert_eq!((status(WantedStatus::Error), status(WantedStatus::ClientClosed)), (1, 0));
        assert_eq!(find(Wanted { model: Some("none".to_owned()), ..Wanted::default() }, 10).data.len(), 0);
    }

    #[test]
    fn a_timeline_counts_from_the_arrival() {
        let mut record = record("/v1/chat/completions", 1);
        record.admitted = Some(record.arrived + Duration::from_millis(5));
        record.gaps.longest = Duration::from_millis(9);
        let timeline = RequestEntry::of(record, dates()).timeline;
        assert_eq!(
            timeline,
            Timeline {
                admitted_ms: Some(5.0),
                first_token_ms: Some(20.0),
                ended_ms: 70.0,
                itl_mean_ms: Some(5.0),
                itl_max_ms: 9.0,
                late_ms: 0.0,
                latest_ms: 0.0,
            }
        );
    }

    proptest! {
        #[test]
        fn any_status_is_read_or_refused(text in any::<String>()) {
            let _ = WantedStatus::parse(&text);
        }
    }

    #[test]
    fn statuses_have_five_spellings() {
        let parse = WantedStatus::parse;
        assert_eq!((parse("200"), parse("5xx")), (Some(WantedStatus::Code(200)), Some(WantedStatus::Class(5))));
        assert_eq!((parse("9xx"), parse("99"), parse("ok")), (None, None, None));
    }
}
