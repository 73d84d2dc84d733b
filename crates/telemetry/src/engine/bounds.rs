//! The upper bounds of the engines' histograms, and the unions in which everything is counted.
//!
//! Each family has bounds of its own for the same quantity. A quantity is therefore counted once, under all bounds that
//! any family has, and each family shows its own: its counts are exact.

use std::sync::LazyLock;

/// Bounds, rising.
pub(crate) type Bounds = &'static [f64];

/// Seconds to the first token: vLLM, TensorRT-LLM and NIM.
pub(super) const FIRST_TOKEN: Bounds = &[
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0,
    160.0, 640.0, 2560.0,
];
/// Seconds from token to token: vLLM, TensorRT-LLM and NIM.
pub(super) const NEXT_TOKEN: Bounds =
    &[0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0];
/// Seconds of requests and of their parts: vLLM, TensorRT-LLM and NIM.
pub(super) const REQUEST: Bounds = &[
    0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 120.0, 240.0, 480.0, 960.0,
    1920.0, 7680.0,
];
/// Seconds of reading a prompt: TensorRT-LLM.
pub(super) const TRTLLM_PREFILL: Bounds =
    &[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 640.0, 2560.0];
/// Cached tokens of a prompt: TensorRT-LLM.
pub(super) const TRTLLM_CACHED: Bounds = &[0.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0];
/// Prompt tokens of a step: TensorRT-LLM.
pub(super) const TRTLLM_BATCH: Bounds =
    &[64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0, 16_384.0, 32_768.0];
/// Tokens of a step: vLLM.
pub(super) const ITERATION: Bounds =
    &[1.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0, 16_384.0];
/// Choices of a request: vLLM.
pub(super) const CHOICES: Bounds = &[1.0, 2.0, 5.0, 10.0, 20.0];
/// Seconds to the first token: `SGLang`.
pub(super) const SGLANG_FIRST_TOKEN: Bounds =
    &[0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 20.0, 40.0, 60.0, 80.0, 100.0, 200.0, 400.0];
/// Seconds from token to token: `SGLang`.
pub(super) const SGLANG_NEXT_TOKEN: Bounds = &[
    0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04, 0.06, 0.08, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0,
    2.0, 4.0, 6.0, 8.0,
];
/// Seconds of a request: `SGLang`.
pub(super) const SGLANG_REQUEST: Bounds = &[
    0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 20.0, 40.0, 60.0, 80.0, 100.0, 200.0, 400.0, 600.0, 1200.0,
    1800.0, 2400.0,
];
/// Seconds in the queue: `SGLang`.
pub(super) const SGLANG_QUEUE: Bounds = &[
    0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0,
    200.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0, 900.0, 1000.0, 1200.0, 1400.0, 1600.0, 1800.0, 2000.0, 2500.0,
    3000.0,
];
/// Retractions of a request: `SGLang`.
pub(super) const SGLANG_RETRACTIONS: Bounds =
    &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 75.0, 100.0];
/// Seconds a component's endpoint takes: the defaults of Prometheus' own client libraries, which Dynamo uses there.
pub(super) const DYNAMO_COMPONENT: Bounds = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Seconds of a request: Dynamo's frontend.
pub(super) static DYNAMO_REQUEST: LazyLock<Vec<f64>> = LazyLock::new(|| logarithmic(1.0, 512.0, 10));
/// Seconds to the first token: Dynamo's frontend.
pub(super) static DYNAMO_FIRST_TOKEN: LazyLock<Vec<f64>> = LazyLock::new(|| logarithmic(0.001, 480.0, 18));
/// Seconds from token to token: Dynamo's frontend.
pub(super) static DYNAMO_NEXT_TOKEN: LazyLock<Vec<f64>> = LazyLock::new(|| logarithmic(0.001, 2.0, 13));
/// Tokens of a prompt: Dynamo's frontend.
pub(super) static DYNAMO_INPUT: LazyLock<Vec<f64>> = LazyLock::new(|| logarithmic(50.0, 128_000.0, 12));
/// Tokens of an answer: Dynamo's frontend.
pub(super) static DYNAMO_OUTPUT: LazyLock<Vec<f64>> = LazyLock::new(|| logarithmic(50.0, 32_000.0, 10));

/// 1, 2, 5, 10 … up to ten million.
static SERIES: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let decades = (0..8).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)));
    decades.take_while(|bound| *bound <= 1e7).collect()
});

/// Everything that takes seconds.
pub(crate) static SECONDS: LazyLock<Vec<f64>> = LazyLock::new(|| {
    union(&[
        FIRST_TOKEN,
        NEXT_TOKEN,
        REQUEST,
        TRTLLM_PREFILL,
        SGLANG_FIRST_TOKEN,
        SGLANG_NEXT_TOKEN,
        SGLANG_REQUEST,
        SGLANG_QUEUE,
        DYNAMO_COMPONENT,
        &DYNAMO_REQUEST,
        &DYNAMO_FIRST_TOKEN,
        &DYNAMO_NEXT_TOKEN,
    ])
});
/// Everything that is tokens.
pub(crate) static TOKENS: LazyLock<Vec<f64>> =
    LazyLock::new(|| union(&[&SERIES, TRTLLM_CACHED, TRTLLM_BATCH, ITERATION, &DYNAMO_INPUT, &DYNAMO_OUTPUT]));

/// vLLM's bounds for tokens of a model that takes `most`.
pub(super) fn up_to(most: u64) -> Bounds {
    &SERIES[..SERIES.partition_point(|bound| *bound <= most as f64)]
}

fn union(all: &[&[f64]]) -> Vec<f64> {
    let mut union = all.concat();
    union.sort_by(f64::total_cmp);
    union.dedup();
    union
}

/// Dynamo's bounds: 0 and then `count` − 1 on a logarithmic scale that begins at `least`, which is left out, and ends
/// at `most`; rounded to two digits.
fn logarithmic(least: f64, most: f64, count: u32) -> Vec<f64> {
    let two_digits = |value: f64| {
        let scale = 10_f64.powf(1.0 - value.log10().floor());
        (value * scale).round() / scale
    };
    let at = |step: u32| (least.ln() + (most / least).ln() * f64::from(step) / f64::from(count - 1)).exp();
    let mut bounds: Vec<f64> = [0.0].into_iter().chain((1..count).map(|step| two_digits(at(step)))).collect();
    bounds.dedup();
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_the_engines_own() {
        assert_eq!(up_to(4096), [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0]);
        assert_eq!(*DYNAMO_REQUEST, [0.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 130.0, 260.0, 510.0]);
        assert_eq!(DYNAMO_FIRST_TOKEN.len(), 18);
        assert_eq!(DYNAMO_FIRST_TOKEN[..5], [0.0, 0.0022, 0.0047, 0.01, 0.022]);
    }

    #[test]
    fn unions_rise_and_hold_every_bound() {
        for grid in [&*SECONDS, &*TOKENS] {
            assert!(grid.is_sorted_by(|left, right| left < right));
        }
        let in_seconds = [FIRST_TOKEN, NEXT_TOKEN, REQUEST, TRTLLM_PREFILL, SGLANG_QUEUE, &DYNAMO_NEXT_TOKEN];
        assert!(in_seconds.iter().all(|bounds| bounds.iter().all(|bound| SECONDS.contains(bound))));
        assert!([TRTLLM_CACHED, up_to(10_000_000)].iter().all(|b| b.iter().all(|bound| TOKENS.contains(bound))));
    }
}
