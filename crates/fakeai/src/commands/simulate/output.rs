//! Results as people and programs read them.

use std::fmt::Write as _;
use std::io;

use fakeai_simulate::{Distribution, Found, Outcome, Point, Record, Results, Run, Summary};

use crate::table::{Align, Table};

/// A table for one case, or a row for each of several.
pub(super) fn table(results: &Results) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    match &results.points[..] {
        [point] if results.failures.is_empty() => single(point, &mut out)?,
        points => sweep(results, points, &mut out)?,
    }
    Ok(out)
}

/// A number as people write it: three digits, or all of them before the point.
fn figure(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        size if size < 0.01 => 4,
        size if size < 1.0 => 3,
        size if size < 10.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    grouped(&format!("{value:.digits$}"))
}

/// Digits before the point in threes.
fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let mut text = sign.to_owned();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn latencies(summary: &Summary) -> [(&'static str, &Distribution); 5] {
    [
        ("TTFT", &summary.ttft_ms),
        ("ITL", &summary.itl_ms),
        ("TPOT", &summary.tpot_ms),
        ("E2E", &summary.e2e_ms),
        ("queue", &summary.queue_ms),
    ]
}

fn single(point: &Point, out: &mut Vec<u8>) -> io::Result<()> {
    use io::Write as _;
    for (name, value) in &point.configuration.0 {
        writeln!(out, "{name:<24}{value}")?;
    }
    let summary = &point.summary;
    writeln!(out)?;
    if let Some(found) = &point.found {
        writeln!(out, "{}\n", words_of(found))?;
    }
    writeln!(
        out,
        "{} finished, {} rejected in {:.1} s",
        grouped(&summary.finished.to_string()),
        grouped(&summary.rejected.to_string()),
        summary.duration_s
    )?;
    for refused in &summary.rejections {
        writeln!(out, "rejected  {} × {}: {}", refused.count, refused.kind.words(), refused.example)?;
    }
    writeln!(out)?;
    let columns = ["ms", "mean", "p50", "p90", "p95", "p99", "max"];
    let mut table = Table::new(columns.map(|name| (name, if name == "ms" { Align::Left } else { Align::Right })));
    for (name, of) in latencies(summary) {
        let figures = [of.mean, of.p50, of.p90, of.p95, of.p99, of.max].map(figure);
        table.row(std::iter::once(name.to_owned()).chain(figures));
    }
    table.write(out)?;
    writeln!(out)?;
    for (name, value) in facts(summary) {
        writeln!(out, "{name:<24}{value}")?;
    }
    Ok(())
}

fn words_of(found: &Found) -> String {
    let trials = found.trials.len();
    match found.find {
        fakeai_simulate::Find::Rate => {
            format!("highest rate {}/s ({trials} trials); the figures are those at this rate", figure(found.value))
        }
        fakeai_simulate::Find::Gpus => {
            format!("fewest GPUs {} ({trials} trials); the figures are those with them", figure(found.value))
        }
    }
}

fn facts(summary: &Summary) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("requests/s", figure(summary.requests_per_second)),
        (
            "output tokens/s",
            format!(
                "{}, {} per GPU, {} per user",
                figure(summary.output_tokens_per_second),
                figure(summary.output_tokens_per_second_per_gpu),
                figure(summary.output_tokens_per_second_per_user)
            ),
        ),
        ("all tokens/s", figure(summary.total_tokens_per_second)),
        ("cache hits", percent(summary.cache_hit_rate)),
        ("preemptions", grouped(&summary.preemptions.to_string())),
        ("mean batch", figure(summary.mean_batch)),
        ("replicas busy", percent(summary.busy)),
        ("KV cache used at most", percent(summary.most_kv_usage)),
        ("waiting at most", figure(summary.most_waiting)),
    ];
    if let Some(goodput) = &summary.goodput {
        let kept = if goodput.is_kept { "objective kept" } else { "objective not kept" };
        let words = format!("{}/s, {} of all; {kept}", figure(goodput.requests_per_second), percent(goodput.share));
        facts.push(("goodput", words));
    }
    if let Some(cost) = &summary.cost {
        let words = format!(
            "${} per million output tokens, ${} per million tokens, at ${} per GPU and hour",
            figure(cost.usd_per_million_output_tokens),
            figure(cost.usd_per_million_tokens),
            figure(cost.usd_per_gpu_hour)
        );
        facts.push(("cost", words));
    }
    if let Some(energy) = &summary.energy {
        let words = format!(
            "{} J per output token, {} W per GPU, {} kWh",
            figure(energy.joules_per_output_token),
            figure(energy.mean_watts_per_gpu),
            figure(energy.kilowatt_hours)
        );
        facts.push(("energy", words));
    }
    facts
}

