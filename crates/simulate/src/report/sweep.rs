//! The page of a sweep: figures against the load, a line for each configuration.

use std::fmt::Write;

use super::chart::{Axis, Bars, COLOURS, Chart, Line, Style, short_exact};
use super::overview::{self, Card};
use super::{charts, escape, facts, limits, short_name, words};
use crate::{Goal, Labels, Point, Results, Slo, Summary};

/// A figure of a point.
type Figure = fn(&Summary) -> f64;

/// More lines than this cannot be told apart.
const MOST_LINES: usize = COLOURS;

pub(super) fn write(points: &[Point], results: &Results, out: &mut String) {
    overview::heading(results, out);
    overview::cards(&best(points), out);
    match load_axis(results, points) {
        Some(axis) => {
            let groups = groups(points, &axis);
            if groups.len() > MOST_LINES {
                let _ = write!(
                    out,
                    "<p class=\"note\">The first {MOST_LINES} of {} configurations are plotted.</p>",
                    groups.len()
                );
            }
            charts(
                &format!("Against {}", short_name(&axis)),
                &against(&axis, &groups, points, results.slo.as_ref()),
                out,
            );
        }
        None => charts("Side by side", &side_by_side(points), out),
    }
    rows(points, results, out);
    facts(&results.configuration, out);
}

/// The points that are best at something.
fn best(points: &[Point]) -> Vec<Card> {
    let first_of = |better: &dyn Fn(&Point, &Point) -> bool, among: &dyn Fn(&Point) -> bool| {
        points.iter().filter(|point| among(point)).fold(None, |best: Option<&Point>, point| match best {
            Some(best) if !better(point, best) => Some(best),
            _ => Some(point),
        })
    };
    let all = |_: &Point| true;
    let kept = |point: &Point| point.summary.goodput.is_none_or(|goodput| goodput.is_kept);
    let mut cards = Vec::new();
    let mut add = |point: Option<&Point>, unit, words: &str, of: &dyn Fn(&Summary) -> f64| {
        if let Some(point) = point {
            cards.push(Card::new(of(&point.summary), unit, format!("{words}: {}", self::words(&point.labels))));
        }
    };
    let per_gpu = |summary: &Summary| summary.output_tokens_per_second_per_gpu;
    let cost = |summary: &Summary| summary.cost.map_or(f64::INFINITY, |cost| cost.usd_per_million_output_tokens);
    add(
        first_of(&|a, b| a.summary.ttft_ms.p50 < b.summary.ttft_ms.p50, &all),
        "ms",
        "lowest median TTFT",
        &|summary| summary.ttft_ms.p50,
    );
    add(first_of(&|a, b| a.summary.itl_ms.p50 < b.summary.itl_ms.p50, &all), "ms", "lowest median ITL", &|summary| {
        summary.itl_ms.p50
    });
    add(first_of(&|a, b| per_gpu(&a.summary) > per_gpu(&b.summary), &all), "tokens/s", "most per GPU", &per_gpu);
    let cheapest = first_of(&|a, b| cost(&a.summary) < cost(&b.summary), &|point| point.summary.cost.is_some());
    add(cheapest, "US$", "cheapest million output tokens", &cost);
    if points.iter().any(|point| point.summary.goodput.is_some()) {
        let best = first_of(&|a, b| per_gpu(&a.summary) > per_gpu(&b.summary), &kept);
        match best {
            Some(point) => {
                let words = format!("most per GPU within the objective: {}", words(&point.labels));
                cards.push(Card { verdict: Some(true), ..Card::new(per_gpu(&point.summary), "tokens/s", words) });
            }
            None => cards.push(Card {
                number: "0".to_owned(),
                unit: "",
                words: "points keep the objective".to_owned(),
                verdict: Some(false),
            }),
        }
    }
    cards
}

/// The axis that figures are drawn against: the load if it changes, else the first one of numbers.
fn load_axis(results: &Results, points: &[Point]) -> Option<String> {
    let is_numeric = |name: &String| {
        points.iter().all(|point| point.labels.get(name).is_some_and(|value| value.parse::<f64>().is_ok()))
    };
    let of_load = |name: &&String| matches!(name.as_str(), "rate" | "concurrency");
    let found = results.axes.iter().find(of_load).or_else(|| results.axes.iter().find(|name| is_numeric(name)));
    found.filter(|name| is_numeric(name)).cloned()
}

/// The configurations: points that differ in the load only, in order of first appearance.
fn groups(points: &[Point], axis: &str) -> Vec<(Labels, Vec<usize>)> {
    let mut groups: Vec<(Labels, Vec<usize>)> = Vec::new();
    for (place, point) in points.iter().enumerate() {
        let rest = Labels(point.labels.0.iter().filter(|(name, _)| name != axis).cloned().collect());
        match groups.iter_mut().find(|(labels, _)| *labels == rest) {
            Some((_, members)) => members.push(place),
            None => groups.push((rest, vec![place])),
        }
    }
    groups
}

