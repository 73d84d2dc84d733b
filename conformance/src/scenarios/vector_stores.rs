//! Vector stores: made, filled one by one and in batches, searched, changed, deleted; and file search in responses.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::trial::Trial;

const TEXT: &str = "The sea is salty. Fish live in it, and ships sail on it.";

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    let store = stores(trial).await?;
    if store.is_null() {
        return Ok(());
    }
    let file = files(trial, &store).await?;
    search(trial, &store).await?;
    batches(trial, &store).await?;
    trial.name("deleted");
    let deleted = trial.list("deleteVectorStoreFile", &[&store, &file], "").await?;
    trial.hold("deleteVectorStoreFile", deleted["deleted"] == true, "it is not deleted")?;
    trial.refuse("getVectorStoreFile", &[&store, &file], Value::Null, 404).await?;
    trial.list("deleteVectorStore", &[&store], "").await?;
    trial.refuse("getVectorStore", &[&store], Value::Null, 404).await
}

async fn file(trial: &mut Trial<'_, '_>) -> Result<Value> {
    Ok(trial.form("createFile", &[], &[("purpose", "assistants")], ("file", TEXT)).await?["id"].clone())
}

async fn stores(trial: &mut Trial<'_, '_>) -> Result<Value> {
    trial.name("stores");
    let body = json!({"name": "Docs", "description": "All of them", "metadata": {"a": "b"},
        "expires_after": {"anchor": "last_active_at", "days": 7}});
    let store = trial.call("createVectorStore", &[], body).await?["id"].clone();
    trial.call("createVectorStore", &[], json!({})).await?;
    trial.list("getVectorStore", &[&store], "").await?;
    trial.call("modifyVectorStore", &[&store], json!({"name": "Texts", "metadata": {"a": "c"}})).await?;
    let list = trial.list("listVectorStores", &[], "limit=1&order=asc").await?;
    trial.hold("listVectorStores", list.is_null() || list["has_more"] == true, "one of two is not all")?;
    Ok(store)
}

async fn files(trial: &mut Trial<'_, '_>, store: &Value) -> Result<Value> {
    trial.name("files");
    let file = file(trial).await?;
    let strategy = json!({"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50}});
    let body = json!({"file_id": file, "attributes": {"kind": "sea", "year": 2024}, "chunking_strategy": strategy});
    let added = trial.call("createVectorStoreFile", &[store], body).await?;
    trial.hold("createVectorStoreFile", added["status"] == "in_progress", "it is ready at once")?;
    trial.server().wait(Duration::from_secs(10));
    let ready = trial.list("getVectorStoreFile", &[store, &file], "").await?;
    trial.hold("getVectorStoreFile", ready["status"] == "completed", "it is never ready")?;
    let change = json!({"attributes": {"kind": "water", "open": true}});
    trial.call("updateVectorStoreFileAttributes", &[store, &file], change).await?;
    trial.list("listVectorStoreFiles", &[store], "filter=completed").await?;
    trial.list("retrieveVectorStoreFileContent", &[store, &file], "").await?;
    trial.refuse("createVectorStoreFile", &[store], json!({"file_id": "file-none"}), 404).await?;
    Ok(file)
}

async fn search(trial: &mut Trial<'_, '_>, store: &Value) -> Result<()> {
    trial.name("search");
    let filters = json!({"type": "and", "filters": [{"type": "eq", "key": "kind", "value": "water"}]});
    let body = json!({"query": "What lives in the ocean?", "filters": filters, "max_num_results": 3,
        "rewrite_query": true, "ranking_options": {"ranker": "auto", "score_threshold": 0.0}});
    let found = trial.call("searchVectorStore", &[store], body).await?;
    trial.hold("searchVectorStore", found["data"][0]["content"][0]["text"] == TEXT, "the text is not found")?;
    let tools = json!([{"type": "file_search", "vector_store_ids": [store]}]);
    let body = json!({"model": "gpt-4o", "input": "What do my files say about fish?", "tools": tools,
        "include": ["file_search_call.results"]});
    let answer = trial.call("createResponse", &[], body.clone()).await?;
    let cited = answer["output"][1]["content"][0]["annotations"][0]["type"] == "file_citation";
    trial.hold("createResponse", cited, "what was found is not cited")?;
    let mut streamed = body;
    streamed["stream"] = json!(true);
    let events = trial.stream("createResponse", &[], streamed).await?;
    super::streams::check_response(trial, "createResponse", &events, 0)
}

async fn batches(trial: &mut Trial<'_, '_>, store: &Value) -> Result<()> {
    trial.name("batches");
    let (first, second) = (file(trial).await?, file(trial).await?);
    let batch = trial.call("createVectorStoreFileBatch", &[store], json!({"file_ids": [first, second]})).await?;
    let cancelled = trial.list("cancelVectorStoreFileBatch", &[store, &batch["id"]], "").await?;
    trial.hold("cancelVectorStoreFileBatch", cancelled["status"] == "cancelled", "it is not cancelled")?;
    let files = json!({"files": [{"file_id": first, "attributes": {"a": 1}}, {"file_id": second}]});
    let batch = trial.call("createVectorStoreFileBatch", &[store], files).await?;
    trial.server().wait(Duration::from_secs(10));
    let done = trial.list("getVectorStoreFileBatch", &[store, &batch["id"]], "").await?;
    trial.hold("getVectorStoreFileBatch", done["file_counts"]["completed"] == 2, "not both are ready")?;
    let list = trial.list("listFilesInVectorStoreBatch", &[store, &batch["id"]], "limit=1").await?;
    trial.hold("listFilesInVectorStoreBatch", list["has_more"] == true, "one of two is not all")
}
