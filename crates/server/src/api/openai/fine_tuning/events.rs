//! The events of a job: a function of the job and now; as a list, and as they happen.

use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use fakeai_core::{Ids, Seed};
use fakeai_store::Subscription;
use futures_util::stream;
use http::{HeaderValue, header};
use serde_json::{Value, json};

use super::job::{Job, Status};
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;

/// Most steps that are told one by one.
const MOST_STEPS: u64 = 100;

/// An event.
#[derive(Clone, Debug)]
pub(super) struct Event {
    at: Moment,
    pub id: String,
    level: &'static str,
    message: String,
    data: Option<Value>,
}

impl Event {
    pub(super) fn object(&self) -> Value {
        json!({
            "object": "fine_tuning.job.event",
            "id": self.id,
            "created_at": self.at.unix(),
            "level": self.level,
            "message": self.message,
            "type": if self.data.is_some() { "metrics" } else { "message" },
            "data": self.data.clone().unwrap_or_else(|| json!({})),
        })
    }
}

/// Collects the events of a job.
struct Telling<'a> {
    job: &'a Job,
    events: Vec<Event>,
}

impl Telling<'_> {
    fn tell(&mut self, at: Moment, message: String) -> &mut Event {
        // Its place among events of the same words makes it one of its own.
        let times = self.events.iter().filter(|event| event.message == message).count() as u64;
        let seed = Seed::new(0).derive("fine tuning event").derive(&self.job.id).derive(&message).mix(times);
        let id = Ids::new(seed).next("ftevent-", 24);
        self.events.push(Event { at, id, level: "info", message, data: None });
        let last = self.events.len() - 1;
        &mut self.events[last]
    }

    /// After so much work.
    fn after(&mut self, worked: Duration, message: String) -> &mut Event {
        self.tell(self.job.schedule.at(worked), message)
    }
}

/// All events of a job, the oldest first, with those to come if nobody does anything.
fn all(job: &Job) -> Vec<Event> {
    let mut telling = Telling { job, events: Vec::new() };
    let schedule = &job.schedule;
    telling.after(Duration::ZERO, format!("Created fine-tuning job: {}", job.id));
    let files = match &job.validation_file {
        Some(file) => format!("Validating training file: {} and validation file: {file}", job.training_file),
        None => format!("Validating training file: {}", job.training_file),
    };
    telling.after(Duration::ZERO, files);
    if let Some(error) = &job.error {
        telling.after(schedule.validated(), error.message.clone()).level = "error";
    } else {
        telling.after(schedule.validated(), "Files validated, moving job to queued state".to_owned());
        telling.after(schedule.started(), "Fine-tuning job started".to_owned());
        train(&mut telling);
        telling.after(schedule.takes(), format!("New fine-tuned model created: {}", job.tuned));
        telling.after(schedule.takes(), "The job has successfully completed".to_owned());
    }
    for (from, to) in schedule.pauses() {
        telling.tell(*from, "Fine-tuning job paused".to_owned());
        if let Some(to) = to {
            telling.tell(*to, "Fine-tuning job resumed".to_owned());
        }
    }
    if let Some(cancelled) = schedule.cancelled {
        telling.tell(cancelled, "Fine-tuning job cancelled".to_owned());
    }
    let mut events = telling.events;
    // Stable: what happens at the same time stays in its order.
    events.sort_by_key(|event| event.at);
    events
}

/// Steps, and what is kept of the model at the ends of epochs.
fn train(telling: &mut Telling<'_>) {
    let job = telling.job;
    let (numbers, curve) = (job.numbers(), job.curve());
    let told = numbers.steps.min(MOST_STEPS);
    let kept = super::checkpoints::steps(job);
    let mut last = 0;
    for number in 1..=told {
        let step = number * numbers.steps / told;
        let measured = curve.at(step);
        for checkpoint in kept.iter().filter(|checkpoint| (last..step).contains(checkpoint)) {
            let worked = job.schedule.stepped(*checkpoint, numbers.steps);
            telling.after(worked, format!("Checkpoint created at step {checkpoint}"));
        }
        let mut message = format!("Step {step}/{}: training loss={:.2}", numbers.steps, measured.train_loss);
        if let Some((loss, _)) = measured.valid {
            let _ = write!(message, ", validation loss={loss:.2}");
        }
        let full = if step == numbers.steps { curve.full(step) } else { None };
        if let Some((loss, _)) = full {
            let _ = write!(message, ", full validation loss={loss:.2}");
        }
        let mut data = measured.metrics(full);
        data.insert("total_steps".to_owned(), numbers.steps.into());
        telling.after(job.schedule.stepped(step, numbers.steps), message).data = Some(Value::Object(data));
        last = step;
    }
}

/// The events up to now, the oldest first; and when the next one is, if it is known.
pub(super) fn told(job: &Job, now: Moment) -> (Vec<Event>, Option<Moment>) {
    let rests = job.schedule.pauses().last().filter(|(_, to)| to.is_none()).map(|(from, _)| *from);
    let stops = job.schedule.cancelled.or(rests);
    let end = stops.map_or(now, |stops| now.min(stops));
    let (told, to_come): (Vec<Event>, Vec<Event>) = all(job).into_iter().partition(|event| event.at <= end);
    (told, to_come.first().filter(|_| stops.is_none()).map(|event| event.at))
}

/// Where it is said that a job has changed.
fn topic(id: &str) -> String {
    format!("{}/{id}", super::job::KIND)
}

/// Tells streams that a job has changed.
pub(super) fn announce(context: &Context, id: &str) {
    let space = context.workspace().space();
    space.home().publish(space.name(), &topic(id), Bytes::new());
}

/// The events as they happen, up to the job's end, as `data:` lines with `[DONE]` behind them.
pub(super) fn follow(context: Context, id: &str) -> Response {
    let space = context.workspace().space();
    let changes = space.home().subscribe(space.name(), &topic(id));
    let follower = Follower { context, id: id.to_owned(), changes, sent: 0, over: false };
    let events = stream::unfold(follower, |mut follower| async move {
        if follower.over {
            return None;
        }
        let frame = follower.next().await;
        Some((frame, follower))
    });
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

struct Follower {
    context: Context,
    id: String,
    changes: Subscription,
    /// Events sent.
    sent: usize,
    over: bool,
}

impl Follower {
    /// What is to be sent next, once there is something.
    async fn next(&mut self) -> Result<Bytes, ApiError> {
        loop {
            // A job that is gone breaks the stream off.
            let job = Job::find(&self.context, &self.id).await?;
            let clock = self.context.workspace().clock();
            let now = Moment::now(&clock);
            let (events, next) = told(&job, now);
            let mut out = String::new();
            for event in events.iter().skip(self.sent) {
                let _ = write!(out, "data: {}\n\n", event.object());
            }
            self.sent = events.len();
            if job.status(now).has_ended() || self.context.app().is_closing() {
                self.over = true;
                out.push_str("data: [DONE]\n\n");
            }
            if !out.is_empty() {
                return Ok(out.into());
            }
            // A job that rests has no next event: somebody has to wake it.
            let rests = job.status(now) == Status::Paused;
            let next = next.unwrap_or_else(|| now + Duration::from_secs(if rests { 3600 } else { 1 }));
            tokio::select! {
                () = clock.sleep_until(next.tick(&clock)) => {}
                _ = self.changes.next() => {}
            }
        }
    }
}
