//! Stored responses: how they are kept, and what they are at a moment.

use bytes::Bytes;
use fakeai_core::Tick;
use fakeai_engine::Flow;
use fakeai_store::StoreError;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::echo::under_way;
use super::items::shared_end;
use super::output::shown;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::Query;

/// Kept by the end that a response's id shares with those of its items, so that an item's id finds it too.
const KIND: &str = "response";

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
}

/// When the tokens of a response in the background are ready: nanoseconds of the workspace's clock.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Schedule {
    began: u64,
    /// Of each token.
    ready: Vec<u64>,
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
    pub(super) fn of(flow: Option<&Flow>, began: Tick) -> Self {
        let ticks = flow.map(|flow| flow.clone().ticks()).unwrap_or_default();
        Self { began: began.as_nanos(), ready: ticks.into_iter().map(Tick::as_nanos).collect(), cancelled: None }
    }

    fn state(&self, now: Tick) -> State {
        let now = now.as_nanos();
        // Half of the time to the first token is spent in the queue.
        let starts = self.ready.first().map_or(self.began, |first| u64::midpoint(*first, self.began));
        match self.ready.last() {
            _ if self.cancelled.is_some() => State::Cancelled,
            Some(last) if now < starts.max(self.began) && now < *last => State::Queued,
            Some(last) if now < *last => State::InProgress,
            _ => State::Done,
        }
    }

    /// How many tokens are ready.
    fn written(&self, now: Tick) -> usize {
        let end = self.cancelled.unwrap_or_else(|| now.as_nanos());
        self.ready.partition_point(|ready| *ready <= end)
    }

    /// Ends it where it is.
    pub(super) const fn cancel(&mut self, now: Tick) {
        self.cancelled = Some(now.as_nanos());
    }
}

impl Stored {
    pub(super) fn state(&self, now: Tick) -> State {
        self.schedule.as_ref().map_or(State::Done, |schedule| schedule.state(now))
    }

    /// The response as it is at `now`: under way, it shows the items that are complete.
    pub(super) fn at(&self, now: Tick) -> Value {
        let status = match self.state(now) {
            State::Done => return self.response.clone(),
            State::Queued => "queued",
            State::InProgress => "in_progress",
            State::Cancelled => "cancelled",
        };
        let written = self.schedule.as_ref().map_or(0, |schedule| schedule.written(now));
        let items = self.response["output"].as_array().into_iter().flatten().zip(&self.ends);
        let complete = items.scan(0, |tokens, (item, ends)| {
            *tokens += ends.len();
            (*tokens <= written && *tokens > 0).then(|| item.clone())
        });
        under_way(&self.response, status, complete.collect())
    }

    /// The tokens as far as they show, and when each is ready: those of the past at once.
    pub(super) fn replay(&self, now: Tick) -> (Vec<fakeai_writer::Segment>, Flow) {
        let items = self.response["output"].as_array().into_iter().flatten();
        let shown: Vec<_> = items.zip(&self.ends).map(|(item, ends)| shown(item, ends.iter().copied())).collect();
        let flow = match &self.schedule {
            None => Flow::instant(self.ends.iter().map(|ends| ends.len() as u32).sum(), now),
            Some(schedule) => {
                let count = match schedule.cancelled {
                    Some(_) => schedule.written(now),
                    None => schedule.ready.len(),
                };
                let ticks = schedule.ready[..count].iter().map(|ready| Tick::from_nanos(*ready).max(now));
                Flow::given(ticks.collect())
            }
        };
        (shown, flow)
    }
}

fn failed(error: StoreError) -> ApiError {
    match error {
        StoreError::NoCursor(id) => no_cursor(&id),
    }
}

fn no_cursor(id: &str) -> ApiError {
    ApiError::invalid(format!("Invalid 'after': no item of id '{id}'.")).param("after").status(StatusCode::NOT_FOUND)
}

pub(super) fn put(context: &Context, stored: &Stored) -> Result<(), ApiError> {
    let body = serde_json::to_vec(stored).map_err(|_| ApiError::internal())?;
    let id = stored.response["id"].as_str().unwrap_or_default();
    context.workspace().documents().put(KIND, shared_end(id), Bytes::from(body)).map_err(failed)
}

/// The response whose id ends like this, if there is one.
pub(super) fn find_by_end(context: &Context, end: &str) -> Result<Option<Stored>, ApiError> {
    let body = context.workspace().documents().get(KIND, end).map_err(failed)?;
    Ok(body.and_then(|body| serde_json::from_slice(&body).ok()))
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

pub(super) fn delete(context: &Context, id: &str) -> Result<(), ApiError> {
    get(context, id)?;
    context.workspace().documents().delete(KIND, shared_end(id)).map_err(failed)?;
    Ok(())
}

/// A page of items.
#[derive(Serialize)]
pub(in crate::api::openai) struct ListWire {
    object: &'static str,
    data: Vec<Value>,
    first_id: Option<String>,
    last_id: Option<String>,
    has_more: bool,
}

impl ListWire {
    /// All of `items` as one page.
    pub(in crate::api::openai) fn new(data: Vec<Value>, has_more: bool) -> Self {
        let id = |item: Option<&Value>| item.and_then(|item| item["id"].as_str()).map(str::to_owned);
        Self { object: "list", first_id: id(data.first()), last_id: id(data.last()), data, has_more }
    }
}

/// The page of `items` that the query of the request asks for, newest first unless it says otherwise.
pub(in crate::api::openai) fn page_of(context: &Context, mut items: Vec<Value>) -> Result<ListWire, ApiError> {
    let page = Query::of(context.path()).page(true)?;
    if page.descending {
        items.reverse();
    }
    let start = match &page.after {
        None => 0,
        Some(after) => items.iter().position(|item| item["id"] == **after).ok_or_else(|| no_cursor(after))? + 1,
    };
    let has_more = items.len() > start + page.limit;
    Ok(ListWire::new(items.into_iter().skip(start).take(page.limit).collect(), has_more))
}
