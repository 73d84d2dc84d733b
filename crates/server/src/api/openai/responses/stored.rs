//! Stored responses: how they are kept, and what they are at a moment.

use std::time::Duration;

use fakeai_core::{Clock, Tick};
use fakeai_engine::Flow;
use fakeai_store::{Change, Document, Expected, Page, Retention};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::echo::under_way;
use super::items::shared_end;
use super::output::shown;
use crate::api::openai::listing::{List, page};
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::{Line, Moment};
use crate::wire::Query;

/// Kept by the end that a response's id shares with those of its items, so that an item's id finds it too.
const KIND: &str = "response";
/// Stored responses read at a time.
const PAGE: usize = 100;
/// Seconds a response is kept, as OpenAI's document says: 30 days.
const KEPT_SECONDS: i64 = 30 * 24 * 3600;

/// A stored response.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Stored {
    /// As it is in the end.
    pub response: Value,
    /// The items it was asked with, without those before.
    pub input: Vec<Value>,
    /// For each output item, where its tokens end in what it shows.
    pub ends: Vec<Vec<u32>>,
    /// When it is written, for one in the background.
    pub schedule: Option<Schedule>,
    /// Of its document, if it has one.
    #[serde(skip)]
    pub version: Option<u64>,
}

/// When the tokens of a response in the background are ready. It outlives the process.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Schedule {
    began: Moment,
    /// Of each token, nanoseconds since it began.
    ready: Vec<u64>,
    /// When it was cancelled, nanoseconds since it began.
    cancelled: Option<u64>,
}

/// How far a response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Queued,
    InProgress,
    Done,
    Cancelled,
}

impl Schedule {
    /// The times of `flow`, for a request that came at `began`.
    pub(super) fn of(flow: Option<&Flow>, began: Tick, clock: &Clock) -> Self {
        let ticks = flow.map(|flow| flow.clone().ticks()).unwrap_or_default();
        let since = |tick: Tick| tick.since(began).as_nanos() as u64;
        Self { began: Line::new(clock).at(began), ready: ticks.into_iter().map(since).collect(), cancelled: None }
    }

    /// Nanoseconds since it began.
    fn elapsed(&self, clock: &Clock) -> u64 {
        Moment::now(clock).since(self.began).as_nanos() as u64
    }

    fn state(&self, clock: &Clock) -> State {
        let now = self.elapsed(clock);
        // Half of the time to the first token is spent in the queue.
        let starts = self.ready.first().map_or(0, |first| first / 2);
        match self.ready.last() {
            _ if self.cancelled.is_some() => State::Cancelled,
            Some(last) if now < starts && now < *last => State::Queued,
            Some(last) if now < *last => State::InProgress,
            _ => State::Done,
        }
    }

    /// How many tokens are ready.
    fn written(&self, clock: &Clock) -> usize {
        let end = self.cancelled.unwrap_or_else(|| self.elapsed(clock));
        self.ready.partition_point(|ready| *ready <= end)
    }

    /// The ticks of its tokens, those of the past now.
    fn ticks(&self, clock: &Clock) -> Vec<Tick> {
        let (now, elapsed) = (clock.now(), self.elapsed(clock));
        let count = if self.cancelled.is_some() { self.written(clock) } else { self.ready.len() };
        let left = self.ready[..count].iter().map(|ready| Duration::from_nanos(ready.saturating_sub(elapsed)));
        left.map(|left| now + left).collect()
    }

    /// Ends it where it is.
    pub(super) fn cancel(&mut self, clock: &Clock) {
        self.cancelled = Some(self.elapsed(clock));
    }

    /// Its document is kept until it has ended.
    fn retention(&self) -> Retention {
        let ends = self.began + Duration::from_nanos(self.ready.last().copied().unwrap_or_default());
        Retention::KeptUntil(ends.unix().saturating_add(1).saturating_mul(1000))
    }
}

impl Stored {
    pub(super) fn state(&self, clock: &Clock) -> State {
        self.schedule.as_ref().map_or(State::Done, |schedule| schedule.state(clock))
    }

