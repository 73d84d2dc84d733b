//! The fit itself: coefficients as a point, the error of all predictions as the height.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::protocol::{ClosedLoop, Outcome, run_closed_loop};
use super::simplex::minimize;
use super::{Measurement, Prediction, Score};
use crate::kv::{Capacity, Memory};
use crate::scheduler::{Replica, Settings};
use crate::step::{Coefficients, Layout, Noise, StepModel};
use crate::{EngineError, Precision};

/// The fewest measurements a fit is made of.
const FEWEST: usize = 10;

/// An error counts no more than this (a factor of two): one point beyond a cliff must not bend all others.
const MOST_LOG_ERROR: f64 = 0.7;

/// How a fit is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitOptions {
    /// Evaluations of all measurements, in all rounds.
    pub evaluations: usize,
    /// Rounds: each starts a new simplex where the last one ended.
    pub rounds: usize,
    /// Threads that share the measurements.
    pub threads: usize,
    /// How the KV cache was stored.
    pub kv: Precision,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self { evaluations: 600, rounds: 3, threads: 1, kv: Precision::Bf16 }
    }
}

/// What a fit found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// The coefficients.
    pub coefficients: Coefficients,
    /// The mean of the absolute logarithms of predicted over measured.
    pub loss: f64,
}

/// Predicts one measurement with these coefficients, by simulating its whole protocol without noise.
///
/// # Errors
/// Unknown model or GPU, a model that does not fit, data-parallel attention.
pub fn predict(measurement: &Measurement, coefficients: &Coefficients, kv: Precision) -> Result<Outcome, EngineError> {
    if measurement.data_parallel > 1 {
        // The public file multiplies tp and dp of its eight such rows to 16 GPUs; their figures fit four (dp 4, tp 1).
        let what =
            "measurements of data-parallel attention are not fitted: the profiles are of single ranks".to_owned();
        return Err(EngineError::InvalidSettings { what });
    }
    let (architecture, gpu) = measurement.find()?;
    let layout = Layout {
        tensor_parallel: measurement.tensor_parallel,
        expert_parallel: measurement.expert_parallel,
        weights: measurement.weights,
        kv,
        ..Layout::default()
    };
    let memory = Memory::of_model(architecture, measurement.weights, kv);
    let capacity = Capacity::of_model(architecture, gpu, layout.tensor_parallel, &memory)?;
    let mut settings = Settings::new(measurement.engine, capacity);
    settings.noise = Noise::NONE;
    let mut replica = Replica::new(settings, StepModel::new(architecture, gpu, &layout, coefficients))?;
    let benchmark = ClosedLoop::new(measurement.concurrency, measurement.prompt_tokens, measurement.output_tokens);
    run_closed_loop(&mut replica, &benchmark)
}

/// Predicts all measurements; those that cannot be predicted are left out.
pub fn predict_all(measurements: &[Measurement], coefficients: &Coefficients, options: &FitOptions) -> Vec<Prediction> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut mine = Vec::new();
        while let Some((place, measurement)) = {
            let place = next.fetch_add(1, Ordering::Relaxed);
            measurements.get(place).map(|measurement| (place, measurement))
        } {
            if let Ok(outcome) = predict(measurement, coefficients, options.kv) {
                mine.push((place, Prediction { measurement: measurement.clone(), outcome }));
            }
        }
        mine
    };
    let mut all = std::thread::scope(|scope| {
        let others: Vec<_> = (1..options.threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        all.extend(others.into_iter().filter_map(|other| other.join().ok()).flatten());
        all
    });
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, prediction)| prediction).collect()
}

