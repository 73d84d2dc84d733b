//! The report: one HTML page with its style, its pictures and its little script inside, so that it can be sent around.

mod chart;
mod overview;
mod scale;
mod single;
mod sweep;

use std::fmt::Write;

use crate::{Goal, Labels, Results, Slo};

/// The page. The same results give the same bytes.
pub fn page(results: &Results) -> String {
    let mut body = String::new();
    match &results.points[..] {
        [point] => single::write(point, results, &mut body),
        points => sweep::write(points, results, &mut body),
    }
    // One line for each reason: the first case stands for all.
    for failure in results.failures.chunk_by(|one, other| one.reason == other.reason).filter_map(<[_]>::first) {
        let _ = write!(
            body,
            "<p class=\"note failure\">{} {}</p>",
            escape(&words(&failure.labels)),
            escape(&failure.reason)
        );
    }
    body.push_str(HOW_TO_READ);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>{} · fakeai simulate</title>\n<style>\n{}</style>\n\
         </head>\n<body>\n<main>\n{body}</main>\n<script>\n{}</script>\n</body>\n</html>\n",
        escape(&overview::title(results)),
        include_str!("report/style.css"),
        include_str!("report/script.js")
    )
}

const HOW_TO_READ: &str = "<h2>How to read this</h2>\n<p class=\"note\">Everything here is simulated: a scheduler as the \
engine's, with a KV cache of blocks, and a roofline model of each step fitted to public measurements. <b>TTFT</b> is the \
time from the request to its first token, queueing included; <b>ITL</b> each gap between two tokens; <b>TPOT</b> the mean \
gap of one request; <b>E2E</b> the time to the last token. Percentiles are of requests (of gaps for ITL). Cost counts all \
GPUs for the whole run, idle or not. What the model leaves out, and how far it was off where it was measured, stands in \
<code>docs/engine.md</code>.</p>\n";

/// The promises about these latencies, as marks of a chart in milliseconds.
fn limits(slo: Option<&Slo>, goals: &[Goal]) -> Vec<(f64, String)> {
    let bounds = slo.iter().flat_map(|slo| &slo.bounds).filter(|bound| goals.contains(&bound.goal));
    bounds.map(|bound| (bound.most_ms, bound.to_string())).collect()
}

/// A section of charts, if there are any.
fn charts(heading: &str, charts: &[String], out: &mut String) {
    if !charts.is_empty() {
        let _ = write!(out, "<h2>{}</h2>\n<div class=\"charts\">\n{}</div>\n", escape(heading), charts.concat());
    }
}

/// Names and values beside each other.
fn facts(labels: &Labels, out: &mut String) {
    out.push_str("<h2>Configuration</h2>\n<div class=\"panel\"><dl class=\"facts\">\n");
    for (name, value) in &labels.0 {
        let _ = writeln!(out, "<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(value));
    }
    out.push_str("</dl></div>\n");
}

/// Names and values in one line.
fn words(labels: &Labels) -> String {
    labels.0.iter().map(|(name, value)| format!("{} {value}", short_name(name))).collect::<Vec<_>>().join(", ")
}

/// The names that have shorter ones.
fn short_name(name: &str) -> &str {
    match name {
        "tensor-parallel-size" => "TP",
        "pipeline-parallel-size" => "PP",
        "data-parallel-size" => "DP",
        "gpu" => "GPU",
        "rate" => "requests/s",
        name => name,
    }
}

/// Text that stands for itself in HTML.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}
