//! The page of one run.

use std::fmt::Write;

use super::chart::{Axis, Chart, Line, Style, short_exact};
use super::{charts, escape, facts, limits, overview};
use crate::{Curves, Find, Found, Goal, Point, Results, Sample, Series, Summary, Trial};

pub(super) fn write(point: &Point, results: &Results, out: &mut String) {
    overview::heading(results, out);
    overview::cards(&overview::of_point(point, &results.configuration), out);
    refusals(&point.summary, out);
    if let Some(found) = &point.found {
        charts("The search", &trials(found, results), out);
    }
    charts("Over time", &over_time(&point.series), out);
    charts("Latency", &latency(&point.curves, results), out);
    percentiles(&point.summary, out);
    facts(&results.configuration, out);
}

fn refusals(summary: &Summary, out: &mut String) {
    for refused in &summary.rejections {
        let _ = write!(
            out,
            "<p class=\"note failure\">{} rejected, {}. The first: {}.</p>",
            short_exact(refused.count as f64),
            refused.kind.words(),
            escape(&refused.example)
        );
    }
}

/// What each trial found, against the rate or the GPUs.
fn trials(found: &Found, results: &Results) -> Vec<String> {
    let label = match found.find {
        Find::Rate => "requests/s",
        Find::Gpus => "GPUs",
    };
    let mut sorted = found.trials.clone();
    sorted.sort_by(|a, b| a.value.total_cmp(&b.value));
    let objective = results.configuration.get("objective").unwrap_or_default();
    let chart = |title: &str, goals: &[Goal], of: fn(&Trial) -> f64| {
        let line = |name: &str, colour, kept| Line {
            name: name.to_owned(),
            colour,
            style: Style::Dots,
            points: sorted.iter().filter(|trial| trial.is_kept == kept).map(|trial| (trial.value, of(trial))).collect(),
        };
        Chart {
            title: title.to_owned(),
            note: format!("Each trial is a whole run. Objective: {objective}"),
            x: Axis::logarithmic(label),
            y: Axis::logarithmic("ms"),
            lines: vec![line("kept", 2, true), line("not kept", 3, false)],
            levels: limits(results.slo.as_ref(), goals),
            limits: Vec::new(),
        }
        .html()
    };
    vec![
        chart("TTFT of the trials, ms", &[Goal::Ttft], |trial| trial.ttft_ms),
        chart("ITL of the trials, ms", &[Goal::Itl], |trial| trial.itl_ms),
    ]
}

/// The unit in which the time of a run is easy to read, and its seconds.
fn unit(seconds: f64) -> (&'static str, f64) {
    match seconds {
        seconds if seconds > 4.0 * 3600.0 => ("hours", 3600.0),
        seconds if seconds > 300.0 => ("minutes", 60.0),
        _ => ("seconds", 1.0),
    }
}

/// More points than this are noise.
const MOST_POINTS: usize = 160;

/// Fewer and longer intervals.
fn calm(series: &Series) -> Series {
    let mut series = series.clone();
    while series.samples.len() > MOST_POINTS {
        series = series.halved();
    }
    series
}

/// Charts over the time of a run.
struct Timeline<'a> {
    series: &'a Series,
    /// The unit of the time, and its seconds.
    unit: (&'static str, f64),
}

