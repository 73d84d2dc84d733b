//! `file_search`: the named vector stores are searched, and what is found is told, shown and cited.

use serde_json::{Value, json};

use super::{Asked, Cited, Performed, Steps, query};
use crate::api::openai::responses::offers::parsed;
use crate::api::openai::responses::wire::Object;
use crate::api::openai::vector_stores::{Filter, MOST_RESULTS, Ranking, RankingWire, Search, VectorStore, search};
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::integer;

pub(super) const CUES: &[&str] = &[
    " my files ",
    " my file ",
    "my document",
    "the document",
    "our document",
    "uploaded ",
    "knowledge base",
    "search the files",
    "file search",
    "in the files",
];

/// Results where nothing is said.
const USUAL_RESULTS: i64 = 10;
/// Stores of a tool.
const MOST_STORES: usize = 20;
/// From this score on what is found is worth telling though nobody asked for the files.
const RELEVANT: f32 = 0.25;
/// A second file is told of if its score is at least this share of the first's.
const AS_GOOD: f32 = 0.8;
/// Most that is told of a file, bytes.
const PASSAGE_BYTES: usize = 400;

/// The tool as clients describe it.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Wire {
    vector_store_ids: Vec<String>,
    max_num_results: Option<i64>,
    filters: Option<Value>,
    ranking_options: Option<RankingWire>,
}

fn understand(tool: &Object, param: &str) -> Result<(Vec<String>, Search), ApiError> {
    let Wire { vector_store_ids: stores, max_num_results, filters, ranking_options } = parsed(tool, param)?;
    let at = |field: &str| format!("{param}.{field}");
    match stores.len() {
        0 => {
            let message = format!(
                "Invalid '{0}': empty array. Expected an array with minimum length 1, but got an empty array instead.",
                at("vector_store_ids")
            );
            return Err(ApiError::invalid(message).param(at("vector_store_ids")).code("empty_array"));
        }
        count if count > MOST_STORES => return Err(ApiError::too_many(&at("vector_store_ids"), MOST_STORES, count)),
        _ => {}
    }
    let most = integer(&at("max_num_results"), max_num_results, MOST_RESULTS)?.unwrap_or(USUAL_RESULTS);
    let search = Search {
        queries: Vec::new(),
        most: most as usize,
        filter: Filter::read(filters.as_ref(), &at("filters"))?,
        ranking: Ranking::read(ranking_options.as_ref(), &["auto", "default-2024-11-15"], &at("ranking_options"))?,
        early: false,
    };
    Ok((stores, search))
}

/// Refuses a description that is wrong.
pub(super) fn check(tool: &Object, param: &str) -> Result<(), ApiError> {
    understand(tool, param).map(drop)
}

/// Refuses a tool whose stores are not there.
pub(super) fn check_stores(context: &Context, tool: &Object) -> Result<(), ApiError> {
    let ids = tool.get("vector_store_ids").and_then(Value::as_array).into_iter().flatten();
    for id in ids.filter_map(Value::as_str) {
        VectorStore::find(context, id)?.alive(context)?;
    }
    Ok(())
}

pub(super) fn perform(asked: &Asked<'_>) -> Result<Vec<Performed>, ApiError> {
    let (stores, wanted) = understand(asked.tool, "tools")?;
    let query = query(asked.text);
    let found = search(asked.context, &stores, &Search { queries: vec![query.clone()], ..wanted })?;
    let best = found.first().map_or(0.0, |found| found.score);
    if !asked.is_wished && best < RELEVANT {
        return Ok(Vec::new());
    }
    let mut cited: Vec<Cited> = Vec::new();
    for found in found.iter().filter(|found| found.score >= AS_GOOD * best) {
        if cited.len() < 2 && !cited.iter().any(|known| known.file_id == found.file_id) {
            let passage = fakeai_writer::passage(&found.text, asked.text, PASSAGE_BYTES);
            cited.push(Cited { file_id: found.file_id.clone(), filename: found.filename.clone(), passage });
        }
    }
    let told = cited.iter().map(|cited| cited.passage.as_str()).collect::<Vec<_>>().join(" ");
    let told = if told.is_empty() { "I could not find anything about this in the files.".to_owned() } else { told };
    let shown = |found: &crate::api::openai::vector_stores::Found| {
        json!({
            "attributes": found.attributes, "file_id": found.file_id, "filename": found.filename,
            "score": found.score, "text": found.text,
        })
    };
    let results: Option<Vec<Value>> = asked.include.results.then(|| found.iter().map(shown).collect());
    Ok(vec![Performed {
        item: json!({
            "id": asked.ids.next("fs_"), "type": "file_search_call", "status": "completed", "queries": [query],
            "results": results,
        }),
        told: Some(("file_search", told)),
        files: found.into_iter().map(|found| (found.filename, found.text)).collect(),
        cited,
        written: query,
        ..Performed::default()
    }])
}

pub(super) fn steps(item: &Value) -> Steps {
    let mut steps = Steps::plain(item).bare(
        &["response.file_search_call.in_progress", "response.file_search_call.searching"],
        &["response.file_search_call.completed"],
    );
    steps.added["results"] = Value::Null;
    steps
}
