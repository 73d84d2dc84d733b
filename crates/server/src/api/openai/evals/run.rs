//! How runs are kept: a document with what was done so far, and one for each output item.

use std::collections::BTreeMap;

use fakeai_store::{Change, Expected, Page, Retention};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::error::ApiError;

/// The kind of the runs of an eval.
pub(super) fn kind(eval: &str) -> String {
    format!("eval.run/{eval}")
}

/// The kind of the output items of a run.
pub(super) fn items_kind(run: &str) -> String {
    format!("eval.run.output_item/{run}")
}

/// A run.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Run {
    pub id: String,
    pub eval_id: String,
    /// `queued`, `in_progress`, `completed`, `failed` or `canceled`.
    pub status: String,
    model: String,
    name: String,
    created_at: i64,
    report_url: String,
    pub data_source: Value,
    pub testing_criteria: Vec<Value>,
    pub data_source_config: Value,
    metadata: Map<String, Value>,
    pub error: Option<(String, String)>,
    /// Rows in all, once they have been read.
    total: usize,
    /// Rows done: the work goes on behind them.
    pub done: usize,
    passed: usize,
    failed: usize,
    errored: usize,
    /// How often each criterion passed and failed.
    criteria: BTreeMap<String, (usize, usize)>,
    /// Calls, tokens read, written and cached by model.
    usage: BTreeMap<String, [u64; 4]>,
}

/// What a new run is made of.
pub(super) struct Parts {
    pub eval_id: String,
    pub model: String,
    pub name: Option<String>,
    pub metadata: Map<String, Value>,
    pub data_source: Value,
    pub testing_criteria: Vec<Value>,
    pub data_source_config: Value,
}

/// What became of a row.
#[derive(Debug)]
pub(super) struct Outcome {
    pub item: Value,
    /// `pass`, `fail` or `error`.
    pub status: &'static str,
    /// Criterion and whether it passed.
    pub results: Vec<(String, bool)>,
    /// Model, tokens read, written and cached, for each call.
    pub usage: Vec<(String, [u64; 3])>,
}

impl Run {
    pub(super) fn new(context: &Context, parts: Parts) -> Self {
        let id = context.hex_id("evalrun_", 32);
        let (host, port) = context.app().address();
        let Parts { eval_id, model, name, metadata, data_source, testing_criteria, data_source_config } = parts;
        Self {
            report_url: format!("http://{host}:{port}/v1/evals/{eval_id}/runs/{id}/output_items"),
            name: name.unwrap_or_else(|| format!("Run {}", &id[8..16])),
            id,
            eval_id,
            status: "queued".to_owned(),
            model,
            created_at: context.created(),
            data_source,
            testing_criteria,
            data_source_config,
            metadata,
            error: None,
            total: 0,
            done: 0,
            passed: 0,
            failed: 0,
            errored: 0,
            criteria: BTreeMap::new(),
            usage: BTreeMap::new(),
        }
    }

    pub(super) async fn find(context: &Context, eval: &str, id: &str) -> Result<(Self, u64), ApiError> {
        let found = context.documents().get(&kind(eval), id).await?;
        let read = |found: fakeai_store::Document| Some((serde_json::from_slice(&found.body).ok()?, found.version));
        found.and_then(read).ok_or_else(|| ApiError::no_such("eval run", id))
    }

    /// Whether there is work left.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "queued" | "in_progress")
    }

    pub(super) fn begin(&mut self, rows: usize) {
        "in_progress".clone_into(&mut self.status);
        self.total = rows;
    }

    pub(super) fn end(&mut self, status: &str, error: Option<(String, String)>) {
        status.clone_into(&mut self.status);
        self.error = error;
    }

    /// Counts what became of a row, and gives the change that keeps its item.
    pub(super) fn count(&mut self, context: &Context, outcome: &Outcome) -> Result<Change, ApiError> {
        self.done += 1;
        match outcome.status {
            "pass" => self.passed += 1,
            "fail" => self.failed += 1,
            _ => self.errored += 1,
        }
        for (name, passed) in &outcome.results {
            let counts = self.criteria.entry(name.clone()).or_default();
            if *passed { counts.0 += 1 } else { counts.1 += 1 }
        }
        for (model, [read, written, cached]) in &outcome.usage {
            let sums = self.usage.entry(model.clone()).or_default();
            sums.iter_mut().zip([1, *read, *written, *cached]).for_each(|(sum, more)| *sum += more);
        }
        let mut item = json!({
            "object": "eval.run.output_item",
            "id": context.hex_id("outputitem_", 32),
            "created_at": context.created(),
            "run_id": self.id,
            "eval_id": self.eval_id,
            "status": outcome.status,
            "datasource_item_id": self.done - 1,
        });
        if let (Some(item), Some(more)) = (item.as_object_mut(), outcome.item.as_object()) {
            item.extend(more.clone());
        }
        let body = serde_json::to_vec(&item).map_err(|_| ApiError::internal())?;
        let id = item["id"].as_str().unwrap_or_default();
        Ok(Change::put(items_kind(&self.id), id, body).retained(Retention::Kept))
    }

    /// The change that keeps it as it is; `version` is that of the document it was read from.
    pub(super) fn change(&self, version: Option<u64>) -> Result<Change, ApiError> {
        let body = serde_json::to_vec(self).map_err(|_| ApiError::internal())?;
        let expected = version.map_or(Expected::Absent, Expected::Version);
        Ok(Change::put(kind(&self.eval_id), &*self.id, body).expecting(expected).retained(Retention::Kept))
    }

    /// As it is shown.
    pub(super) fn object(&self) -> Value {
        let usage = |(model, [calls, read, written, cached]): (&String, &[u64; 4])| {
            json!({
                "model_name": model, "invocation_count": calls, "prompt_tokens": read, "completion_tokens": written,
                "total_tokens": read + written, "cached_tokens": cached,
            })
        };
        let criterion = |criterion: &Value| {
            let name = criterion["name"].as_str().unwrap_or_default();
            let (passed, failed) = self.criteria.get(name).copied().unwrap_or_default();
            json!({"testing_criteria": name, "passed": passed, "failed": failed})
        };
        json!({
            "object": "eval.run",
            "id": self.id,
            "eval_id": self.eval_id,
            "report_url": self.report_url,
            "status": self.status,
            "model": self.model,
            "name": self.name,
            "created_at": self.created_at,
            "result_counts": {
                "total": self.total, "errored": self.errored, "failed": self.failed, "passed": self.passed,
            },
            "per_model_usage": self.usage.iter().map(usage).collect::<Vec<_>>(),
            "per_testing_criteria_results": self.testing_criteria.iter().map(criterion).collect::<Vec<_>>(),
            "data_source": self.data_source,
            "metadata": self.metadata,
            "error": self.error.as_ref().map(|(code, message)| json!({"code": code, "message": message})),
        })
    }
}

/// Removes a run with its output items.
pub(super) async fn delete(context: &Context, eval: &str, id: &str) -> Result<(), ApiError> {
    let _turn = context.workspace().space().alone(id).await;
    let gone = context.documents().change(Change::delete(kind(eval), id)).await?;
    gone.ok_or_else(|| ApiError::no_such("eval run", id))?;
    let (kind, page) = (items_kind(id), Page { limit: 100, ..Page::default() });
    loop {
        let items = context.documents().list(&kind, &page).await?.documents;
        if items.is_empty() {
            return Ok(());
        }
        let gone = items.into_iter().map(|(id, _)| Change::delete(kind.clone(), id)).collect();
        context.documents().apply(gone).await?;
    }
}
