//! `file_search`: vector stores are not built yet, so nothing is ever found, and it says so.

use serde_json::{Value, json};

use super::{Asked, Performed, Steps, query};

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

pub(super) fn perform(asked: &Asked<'_>) -> Vec<Performed> {
    let query = query(asked.text);
    let results = if asked.include.results { json!([]) } else { Value::Null };
    vec![Performed {
        item: json!({
            "id": asked.ids.next("fs_"), "type": "file_search_call", "status": "completed", "queries": [query],
            "results": results,
        }),
        told: Some(("file_search", "0 results: this server has no vector stores yet.".to_owned())),
        written: query,
        ..Performed::default()
    }]
}

pub(super) fn steps(item: &Value) -> Steps {
    let mut steps = Steps::plain(item).bare(
        &["response.file_search_call.in_progress", "response.file_search_call.searching"],
        &["response.file_search_call.completed"],
    );
    steps.added["results"] = Value::Null;
    steps
}
