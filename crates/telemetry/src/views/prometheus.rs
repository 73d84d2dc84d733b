//! The Prometheus view: names of the original system.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use fakeai_core::Tick;

use super::core::{CoreMetrics, Statistics};
use super::dates::Dates;
use super::models::ModelMetrics;
use crate::exposition::Family;
use crate::histogram::Buckets;
use crate::ledger::Ledger;
use crate::totals::{Key, Totals};

/// Everything the ledger knows at `now`.
pub fn render(ledger: &Ledger, now: Tick) -> String {
    let totals = ledger.totals();
    // Some fifty lines of 120 bytes each, so that it need not be copied as it grows.
    let mut text = String::with_capacity(16 * 1024 + totals.len() * 7 * 1024);
    counters(&mut text, &totals);
    histograms(&mut text, &totals);
    rates(&mut text, &CoreMetrics::of(ledger, now));
    pacing(&mut text, ledger);
    text
}

fn counters(text: &mut String, totals: &[(Key, Totals)]) {
    let mut family =
        Family::new(text, "fakeai_requests_total", "counter", "Requests ended, by endpoint, model and status.");
    for (key, totals) in totals {
        let labels = [("endpoint", key.endpoint), ("model", &*key.model), ("status", &*key.status.to_string())];
        family.sample("", &[labels[0], labels[1], labels[2], ("error", key.error)], totals.requests);
    }
    let mut family = Family::new(text, "fakeai_tokens_total", "counter", "Tokens read and written, by kind.");
    for (key, totals) in totals.iter().filter(|(_, totals)| totals.prompt_tokens + totals.completion_tokens > 0) {
        let kinds = [
            ("prompt", totals.prompt_tokens),
            ("cached", totals.cached_tokens),
            ("completion", totals.completion_tokens),
            ("reasoning", totals.reasoning_tokens),
            ("delivered", totals.delivered_tokens),
            ("accepted", totals.accepted_tokens),
            ("rejected", totals.rejected_tokens),
            ("audio", totals.audio_tokens),
        ];
        // The first three always, so that rates of them can be asked for.
        for (kind, count) in
            kinds.into_iter().enumerate().filter(|(at, (_, count))| *at < 3 || *count > 0).map(|(_, kind)| kind)
        {
            let status = key.status.to_string();
            let labels = [("endpoint", key.endpoint), ("model", &*key.model), ("status", &*status)];
            family.sample("", &[labels[0], labels[1], labels[2], ("error", key.error), ("type", kind)], count);
        }
    }
    let mut family = Family::new(text, "fakeai_cost_usd_total", "counter", "What the requests cost, US dollars.");
    for (model, cost) in summed(totals, |totals| totals.cost_usd) {
        family.sample("", &[("model", model)], cost);
    }
    bytes(text, totals);
    let closed: u64 = totals.iter().map(|(_, totals)| totals.client_closed).sum();
    Family::new(text, "fakeai_client_closed_total", "counter", "Requests left by the client before their end.").sample(
        "",
        &[],
        closed,
    );
}

fn bytes(text: &mut String, totals: &[(Key, Totals)]) {
    type Bytes = (&'static str, &'static str, fn(&Totals) -> u64);
    let families: [Bytes; 2] = [
        ("fakeai_request_bytes_total", "Bytes of bodies received, by endpoint.", |totals| totals.bytes_in),
        ("fakeai_response_bytes_total", "Bytes of answers' bodies sent, by endpoint.", |totals| totals.bytes_out),
    ];
    for (name, help, of) in families {
        let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
        for (key, totals) in totals {
            *sums.entry(key.endpoint).or_default() += of(totals);
        }
        let mut family = Family::new(text, name, "counter", help);
        for (endpoint, bytes) in sums {
            family.sample("", &[("endpoint", endpoint)], bytes);
        }
    }
}