    /// The response as it is now: under way, it shows the items that are complete.
    pub(super) fn at(&self, clock: &Clock) -> Value {
        let status = match self.state(clock) {
            State::Done => return self.response.clone(),
            State::Queued => "queued",
            State::InProgress => "in_progress",
            State::Cancelled => "cancelled",
        };
        let written = self.schedule.as_ref().map_or(0, |schedule| schedule.written(clock));
        let items = self.response["output"].as_array().into_iter().flatten().zip(&self.ends);
        let complete = items.scan(0, |tokens, (item, ends)| {
            *tokens += ends.len();
            (*tokens <= written && *tokens > 0).then(|| item.clone())
        });
        under_way(&self.response, status, complete.collect())
    }

    /// The tokens as far as they show, and when each is ready: those of the past at once.
    pub(super) fn replay(&self, clock: &Clock) -> (Vec<fakeai_writer::Segment>, Flow) {
        let items = self.response["output"].as_array().into_iter().flatten();
        let shown: Vec<_> = items.zip(&self.ends).map(|(item, ends)| shown(item, ends.iter().copied())).collect();
        let flow = match &self.schedule {
            None => Flow::instant(self.ends.iter().map(|ends| ends.len() as u32).sum(), clock.now()),
            Some(schedule) => Flow::given(schedule.ticks(clock)),
        };
        (shown, flow)
    }
}

pub(super) async fn put(context: &Context, stored: &Stored) -> Result<(), ApiError> {
    let body = serde_json::to_vec(stored).map_err(|_| ApiError::internal())?;
    let id = stored.response["id"].as_str().unwrap_or_default();
    let created = stored.response["created_at"].as_i64().unwrap_or_else(|| context.created());
    let retention = stored.schedule.as_ref().map_or(Retention::Evictable, Schedule::retention);
    let put = Change::put(KIND, shared_end(id), body)
        .expecting(stored.version.map_or(Expected::Any, Expected::Version))
        .expiring(Some(created.saturating_add(KEPT_SECONDS).saturating_mul(1000)))
        .retained(retention);
    context.documents().change(put).await?;
    Ok(())
}

/// The response whose id ends like this, if there is one.
pub(super) fn find_by_end(context: &Context, end: &str) -> Result<Option<Stored>, ApiError> {
    let found = context.documents().get(KIND, end).wait()?;
    let read = |found: Document| {
        let stored: Stored = serde_json::from_slice(&found.body).ok()?;
        Some(Stored { version: Some(found.version), ..stored })
    };
    Ok(found.and_then(read))
}

/// The response of an id, if there is one.
pub(super) fn find(context: &Context, id: &str) -> Result<Option<Stored>, ApiError> {
    Ok(find_by_end(context, shared_end(id))?.filter(|stored| stored.response["id"] == id))
}

/// The response of an id, or OpenAI's error.
pub(super) fn get(context: &Context, id: &str) -> Result<Stored, ApiError> {
    find(context, id)?
        .ok_or_else(|| ApiError::invalid(format!("Response with id '{id}' not found.")).status(StatusCode::NOT_FOUND))
}

pub(super) async fn delete(context: &Context, id: &str) -> Result<(), ApiError> {
    get(context, id)?;
    context.documents().change(Change::delete(KIND, shared_end(id))).await?;
    Ok(())
}

/// At most so many of the stored responses that have ended and that `wanted` takes, oldest first, each with the items it
/// was asked with.
pub(in crate::api::openai) async fn ended(
    context: &Context,
    most: usize,
    wanted: impl Fn(&Value) -> bool + Send,
) -> Result<Vec<(Value, Vec<Value>)>, ApiError> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = Page { after: after.take(), limit: PAGE, ..Page::default() };
        let listing = context.documents().list(KIND, &page).await?;
        after = listing.documents.last().map(|(id, _)| id.clone());
        for (_, document) in listing.documents {
            let Ok(stored) = serde_json::from_slice::<Stored>(&document.body) else { continue };
            if stored.state(context.clock()) == State::Done && wanted(&stored.response) {
                found.push((stored.response, stored.input));
            }
        }
        if !listing.has_more || after.is_none() || found.len() >= most {
            found.truncate(most);
            return Ok(found);
        }
    }
}

/// The page of `items` that the query of the request asks for, newest first unless it says otherwise.
pub(in crate::api::openai) fn page_of(context: &Context, items: Vec<Value>) -> Result<List, ApiError> {
    let query = Query::of(context.path());
    let (items, has_more) = page(items, |item| item["id"].as_str().unwrap_or_default(), &query)?;
    Ok(List::new(items, has_more))
}
