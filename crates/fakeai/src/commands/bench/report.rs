//! What came out, for people and for programs.

use std::io::{self, Write};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use super::plan::Plan;
use super::tally::Tally;
use crate::table::{Align, Table};

/// What came out.
#[derive(Debug)]
pub(super) struct Report {
    model: String,
    concurrency: u32,
    is_streaming: bool,
    elapsed: Duration,
    answered: u64,
    prompt_tokens: u64,
    completion_tokens: u64,
    times: Vec<Times>,
    errors: Vec<(String, u64)>,
}

/// How one kind of time is distributed, in milliseconds.
#[derive(Debug)]
struct Times {
    name: &'static str,
    p50: f64,
    p90: f64,
    p99: f64,
    max: f64,
}

impl Times {
    /// `None` when nothing was measured.
    fn of(name: &'static str, nanos: &Histogram<u64>) -> Option<Self> {
        let millis = |nanos: u64| nanos as f64 / 1e6;
        let at = |quantile| millis(nanos.value_at_quantile(quantile));
        let times = Self { name, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: millis(nanos.max()) };
        (!nanos.is_empty()).then_some(times)
    }
}

impl Report {
    /// Sums up `tally`, which took `elapsed`.
    pub(super) fn new(plan: &Plan, tally: &Tally, elapsed: Duration) -> Self {
        let figures = tally.figures();
        let times = [("TTFT", &figures.ttft), ("ITL", &figures.itl), ("latency", &figures.latency)];
        Self {
            model: plan.model.clone(),
            concurrency: plan.concurrency,
            is_streaming: plan.is_streaming,
            elapsed,
            answered: figures.answered,
            prompt_tokens: figures.prompt_tokens,
            completion_tokens: figures.completion_tokens,
            times: times.into_iter().filter_map(|(name, nanos)| Times::of(name, nanos)).collect(),
            errors: figures.errors.iter().map(|(kind, count)| (kind.clone(), *count)).collect(),
        }
    }

    /// How many requests failed.
    pub(super) fn failed(&self) -> u64 {
        self.errors.iter().map(|(_, count)| count).sum()
    }

    fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.elapsed.max(Duration::from_micros(1)).as_secs_f64()
    }

    fn per_request(&self, count: u64) -> f64 {
        count as f64 / self.answered.max(1) as f64
    }

    /// For people.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let how = if self.is_streaming { "streams" } else { "whole answers" };
        let (seconds, failed) = (self.elapsed.as_secs_f64(), self.failed());
        writeln!(
            out,
            "{} answered, {failed} failed in {seconds:.2} s: {how} of {}, {} at a time",
            self.answered, self.model, self.concurrency
        )?;
        writeln!(
            out,
            "{:.1} requests/s, {:.0} tokens/s; {:.0} prompt + {:.0} answer tokens per request\n",
            self.per_second(self.answered),
            self.per_second(self.completion_tokens),
            self.per_request(self.prompt_tokens),
            self.per_request(self.completion_tokens)
        )?;
        let mut table = Table::new([
            ("ms", Align::Left),
            ("p50", Align::Right),
            ("p90", Align::Right),
            ("p99", Align::Right),
            ("max", Align::Right),
        ]);
        for times in &self.times {
            let figures = [times.p50, times.p90, times.p99, times.max].map(|millis| format!("{millis:.2}"));
            table.row(std::iter::once(times.name.to_owned()).chain(figures));
        }
        table.write(out)?;
        for (kind, count) in &self.errors {
            writeln!(out, "error  {count} x {kind}")?;
        }
        Ok(())
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let times: Map<String, Value> = self
            .times
            .iter()
            .map(|times| {
                let Times { name, p50, p90, p99, max } = times;
                (format!("{}_ms", name.to_lowercase()), json!({"p50": p50, "p90": p90, "p99": p99, "max": max}))
            })
            .collect();
        let errors: Map<String, Value> =
            self.errors.iter().map(|(kind, count)| (kind.clone(), (*count).into())).collect();
        let mut report = json!({
            "model": self.model,
            "concurrency": self.concurrency,
            "stream": self.is_streaming,
            "seconds": self.elapsed.as_secs_f64(),
            "answered": self.answered,
            "failed": self.failed(),
            "requests_per_second": self.per_second(self.answered),
            "tokens_per_second": self.per_second(self.completion_tokens),
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "errors": errors,
        });
        for (name, figures) in times {
            report[name] = figures;
        }
        report
    }
}
