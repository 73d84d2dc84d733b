//! How long pictures take: a schedule by the clock.

use std::time::Duration;

use fakeai_core::Seed;
use fakeai_engine::LatencyModel;

use super::wanted::{Quality, Wanted};
use crate::context::Context;

/// From the request's arrival to the last picture. Nothing where answers are instant; what the server was told, or what
/// the model's card says, scaled by size and quality; else as long as answers take that have no tokens.
pub(super) fn duration(context: &Context, wanted: &Wanted, (width, height): (u32, u32), seed: Seed) -> Duration {
    let settings = &context.app().settings;
    let quality = match wanted.quality {
        Quality::Low => 0.4,
        Quality::Medium => 1.0,
        Quality::High => 2.4,
    };
    let area = f64::from(width) * f64::from(height) / f64::from(1024 * 1024);
    // Several pictures are made side by side, a little slower each.
    let work = quality * area.powf(0.8) * (1.0 + 0.1 * f64::from(wanted.count - 1));
    let mean = match (&settings.latency, settings.images.delay) {
        (LatencyModel::Instant, _) => return Duration::ZERO,
        (_, Some(told)) => told.mul_f64(work),
        (LatencyModel::Profile, None) => {
            Duration::from_secs_f64((wanted.card.latency.ttft_ms / 1000.0).max(0.0)).mul_f64(work)
        }
        _ => settings.response_delay.mean,
    };
    let spread = settings.response_delay.variance;
    mean.mul_f64(seed.derive("duration").rng().range(1.0 - spread, 1.0 + spread).max(0.0))
}
