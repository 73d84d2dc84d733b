//! How keys fare with their limits: each, by tier, what they were refused for, and who behaves badly. Keys are shown by
//! their fingerprints.

use axum::response::Response;
use axum::routing::get;
use fakeai_core::Tick;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::api::Endpoint;
use crate::caller::fingerprint;
use crate::context::Context;
use crate::error::ApiError;
use crate::gate::{Fared, Quotas, WAITS};
use crate::wire::{PathText, json as json_answer};

/// Beyond these somebody behaves badly, as in the original system: the share of refusals, retries in a minute, requests
/// in a second, the share of the quota in use. Three of them are severe.
const MOST_REFUSED: f64 = 0.5;
const MOST_RETRIES: u64 = 10;
const MOST_BURST: u64 = 20;
const MOST_USE: f64 = 0.95;
const SEVERE: usize = 3;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("GET", "/metrics/rate-limits", "getRateLimitMetrics", get(whole)),
        Endpoint::own("GET", "/metrics/rate-limits/key/{api_key}", "getKeyRateLimits", get(key)),
        Endpoint::own("GET", "/metrics/rate-limits/tier", "getTierRateLimits", get(tiers)),
        Endpoint::own("GET", "/metrics/rate-limits/throttle-analytics", "getThrottleAnalytics", get(throttling)),
        Endpoint::own("GET", "/metrics/rate-limits/abuse-patterns", "getAbusePatterns", get(abuse)),
    ]
}

fn quotas(context: &Context) -> Result<&Quotas, ApiError> {
    context.app().gate.quotas.as_ref().ok_or_else(|| {
        let message = "Nothing is counted: rate limits are switched off (rate_limits.enabled).";
        ApiError::invalid(message).status(StatusCode::NOT_FOUND).code("rate_limits_disabled")
    })
}

async fn whole(context: Context) -> Result<Response, ApiError> {
    let quotas = quotas(&context)?;
    let all = All::of(quotas);
    let sum = all.sum();
    Ok(json_answer(&json!({
        "summary": {
            "total_keys": all.keys.len(),
            "total_requests_attempted": sum.attempted,
            "total_requests_allowed": sum.allowed(),
            "total_requests_throttled": sum.throttled,
            "overall_throttle_rate": sum.throttle_rate(),
            "total_tokens_consumed": sum.tokens_used,
        },
        "tier_stats": all.tiers(),
        "throttle_analytics": all.throttling(),
        "abuse_patterns": all.abuse(),
    })))
}

async fn tiers(context: Context) -> Result<Response, ApiError> {
    Ok(json_answer(&All::of(quotas(&context)?).tiers()))
}

async fn throttling(context: Context) -> Result<Response, ApiError> {
    Ok(json_answer(&All::of(quotas(&context)?).throttling()))
}

async fn abuse(context: Context) -> Result<Response, ApiError> {
    Ok(json_answer(&All::of(quotas(&context)?).abuse()))
}

/// A key, by itself or by its fingerprint; `anonymous` is who sends none.
async fn key(context: Context, PathText(asked): PathText) -> Result<Response, ApiError> {
    let all = All::of(quotas(&context)?);
    let print = fingerprint(asked.as_bytes());
    let found = all.keys.iter().find(|(name, _)| **name == *asked || Some(name) == print.as_ref());
    let Some((name, fared)) = found else {
        let message = "No request has been counted for this key.";
        return Err(ApiError::invalid(message).status(StatusCode::NOT_FOUND).param("api_key"));
    };
    Ok(json_answer(&one(name, all.tier, fared, context.clock().now())))
}

fn one(name: &str, tier: &str, fared: &Fared, now: Tick) -> Value {
    let seconds = now.since(fared.first).as_secs_f64();
    let waits = fared.waits.iter().sum::<u64>();
    let average = if waits == 0 { 0.0 } else { fared.waited.as_secs_f64() / waits as f64 };
    json!({
        "api_key": name,
        "tier": tier,
        "time_in_service_seconds": seconds,
        "requests": {
            "attempted": fared.attempted, "allowed": fared.allowed(), "throttled": fared.throttled,
            "throttle_rate": fared.throttle_rate(),
        },
        "tokens": {"requested": fared.tokens_requested, "consumed": fared.tokens_used},
        "throttling": {
            "rpm_exceeded": fared.exceeded[0], "tpm_exceeded": fared.exceeded[1], "ipm_exceeded": fared.exceeded[2],
            "average_retry_after_seconds": average, "max_retry_after_seconds": fared.longest_wait.as_secs_f64(),
        },
        "usage_patterns": {
            "peak_burst_requests": fared.peak_burst, "retries": fared.retries,
            "peak_retries_per_minute": fared.peak_retries,
            "average_requests_per_minute": fared.attempted as f64 * 60.0 / seconds.max(60.0),
        },
        "quota_utilization": {"peak_rpm": fared.peak_use[0], "peak_tpm": fared.peak_use[1]},
    })
}

