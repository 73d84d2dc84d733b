//! `/batches`.

use axum::response::Response;
use axum::routing::{get, post};
use fakeai_store::Document;

use super::batch::{Batch, KIND};
use super::wire::BatchWire;
use super::worker::{ensure, open_job};
use crate::api::Endpoint;
use crate::api::openai::listing::List;
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::{Moment, remember};
use crate::wire::{JsonBody, PathText, Query, json as json_answer};

/// A batch of at most so many requests and bytes is shown as it should be by now: whoever looks waits for its worker,
/// which takes milliseconds. Larger ones are shown as far as they are.
const SMALL_REQUESTS: u64 = 200;
const SMALL_BYTES: u64 = 256 * 1024;

pub(in crate::api::openai) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::api("POST", "/batches", "createBatch", post(create)),
        Endpoint::api("GET", "/batches", "listBatches", get(list)),
        Endpoint::api("GET", "/batches/{batch_id}", "retrieveBatch", get(get_one)),
        Endpoint::api("POST", "/batches/{batch_id}/cancel", "cancelBatch", post(cancel)),
    ]
}

async fn create(JsonBody(context, wire): JsonBody<BatchWire>) -> Result<Response, ApiError> {
    let batch = wire.checked(&context).await.map_err(|error| context.validation(error))?;
    let workspace = context.workspace();
    // First the note: one without a batch is dropped, a batch without one would not go on after a restart.
    remember(workspace.space().home(), &open_job(&workspace.name, &batch.id)).await?;
    context.documents().change(batch.change()?).await?;
    ensure(context.app(), workspace, &batch.id);
    Ok(json_answer(&batch.object()))
}

async fn list(context: Context) -> Result<Response, ApiError> {
    let page = Query::of(context.path()).page(true).map_err(|error| context.validation(error))?;
    let listing = context.documents().list(KIND, &page).await?;
    let read = |(_, document): (String, Document)| Batch::read(&document);
    let mut shown = Vec::with_capacity(listing.documents.len());
    for batch in listing.documents.into_iter().filter_map(read) {
        shown.push(caught_up(&context, batch).await?.object());
    }
    Ok(json_answer(&List::new(shown, listing.has_more)))
}

async fn get_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let batch = Batch::find(&context, &id).await?;
    Ok(json_answer(&caught_up(&context, batch).await?.object()))
}

/// The batch as it is now.
async fn caught_up(context: &Context, batch: Batch) -> Result<Batch, ApiError> {
    if batch.ended.is_some() {
        return Ok(batch);
    }
    let worker = ensure(context.app(), context.workspace(), &batch.id);
    let requests = batch.checked.as_ref().map_or(0, |checked| checked.requests);
    if batch.input_bytes > SMALL_BYTES || requests > SMALL_REQUESTS {
        return Ok(batch);
    }
    worker.caught_up(context.clock()).await;
    Batch::find(context, &batch.id).await
}

async fn cancel(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let batch = caught_up(&context, Batch::find(&context, &id).await?).await?;
    let now = Moment::now(context.clock());
    let asked = {
        let _turn = context.workspace().space().alone(&batch.id).await;
        let mut batch = Batch::find(&context, &batch.id).await?;
        if batch.ended.is_some() {
            let message = format!("Cannot cancel a batch with status '{}'.", batch.status());
            return Err(context.validation(ApiError::invalid(message)));
        }
        if batch.cancelling.is_none() {
            batch.cancelling = Some(now);
            context.documents().change(batch.change()?).await?;
        }
        batch
    };
    ensure(context.app(), context.workspace(), &asked.id).cancel();
    Ok(json_answer(&asked.object()))
}
