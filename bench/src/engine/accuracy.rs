//! The table of errors: fitted half, held-out half, knees.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use fakeai_core::Seed;
use fakeai_engine::Precision;
use fakeai_engine::calibrate::{FitOptions, Measurement, Prediction, fit, predict_all, read_csv, score};
use fakeai_engine::step::{Coefficients, EngineKind, Profile};

use super::Options;

pub(super) fn run(csv: &Path, options: &Options) -> Result<()> {
    let text = std::fs::read_to_string(csv).with_context(|| format!("can't read {}", csv.display()))?;
    let measurements = read_csv(&text).with_context(|| format!("in {}", csv.display()))?;
    println!("errors in percent      TPOT mean   median  TTFT mean   median   points (with TTFT)");
    for engine in [EngineKind::Vllm, EngineKind::Sglang, EngineKind::Trtllm] {
        for is_mixture in [false, true] {
            let fits = |row: &&Measurement| row.engine == engine && row.is_mixture() == is_mixture;
            let rows: Vec<Measurement> = measurements.iter().filter(fits).cloned().collect();
            if !rows.is_empty() {
                group(engine, is_mixture, &rows, options)?;
            }
        }
    }
    Ok(())
}

/// Points with more clients are scored but not fitted: they write as many tokens a second on two GPUs as on eight, so
/// something else than the GPUs was full.
const MOST_FITTED_CLIENTS: u32 = 256;

/// Whether a point belongs to the half the coefficients are fitted to.
fn is_fitted(row: &Measurement) -> bool {
    Seed::new(0).derive(&row.id).value().is_multiple_of(2)
}

fn group(engine: EngineKind, is_mixture: bool, rows: &[Measurement], options: &Options) -> Result<()> {
    let kind = if is_mixture { "mixture" } else { "dense" };
    let name = format!("{engine:?} {kind}").to_lowercase();
    let (fitted, held): (Vec<Measurement>, Vec<Measurement>) = rows.iter().cloned().partition(is_fitted);
    let mut coefficients = Profile::find(engine, "H100", is_mixture)?.coefficients;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let fit_options =
        FitOptions { threads, evaluations: options.evaluations, kv: Precision::Bf16, ..FitOptions::default() };
    if options.is_fitting && fitted.len() >= 10 && options.only.as_deref().is_none_or(|only| name.contains(only)) {
        let within: Vec<Measurement> =
            fitted.iter().filter(|row| row.concurrency <= MOST_FITTED_CLIENTS).cloned().collect();
        let found = fit(&within, &coefficients, &fit_options)?;
        coefficients = found.coefficients;
        println!("loss {:.4}\n{}", found.loss, toml_of(&coefficients));
    }
    for (half, rows) in [("fitted", &fitted), ("held out", &held)] {
        let predictions = predict_all(rows, &coefficients, &fit_options);
        print_score(&format!("{name:14} {half}"), &predictions);
        if predictions.len() < rows.len() {
            println!("  {} not modelled", rows.len() - predictions.len());
        }
        let within: Vec<Prediction> = predictions
            .iter()
            .filter(|prediction| prediction.measurement.concurrency <= MOST_FITTED_CLIENTS)
            .cloned()
            .collect();
        if within.len() < predictions.len() {
            print_score(&format!("  up to {MOST_FITTED_CLIENTS} clients"), &within);
        }
        if options.is_verbose {
            predictions.iter().for_each(print_row);
        }
    }
    let knees = knees(&predict_all(rows, &coefficients, &fit_options));
    println!("{name:14} knees within one step: {} of {}", knees.0, knees.1);
    Ok(())
}

fn print_score(name: &str, predictions: &[Prediction]) {
    let score = score(predictions);
    let percent = |share: f64, points: usize| {
        if points == 0 { "-".to_owned() } else { format!("{:.1}", share * 100.0) }
    };
    println!(
        "{name:24} {:>8} {:>8} {:>10} {:>8}   {} ({})",
        percent(score.tpot_mean, score.points),
        percent(score.tpot_median, score.points),
        percent(score.ttft_mean, score.ttft_points),
        percent(score.ttft_median, score.ttft_points),
        score.points,
        score.ttft_points,
    );
}

fn print_row(prediction: &Prediction) {
    let row = &prediction.measurement;
    println!(
        "    {:28} tp{} {:5}/{:<5} c{:<4} ttft {:>9.1} of {:>9} ({:>6})  tpot {:7.2} of {:7.2} ({:+.1} %)",
        row.model.rsplit('/').next().unwrap_or_default(),
        row.tensor_parallel,
        row.prompt_tokens,
        row.output_tokens,
        row.concurrency,
        prediction.outcome.ttft_ms,
        row.ttft_ms.map_or_else(|| "-".to_owned(), |ttft| format!("{ttft:.1}")),
        prediction.ttft_error().map_or_else(|| "-".to_owned(), |error| format!("{:+.1}%", error * 100.0)),
        prediction.outcome.tpot_ms,
        row.tpot_ms,
        prediction.tpot_error() * 100.0,
    );
}

/// Of the curves over concurrency that have a knee (the first point whose TPOT is twice that of the lowest
/// concurrency), how many are predicted to have it at the same or a neighbouring measured concurrency.
fn knees(predictions: &[Prediction]) -> (usize, usize) {
    let mut curves: BTreeMap<String, Vec<(u32, f64, f64)>> = BTreeMap::new();
    for prediction in predictions {
        let row = &prediction.measurement;
        let key = format!("{} {} {} {}", row.model, row.tensor_parallel, row.prompt_tokens, row.output_tokens);
        curves.entry(key).or_default().push((row.concurrency, row.tpot_ms, prediction.outcome.tpot_ms));
    }
    let (mut near, mut all) = (0, 0);
    for curve in curves.values_mut().filter(|curve| curve.len() >= 3) {
        curve.sort_by_key(|point| point.0);
        let knee = |tpot: &dyn Fn(&(u32, f64, f64)) -> f64| {
            curve.iter().position(|point| tpot(point) > 2.0 * tpot(&curve[0])).unwrap_or(curve.len())
        };
        all += 1;
        near += usize::from(knee(&|point| point.1).abs_diff(knee(&|point| point.2)) <= 1);
    }
    (near, all)
}

fn toml_of(c: &Coefficients) -> String {
    let values = [
        ("compute_efficiency", c.compute_efficiency),
        ("narrow_compute_efficiency", c.narrow_compute_efficiency),
        ("memory_efficiency", c.memory_efficiency),
        ("overlap", c.overlap),
        ("step_ms", c.step_ms),
        ("layer_us", c.layer_us),
        ("sequence_us", c.sequence_us),
        ("prefill_ms", c.prefill_ms),
        ("allreduce_us", c.allreduce_us),
        ("link_efficiency", c.link_efficiency),
        ("arrival_ms", c.arrival_ms),
        ("output_delay_steps", c.output_delay_steps),
        ("eager_layer_us", c.eager_layer_us),
    ];
    let lines: Vec<String> = values.iter().map(|(name, value)| format!("{name} = {value:.3}")).collect();
    lines.join("\n")
}