/// All keys at one moment.
struct All {
    tier: &'static str,
    keys: Vec<(std::sync::Arc<str>, Fared)>,
}

impl All {
    fn of(quotas: &Quotas) -> Self {
        Self { tier: quotas.tier().name(), keys: quotas.fared() }
    }

    fn sum(&self) -> Fared {
        let mut sum = Fared::default();
        for (_, fared) in &self.keys {
            sum.attempted += fared.attempted;
            sum.throttled += fared.throttled;
            sum.tokens_requested = sum.tokens_requested.saturating_add(fared.tokens_requested);
            sum.tokens_used = sum.tokens_used.saturating_add(fared.tokens_used);
            sum.peak_burst = sum.peak_burst.max(fared.peak_burst);
            sum.exceeded.iter_mut().zip(fared.exceeded).for_each(|(all, more)| *all += more);
            sum.waits.iter_mut().zip(fared.waits).for_each(|(all, more)| *all += more);
            sum.waited += fared.waited;
            sum.longest_wait = sum.longest_wait.max(fared.longest_wait);
        }
        sum
    }

    /// All keys are of the tier that the server was told.
    fn tiers(&self) -> Value {
        let sum = self.sum();
        json!({self.tier: {
            "key_count": self.keys.len(),
            "total_requests_attempted": sum.attempted,
            "total_requests_allowed": sum.allowed(),
            "total_requests_throttled": sum.throttled,
            "throttle_rate": sum.throttle_rate(),
            "total_tokens_consumed": sum.tokens_used,
            "peak_burst_requests": sum.peak_burst,
        }})
    }

    /// How long keys were told to wait, by ranges that are named by their upper ends.
    fn throttling(&self) -> Value {
        let sum = self.sum();
        let names = WAITS.iter().map(|end| format!("<={end}s")).chain([format!(">{}s", WAITS[WAITS.len() - 1])]);
        let histogram: Map<String, Value> = names.zip(sum.waits).map(|(name, count)| (name, count.into())).collect();
        let waits = sum.waits.iter().sum::<u64>();
        let average = if waits == 0 { 0.0 } else { sum.waited.as_secs_f64() / waits as f64 };
        json!({
            "total_throttle_events": sum.throttled,
            "duration_histogram": histogram,
            "retry_after_distribution": {
                "count": waits, "average_seconds": average, "max_seconds": sum.longest_wait.as_secs_f64(),
            },
            "rpm_vs_tpm_exceeded": {"rpm": sum.exceeded[0], "tpm": sum.exceeded[1], "ipm": sum.exceeded[2]},
        })
    }

    fn abuse(&self) -> Vec<Value> {
        let shown = |(name, fared): &(std::sync::Arc<str>, Fared)| {
            let issues = issues(fared);
            let severity = if issues.len() >= SEVERE { "high" } else { "medium" };
            (!issues.is_empty()).then(|| {
                json!({
                    "api_key": &**name, "tier": self.tier, "issues": issues,
                    "total_requests": fared.attempted, "throttle_rate": fared.throttle_rate(), "severity": severity,
                })
            })
        };
        self.keys.iter().filter_map(shown).collect()
    }
}

fn issues(fared: &Fared) -> Vec<&'static str> {
    let all = [
        (fared.throttle_rate() > MOST_REFUSED, "high_throttle_rate"),
        (fared.peak_retries > MOST_RETRIES, "excessive_retries"),
        (fared.peak_burst > MOST_BURST, "burst_traffic"),
        (fared.peak_use.iter().any(|used| *used > MOST_USE), "quota_exhaustion"),
    ];
    all.into_iter().filter_map(|(holds, issue)| holds.then_some(issue)).collect()
}
