//! Stores that come with something else: `tool_resources.file_search.vector_stores`, and files attached to messages.

use serde_json::{Map, Value, json};

use super::ingest::{Wanted, add};
use super::store::{CreateWire, ExpiryWire, VectorStore};
use super::stores::make;
use super::strategy::{StrategyWire, chunking};
use crate::context::Context;
use crate::error::ApiError;

const PARAM: &str = "tool_resources.file_search.vector_stores";
/// Days after which a thread's own store expires, as `OpenAI`'s do.
const THREAD_DAYS: i64 = 7;

/// A store that is to be made.
#[derive(Debug)]
pub(in crate::api::openai) struct Helper(CreateWire);

impl Helper {
    /// Takes the description of a store out of `tool_resources`, if it is right and there is one.
    pub(in crate::api::openai) fn take(resources: Option<&mut Map<String, Value>>) -> Result<Option<Self>, ApiError> {
        let search = resources.and_then(|resources| resources.get_mut("file_search")).and_then(Value::as_object_mut);
        let Some(search) = search else { return Ok(None) };
        let list = match search.remove("vector_stores") {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(list)) => list,
            Some(_) => {
                let message = format!("Invalid type for '{PARAM}': expected an array of objects.");
                return Err(ApiError::invalid(message).param(PARAM).code("invalid_type"));
            }
        };
        if list.len() > 1 {
            return Err(ApiError::too_many(PARAM, 1, list.len()));
        }
        let Some(wire) = list.into_iter().next() else { return Ok(None) };
        if search.get("vector_store_ids").and_then(Value::as_array).is_some_and(|ids| !ids.is_empty()) {
            let message = "Mutually exclusive parameters: 'vector_store_ids' and 'vector_stores'. Ensure you are only \
                           providing one of: 'vector_store_ids' or 'vector_stores'.";
            return Err(ApiError::invalid(message).param(PARAM).code("mutually_exclusive_parameters"));
        }
        let wire = serde_json::from_value(wire).map_err(|error| {
            ApiError::invalid(format!("Invalid '{PARAM}[0]': {error}."))
                .param(format!("{PARAM}[0]"))
                .code("invalid_type")
        })?;
        Ok(Some(Self(wire)))
    }

    /// Makes it, and names it in `resources`.
    pub(in crate::api::openai) async fn make(self, context: &Context, resources: &mut Value) -> Result<(), ApiError> {
        let store = make(context, self.0).await?;
        name(resources, &store.id);
        Ok(())
    }
}

fn name(resources: &mut Value, store: &str) {
    if !resources.is_object() {
        *resources = json!({});
    }
    resources["file_search"] = json!({"vector_store_ids": [store]});
}

/// Adds files attached to messages to the store of a thread, which is made if it has none.
pub(in crate::api::openai) async fn attach(
    context: &Context,
    resources: &mut Value,
    files: Vec<String>,
) -> Result<(), ApiError> {
    if files.is_empty() {
        return Ok(());
    }
    let known = resources["file_search"]["vector_store_ids"][0].as_str().map(str::to_owned);
    let Some(store) = known else {
        let anchor = Some("last_active_at".to_owned());
        let expires_after = Some(ExpiryWire { anchor, days: Some(THREAD_DAYS) });
        let wire = CreateWire { file_ids: Some(files), expires_after, ..CreateWire::default() };
        let store = make(context, wire).await?;
        name(resources, &store.id);
        return Ok(());
    };
    let chunking = chunking(None::<&StrategyWire>, "")?;
    let mut wanted = Vec::with_capacity(files.len());
    for file in files {
        wanted.push(Wanted::find(context, &file, Map::new(), chunking).await?);
    }
    VectorStore::update(context, &store, |_| Ok(())).await?;
    add(context, &store, false, wanted, None, |_| Ok(Vec::new())).await?;
    Ok(())
}
