//! What fine-tuning does, in figures: `/metrics/fine-tuning`.

use std::collections::BTreeMap;

use fakeai_store::Page;
use serde::Serialize;

use super::job::{Job, KIND, Status};
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;

/// Jobs that are read at a time, and the newest that are shown one by one.
const PORTION: usize = 256;
const SHOWN: usize = 20;

/// The jobs of a workspace in figures.
#[derive(Debug, Default, Serialize)]
pub(in crate::api) struct FineTuningMetrics {
    total_jobs: u64,
    by_status: BTreeMap<&'static str, u64>,
    by_model: BTreeMap<String, u64>,
    by_method: BTreeMap<&'static str, u64>,
    /// Of training files.
    examples: u64,
    /// Of jobs that have succeeded.
    trained_tokens: u64,
    /// What those cost, US dollars.
    cost_usd: f64,
    /// Mean time from creation to end, of those that have ended.
    avg_duration_seconds: f64,
    /// Of those that have ended, 0 to 1.
    success_rate: f64,
    recent: Vec<One>,
}

#[derive(Debug, Serialize)]
struct One {
    id: String,
    status: &'static str,
    model: String,
    method: &'static str,
    created_at: i64,
    /// 0 to 1.
    progress: f64,
    step: u64,
    total_steps: u64,
    train_loss: Option<f64>,
    valid_loss: Option<f64>,
    trained_tokens: Option<u64>,
}

impl FineTuningMetrics {
    /// Of the workspace of the one who asks.
    pub(in crate::api) async fn of(context: &Context) -> Result<Self, ApiError> {
        let now = Moment::now(context.clock());
        let mut page = Page { limit: PORTION, descending: true, ..Page::default() };
        let mut all = Self::default();
        let (mut ended, mut seconds) = (0_u64, 0.0);
        loop {
            let listing = context.documents().list(KIND, &page).await?;
            for job in listing.documents.iter().filter_map(|(_, document)| Job::read(document)) {
                if let Some(finished) = job.finished(now) {
                    ended += 1;
                    seconds += finished.since(job.schedule.created).as_secs_f64();
                }
                all.add(context, &job, now);
            }
            if !listing.has_more {
                break;
            }
            page.after = listing.last_id().map(str::to_owned);
        }
        if ended > 0 {
            all.avg_duration_seconds = seconds / ended as f64;
            let succeeded = all.by_status.get(Status::Succeeded.name()).copied().unwrap_or_default();
            all.success_rate = succeeded as f64 / ended as f64;
        }
        Ok(all)
    }

    fn add(&mut self, context: &Context, job: &Job, now: Moment) {
        let status = job.status(now);
        self.total_jobs += 1;
        *self.by_status.entry(status.name()).or_default() += 1;
        *self.by_model.entry(job.model.clone()).or_default() += 1;
        *self.by_method.entry(job.method.kind.name()).or_default() += 1;
        self.examples += job.training.examples;
        let trained = (status == Status::Succeeded).then(|| job.trained_tokens());
        if let Some(tokens) = trained {
            let card = context.app().peek_model(context.workspace(), &job.model).ok();
            let price = card.and_then(|card| card.pricing.training_per_million).unwrap_or_default();
            self.trained_tokens += tokens;
            self.cost_usd += tokens as f64 * price / 1e6;
        }
        if self.recent.len() < SHOWN {
            self.recent.push(One::of(job, status, trained, now));
        }
    }
}

impl One {
    fn of(job: &Job, status: Status, trained_tokens: Option<u64>, now: Moment) -> Self {
        let (schedule, numbers) = (&job.schedule, job.numbers());
        let share = |done: f64, whole: f64| if whole > 0.0 { (done / whole).min(1.0) } else { 1.0 };
        let worked = schedule.worked(now);
        let training = worked.saturating_sub(schedule.started()).as_secs_f64();
        let whole = schedule.takes().saturating_sub(schedule.started()).as_secs_f64();
        let step = if job.error.is_some() { 0.0 } else { share(training, whole) * numbers.steps as f64 };
        let step = step as u64;
        let measured = (step > 0).then(|| job.curve().at(step));
        Self {
            id: job.id.clone(),
            status: status.name(),
            model: job.model.clone(),
            method: job.method.kind.name(),
            created_at: schedule.created.unix(),
            progress: share(worked.as_secs_f64(), job.work().as_secs_f64()),
            step,
            total_steps: numbers.steps,
            train_loss: measured.map(|measured| measured.train_loss),
            valid_loss: measured.and_then(|measured| measured.valid).map(|(loss, _)| loss),
            trained_tokens,
        }
    }
}