/// The figures, and how they are drawn.
struct Plot<'a> {
    axis: &'a str,
    groups: &'a [(Labels, Vec<usize>)],
    points: &'a [Point],
    slo: Option<&'a Slo>,
}

impl Plot<'_> {
    fn x(&self, place: usize) -> f64 {
        self.points[place].labels.get(self.axis).and_then(|value| value.parse().ok()).unwrap_or(f64::NAN)
    }

    fn line(&self, group: usize, style: Style, suffix: &str, xy: &dyn Fn(usize) -> (f64, f64)) -> Line {
        let (labels, members) = &self.groups[group];
        let name = [words(labels), suffix.to_owned()].into_iter().filter(|part| !part.is_empty());
        Line {
            name: name.collect::<Vec<_>>().join(" "),
            colour: group % COLOURS,
            style,
            points: members.iter().map(|place| xy(*place)).collect(),
        }
    }

    /// Figures against the axis.
    fn chart(&self, title: &str, note: &str, y: Axis, goals: &[Goal], figures: &[(&str, Style, Figure)]) -> String {
        let mut lines = Vec::new();
        for group in 0..self.groups.len().min(MOST_LINES) {
            for (suffix, style, of) in figures {
                let xy = |place: usize| (self.x(place), of(&self.points[place].summary));
                lines.push(self.line(group, *style, suffix, &xy));
            }
        }
        if self.groups.len() == 1 {
            for (place, line) in lines.iter_mut().enumerate() {
                line.colour = place;
            }
        }
        let levels = limits(self.slo, goals);
        let (title, note) = (title.to_owned(), note.to_owned());
        Chart { title, note, x: self.x_axis(), y, lines, levels, limits: Vec::new() }.html()
    }

    fn x_axis(&self) -> Axis {
        let values: Vec<f64> = (0..self.points.len()).map(|place| self.x(place)).collect();
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(0.0, f64::max);
        let label = short_name(self.axis).to_owned();
        if least > 0.0 && most / least >= 8.0 { Axis::logarithmic(label) } else { Axis::linear(label) }
    }

    /// What users get against what each GPU gives.
    fn frontier(&self) -> String {
        let xy = |place: usize| {
            let summary = &self.points[place].summary;
            (summary.output_tokens_per_second_per_user, summary.output_tokens_per_second_per_gpu)
        };
        let lines =
            (0..self.groups.len().min(MOST_LINES)).map(|group| self.line(group, Style::Solid, "", &xy)).collect();
        Chart {
            title: "Throughput against speed".to_owned(),
            note: "Further up is cheaper, further right is faster for each user.".to_owned(),
            x: Axis::linear("tokens/s that the median user sees"),
            y: Axis::linear("tokens/s per GPU"),
            lines,
            levels: Vec::new(),
            limits: Vec::new(),
        }
        .html()
    }
}

fn against(axis: &str, groups: &[(Labels, Vec<usize>)], points: &[Point], slo: Option<&Slo>) -> Vec<String> {
    let plot = Plot { axis, groups, points, slo };
    let mut charts = vec![
        plot.chart(
            "Time to first token, ms",
            "Median solid, p99 dotted.",
            Axis::logarithmic("ms"),
            &[Goal::Ttft],
            &[
                ("p50", Style::Solid, |summary| summary.ttft_ms.p50),
                ("p99", Style::Dashed, |summary| summary.ttft_ms.p99),
            ],
        ),
        plot.chart(
            "Time between tokens, ms",
            "Median solid, p99 dotted.",
            Axis::logarithmic("ms"),
            &[Goal::Itl],
            &[
                ("p50", Style::Solid, |summary| summary.itl_ms.p50),
                ("p99", Style::Dashed, |summary| summary.itl_ms.p99),
            ],
        ),
        plot.chart(
            "Output tokens a second per GPU",
            "Where it stops growing, the deployment is full.",
            Axis::linear("tokens/s per GPU"),
            &[],
            &[("", Style::Solid, |summary| summary.output_tokens_per_second_per_gpu)],
        ),
        plot.frontier(),
    ];
    charts.extend(of_promises_and_cost(&plot));
    charts
}