/// Figures of each model, by the original system's names; times in seconds, which it had in milliseconds.
pub fn render_models(ledger: &Ledger, dates: Dates) -> String {
    let models = ModelMetrics::all(ledger, dates);
    let mut text = String::with_capacity(models.len() * 1024);
    each(&mut text, &models, ("fakeai_model_requests_total", "Requests ended, by model."), |model| {
        model.request_count as f64
    });
    let mut family = Family::new(&mut text, "fakeai_model_tokens_total", "counter", "Tokens, by model and kind.");
    for (id, model) in &models {
        let tokens = &model.tokens;
        for (kind, count) in [("prompt", tokens.prompt), ("completion", tokens.completion), ("cached", tokens.cached)] {
            family.sample("", &[("model", id), ("type", kind)], count);
        }
    }
    let help = "Seconds from arrival to end: quantiles of the last hour, sum and count since the start.";
    let mut family = Family::new(&mut text, "fakeai_model_latency_seconds", "summary", help);
    for (id, model) in &models {
        let latency = &model.latency;
        let quantiles = [("0.5", latency.p50), ("0.9", latency.p90), ("0.95", latency.p95), ("0.99", latency.p99)];
        for (quantile, ms) in quantiles {
            family.sample("", &[("model", id), ("quantile", quantile)], ms / 1e3);
        }
        family.sample("_sum", &[("model", id)], latency.avg_ms / 1e3 * model.request_count as f64);
        family.sample("_count", &[("model", id)], model.request_count);
    }
    each(&mut text, &models, ("fakeai_model_errors_total", "Requests refused or failed, by model."), |model| {
        model.errors.count as f64
    });
    each(&mut text, &models, ("fakeai_model_cost_usd_total", "US dollars, by model."), |model| model.cost.total_usd);
    let help = "Requests ended, by model and endpoint.";
    let mut family = Family::new(&mut text, "fakeai_model_endpoint_requests_total", "counter", help);
    for (id, model) in &models {
        for (endpoint, requests) in &model.endpoints {
            family.sample("", &[("model", id), ("endpoint", endpoint)], requests);
        }
    }
    text
}

/// A counter with one sample for each model.
fn each(
    text: &mut String,
    models: &BTreeMap<Arc<str>, ModelMetrics>,
    (name, help): (&str, &str),
    value: impl Fn(&ModelMetrics) -> f64,
) {
    let mut family = Family::new(text, name, "counter", help);
    for (id, model) in models {
        family.sample("", &[("model", id)], value(model));
    }
}

/// A sum by model, in order of the models.
fn summed(totals: &[(Key, Totals)], value: impl Fn(&Totals) -> f64) -> Vec<(&str, f64)> {
    let mut sums = BTreeMap::new();
    for (key, totals) in totals.iter().filter(|(key, _)| !key.model.is_empty()) {
        *sums.entry(&*key.model).or_insert(0.0) += value(totals);
    }
    sums.into_iter().collect()
}

fn histograms(text: &mut String, totals: &[(Key, Totals)]) {
    type Part = (&'static str, &'static str, fn(&Totals) -> &Buckets);
    let parts: [Part; 3] = [
        ("fakeai_request_duration_seconds", "Seconds from arrival to end.", |totals| &totals.latency),
        ("fakeai_time_to_first_token_seconds", "Seconds from arrival to first token, of streams.", |totals| {
            &totals.ttft
        }),
        ("fakeai_inter_token_latency_seconds", "Mean seconds between tokens, of each stream.", |totals| &totals.itl),
    ];
    for (name, help, buckets) in parts {
        let mut family = Family::new(text, name, "histogram", help);
        // In the order of their keys, so those of one endpoint and model are neighbours.
        for own in
            totals.chunk_by(|(left, _), (right, _)| (left.endpoint, &left.model) == (right.endpoint, &right.model))
        {
            let mut filled = own.iter().map(|(_, totals)| buckets(totals)).filter(|buckets| buckets.count() > 0);
            let Some(first) = filled.next() else { continue };
            let mut sum = Cow::Borrowed(first);
            filled.for_each(|more| sum.to_mut().merge(more));
            let (Key { endpoint, model, .. }, _) = &own[0];
            family.histogram(&[("endpoint", endpoint), ("model", model)], &sum);
        }
    }
}

