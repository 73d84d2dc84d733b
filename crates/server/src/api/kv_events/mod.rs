//! Events of the physical engine's caches, over HTTP: how each worker's stand, its batches as vLLM names their parts, and
//! as Dynamo's router events, which are a stream for those who ask for one.

mod follow;
mod wire;

use std::sync::Arc;

use axum::response::Response;
use axum::routing::get;
use fakeai_events::{Batch, Feed, dynamo};
use http::{StatusCode, header};
use serde::Serialize;

use self::wire::BatchWire;
use super::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{PathText, Query, Range, integer, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("GET", "/fakeai/kv-events", "listKvEventFeeds", get(list)),
        Endpoint::own("GET", "/fakeai/kv-events/{worker}", "listKvEvents", get(batches)),
        Endpoint::own("GET", "/dynamo/kv-events", "listDynamoKvEvents", get(dynamo_events)),
    ]
}

/// Batches of one page at most.
const MOST_BATCHES: i64 = 1000;

#[derive(Serialize)]
struct Page<T> {
    object: &'static str,
    data: Vec<T>,
    /// The first batch after these.
    next: u64,
}

async fn list(context: Context) -> Result<Response, ApiError> {
    let feeds = feeds(&context)?;
    let data: Vec<_> = feeds.iter().map(|feed| feed.status()).collect();
    Ok(json(&Page { object: "list", next: data.len() as u64, data }))
}

async fn batches(context: Context, PathText(worker): PathText<u32>, uri: http::Uri) -> Result<Response, ApiError> {
    let feed = feed(&context, worker)?;
    let (batches, next) = page(&feed, &Query::of(&uri.to_string()))?;
    let data = batches.iter().map(|batch| BatchWire::of(batch)).collect();
    Ok(json(&Page { object: "list", data, next }))
}

/// Dynamo's events of the worker `worker_id`, 0 unless said, from batch `from` on; as a stream that goes on, if that is
/// what is accepted.
async fn dynamo_events(context: Context, uri: http::Uri, headers: http::HeaderMap) -> Result<Response, ApiError> {
    let query = Query::of(&uri.to_string());
    let feed = feed(&context, number(&query, "worker_id")?.unwrap_or_default() as u32)?;
    let is_stream = headers
        .get(header::ACCEPT)
        .and_then(|accepted| accepted.to_str().ok())
        .is_some_and(|accepted| accepted.contains("text/event-stream"));
    if is_stream {
        let from = number(&query, "from")?.unwrap_or_else(|| feed.next_sequence());
        return Ok(follow::stream(&context, feed, from));
    }
    let (batches, next) = page(&feed, &query)?;
    let data: Vec<_> = batches.iter().flat_map(|batch| dynamo::router_events(batch)).collect();
    Ok(json(&Page { object: "list", data, next }))
}

/// The batches from number `from` on, at most `limit`.
fn page(feed: &Feed, query: &Query) -> Result<(Vec<Arc<Batch>>, u64), ApiError> {
    let from = number(query, "from")?.unwrap_or_default();
    let limit = number(query, "limit")?.map(|limit| i64::try_from(limit).unwrap_or(i64::MAX));
    let limit = integer("limit", limit, Range::new(1, MOST_BATCHES))?.unwrap_or(MOST_BATCHES);
    let batches = feed.kept_from(from, limit as usize);
    let next = batches.last().map_or_else(|| from.max(feed.next_sequence()), |batch| batch.sequence + 1);
    Ok((batches, next))
}

fn number(query: &Query, name: &str) -> Result<Option<u64>, ApiError> {
    let wrong = |_| {
        ApiError::invalid(format!("Invalid type for '{name}': expected an integer, but got a string instead."))
            .param(name)
            .code("invalid_type")
    };
    query.get(name).map(str::parse).transpose().map_err(wrong)
}

fn feeds(context: &Context) -> Result<&[Arc<Feed>], ApiError> {
    let feeds = context.app().drivers.feeds();
    if feeds.is_empty() {
        let message = "This server tells no KV events: start it with --engine and --kv-events.";
        return Err(ApiError::invalid(message).status(StatusCode::NOT_FOUND));
    }
    Ok(feeds)
}

fn feed(context: &Context, worker: u32) -> Result<Arc<Feed>, ApiError> {
    let feeds = feeds(context)?;
    feeds.get(worker as usize).cloned().ok_or_else(|| {
        let message = format!("There is no worker {worker}; they are numbered from 0 to {}.", feeds.len() - 1);
        ApiError::invalid(message).status(StatusCode::NOT_FOUND)
    })
}
