//! What subscribers are told: the data of a filter, and what has changed since the last time.

use fakeai_core::{Clock, Tick};
use fakeai_telemetry::live::{Figures, ModelFigures, TotalFigures, Window, bounds_ms};
use fakeai_telemetry::{Outcome, Record};
use serde_json::{Map, Value, json};

use super::filter::{Filter, Kind};
use crate::app::App;

/// Requests of one message.
const MOST_REQUESTS: usize = 100;
/// Open streams of one message.
const MOST_STREAMS: usize = 50;

/// Since when data is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since {
    /// Points over time: since the one of this tick.
    pub(super) tick: Tick,
    /// Requests: after the one of this number. `None` is for newcomers: the last ones, and what never changes.
    pub(super) number: Option<u64>,
}

/// Unix seconds at `now`.
pub(super) fn timestamp(clock: &Clock) -> f64 {
    (clock.unix_nanos() / 1_000_000) as f64 / 1e3
}

/// Unix seconds at tick zero, as it is found when somebody first watches: a date that stands still, or is set right, does
/// not move what was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dates(f64);

impl Dates {
    pub(super) fn new(clock: &Clock) -> Self {
        Self(timestamp(clock) - clock.now().since(Tick::default()).as_secs_f64())
    }

    fn unix(self, at: Tick) -> f64 {
        // Whole milliseconds.
        ((self.0 + at.since(Tick::default()).as_secs_f64()) * 1e3).round() / 1e3
    }
}

/// The data of a filter at `now`. The ledger is held only while it is copied from.
pub(super) fn data(app: &App, window: &mut Window, filter: &Filter, since: Since, now: Tick) -> Value {
    let dates = app.live.dates(&app.kit.clock);
    let (choice, points) = (&filter.choice, filter.points());
    let (totals, mut models, mut over_time) = app.ledger.look(|archive| {
        window.update(archive, now);
        let totals = filter.has(Kind::Totals).then(|| TotalFigures::of(archive, choice));
        let models = filter.has(Kind::Models).then(|| ModelFigures::of(archive, choice));
        let series = filter.has(Kind::Series).then(|| points.get(archive, window, choice, since.tick, now));
        (totals, models, series)
    });
    let figures = Figures::of(window, choice, app.ledger.active_streams(), now);
    if let Some(models) = &mut models {
        ModelFigures::measure(models, window, choice, now);
    }
    for point in over_time.iter_mut().flatten() {
        point.t = dates.unix(point.start);
    }
    let mut data = Map::new();
    for kind in &filter.kinds {
        let value = match kind {
            Kind::Throughput => json!(figures.throughput),
            Kind::Latency => json!(figures.latency),
            Kind::Cache => json!(figures.cache),
            Kind::Queue => json!(figures.queue),
            Kind::Streaming => json!(figures.streaming),
            Kind::Error => json!(figures.error),
            Kind::Cost => json!(figures.cost),
            Kind::Totals => json!(totals),
            Kind::Models => json!(models),
            Kind::Series => json!({
                "step": points.step.as_secs_f64(),
                "range": points.range.as_secs_f64(),
                "now": dates.unix(now),
                "bounds_ms": if since.number.is_none() { bounds_ms() } else { Vec::new() },
                "points": over_time,
            }),
            Kind::Requests => requests(window, filter, since, dates),
            Kind::Streams => streams(app, filter),
            Kind::Pacing => json!(app.ledger.pacing().summary()),
        };
        data.insert(kind.name().to_owned(), value);
    }
    Value::Object(data)
}

fn requests(window: &Window, filter: &Filter, since: Since, dates: Dates) -> Value {
    let chosen =
        window.log(since.number.unwrap_or_default()).filter(|r| filter.choice.takes(r.endpoint, r.model.as_deref()));
    let mut entries: Vec<Value> = chosen.rev().take(MOST_REQUESTS).map(|record| entry(record, dates)).collect();
    entries.reverse();
    Value::from(entries)
}