fn rates(text: &mut String, core: &CoreMetrics) {
    let parts = [
        ("fakeai_requests_per_second", "Requests each second over the last minute.", &core.requests),
        ("fakeai_responses_per_second", "Successful answers each second over the last minute.", &core.responses),
        ("fakeai_tokens_per_second", "Tokens each second over the last minute.", &core.tokens),
        ("fakeai_errors_per_second", "Errors each second over the last minute.", &core.errors),
    ];
    for (name, help, by_endpoint) in parts {
        let mut family = Family::new(text, name, "gauge", help);
        for (endpoint, statistics) in by_endpoint {
            family.sample("", &[("endpoint", endpoint)], statistics.rate);
        }
    }
    let mut family =
        Family::new(text, "fakeai_latency_seconds", "summary", "Quantiles of latency over the last minute.");
    for (endpoint, statistics) in &core.latency {
        quantiles(&mut family, &[("endpoint", endpoint)], statistics);
    }
    let streams = &core.streaming_stats;
    Family::new(text, "fakeai_active_streams", "gauge", "Streams being written now.").sample(
        "",
        &[],
        streams.active_streams,
    );
    Family::new(text, "fakeai_completed_streams", "gauge", "Streams ended well in the last minute.").sample(
        "",
        &[],
        streams.completed_streams,
    );
    Family::new(text, "fakeai_failed_streams", "gauge", "Streams failed or left in the last minute.").sample(
        "",
        &[],
        streams.failed_streams,
    );
    let mut family =
        Family::new(text, "fakeai_ttft_seconds", "summary", "Quantiles of time to first token over the last minute.");
    quantiles(&mut family, &[], &streams.ttft);
    let mut family = Family::new(
        text,
        "fakeai_stream_tokens_per_second",
        "summary",
        "Quantiles of a stream's speed over the last minute.",
    );
    quantiles(&mut family, &[], &streams.tokens_per_second);
}

/// A summary without sum and count, because only the last minute is known.
fn quantiles(family: &mut Family<'_>, labels: &[(&str, &str)], statistics: &Statistics) {
    for (quantile, value) in [("0.5", statistics.p50), ("0.9", statistics.p90), ("0.99", statistics.p99)] {
        let mut labels = labels.to_vec();
        labels.push(("quantile", quantile));
        family.sample("", &labels, value);
    }
}

fn pacing(text: &mut String, ledger: &Ledger) {
    let (cumulative, seconds) = ledger.pacing().histogram();
    let tokens = cumulative.last().map_or(0, |(_, count)| *count);
    let mut family = Family::new(
        text,
        "fakeai_token_lateness_seconds",
        "histogram",
        "How long after the time it was due a token left: delivered against requested.",
    );
    for (bound, count) in cumulative {
        let bound = if bound.is_finite() { bound.to_string() } else { "+Inf".to_owned() };
        family.sample("_bucket", &[("le", &bound)], count);
    }
    family.sample("_sum", &[], seconds);
    family.sample("_count", &[], tokens);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::record;

    #[test]
    fn every_line_is_a_comment_or_a_sample() {
        let ledger = Ledger::new(true);
        let mut odd = record("/v1/chat/completions", 1);
        odd.model = Some(std::sync::Arc::from("we\"ird\\model\n"));
        ledger.add(odd);
        ledger.add(record("/v1/chat/completions", 2));
        let text = render(&ledger, Tick::from_nanos(3_000_000_000));
        for line in text.lines() {
            let sample = line.rsplit_once(' ').is_some_and(|(_, value)| value.parse::<f64>().is_ok());
            assert!(line.starts_with("# ") || sample, "{line}");
        }
        assert!(text.contains(r#"model="we\"ird\\model\n""#));
        assert!(text.contains(
            r#"fakeai_time_to_first_token_seconds_bucket{endpoint="/v1/chat/completions",model="gpt-4o",le="0.02"} 1"#
        ));
    }
}
