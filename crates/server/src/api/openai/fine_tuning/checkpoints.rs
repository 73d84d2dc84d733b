//! What is kept of a model under training: the ends of its last three epochs.

use fakeai_core::{Ids, Seed};
use serde_json::{Value, json};

use super::job::{Job, Status};
use crate::jobs::Moment;

/// Epochs whose ends are kept.
const KEPT: u64 = 3;

/// The steps at which one is kept, the first first.
pub(super) fn steps(job: &Job) -> Vec<u64> {
    let numbers = job.numbers();
    let first = numbers.epochs.saturating_sub(KEPT) + 1;
    (first..=numbers.epochs).map(|epoch| epoch * numbers.steps / numbers.epochs).filter(|step| *step > 0).collect()
}

/// The checkpoints there are by now, the newest first.
pub(super) fn made(job: &Job, now: Moment) -> Vec<Value> {
    if job.error.is_some() {
        return Vec::new();
    }
    let (numbers, curve) = (job.numbers(), job.curve());
    let worked = job.schedule.worked(now);
    let mut steps = steps(job);
    steps.dedup();
    let there = steps.into_iter().filter(|step| job.schedule.stepped(*step, numbers.steps) <= worked);
    // The last is the model itself, and there when the job has succeeded.
    let there = there.filter(|step| *step < numbers.steps || job.status(now) == Status::Succeeded);
    let object = |step: u64| {
        let seed = Seed::new(0).derive("checkpoint").derive(&job.id).mix(step);
        json!({
            "object": "fine_tuning.job.checkpoint",
            "id": Ids::new(seed).next("ftckpt_", 24),
            "created_at": job.schedule.at(job.schedule.stepped(step, numbers.steps)).unix(),
            "fine_tuned_model_checkpoint": name(job, step),
            "fine_tuning_job_id": job.id,
            "metrics": curve.at(step).metrics(curve.full(step)),
            "step_number": step,
        })
    };
    let mut made: Vec<Value> = there.map(object).collect();
    made.reverse();
    made
}

/// What the model is called as it is at a step.
pub(super) fn name(job: &Job, step: u64) -> String {
    if step >= job.numbers().steps { job.tuned.clone() } else { format!("{}:ckpt-step-{step}", job.tuned) }
}