/// What is promised, what it costs, and what the caches do.
fn of_promises_and_cost(plot: &Plot<'_>) -> Vec<String> {
    let has = |of: &dyn Fn(&Summary) -> bool| plot.points.iter().any(|point| of(&point.summary));
    let mut charts = Vec::new();
    if has(&|summary| summary.goodput.is_some()) {
        charts.push(plot.chart(
            "Requests that keep the objective, %",
            "Goodput, as a share of all requests.",
            Axis::linear("%"),
            &[],
            &[("", Style::Solid, |summary| summary.goodput.map_or(f64::NAN, |goodput| goodput.share * 100.0))],
        ));
    }
    if plot.points.iter().any(|point| point.found.is_some()) {
        charts.push(plot.chart(
            "Requests a second within the objective",
            "The highest rate that keeps it, or the rate given.",
            Axis::linear("requests/s"),
            &[],
            &[("", Style::Solid, |summary| summary.requests_per_second)],
        ));
    }
    if has(&|summary| summary.cost.is_some()) {
        charts.push(plot.chart(
            "Cost of a million output tokens, US$",
            "All GPUs for the whole run, idle or not.",
            Axis::logarithmic("US$"),
            &[],
            &[("", Style::Solid, |summary| summary.cost.map_or(f64::NAN, |cost| cost.usd_per_million_output_tokens))],
        ));
    }
    charts.push(plot.chart(
        "KV cache in use at most, %",
        "At 100 %, requests wait or are preempted.",
        Axis::linear("%"),
        &[],
        &[("", Style::Solid, |summary| summary.most_kv_usage * 100.0)],
    ));
    if has(&|summary| summary.cached_tokens > 0) {
        charts.push(plot.chart(
            "Prompt tokens found in the cache, %",
            "What the router sends to where it is known need not be read again.",
            Axis::linear("%"),
            &[],
            &[("", Style::Solid, |summary| summary.cache_hit_rate * 100.0)],
        ));
    }
    charts
}

/// Where nothing has an order.
fn side_by_side(points: &[Point]) -> Vec<String> {
    let bars = |title: &str, note: &str, figures: &[(&str, Figure)]| {
        let rows = points
            .iter()
            .map(|point| (words(&point.labels), figures.iter().map(|(_, of)| of(&point.summary)).collect()));
        Bars {
            title: title.to_owned(),
            note: note.to_owned(),
            names: figures.iter().map(|(name, _)| (*name).to_owned()).collect(),
            rows: rows.collect(),
        }
        .html()
    };
    let mut charts = vec![
        bars(
            "Time to first token, ms",
            "",
            &[("p50", |summary| summary.ttft_ms.p50), ("p99", |summary| summary.ttft_ms.p99)],
        ),
        bars(
            "Time between tokens, ms",
            "",
            &[("p50", |summary| summary.itl_ms.p50), ("p99", |summary| summary.itl_ms.p99)],
        ),
        bars("Output tokens a second per GPU", "", &[("", |summary| summary.output_tokens_per_second_per_gpu)]),
        bars("Requests a second", "", &[("", |summary| summary.requests_per_second)]),
    ];
    if points.iter().any(|point| point.summary.cached_tokens > 0) {
        charts.push(bars("Prompt tokens found in the cache, %", "", &[("", |summary| summary.cache_hit_rate * 100.0)]));
    }
    if points.iter().all(|point| point.summary.cost.is_some()) {
        charts.push(bars(
            "Cost of a million output tokens, US$",
            "",
            &[("", |summary| summary.cost.map_or(0.0, |cost| cost.usd_per_million_output_tokens))],
        ));
    }
    charts
}

/// Every point in figures.
fn rows(points: &[Point], results: &Results, out: &mut String) {
    let has_found = points.iter().any(|point| point.found.is_some());
    let has_goodput = points.iter().any(|point| point.summary.goodput.is_some());
    out.push_str("<h2>All points</h2>\n<div class=\"panel\"><table><thead><tr>");
    let heads = [
        "requests/s",
        "tokens/s",
        "per GPU",
        "TTFT p50",
        "TTFT p99",
        "ITL p50",
        "ITL p99",
        "hits %",
        "$/M",
        "rejected",
    ];
    let axes = results.axes.iter().map(|name| short_name(name));
    let found = has_found.then_some("found");
    for name in axes.chain(found).chain(heads).chain(has_goodput.then_some("goodput %")) {
        let _ = write!(out, "<th>{}</th>", escape(name));
    }
    out.push_str("</tr></thead><tbody>\n");
    for Point { labels, summary, found, .. } in points {
        out.push_str("<tr>");
        for (_, value) in &labels.0 {
            let _ = write!(out, "<td>{}</td>", escape(value));
        }
        let found = found.as_ref().map(|found| found.value).filter(|_| has_found);
        let cost = summary.cost.map_or(f64::NAN, |cost| cost.usd_per_million_output_tokens);
        let goodput = summary.goodput.map(|goodput| goodput.share * 100.0).filter(|_| has_goodput);
        let figures = [
            summary.requests_per_second,
            summary.output_tokens_per_second,
            summary.output_tokens_per_second_per_gpu,
            summary.ttft_ms.p50,
            summary.ttft_ms.p99,
            summary.itl_ms.p50,
            summary.itl_ms.p99,
            summary.cache_hit_rate * 100.0,
            cost,
            summary.rejected as f64,
        ];
        for value in found.into_iter().chain(figures).chain(goodput) {
            let text = if value.is_finite() { short_exact(value) } else { "–".to_owned() };
            let _ = write!(out, "<td>{text}</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}