impl Timeline<'_> {
    fn line(&self, name: &str, colour: usize, style: Style, of: impl Fn(&Sample) -> f64) -> Line {
        let points = self.series.samples.iter().map(|sample| (sample.at_s / self.unit.1, of(sample))).collect();
        Line { name: name.to_owned(), colour, style, points }
    }

    fn chart(&self, title: &str, note: &str, lines: Vec<Line>) -> String {
        Chart {
            title: title.to_owned(),
            note: note.to_owned(),
            x: Axis::time(self.unit.0),
            y: Axis::linear(title),
            lines,
            levels: Vec::new(),
            limits: Vec::new(),
        }
        .html()
    }

    /// What arrives, runs and leaves.
    fn traffic(&self) -> Vec<String> {
        let interval = self.series.interval_s;
        vec![
            self.chart(
                "Running and waiting requests",
                "Those in a batch, and those that wait for one.",
                vec![
                    self.line("running", 0, Style::Area, |sample| sample.running),
                    self.line("waiting", 3, Style::Solid, |sample| sample.waiting),
                ],
            ),
            self.chart(
                "Tokens a second",
                "Read: prompts, without what the cache had. Written: answers.",
                vec![
                    self.line("read", 1, Style::Solid, |sample| sample.read_tokens as f64 / interval),
                    self.line("written", 0, Style::Area, |sample| sample.written_tokens as f64 / interval),
                ],
            ),
            self.chart(
                "Requests a second",
                "A deployment that keeps up finishes as many as arrive.",
                vec![
                    self.line("arrived", 1, Style::Solid, |sample| sample.arrived as f64 / interval),
                    self.line("finished", 2, Style::Solid, |sample| sample.finished as f64 / interval),
                ],
            ),
        ]
    }

    fn cache(&self) -> String {
        let preemptions: u64 = self.series.samples.iter().map(|sample| sample.preemptions).sum();
        let note = format!("Share of the blocks that requests hold. Preemptions: {}.", short_exact(preemptions as f64));
        let line = self.line("in use", 4, Style::Area, |sample| sample.kv_usage * 100.0);
        self.chart("KV cache in use, %", &note, vec![line])
    }

    /// What the GPUs do.
    fn activity(&self) -> [String; 2] {
        [
            self.chart(
                "GPU activity, %",
                "Busy: in a step. Arithmetic and memory: what each would take alone.",
                vec![
                    self.line("busy", 0, Style::Area, |sample| sample.busy * 100.0),
                    self.line("memory", 2, Style::Solid, |sample| sample.memory * 100.0),
                    self.line("arithmetic", 1, Style::Solid, |sample| sample.compute * 100.0),
                ],
            ),
            self.chart(
                "Power of one GPU, W",
                "From the activity of the steps: idle when idle.",
                vec![self.line("power", 6, Style::Area, |sample| sample.watts)],
            ),
        ]
    }
}

fn over_time(series: &Series) -> Vec<String> {
    let series = &calm(series);
    let end = series.samples.last().map_or(0.0, |sample| sample.at_s);
    let timeline = Timeline { series, unit: unit(end) };
    let mut charts = timeline.traffic();
    // A table of latencies has neither steps nor a cache.
    if series.samples.iter().any(|sample| sample.busy > 0.0) {
        charts.insert(1, timeline.cache());
        charts.extend(timeline.activity());
    }
    charts
}

fn latency(curves: &Curves, results: &Results) -> Vec<String> {
    let line = |name: &str, colour, values: &[f64]| Line {
        name: name.to_owned(),
        colour,
        style: Style::Solid,
        points: values.iter().zip(0_u32..).map(|(value, percent)| (*value, f64::from(percent))).collect(),
    };
    let chart = |title: &str, goals: &[Goal], lines: Vec<Line>| {
        Chart {
            title: title.to_owned(),
            note: "Share of the requests that stay within so many milliseconds, %.".to_owned(),
            x: Axis::logarithmic("ms"),
            y: Axis::linear("% of requests"),
            lines,
            levels: Vec::new(),
            limits: limits(results.slo.as_ref(), goals),
        }
        .html()
    };
    if curves.ttft_ms.iter().all(|value| *value <= 0.0) {
        return Vec::new();
    }
    vec![
        chart(
            "Time to the first and to the last token",
            &[Goal::Ttft, Goal::E2e],
            vec![line("TTFT", 0, &curves.ttft_ms), line("E2E", 4, &curves.e2e_ms)],
        ),
        chart(
            "Time between tokens, mean of a request",
            &[Goal::Itl, Goal::Tpot],
            vec![line("TPOT", 2, &curves.tpot_ms)],
        ),
    ]
}

fn percentiles(summary: &Summary, out: &mut String) {
    out.push_str("<h2>Percentiles, ms</h2>\n<div class=\"panel\"><table><thead><tr><th></th>");
    for name in ["mean", "p50", "p90", "p95", "p99", "max"] {
        let _ = write!(out, "<th>{name}</th>");
    }
    out.push_str("</tr></thead><tbody>\n");
    for (name, of) in [
        ("TTFT", &summary.ttft_ms),
        ("ITL", &summary.itl_ms),
        ("TPOT", &summary.tpot_ms),
        ("E2E", &summary.e2e_ms),
        ("in the queue", &summary.queue_ms),
    ] {
        let _ = write!(out, "<tr><th>{name}</th>");
        for value in [of.mean, of.p50, of.p90, of.p95, of.p99, of.max] {
            let _ = write!(out, "<td>{}</td>", short_exact(value));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}
