//! Searches: over HTTP, and for tools.

use std::ops::Range;

use axum::response::Response;
use axum::routing::post;
use fakeai_search::Query;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::content::{text_at, vector};
use super::file::State;
use super::filter::Filter;
use super::ingest::now_ms;
use super::ranking::{Ranking, RankingWire};
use super::shelf::Shelf;
use super::store::VectorStore;
use crate::api::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;
use crate::wire::{JsonBody, OneOrMany, PathText, Range as Bounds, integer, json as json_answer};

/// Results a client may ask for.
pub(in crate::api::openai) const MOST_RESULTS: Bounds<i64> = Bounds { least: Some(1), most: Some(50) };
/// Results where nothing is said.
const USUAL_RESULTS: i64 = 10;
/// Queries of a search, and characters of one.
const MOST_QUERIES: usize = 20;
const LONGEST_QUERY: usize = 4096;
/// Names of rankers.
const RANKERS: [&str; 3] = ["none", "auto", "default-2024-11-15"];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::api("POST", "/vector_stores/{vector_store_id}/search", "searchVectorStore", post(create))]
}

/// What is looked for, and how.
#[derive(Clone, Debug, Default)]
pub(in crate::api::openai) struct Search {
    pub queries: Vec<String>,
    /// Most results.
    pub most: usize,
    pub filter: Option<Filter>,
    pub ranking: Ranking,
    /// Whether files count that are not ready yet: who waits for them finds them ready.
    pub early: bool,
}

/// A chunk that was found.
#[derive(Clone, Debug)]
pub(in crate::api::openai) struct Found {
    pub store: String,
    pub file_id: String,
    pub filename: String,
    /// 0 to 1.
    pub score: f32,
    pub attributes: Map<String, Value>,
    pub text: String,
    /// Where it is in the text of the file.
    pub span: Range<u32>,
    blob: String,
}

/// What stores have that fits, the best first. Notes that they were used. To search a store for the first time may take
/// seconds: for threads that may be kept.
///
/// # Errors
/// There is no store of one of the ids, or it has expired.
pub(in crate::api::openai) fn search(
    context: &Context,
    stores: &[String],
    search: &Search,
) -> Result<Vec<Found>, ApiError> {
    let queries: Vec<Query> = search.queries.iter().map(|text| query(text, search)).collect();
    let clock = &context.app().kit.clock;
    let mut found = Vec::new();
    for (place, id) in stores.iter().enumerate() {
        if stores[..place].contains(id) {
            continue;
        }
        let mut store = VectorStore::find(context, id)?.alive(context)?;
        let began = clock.now();
        let shelves = &context.app().shelves;
        let here = shelves.look(context, id, true, |shelf| hits(context, id, shelf, &queries, search))?;
        shelves.searched(context, id, clock.now().since(began), here.len());
        store.touch(context)?;
        found.extend(here);
    }
    found.retain(|found| found.score >= search.ranking.threshold);
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    // A chunk that several queries found, or that is in several stores, counts once.
    let mut kept: Vec<Found> = Vec::with_capacity(search.most);
    for found in found {
        if kept.len() >= search.most {
            break;
        }
        if !kept.iter().any(|other| other.file_id == found.file_id && other.span == found.span) {
            kept.push(found);
        }
    }
    let space = context.workspace().space();
    let mut read = Vec::with_capacity(kept.len());
    for mut found in kept {
        // Deleted meanwhile: it is as if it had not been found.
        let Some(text) = text_at(space, &found.blob, &found.span)? else { continue };
        found.text = text;
        read.push(found);
    }
    Ok(read)
}

fn query(text: &str, search: &Search) -> Query {
    let Ranking { weights, fusion, .. } = search.ranking;
    Query { vector: vector(text), terms: fakeai_writer::terms(text), weights, fusion, most: search.most }
}

