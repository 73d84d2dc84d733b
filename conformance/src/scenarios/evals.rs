//! Evals, their runs and output items.

use anyhow::Result;
use serde_json::{Value, json};

use crate::trial::Trial;

/// Longest that a run may take, in turns of the server.
const MOST_LOOKS: usize = 1000;

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    let criteria = json!([
        {"type": "string_check", "name": "same", "input": "{{sample.output_text}}", "reference": "{{item.a}}",
            "operation": "eq"},
        {"type": "text_similarity", "name": "near", "input": "{{sample.output_text}}", "reference": "{{item.a}}",
            "evaluation_metric": "bleu", "pass_threshold": 0.2},
        {"type": "label_model", "name": "label", "model": "gpt-4o", "labels": ["good", "bad"],
            "passing_labels": ["good"], "input": [{"role": "user", "content": "{{sample.output_text}}"}]},
        {"type": "score_model", "name": "score", "model": "o3", "range": [0, 1],
            "input": [{"role": "user", "content": "{{sample.output_text}} {{item.a}}"}]},
        {"type": "python", "name": "code", "source": "def grade(sample, item):\n    return 1.0"},
    ]);
    let schema = json!({"type": "object", "properties": {"q": {"type": "string"}, "a": {"type": "string"}}});
    let config = json!({"type": "custom", "item_schema": schema, "include_sample_schema": true});
    let body =
        json!({"name": "Capitals", "data_source_config": config, "testing_criteria": criteria, "metadata": {"a": "b"}});
    let eval = trial.call("createEval", &[], body).await?["id"].clone();
    let stored = json!({"type": "stored_completions", "metadata": {"a": "b"}});
    let body = json!({"data_source_config": stored, "testing_criteria": []});
    trial.call("createEval", &[], body).await?;
    trial.call("updateEval", &[&eval], json!({"name": "Cities"})).await?;
    trial.list("getEval", &[&eval], "").await?;
    trial.list("listEvals", &[], "limit=1&order=desc").await?;
    let rows = json!({"type": "file_content", "content": [{"item": {"q": "Capital of France?", "a": "Paris"}}]});
    let template = json!({"type": "template", "template": [{"role": "user", "content": "{{item.q}}"}]});
    for kind in ["completions", "responses", "jsonl"] {
        trial.name(format!("a run of {kind}"));
        let mut source = json!({"type": kind, "source": rows});
        if kind == "jsonl" {
            source["source"]["content"][0]["sample"] = json!({"output_text": "Paris"});
        } else {
            source["model"] = json!("gpt-4o");
            source["input_messages"] = template.clone();
            source["sampling_params"] = json!({"temperature": 0.5, "max_completion_tokens": 50});
        }
        let run = trial.call("createEvalRun", &[&eval], json!({"name": "First", "data_source": source})).await?;
        let run = &run["id"];
        settle(trial, &eval, run).await?;
        let items = trial.list("getEvalRunOutputItems", &[&eval, run], "").await?;
        trial.list("getEvalRunOutputItem", &[&eval, run, &items["data"][0]["id"]], "").await?;
        trial.refuse("cancelEvalRun", &[&eval, run], json!({}), 400).await?;
        if kind == "jsonl" {
            trial.list("deleteEvalRun", &[&eval, run], "").await?;
        }
    }
    trial.list("getEvalRuns", &[&eval], "limit=2").await?;
    trial.list("deleteEval", &[&eval], "").await?;
    trial.refuse("getEval", &[&eval], Value::Null, 404).await
}

/// A run that takes a while, cancelled.
pub(super) async fn play_cancelled(trial: &mut Trial<'_, '_>) -> Result<()> {
    let schema = json!({"type": "object"});
    let config = json!({"type": "custom", "item_schema": schema});
    let body = json!({"data_source_config": config, "testing_criteria": []});
    let eval = trial.call("createEval", &[], body).await?["id"].clone();
    let source = json!({"type": "completions", "model": "gpt-4o", "source": {"type": "file_content",
        "content": [{"item": {"q": "Why?"}}]}, "input_messages": {"type": "template", "template": [
        {"role": "user", "content": "{{item.q}}"}]}});
    let run = trial.call("createEvalRun", &[&eval], json!({"data_source": source})).await?["id"].clone();
    let cancelled = trial.list("cancelEvalRun", &[&eval, &run], "").await?;
    trial.hold("cancelEvalRun", cancelled.is_null() || cancelled["status"] == "canceled", "it is not canceled")
}

async fn settle(trial: &mut Trial<'_, '_>, eval: &Value, run: &Value) -> Result<()> {
    for _ in 0..MOST_LOOKS {
        let found = trial.list("getEvalRun", &[eval, run], "").await?;
        if !["queued", "in_progress"].iter().any(|state| found["status"] == *state) {
            let ends = found.is_null() || found["status"] == "completed";
            return trial.hold("getEvalRun", ends, &format!("the run ends as {}", found["status"]));
        }
    }
    trial.hold("getEvalRun", false, "the run never ends")
}