/// How far the predictions are off.
pub fn score(predictions: &[Prediction]) -> Score {
    let tpot: Vec<f64> = predictions.iter().map(|prediction| prediction.tpot_error().abs()).collect();
    let ttft: Vec<f64> = predictions.iter().filter_map(|prediction| prediction.ttft_error().map(f64::abs)).collect();
    Score {
        points: tpot.len(),
        ttft_points: ttft.len(),
        tpot_mean: mean(&tpot),
        tpot_median: median(&tpot),
        ttft_mean: mean(&ttft),
        ttft_median: median(&ttft),
    }
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        length if length % 2 == 0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

/// The coefficients, starting from `start`, that predict the measurements best.
///
/// The loss is the mean of |ln(predicted / measured)| over all TPOTs and TTFTs, plus a pull that keeps each number in
/// a physical range. It is minimised over the logarithms of the coefficients.
///
/// # Errors
/// [`EngineError::TooFewMeasurements`] below ten that can be predicted at all.
pub fn fit(measurements: &[Measurement], start: &Coefficients, options: &FitOptions) -> Result<Fit, EngineError> {
    let usable = predict_all(measurements, start, options).len();
    if usable < FEWEST {
        return Err(EngineError::TooFewMeasurements { needed: FEWEST, given: usable });
    }
    let mut height = |point: &[f64]| {
        let coefficients = decode(point);
        loss(&predict_all(measurements, &coefficients, options)) + strain(point)
    };
    let rounds = options.rounds.max(1);
    let mut point = encode(start);
    let mut value = f64::INFINITY;
    for round in 0..rounds {
        // Smaller simplices later: the first round looks around, the last one settles.
        let size = 0.3 / (round + 1) as f64 * if round % 2 == 0 { 1.0 } else { -1.0 };
        (point, value) = minimize(&point, size, options.evaluations / rounds, &mut height);
    }
    Ok(Fit { coefficients: decode(&point), loss: value })
}

/// The mean of the absolute logarithms of predicted over measured, each bounded.
fn loss(predictions: &[Prediction]) -> f64 {
    let errors = predictions
        .iter()
        .flat_map(|prediction| [Some(prediction.tpot_error()), prediction.ttft_error()].into_iter().flatten());
    let logs: Vec<f64> = errors.map(|error| error.max(-0.999).ln_1p().abs().min(MOST_LOG_ERROR)).collect();
    if logs.is_empty() { f64::INFINITY } else { mean(&logs) }
}

/// The physical range of each coefficient, in the order of [`encode`].
const RANGES: [(f64, f64); 13] = [
    (0.05, 0.95),
    (0.05, 0.95),
    (0.3, 1.0),
    (1.0, 8.0),
    (0.05, 6.0),
    (0.5, 120.0),
    (1.0, 150.0),
    (0.01, 10.0),
    (1.0, 60.0),
    (0.1, 1.0),
    (1.0, 100.0),
    (0.05, 2.0),
    (0.1, 1000.0),
];

/// How far a point lies outside the ranges.
fn strain(point: &[f64]) -> f64 {
    let outside = |(value, (low, high)): (&f64, &(f64, f64))| {
        let beyond = (low.ln() - value).max(value - high.ln()).max(0.0);
        beyond * beyond
    };
    10.0 * point.iter().zip(&RANGES).map(outside).sum::<f64>()
}

fn encode(c: &Coefficients) -> Vec<f64> {
    [
        c.compute_efficiency,
        c.narrow_compute_efficiency,
        c.memory_efficiency,
        c.overlap,
        c.step_ms,
        c.layer_us,
        c.sequence_us,
        c.prefill_ms,
        c.allreduce_us,
        c.link_efficiency,
        c.arrival_ms,
        c.output_delay_steps,
        c.eager_layer_us,
    ]
    .iter()
    .zip(&RANGES)
    .map(|(value, (low, high))| value.clamp(*low, *high).ln())
    .collect()
}

fn decode(point: &[f64]) -> Coefficients {
    let at = |axis: usize| point.get(axis).map_or(1.0, |value: &f64| value.clamp(-20.0, 20.0).exp());
    Coefficients {
        compute_efficiency: at(0),
        narrow_compute_efficiency: at(1),
        memory_efficiency: at(2),
        overlap: at(3),
        step_ms: at(4),
        layer_us: at(5),
        sequence_us: at(6),
        prefill_ms: at(7),
        allreduce_us: at(8),
        link_efficiency: at(9),
        arrival_ms: at(10),
        output_delay_steps: at(11),
        eager_layer_us: at(12),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::{EngineKind, Profile};

    fn measurement(tensor_parallel: u32, concurrency: u32, prompt_tokens: u32) -> Measurement {
        Measurement {
            id: String::new(),
            engine: EngineKind::Vllm,
            model: "llama-3.1-8b".to_owned(),
            gpu: "h100".to_owned(),
            weights: Precision::Bf16,
            tensor_parallel,
            expert_parallel: 1,
            data_parallel: 1,
            prompt_tokens,
            output_tokens: 12,
            concurrency,
            ttft_ms: Some(1.0),
            tpot_ms: 1.0,
        }
    }

    #[test]
    fn a_fit_finds_what_made_the_measurements() {
        let truth = Profile::find(EngineKind::Vllm, "H100", false).unwrap().coefficients;
        let options = FitOptions { evaluations: 240, rounds: 2, threads: 2, ..FitOptions::default() };
        let mut measurements = Vec::new();
        for (tensor_parallel, concurrency, prompt) in
            [(1, 1, 128), (1, 4, 2048), (1, 16, 512), (2, 1, 4096), (2, 8, 256), (4, 2, 1024)]
                .into_iter()
                .flat_map(|(gpus, clients, prompt)| [(gpus, clients, prompt), (gpus, clients * 2, prompt * 2)])
        {
            let mut row = measurement(tensor_parallel, concurrency, prompt);
            let outcome = predict(&row, &truth, Precision::Bf16).unwrap();
            (row.ttft_ms, row.tpot_ms) = (Some(outcome.ttft_ms), outcome.tpot_ms);
            measurements.push(row);
        }
        let start = Coefficients { memory_efficiency: 0.6, step_ms: 1.0, arrival_ms: 20.0, ..truth };
        let before = loss(&predict_all(&measurements, &start, &options));
        let found = fit(&measurements, &start, &options).unwrap();
        let score = score(&predict_all(&measurements, &found.coefficients, &options));
        assert!(found.loss < before / 3.0 && score.tpot_mean < 0.08, "{before} {found:?} {score:?}");
    }

    #[test]
    fn few_measurements_are_refused() {
        let start = Profile::find(EngineKind::Vllm, "H100", false).unwrap().coefficients;
        let rows = vec![measurement(1, 1, 10); 3];
        let error = fit(&rows, &start, &FitOptions::default()).unwrap_err();
        assert_eq!(error, EngineError::TooFewMeasurements { needed: 10, given: 3 });
    }

    #[test]
    fn medians_are_of_the_sorted() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-12);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-12);
    }
}
