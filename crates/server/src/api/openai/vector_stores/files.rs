//! `/vector_stores/{vector_store_id}/files`.

use std::time::Duration;

use axum::response::Response;
use axum::routing::{delete, get, post};
use http::HeaderValue;
use serde::Deserialize;
use serde_json::{Value, json};

use super::attributes;
use super::content::Content;
use super::file::{State, VectorFile, kind, revised};
use super::ingest::{Wanted, add, remove};
use super::store::VectorStore;
use super::stores;
use super::strategy::{StrategyWire, chunking};
use crate::api::Endpoint;
use crate::api::openai::listing::List;
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;
use crate::wire::{JsonBody, PathText, Query, json as json_answer};

pub(super) fn endpoints() -> Vec<Endpoint> {
    const ALL: &str = "/vector_stores/{vector_store_id}/files";
    const ONE: &str = "/vector_stores/{vector_store_id}/files/{file_id}";
    const CONTENT: &str = "/vector_stores/{vector_store_id}/files/{file_id}/content";
    vec![
        Endpoint::api("POST", ALL, "createVectorStoreFile", post(create)),
        Endpoint::api("GET", ALL, "listVectorStoreFiles", get(list)),
        Endpoint::api("GET", ONE, "getVectorStoreFile", get(get_one)),
        Endpoint::api("POST", ONE, "updateVectorStoreFileAttributes", post(update)),
        Endpoint::api("DELETE", ONE, "deleteVectorStoreFile", delete(delete_one)),
        Endpoint::api("GET", CONTENT, "retrieveVectorStoreFileContent", get(content)),
    ]
}

/// A file as clients add it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FileWire {
    file_id: Option<String>,
    attributes: Option<Value>,
    chunking_strategy: Option<StrategyWire>,
}

impl FileWire {
    /// The file, if there is one; `prefix` is the path to it.
    pub(super) async fn wanted(self, context: &Context, prefix: &str) -> Result<Wanted, ApiError> {
        let param = |field: &str| format!("{prefix}{field}");
        let id = self.file_id.ok_or_else(|| ApiError::missing(&param("file_id")))?;
        let attributes = attributes::check(self.attributes, &param("attributes"))?;
        let chunking = chunking(self.chunking_strategy.as_ref(), &param("chunking_strategy"))?;
        Wanted::find(context, &id, attributes, chunking).await
    }
}

/// An answer that tells clients how soon to ask again, where it will be another then.
pub(super) fn polled(context: &Context, object: &Value, ready: Option<Moment>) -> Response {
    let mut response = json_answer(object);
    let left = ready.map(|ready| ready.since(Moment::now(context.clock()))).filter(|left| *left > Duration::ZERO);
    if let Some(left) = left {
        let milliseconds = u64::try_from(left.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
        response.headers_mut().insert("openai-poll-after-ms", HeaderValue::from(milliseconds));
    }
    response
}

async fn create(PathText(store): PathText, JsonBody(context, wire): JsonBody<FileWire>) -> Result<Response, ApiError> {
    VectorStore::find(&context, &store)?;
    let wanted = wire.wanted(&context, "").await.map_err(|error| context.validation(error))?;
    VectorStore::update(&context, &store, |_| Ok(())).await?;
    let files = add(&context, &store, false, vec![wanted], None, |_| Ok(Vec::new())).await;
    let files = files.map_err(|error| context.validation(error))?;
    let file = files.first().ok_or_else(ApiError::internal)?;
    Ok(json_answer(&file.object(Moment::now(context.clock()))))
}

async fn list(context: Context, PathText(store): PathText) -> Result<Response, ApiError> {
    VectorStore::find(&context, &store)?;
    Ok(json_answer(&listed(&context, &store, |_| true).await?))
}

/// A page of the files of a store that are `wanted` and in the state that the query asks for.
pub(super) async fn listed(
    context: &Context,
    store: &str,
    wanted: impl Fn(&VectorFile) -> bool + Send + Sync,
) -> Result<List, ApiError> {
    let query = Query::of(context.path());
    let page = query.page(true).map_err(|error| context.validation(error))?;
    let state = query.get("filter").map(State::read).transpose().map_err(|error| context.validation(error))?;
    let now = Moment::now(context.clock());
    let is_wanted = |body: &bytes::Bytes| {
        let file: Option<VectorFile> = serde_json::from_slice(body).ok();
        file.is_some_and(|file| wanted(&file) && state.is_none_or(|state| file.schedule.state(now) == state))
    };
    let listing = context.documents().find(&kind(store), &page, is_wanted).await?;
    let files = listing.documents.iter().filter_map(|(_, document)| VectorFile::read(document));
    Ok(List::new(files.map(|file| file.object(now)).collect(), listing.has_more))
}

async fn get_one(context: Context, PathText((store, id)): PathText<(String, String)>) -> Result<Response, ApiError> {
    VectorStore::find(&context, &store)?;
    let file = VectorFile::find(&context, &store, &id).await?;
    Ok(polled(&context, &file.object(Moment::now(context.clock())), Some(file.schedule.ready)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Update {
    attributes: Option<Value>,
}

async fn update(
    PathText((store, id)): PathText<(String, String)>,
    JsonBody(context, wire): JsonBody<Update>,
) -> Result<Response, ApiError> {
    VectorStore::find(&context, &store)?;
    let given = wire.attributes.ok_or_else(|| context.validation(ApiError::missing("attributes")))?;
    let attributes = attributes::check(Some(given), "attributes").map_err(|error| context.validation(error))?;
    let _turn = context.workspace().space().alone(&store).await;
    let mut file = VectorFile::find(&context, &store, &id).await?;
    file.attributes = attributes;
    context.documents().apply(vec![file.change()?, revised(&store)]).await?;
    Ok(json_answer(&file.object(Moment::now(context.clock()))))
}

async fn delete_one(context: Context, PathText((store, id)): PathText<(String, String)>) -> Result<Response, ApiError> {
    VectorStore::find(&context, &store)?;
    let _turn = context.workspace().space().alone(&store).await;
    VectorFile::find(&context, &store, &id).await?;
    remove(&context, &store, &id).await?;
    Ok(json_answer(&json!({"id": id, "object": "vector_store.file.deleted", "deleted": true})))
}

async fn content(context: Context, PathText((store, id)): PathText<(String, String)>) -> Result<Response, ApiError> {
    VectorStore::find(&context, &store)?;
    let file = VectorFile::find(&context, &store, &id).await?;
    let state = file.schedule.state(Moment::now(context.clock()));
    if state != State::Completed {
        let message = format!("File '{id}' has no content yet: its status is '{}'.", state.name());
        return Err(context.validation(ApiError::invalid(message)));
    }
    let space = context.workspace().space().clone();
    let read = move || Content::get(&space, &file.blob(), file.text_bytes, file.chunks);
    let content = context.app().kit.tasks.compute(read).await.unwrap_or_else(|| Err(ApiError::internal()))?;
    let text = content.unwrap_or_default().text;
    Ok(json_answer(&json!({
        "object": "vector_store.file_content.page",
        "data": [{"type": "text", "text": text}],
        "has_more": false,
        "next_page": null,
    })))
}

/// Takes a file that was deleted out of all stores.
pub(in crate::api::openai) async fn forget_file(context: &Context, id: &str) -> Result<(), ApiError> {
    for store in stores::ids(context)? {
        if context.documents().get(&kind(&store), id).await?.is_some() {
            let _turn = context.workspace().space().alone(&store).await;
            remove(context, &store, id).await?;
        }
    }
    Ok(())
}
