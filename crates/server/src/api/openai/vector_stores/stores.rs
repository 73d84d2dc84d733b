//! `/vector_stores`.

use axum::response::Response;
use axum::routing::{delete, get, post};
use fakeai_store::{Change, Page};
use serde_json::json;

use super::batch;
use super::file::{REVISION, kind, revised};
use super::ingest::{Wanted, add, now_ms};
use super::shelf::all;
use super::store::{CreateWire, KIND, UpdateWire, VectorStore};
use super::strategy::chunking;
use crate::api::Endpoint;
use crate::api::openai::listing::List;
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;
use crate::wire::{JsonBody, PathText, Query, json as json_answer};

/// Files a store may be made with, as `OpenAI` allows.
const MOST_FIRST_FILES: usize = 500;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const ONE: &str = "/vector_stores/{vector_store_id}";
    vec![
        Endpoint::api("POST", "/vector_stores", "createVectorStore", post(create)),
        Endpoint::api("GET", "/vector_stores", "listVectorStores", get(list)),
        Endpoint::api("GET", ONE, "getVectorStore", get(get_one)),
        Endpoint::api("POST", ONE, "modifyVectorStore", post(update)),
        Endpoint::api("DELETE", ONE, "deleteVectorStore", delete(delete_one)),
    ]
}

/// A store as it is shown now.
fn shown(context: &Context, store: &VectorStore) -> Result<serde_json::Value, ApiError> {
    let now = Moment::now(context.clock());
    let shelves = &context.app().shelves;
    let summary = shelves.look(context, &store.id, false, |shelf| shelf.summary(now, now_ms(context)))?;
    Ok(store.object(context, &summary))
}

async fn create(JsonBody(context, wire): JsonBody<CreateWire>) -> Result<Response, ApiError> {
    let store = make(&context, wire).await.map_err(|error| context.validation(error))?;
    Ok(json_answer(&shown(&context, &store)?))
}

/// Makes a store, with its first files if there are any.
pub(super) async fn make(context: &Context, mut wire: CreateWire) -> Result<VectorStore, ApiError> {
    let ids = wire.file_ids.take().unwrap_or_default();
    if ids.len() > MOST_FIRST_FILES {
        return Err(ApiError::too_many("file_ids", MOST_FIRST_FILES, ids.len()));
    }
    let chunking = chunking(wire.chunking_strategy.as_ref(), "chunking_strategy")?;
    let store = VectorStore::new(context, wire)?;
    let mut wanted: Vec<Wanted> = Vec::with_capacity(ids.len());
    for (place, id) in ids.iter().enumerate() {
        if !ids[..place].contains(id) {
            wanted.push(Wanted::find(context, id, serde_json::Map::new(), chunking).await?);
        }
    }
    if wanted.is_empty() {
        context.documents().apply(vec![store.put()?, revised(&store.id)]).await?;
    } else {
        add(context, &store.id, true, wanted, None, |_| Ok(vec![store.put()?])).await?;
    }
    Ok(store)
}

async fn list(context: Context) -> Result<Response, ApiError> {
    let page = Query::of(context.path()).page(true).map_err(|error| context.validation(error))?;
    let listing = context.documents().list(KIND, &page).await?;
    let stores = listing.documents.iter().filter_map(|(_, document)| VectorStore::read(document));
    let shown: Result<Vec<_>, ApiError> = stores.map(|store| shown(&context, &store)).collect();
    Ok(json_answer(&List::new(shown?, listing.has_more)))
}

async fn get_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    Ok(json_answer(&shown(&context, &VectorStore::find(&context, &id)?)?))
}

async fn update(PathText(id): PathText, JsonBody(context, wire): JsonBody<UpdateWire>) -> Result<Response, ApiError> {
    let changed = VectorStore::update(&context, &id, |store| store.change(&wire)).await;
    let store = changed.map_err(|error| context.validation(error))?;
    Ok(json_answer(&shown(&context, &store)?))
}

async fn delete_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let _turn = context.workspace().space().alone(&id).await;
    VectorStore::find(&context, &id)?;
    let mut changes = vec![Change::delete(KIND, &*id), Change::delete(REVISION, &*id)];
    changes.extend(all(&context, &id)?.into_iter().map(|file| Change::delete(kind(&id), file.id)));
    changes.extend(batch::ids(&context, &id)?.into_iter().map(|batch| Change::delete(batch::kind(&id), batch)));
    context.documents().apply(changes).await?;
    context.app().shelves.forget(&context, &id);
    Ok(json_answer(&json!({"id": id, "object": "vector_store.deleted", "deleted": true})))
}

/// The ids of all stores.
pub(super) fn ids(context: &Context) -> Result<Vec<String>, ApiError> {
    let mut page = Page { limit: 1000, ..Page::default() };
    let mut ids = Vec::new();
    loop {
        let listing = context.documents().list(KIND, &page).wait()?;
        page.after = listing.last_id().map(str::to_owned);
        ids.extend(listing.documents.into_iter().map(|(id, _)| id));
        if !listing.has_more {
            return Ok(ids);
        }
    }
}
