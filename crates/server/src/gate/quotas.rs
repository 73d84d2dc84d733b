//! What each key may use of each model: taken by an estimate when a request comes, settled by what it used.

use std::sync::Arc;

use fakeai_core::Tick;
use fakeai_guard::{Cost, Limiter, Limits, Refusal, Reservation, Room, Standing, Subject, Tier, written_duration};
use fakeai_store::View;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;

use super::settings::Quota;
use super::throttles::{Fared, Throttles};
use crate::context::Context;
use crate::error::ApiError;

/// Subjects that have buckets at a time.
const MOST_SUBJECTS: usize = 200_000;
/// Bytes of a body that are a token, about.
const BYTES_PER_TOKEN: u64 = 4;

/// The quotas of everybody.
#[derive(Debug)]
pub(crate) struct Quotas {
    tier: Tier,
    limits: Limits,
    /// How keys fare.
    throttles: Throttles,
    limiter: Limiter,
}

/// What was taken for a request, and where its sender then stood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    reservation: Reservation,
    standing: Standing,
}

/// Limits of a project for a model that were changed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Changed {
    max_requests_per_1_minute: Option<u64>,
    max_tokens_per_1_minute: Option<u64>,
    max_images_per_1_minute: Option<u64>,
    max_requests_per_1_day: Option<u64>,
    batch_1_day_max_input_tokens: Option<u64>,
}

/// What the changed limits of a project are called in the store; their ids are models.
pub(crate) fn limit_kind(project: &str) -> String {
    format!("rate limit/{project}")
}

/// Who asks, as quotas know it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Payer<'a> {
    /// A hash of the key.
    pub credential: u128,
    /// The key's fingerprint.
    pub key: Option<&'a Arc<str>>,
    /// The project.
    pub project: &'a str,
    /// The organization, for people.
    pub organization: &'a str,
}

/// What of a body says how much it will use.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Usage {
    pub model: Option<String>,
    max_tokens: Option<f64>,
    max_completion_tokens: Option<f64>,
    max_output_tokens: Option<f64>,
    n: Option<f64>,
    best_of: Option<f64>,
}

impl Usage {
    /// Tokens a request of `bytes` may use: its prompt by its length, and as many for its answers as it allows.
    fn tokens(&self, bytes: u64) -> u64 {
        if self.model.is_none() {
            return 0;
        }
        let whole = |number: Option<f64>| number.filter(|number| *number > 0.0).map(|number| number as u64);
        let answer = whole(self.max_completion_tokens.or(self.max_output_tokens).or(self.max_tokens)).unwrap_or(0);
        let choices = whole(self.best_of.or(self.n)).unwrap_or(1).max(1);
        Quotas::prompt_tokens(bytes).saturating_add(answer.saturating_mul(choices))
    }

    /// Pictures it asks for, if it asks for pictures.
    fn images(&self, endpoint: &str) -> u64 {
        if endpoint.contains("images/") { self.n.map_or(1, |n| n.max(1.0) as u64) } else { 0 }
    }
}

impl Quotas {
    pub(super) fn new(quota: Quota) -> Self {
        Self {
            tier: quota.tier,
            limits: quota.limits,
            throttles: Throttles::default(),
            limiter: Limiter::new(MOST_SUBJECTS),
        }
    }

    /// The tier of all keys.
    pub(crate) const fn tier(&self) -> Tier {
        self.tier
    }

    /// How keys fare, by fingerprint.
    pub(crate) fn fared(&self) -> Vec<(Arc<str>, Fared)> {
        self.throttles.all()
    }

    /// What a project may use of a model: as was changed for it, else as everybody.
    fn limits(&self, documents: &View<'_>, project: &str, model: &str) -> Result<Limits, ApiError> {
        let mut limits = self.limits;
        if project.is_empty() || model.is_empty() {
            return Ok(limits);
        }
        let Some(found) = documents.get(&limit_kind(project), model).wait()? else { return Ok(limits) };
        let changed: Changed = serde_json::from_slice(&found.body).unwrap_or_default();
        for (changed, limit) in [
            (changed.max_requests_per_1_minute, &mut limits.requests_per_minute),
            (changed.max_tokens_per_1_minute, &mut limits.tokens_per_minute),
            (changed.max_images_per_1_minute, &mut limits.images_per_minute),
            (changed.max_requests_per_1_day, &mut limits.requests_per_day),
            (changed.batch_1_day_max_input_tokens, &mut limits.batch_queue_tokens),
        ] {
            *limit = changed.or(*limit);
        }
        Ok(limits)
    }

    /// Tokens that prompts of so many bytes have, about.
    pub(crate) const fn prompt_tokens(bytes: u64) -> u64 {
        bytes / BYTES_PER_TOKEN
    }