/// A request of the log: times are milliseconds from its arrival.
fn entry(record: &Record, dates: Dates) -> Value {
    let ms = |seconds: f64| seconds * 1e3;
    let tokens = &record.tokens;
    json!({
        "id": record.request,
        "ended": dates.unix(record.at),
        "endpoint": record.endpoint,
        "model": record.model.as_deref(),
        "workspace": &*record.workspace,
        "key": record.caller.as_ref().and_then(|caller| caller.key.as_deref()),
        "worker": record.worker,
        "status": record.status,
        "outcome": match record.outcome {
            Outcome::Success => "success",
            Outcome::ClientClosed => "client_closed",
            Outcome::Error(kind) => kind,
        },
        "detail": record.detail,
        "stream": record.stream,
        "latency_ms": ms(record.latency_seconds()),
        "queue_ms": record.queue_seconds().map(ms),
        "ttft_ms": record.ttft_seconds().map(ms),
        "itl_ms": record.itl_seconds().map(ms),
        "longest_gap_ms": ms(record.gaps.longest.as_secs_f64()),
        "latest_ms": ms(record.gaps.latest.as_secs_f64()),
        "tokens": {
            "prompt": tokens.prompt,
            "cached": tokens.cached,
            "completion": tokens.completion,
            "reasoning": tokens.reasoning,
            "delivered": tokens.delivered,
        },
        "bytes_in": record.bytes_in,
        "bytes_out": record.bytes_out,
        "cost_usd": record.cost_usd,
    })
}

/// The streams being written, the oldest first.
fn streams(app: &App, filter: &Filter) -> Value {
    let all = app.ledger.streams();
    let chosen: Vec<_> = all.iter().filter(|s| filter.choice.takes(s.endpoint, s.model.as_deref())).collect();
    let shown = chosen.iter().take(MOST_STREAMS).map(|stream| {
        // Its ticks are those of its workspace, which may have been dropped meanwhile.
        let now = app.workspaces.find(&stream.workspace).map(|workspace| workspace.clock().now());
        let ms = |at: Tick| at.since(stream.arrived).as_secs_f64() * 1e3;
        json!({
            "id": stream.request,
            "endpoint": stream.endpoint,
            "model": stream.model.as_deref(),
            "workspace": &*stream.workspace,
            "age_ms": now.map(ms),
            "ttft_ms": stream.first_token().map(ms),
            "delivered": stream.delivered(),
            "tokens": stream.tokens,
        })
    });
    json!({"count": chosen.len(), "oldest": shown.collect::<Vec<_>>()})
}

/// How much each number has changed; lists have no deltas.
pub(super) fn deltas(before: &Value, after: &Value) -> Value {
    let mut deltas = Map::new();
    for (name, value) in after.as_object().into_iter().flatten() {
        let old = &before[name.as_str()];
        let delta = match (old, value) {
            (Value::Number(old), Value::Number(new)) => match (old.as_i64(), new.as_i64()) {
                (Some(old), Some(new)) => Value::from(new.saturating_sub(old)),
                _ => json!(new.as_f64().unwrap_or_default() - old.as_f64().unwrap_or_default()),
            },
            (Value::Null, Value::Number(new)) => Value::Number(new.clone()),
            (_, Value::Object(_)) => deltas_of(name, old, value),
            _ => continue,
        };
        deltas.insert(name.clone(), delta);
    }
    Value::Object(deltas)
}

fn deltas_of(name: &str, before: &Value, after: &Value) -> Value {
    let mut inner = deltas(before, after);
    // The original's name for it.
    if name == "streaming" {
        inner["active_streams_delta"] = inner["active_streams"].clone();
    }
    inner
}

/// A message with the time it was sent.
pub(super) fn message(kind: &str, timestamp: f64, rest: Value) -> String {
    let mut message = Map::new();
    message.insert("type".to_owned(), Value::from(kind));
    message.insert("timestamp".to_owned(), json!(timestamp));
    if let Value::Object(rest) = rest {
        message.extend(rest);
    }
    Value::Object(message).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deltas_are_of_numbers_however_deep() {
        let before = json!({"throughput": {"total": 2.5, "by": {"/a": 1}}, "streaming": {"active_streams": 3}});
        let after = json!({"throughput": {"total": 4.0, "by": {"/a": 1, "/b": 2}}, "streaming": {"active_streams": 1},
            "models": [1, 2]});
        let expected = json!({"throughput": {"total": 1.5, "by": {"/a": 0, "/b": 2}},
            "streaming": {"active_streams": -2, "active_streams_delta": -2}});
        assert_eq!(deltas(&before, &after), expected);
    }
}