/// What a shelf has, not yet with its text.
fn hits(context: &Context, store: &str, shelf: &Shelf, queries: &[Query], search: &Search) -> Vec<Found> {
    let (now, now_ms) = (Moment::now(context.clock()), now_ms(context));
    let is_ready = |state: State| state == State::Completed || (search.early && state == State::InProgress);
    let wanted = |owner: u32| {
        shelf.entry(owner).is_some_and(|entry| {
            entry.is_there(now_ms)
                && is_ready(entry.file.schedule.state(now))
                && search.filter.as_ref().is_none_or(|filter| filter.holds(&entry.file.attributes))
        })
    };
    let hits = queries.iter().flat_map(|query| shelf.index().search(query, wanted));
    let found = hits.filter_map(|hit| {
        let entry = shelf.entry(hit.owner)?;
        Some(Found {
            store: store.to_owned(),
            file_id: entry.file.id.clone(),
            filename: entry.file.filename.clone(),
            score: hit.score,
            attributes: entry.file.attributes.clone(),
            text: String::new(),
            span: entry.span(hit.ordinal)?,
            blob: entry.file.blob(),
        })
    });
    found.collect()
}

/// A passage that was found earlier, if it is still there.
pub(in crate::api::openai) fn passage_of(
    context: &Context,
    store: &str,
    file: &str,
    span: &Range<u32>,
) -> Result<Option<String>, ApiError> {
    let blob = fakeai_store::content_id(&super::file::kind(store), file);
    text_at(context.workspace().space(), &blob, span)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SearchWire {
    query: Option<OneOrMany>,
    rewrite_query: Option<bool>,
    max_num_results: Option<i64>,
    filters: Option<Value>,
    ranking_options: Option<RankingWire>,
}

async fn create(PathText(id): PathText, JsonBody(context, wire): JsonBody<SearchWire>) -> Result<Response, ApiError> {
    VectorStore::find(&context, &id)?;
    let wanted = understand(wire).map_err(|error| context.validation(error))?;
    let (here, queries) = (context.clone(), wanted.queries.clone());
    let searched = context.app().kit.tasks.compute(move || search(&here, &[id], &wanted));
    let found = searched.await.unwrap_or_else(|| Err(ApiError::internal()));
    let found = found.map_err(|error| context.validation(error))?;
    let shown = |found: Found| {
        json!({
            "file_id": found.file_id,
            "filename": found.filename,
            "score": found.score,
            "attributes": found.attributes,
            "content": [{"type": "text", "text": found.text}],
        })
    };
    let data: Vec<Value> = found.into_iter().map(shown).collect();
    Ok(json_answer(&json!({
        "object": "vector_store.search_results.page",
        "search_query": queries,
        "data": data,
        "has_more": false,
        "next_page": null,
    })))
}

fn understand(wire: SearchWire) -> Result<Search, ApiError> {
    let SearchWire { query, rewrite_query, max_num_results, filters, ranking_options } = wire;
    let mut queries = match query.ok_or_else(|| ApiError::missing("query"))? {
        OneOrMany::One(query) => vec![query],
        OneOrMany::Many(queries) => queries,
    };
    if queries.is_empty() || queries.iter().all(|query| query.trim().is_empty()) {
        let message = "Invalid 'query': expected a query that is not empty.";
        return Err(ApiError::invalid(message).param("query").code("invalid_value"));
    }
    if queries.len() > MOST_QUERIES {
        return Err(ApiError::too_many("query", MOST_QUERIES, queries.len()));
    }
    if let Some(length) = queries.iter().map(|query| query.chars().count()).find(|length| *length > LONGEST_QUERY) {
        return Err(ApiError::too_long("query", LONGEST_QUERY, length));
    }
    if rewrite_query.unwrap_or_default() {
        queries = queries.iter().map(|query| fakeai_writer::condense(query)).collect();
    }
    let most = integer("max_num_results", max_num_results, MOST_RESULTS)?.unwrap_or(USUAL_RESULTS);
    Ok(Search {
        queries,
        most: most as usize,
        filter: Filter::read(filters.as_ref(), "filters")?,
        ranking: Ranking::read(ranking_options.as_ref(), &RANKERS, "ranking_options")?,
        early: false,
    })
}