fn sweep(results: &Results, points: &[Point], out: &mut Vec<u8>) -> io::Result<()> {
    use io::Write as _;
    for (name, value) in &results.configuration.0 {
        writeln!(out, "{name:<24}{value}")?;
    }
    writeln!(out, "\nTTFT, ITL and E2E in ms; tokens are those written; $ per million of them\n")?;
    let has_found = points.iter().any(|point| point.found.is_some());
    let has_goodput = points.iter().any(|point| point.summary.goodput.is_some());
    let figures =
        ["req/s", "tokens/s", "per GPU", "TTFT p50", "p99", "ITL p50", "p99", "E2E p50", "hits", "$/M", "rejected"];
    let axes = results.axes.iter().map(|name| (name.as_str(), Align::Right));
    let found = has_found.then_some(("found", Align::Right));
    let goodput = has_goodput.then_some(("goodput", Align::Right));
    let columns = axes.chain(found).chain(figures.map(|name| (name, Align::Right))).chain(goodput);
    let mut table = Table::new(columns);
    for Point { labels, summary, found, .. } in points {
        let mut row: Vec<String> = labels.0.iter().map(|(_, value)| value.clone()).collect();
        if has_found {
            row.push(found.as_ref().map_or_else(String::new, |found| figure(found.value)));
        }
        row.extend([
            figure(summary.requests_per_second),
            figure(summary.output_tokens_per_second),
            figure(summary.output_tokens_per_second_per_gpu),
            figure(summary.ttft_ms.p50),
            figure(summary.ttft_ms.p99),
            figure(summary.itl_ms.p50),
            figure(summary.itl_ms.p99),
            figure(summary.e2e_ms.p50),
            percent(summary.cache_hit_rate),
            summary.cost.map_or_else(|| "-".to_owned(), |cost| figure(cost.usd_per_million_output_tokens)),
            summary.rejected.to_string(),
        ]);
        if has_goodput {
            row.push(summary.goodput.map_or_else(String::new, |goodput| percent(goodput.share)));
        }
        table.row(row);
    }
    table.write(out)?;
    for failures in results.failures.chunk_by(|one, other| one.reason == other.reason) {
        let [first, others @ ..] = failures else { continue };
        let is_common = |label: &&(String, String)| others.iter().all(|other| other.labels.0.contains(label));
        let common = first.labels.0.iter().filter(is_common);
        let words: Vec<String> = common.map(|(name, value)| format!("{name} {value}")).collect();
        let cases = if others.is_empty() { String::new() } else { format!(" ({} cases)", failures.len()) };
        writeln!(out, "\n{}{cases}: {}", words.join(", "), first.reason)?;
    }
    Ok(())
}

/// A line for each case, with a head.
pub(super) fn csv(results: &Results) -> String {
    let names = ["mean", "p50", "p90", "p95", "p99", "max"];
    let mut text = results.axes.join(",");
    if !results.axes.is_empty() {
        text.push(',');
    }
    text.push_str("found,requests,finished,rejected,duration_s,requests_per_second,output_tokens_per_second,");
    text.push_str("output_tokens_per_second_per_gpu,cache_hit_rate,preemptions,busy,goodput_share,");
    text.push_str("usd_per_million_output_tokens,joules_per_output_token");
    for (name, _) in latencies(&Summary::default()) {
        for column in names {
            let _ = write!(text, ",{}_{column}_ms", name.to_lowercase());
        }
    }
    text.push('\n');
    let optional = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    for Point { labels, summary, found, .. } in &results.points {
        let mut row: Vec<String> = labels.0.iter().map(|(_, value)| quoted(value)).collect();
        row.extend([
            optional(found.as_ref().map(|found| found.value)),
            summary.requests.to_string(),
            summary.finished.to_string(),
            summary.rejected.to_string(),
            summary.duration_s.to_string(),
            summary.requests_per_second.to_string(),
            summary.output_tokens_per_second.to_string(),
            summary.output_tokens_per_second_per_gpu.to_string(),
            summary.cache_hit_rate.to_string(),
            summary.preemptions.to_string(),
            summary.busy.to_string(),
            optional(summary.goodput.map(|goodput| goodput.share)),
            optional(summary.cost.map(|cost| cost.usd_per_million_output_tokens)),
            optional(summary.energy.map(|energy| energy.joules_per_output_token)),
        ]);
        for (_, of) in latencies(summary) {
            row.extend([of.mean, of.p50, of.p90, of.p95, of.p99, of.max].map(|value| value.to_string()));
        }
        text.push_str(&row.join(","));
        text.push('\n');
    }
    text
}

/// A field that may hold commas.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// A line for each request, in the order they stand in the workload.
pub(super) fn records(run: &Run) -> String {
    let mut text = "arrival_s,queued_ms,ttft_ms,tpot_ms,longest_gap_ms,e2e_ms,prompt_tokens,cached_tokens,\
                    output_tokens,worker,preemptions,outcome\n"
        .to_owned();
    for record in &run.records {
        let Record { prompt_tokens, cached_tokens, output_tokens, worker, preemptions, .. } = record;
        let arrival = record.arrival.as_nanos() as f64 / 1e9;
        let _ = match record.outcome {
            Outcome::Finished => writeln!(
                text,
                "{arrival},{},{},{},{},{},{prompt_tokens},{cached_tokens},{output_tokens},{worker},{preemptions},finished",
                record.queued.as_secs_f64() * 1e3,
                record.ttft_ms(),
                record.tpot_ms().map_or_else(String::new, |tpot| tpot.to_string()),
                record.longest_gap.as_secs_f64() * 1e3,
                record.e2e_ms(),
            ),
            Outcome::Rejected(kind) => {
                writeln!(text, "{arrival},,,,,,{prompt_tokens},,{output_tokens},,,{}", kind.words())
            }
            Outcome::Pending => writeln!(text, "{arrival},,,,,,{prompt_tokens},,{output_tokens},,,pending"),
        };
    }
    text
}
