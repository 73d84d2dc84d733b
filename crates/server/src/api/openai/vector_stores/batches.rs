//! `/vector_stores/{vector_store_id}/file_batches`.

use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::Value;

use super::attributes;
use super::batch::Batch;
use super::file::{State, VectorFile, revised};
use super::files::{FileWire, listed, polled};
use super::ingest::{Wanted, add};
use super::store::VectorStore;
use super::strategy::{StrategyWire, chunking};
use crate::api::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;
use crate::wire::{JsonBody, PathText, json as json_answer};

/// Files of a batch, as many as `OpenAI` allows.
const MOST_FILES: usize = 2000;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const ALL: &str = "/vector_stores/{vector_store_id}/file_batches";
    const ONE: &str = "/vector_stores/{vector_store_id}/file_batches/{batch_id}";
    const CANCEL: &str = "/vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel";
    const FILES: &str = "/vector_stores/{vector_store_id}/file_batches/{batch_id}/files";
    vec![
        Endpoint::api("POST", ALL, "createVectorStoreFileBatch", post(create)),
        Endpoint::api("GET", ONE, "getVectorStoreFileBatch", get(get_one)),
        Endpoint::api("POST", CANCEL, "cancelVectorStoreFileBatch", post(cancel)),
        Endpoint::api("GET", FILES, "listFilesInVectorStoreBatch", get(files)),
    ]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BatchWire {
    file_ids: Option<Vec<String>>,
    files: Option<Vec<FileWire>>,
    attributes: Option<Value>,
    chunking_strategy: Option<StrategyWire>,
}

async fn create(PathText(store): PathText, JsonBody(context, wire): JsonBody<BatchWire>) -> Result<Response, ApiError> {
    VectorStore::find(&context, &store)?;
    let wanted = wanted(&context, wire).await.map_err(|error| context.validation(error))?;
    VectorStore::update(&context, &store, |_| Ok(())).await?;
    let id = context.id("vsfb_", 32);
    let more = |files: &[VectorFile]| Ok(vec![Batch::new(&context, &id, &store, files).change()?]);
    let files =
        add(&context, &store, false, wanted, Some(&id), more).await.map_err(|error| context.validation(error))?;
    let batch = Batch::new(&context, &id, &store, &files);
    Ok(json_answer(&batch.object(Moment::now(context.clock()))))
}

/// The files of a batch, each once.
async fn wanted(context: &Context, wire: BatchWire) -> Result<Vec<Wanted>, ApiError> {
    let BatchWire { file_ids, files, attributes, chunking_strategy } = wire;
    let bounded = |param: &str, count: usize| match count {
        0 => {
            let message = format!(
                "Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead."
            );
            Err(ApiError::invalid(message).param(param).code("empty_array"))
        }
        count if count > MOST_FILES => Err(ApiError::too_many(param, MOST_FILES, count)),
        _ => Ok(()),
    };
    let mut wanted: Vec<Wanted> = Vec::new();
    match (file_ids, files) {
        (Some(_), Some(_)) => {
            let message = "Mutually exclusive parameters: 'file_ids' and 'files'. Ensure you are only providing one of: \
                           'file_ids' or 'files'.";
            return Err(ApiError::invalid(message).code("mutually_exclusive_parameters"));
        }
        (None, None) => return Err(ApiError::missing("file_ids")),
        (Some(ids), None) => {
            bounded("file_ids", ids.len())?;
            let attributes = attributes::check(attributes, "attributes")?;
            let chunking = chunking(chunking_strategy.as_ref(), "chunking_strategy")?;
            for id in ids {
                if !wanted.iter().any(|known| known.file.id == id) {
                    wanted.push(Wanted::find(context, &id, attributes.clone(), chunking).await?);
                }
            }
        }
        (None, Some(files)) => {
            bounded("files", files.len())?;
            for (index, file) in files.into_iter().enumerate() {
                let file = file.wanted(context, &format!("files[{index}].")).await?;
                if !wanted.iter().any(|known| known.file.id == file.file.id) {
                    wanted.push(file);
                }
            }
        }
    }
    Ok(wanted)
}

async fn get_one(context: Context, PathText((store, id)): PathText<(String, String)>) -> Result<Response, ApiError> {
    let (batch, now) = (Batch::find(&context, &store, &id).await?, Moment::now(context.clock()));
    Ok(polled(&context, &batch.object(now), batch.ready(now)))
}

async fn cancel(context: Context, PathText((store, id)): PathText<(String, String)>) -> Result<Response, ApiError> {
    let _turn = context.workspace().space().alone(&store).await;
    let mut batch = Batch::find(&context, &store, &id).await?;
    let now = Moment::now(context.clock());
    match batch.state(now) {
        State::InProgress => {}
        // Asked twice, it stays as it is.
        State::Cancelled => return Ok(json_answer(&batch.object(now))),
        state => {
            let message = format!("Cannot cancel a file batch with status '{}'.", state.name());
            return Err(context.validation(ApiError::invalid(message)));
        }
    }
    batch.cancel(now);
    let mut changes = vec![batch.change()?, revised(&store)];
    for (file, _) in batch.files.iter().filter(|(_, schedule)| schedule.cancelled.is_some()) {
        // It may have been removed meanwhile, or added again.
        let found = VectorFile::find(&context, &store, file).await.ok();
        if let Some(mut file) = found.filter(|file| file.batch.as_ref() == Some(&id)) {
            file.schedule.cancel(now);
            changes.push(file.change()?);
        }
    }
    context.documents().apply(changes).await?;
    Ok(json_answer(&batch.object(now)))
}

async fn files(context: Context, PathText((store, id)): PathText<(String, String)>) -> Result<Response, ApiError> {
    Batch::find(&context, &store, &id).await?;
    let of_batch = |file: &VectorFile| file.batch.as_ref() == Some(&id);
    Ok(json_answer(&listed(&context, &store, of_batch).await?))
}
