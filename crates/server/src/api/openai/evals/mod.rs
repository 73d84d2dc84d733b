//! Evals: what is asked of a model, how answers are graded, and the runs that do it.
//!
//! A run has rows of data, gets a sample for each where its data source says so, and grades it. Its work is a task that
//! keeps every few rows what it has done; one that was cut off goes on when somebody looks at the run.

mod answered;
mod config;
mod eval;
mod items;
mod rows;
mod run;
mod runs;
mod sample;
mod source;
mod work;

use axum::routing::{delete, get, post};

use super::Endpoint;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const ONE: &str = "/evals/{eval_id}";
    const RUNS: &str = "/evals/{eval_id}/runs";
    const RUN: &str = "/evals/{eval_id}/runs/{run_id}";
    const ITEMS: &str = "/evals/{eval_id}/runs/{run_id}/output_items";
    const ITEM: &str = "/evals/{eval_id}/runs/{run_id}/output_items/{output_item_id}";
    vec![
        Endpoint::api("POST", "/evals", "createEval", post(eval::create)),
        Endpoint::api("GET", "/evals", "listEvals", get(eval::list)),
        Endpoint::api("GET", ONE, "getEval", get(eval::get_one)),
        Endpoint::api("POST", ONE, "updateEval", post(eval::update)),
        Endpoint::api("DELETE", ONE, "deleteEval", delete(eval::delete_one)),
        Endpoint::api("POST", RUNS, "createEvalRun", post(runs::create)),
        Endpoint::api("GET", RUNS, "getEvalRuns", get(runs::list)),
        Endpoint::api("GET", RUN, "getEvalRun", get(runs::get_one)),
        Endpoint::api("POST", RUN, "cancelEvalRun", post(runs::cancel)),
        Endpoint::api("DELETE", RUN, "deleteEvalRun", delete(runs::delete_one)),
        Endpoint::api("GET", ITEMS, "getEvalRunOutputItems", get(items::list)),
        Endpoint::api("GET", ITEM, "getEvalRunOutputItem", get(items::get_one)),
    ]
}
