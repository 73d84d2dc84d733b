//! The head of the page: what was simulated, and the numbers one looks for first.

use std::fmt::Write;

use super::chart::short_exact;
use super::escape;
use crate::{Find, Labels, Point, Results, Summary};

/// What was simulated, in a few words.
pub(super) fn title(results: &Results) -> String {
    let model = results.configuration.get("model").unwrap_or("Several models");
    model.rsplit_once('/').map_or(model, |(_, name)| name).to_owned()
}

/// The heading, and a line that says on what.
pub(super) fn heading(results: &Results, out: &mut String) {
    let get = |name: &str| results.configuration.get(name);
    let mut parts = Vec::new();
    if let Some((gpus, gpu)) = get("GPUs").zip(get("GPU")) {
        parts.push(format!("{gpus} × {gpu}"));
    } else if let Some(gpu) = get("GPU") {
        parts.push(gpu.to_owned());
    }
    let plain = |name: &str, words: fn(&str) -> String| get(name).map(words);
    parts.extend(plain("engine", |engine| match engine {
        "vllm" => "vLLM".to_owned(),
        "sglang" => "SGLang".to_owned(),
        _ => "TensorRT-LLM".to_owned(),
    }));
    parts.extend(plain("tensor parallel", |gpus| format!("tensor parallel {gpus}")));
    parts.extend(plain(
        "replicas",
        |count| if count == "1" { "1 replica".to_owned() } else { format!("{count} replicas") },
    ));
    parts.extend(plain("requests", ToOwned::to_owned));
    parts.extend(plain("arrivals", ToOwned::to_owned));
    let _ = writeln!(
        out,
        "<header><small>fakeai simulate</small><h1>{}</h1><p>{}</p></header>",
        escape(&title(results)),
        escape(&parts.join(" · "))
    );
}

/// A card: a number, its unit, and what it is.
pub(super) struct Card {
    pub(super) number: String,
    pub(super) unit: &'static str,
    pub(super) words: String,
    /// Whether it is good or bad news.
    pub(super) verdict: Option<bool>,
}

impl Card {
    pub(super) fn new(number: f64, unit: &'static str, words: impl Into<String>) -> Self {
        Self { number: short_exact(number), unit, words: words.into(), verdict: None }
    }
}

/// Cards beside each other.
pub(super) fn cards(cards: &[Card], out: &mut String) {
    out.push_str("<div class=\"cards\">\n");
    for Card { number, unit, words, verdict } in cards {
        let class = match verdict {
            None => "card",
            Some(true) => "card good",
            Some(false) => "card bad",
        };
        let (number, words) = (escape(number), escape(words));
        let _ = writeln!(out, "<div class=\"{class}\"><b>{number} <em>{unit}</em></b><span>{words}</span></div>");
    }
    out.push_str("</div>\n");
}

/// The numbers of one point.
pub(super) fn of_point(point: &Point, configuration: &Labels) -> Vec<Card> {
    let summary = &point.summary;
    let mut cards = Vec::new();
    if let Some(found) = &point.found {
        let (unit, what) = match found.find {
            Find::Rate => ("/s", "highest rate that keeps "),
            Find::Gpus => ("GPUs", "fewest that keep "),
        };
        let objective = configuration.get("objective").unwrap_or("the objective");
        let card = Card::new(found.value, unit, format!("{what}{objective}"));
        cards.push(Card { verdict: Some(true), ..card });
    }
    let Summary { ttft_ms, itl_ms, e2e_ms, .. } = summary;
    cards.extend([
        Card::new(ttft_ms.p50, "ms", format!("TTFT, median; p99 {} ms", short_exact(ttft_ms.p99))),
        Card::new(itl_ms.p50, "ms", format!("ITL, median; p99 {} ms", short_exact(itl_ms.p99))),
        Card::new(e2e_ms.p50 / 1e3, "s", format!("E2E, median; p99 {} s", short_exact(e2e_ms.p99 / 1e3))),
        Card::new(
            summary.output_tokens_per_second,
            "tokens/s",
            format!("written; {} per GPU", short_exact(summary.output_tokens_per_second_per_gpu)),
        ),
        Card::new(
            summary.requests_per_second,
            "requests/s",
            format!("{} in {} s", short_exact(summary.finished as f64), short_exact(summary.duration_s)),
        ),
    ]);
    if let Some(goodput) = &summary.goodput {
        let words = format!("of requests keep the objective: {}/s", short_exact(goodput.requests_per_second));
        cards.push(Card { verdict: Some(goodput.is_kept), ..Card::new(goodput.share * 100.0, "%", words) });
    }
    cards.push(Card::new(
        summary.most_kv_usage * 100.0,
        "%",
        format!("of the KV cache at most; {} preemptions", short_exact(summary.preemptions as f64)),
    ));
    if summary.cached_tokens > 0 {
        cards.push(Card::new(summary.cache_hit_rate * 100.0, "%", "of prompt tokens found in the cache"));
    }
    if let Some(cost) = &summary.cost {
        let words = format!("a million output tokens, at ${} per GPU and hour", short_exact(cost.usd_per_gpu_hour));
        cards.push(Card::new(cost.usd_per_million_output_tokens, "US$", words));
    }
    if let Some(energy) = &summary.energy {
        let words = format!("an output token; {} W per GPU", short_exact(energy.mean_watts_per_gpu));
        cards.push(Card::new(energy.joules_per_output_token, "J", words));
    }
    if summary.rejected > 0 {
        let card =
            Card::new(summary.rejected as f64, "rejected", format!("of {}", short_exact(summary.requests as f64)));
        cards.push(Card { verdict: Some(false), ..card });
    }
    cards
}