    /// Tokens of prompts that batches of a project may have waiting for a model.
    pub(crate) fn batch_queue(
        &self,
        documents: &View<'_>,
        project: &str,
        model: &str,
    ) -> Result<Option<u64>, ApiError> {
        Ok(self.limits(documents, project, model)?.batch_queue_tokens)
    }

    /// Takes what a request of `bytes` to `endpoint` may use.
    pub(super) fn reserve(
        &self,
        context: &Context,
        payer: Payer<'_>,
        usage: &Usage,
        endpoint: &str,
        bytes: u64,
    ) -> Result<Taken, Box<(ApiError, Option<Standing>)>> {
        let now = context.clock().now();
        let model = usage.model.as_deref().unwrap_or_default();
        let limits =
            self.limits(&context.documents(), payer.project, model).map_err(|error| Box::new((error, None)))?;
        // Workspaces may have clocks of their own, so their buckets are their own.
        let place = format!("{}\0{}", context.workspace_name(), payer.project);
        let subject = Subject::new(payer.credential, &place, model);
        let cost = Cost { requests: 1, tokens: usage.tokens(bytes), images: usage.images(endpoint) };
        match self.limiter.reserve(subject, &limits, cost, now) {
            Ok((reservation, standing)) => {
                let used = [standing.requests, standing.tokens].map(in_use);
                self.throttles.allow(payer.key, cost.tokens, used, now);
                Ok(Taken { reservation, standing })
            }
            Err(refusal) => {
                self.throttles.refuse(payer.key, cost.tokens, (refusal.measure, refusal.retry_after), now);
                Err(Box::new((refused(&refusal, model, payer.organization), Some(refusal.standing))))
            }
        }
    }

    /// Gives back what was taken and not used, or takes what was used beyond it.
    pub(crate) fn settle(&self, taken: Taken, key: Option<&Arc<str>>, tokens: u64, now: Tick) {
        self.throttles.settle(key, tokens);
        self.limiter.settle(taken.reservation, tokens, now);
    }
}

/// The share of a limit that is used.
fn in_use(room: Option<Room>) -> f64 {
    room.map_or(0.0, |room| 1.0 - room.remaining as f64 / room.limit.max(1) as f64)
}

impl Taken {
    /// Where its sender stood.
    pub(crate) const fn standing(&self) -> Standing {
        self.standing
    }
}

/// 429, in OpenAI's words.
fn refused(refusal: &Refusal, model: &str, organization: &str) -> ApiError {
    let Refusal { measure, limit, used, requested, retry_after, .. } = refusal;
    let model = if model.is_empty() { "default" } else { model };
    let organization = if organization.is_empty() { "fakeai" } else { organization };
    let learn = "Visit https://platform.openai.com/account/rate-limits to learn more.";
    let words = measure.words();
    let message = match retry_after {
        Some(wait) => format!(
            "Rate limit reached for {model} in organization {organization} on {words}: Limit {limit}, Used {used}, \
             Requested {requested}. Please try again in {}. {learn}",
            written_duration(*wait)
        ),
        None => format!(
            "Request too large for {model} in organization {organization} on {words}: Limit {limit}, Requested \
             {requested}. The input or output tokens must be reduced in order to run successfully. {learn}"
        ),
    };
    let error = ApiError { kind: measure.kind(), ..ApiError::invalid(message) };
    let error = error.status(StatusCode::TOO_MANY_REQUESTS).code("rate_limit_exceeded");
    match retry_after {
        Some(wait) => error.retry_after(*wait),
        None => error,
    }
}

/// Writes the headers that tell where a sender stands.
pub(crate) fn put_standing(headers: &mut HeaderMap, standing: &Standing) {
    let rooms = [("requests", standing.requests), ("tokens", standing.tokens), ("images", standing.images)];
    for (unit, room) in rooms {
        let Some(room) = room else { continue };
        let [limit, remaining, reset] = match unit {
            "requests" => NAMES[0],
            "tokens" => NAMES[1],
            _ => NAMES[2],
        };
        headers.insert(HeaderName::from_static(limit), HeaderValue::from(room.limit));
        headers.insert(HeaderName::from_static(remaining), HeaderValue::from(room.remaining));
        if let Ok(value) = HeaderValue::from_str(&written_duration(room.reset)) {
            headers.insert(HeaderName::from_static(reset), value);
        }
    }
}

const NAMES: [[&str; 3]; 3] = [
    ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"],
    ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"],
    ["x-ratelimit-limit-images", "x-ratelimit-remaining-images", "x-ratelimit-reset-images"],
];
