//! A job, as it is kept and shown.

use std::time::Duration;

use fakeai_core::Seed;
use fakeai_store::{Change, Document, Expected, Retention};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::curve::Curve;
use super::examples::Survey;
use super::method::{Method, Numbers};
use super::schedule::Schedule;
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;

/// The kind of its documents.
pub(super) const KIND: &str = "fine_tuning_job";

/// A fine-tuning job.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Job {
    pub id: String,
    /// The model that is tuned.
    pub model: String,
    pub organization: String,
    pub training_file: String,
    pub validation_file: Option<String>,
    pub method: Method,
    pub seed: i64,
    pub integrations: Option<Vec<Value>>,
    pub metadata: Option<Map<String, Value>>,
    pub schedule: Schedule,
    pub training: Survey,
    pub validation: Option<Survey>,
    /// What is wrong with its files.
    pub error: Option<JobError>,
    /// What the model will be called.
    pub tuned: String,
    /// The file that will have the results.
    pub result_file: String,
    /// Whether results and model are in their places.
    pub delivered: bool,
    /// Of its document.
    #[serde(skip)]
    pub version: Option<u64>,
}

/// Why a job failed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct JobError {
    pub code: String,
    pub message: String,
    pub param: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Validating,
    Queued,
    Running,
    Paused,
    Succeeded,
    Failed,
    Cancelled,
}

impl Status {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Validating => "validating_files",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub(super) const fn has_ended(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

impl Job {
    /// The job of an id.
    pub(super) async fn find(context: &Context, id: &str) -> Result<Self, ApiError> {
        let found = context.documents().get(KIND, id).await?;
        found.as_ref().and_then(Self::read).ok_or_else(|| {
            let message = format!("Could not find fine tune: {id}");
            ApiError::invalid(message).param("fine_tuning_job_id").status(http::StatusCode::NOT_FOUND)
        })
    }

    pub(super) fn read(document: &Document) -> Option<Self> {
        let job: Self = serde_json::from_slice(&document.body).ok()?;
        Some(Self { version: Some(document.version), ..job })
    }

    /// The change that keeps it as it is.
    pub(super) fn change(&self) -> Result<Change, ApiError> {
        let body = serde_json::to_vec(self).map_err(|_| ApiError::internal())?;
        // What it was may be forgotten, what it is to do may not.
        let is_over = self.delivered || self.schedule.cancelled.is_some();
        let retention = if is_over { Retention::Evictable } else { Retention::Kept };
        let expected = self.version.map_or(Expected::Any, Expected::Version);
        Ok(Change::put(KIND, &*self.id, body).expecting(expected).retained(retention))
    }

    /// What it works through before it ends by itself.
    pub(super) fn work(&self) -> Duration {
        if self.error.is_some() { self.schedule.validated() } else { self.schedule.takes() }
    }

    pub(super) fn status(&self, now: Moment) -> Status {
        let schedule = &self.schedule;
        let worked = schedule.worked(now);
        if schedule.cancelled.is_some() {
            Status::Cancelled
        } else if worked >= self.work() {
            if self.error.is_some() { Status::Failed } else { Status::Succeeded }
        } else if schedule.is_paused() {
            Status::Paused
        } else if worked < schedule.validated() {
            Status::Validating
        } else if worked < schedule.started() {
            Status::Queued
        } else {
            Status::Running
        }
    }

    /// The numbers it goes by.
    pub(super) fn numbers(&self) -> Numbers {
        self.method.numbers(self.training.examples)
    }

    /// Tokens that are paid for when it has succeeded.
    pub(super) fn trained_tokens(&self) -> u64 {
        self.training.tokens * self.numbers().epochs
    }

    pub(super) fn curve(&self) -> Curve {
        Curve {
            seed: Seed::new(self.seed.cast_unsigned()).derive("fine tuning").mix(self.training.hash),
            kind: self.method.kind,
            numbers: self.numbers(),
            mean_tokens: self.training.tokens as f64 / self.training.examples.max(1) as f64,
            has_validation: self.validation.is_some(),
        }
    }

    /// When it ended, if it has.
    pub(super) fn finished(&self, now: Moment) -> Option<Moment> {
        let ended = self.schedule.cancelled.unwrap_or_else(|| self.schedule.at(self.work()));
        self.status(now).has_ended().then_some(ended)
    }

    /// As it is shown.
    pub(super) fn object(&self, now: Moment) -> Value {
        let status = self.status(now);
        let succeeded = status == Status::Succeeded;
        let is_known = self.error.is_none() && self.schedule.worked(now) >= self.schedule.validated();
        let numbers = is_known.then(|| self.numbers());
        let finish = matches!(status, Status::Queued | Status::Running).then(|| self.schedule.at(self.work()).unix());
        let error = self.error.as_ref().filter(|_| status == Status::Failed);
        json!({
            "object": "fine_tuning.job",
            "id": self.id,
            "model": self.model,
            "created_at": self.schedule.created.unix(),
            "finished_at": self.finished(now).map(Moment::unix),
            "fine_tuned_model": succeeded.then_some(&self.tuned),
            "organization_id": self.organization,
            "result_files": if succeeded { vec![&self.result_file] } else { Vec::new() },
            "status": status.name(),
            "validation_file": self.validation_file,
            "training_file": self.training_file,
            "hyperparameters": self.method.hyperparameters(numbers),
            "trained_tokens": succeeded.then(|| self.trained_tokens()),
            "error": error,
            "integrations": self.integrations,
            "seed": self.seed,
            "estimated_finish": finish,
            "method": self.method.object(numbers),
            "metadata": self.metadata,
        })
    }
}
