//! Fine-tuning: jobs that succeed, fail, rest and are cancelled; their events, checkpoints and permissions; graders.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::trial::Trial;

const EXAMPLE: &str = r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}"#;

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    let file = upload(trial, &[EXAMPLE; 12].join("\n")).await?;
    let method = json!({"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3}}});
    let body = json!({
        "model": "gpt-4o-mini", "training_file": file, "validation_file": file, "method": method, "suffix": "own",
        "integrations": [{"type": "wandb", "wandb": {"project": "p"}}], "metadata": {"a": "b"},
    });
    let job = trial.call("createFineTuningJob", &[], body.clone()).await?;
    let id = [&job["id"]];
    trial.server().wait(Duration::from_millis(400));
    let running = trial.list("retrieveFineTuningJob", &id, "").await?;
    trial.hold("retrieveFineTuningJob", running["status"] == "running", "it does not run")?;
    trial.list("pauseFineTuningJob", &id, "").await?;
    trial.list("resumeFineTuningJob", &id, "").await?;
    trial.server().wait(Duration::from_secs(3));
    let done = trial.list("retrieveFineTuningJob", &id, "").await?;
    trial.hold("retrieveFineTuningJob", done["status"] == "succeeded", "it has not succeeded")?;
    trial.list("retrieveFile", &[&done["result_files"][0]], "").await?;
    trial.list("listFineTuningEvents", &id, "limit=5").await?;
    let checkpoints = trial.list("listFineTuningJobCheckpoints", &id, "").await?;
    let last = &checkpoints["data"][0]["fine_tuned_model_checkpoint"];
    trial.hold("listFineTuningJobCheckpoints", *last == done["fine_tuned_model"], "the last is not the model")?;
    permissions(trial, &done["fine_tuned_model"]).await?;
    trial.list("deleteModel", &[&done["fine_tuned_model"]], "").await?;
    let job = trial.call("createFineTuningJob", &[], body).await?;
    let cancelled = trial.list("cancelFineTuningJob", &[&job["id"]], "").await?;
    trial.hold("cancelFineTuningJob", cancelled["status"] == "cancelled", "it is not cancelled")?;
    trial.refuse("pauseFineTuningJob", &[&job["id"]], Value::Null, 400).await?;
    let few = upload(trial, EXAMPLE).await?;
    let job = json!({"model": "gpt-4o-mini", "training_file": few});
    let job = trial.call("createFineTuningJob", &[], job).await?;
    trial.server().wait(Duration::from_secs(3));
    let failed = trial.list("retrieveFineTuningJob", &[&job["id"]], "").await?;
    trial.hold(
        "retrieveFineTuningJob",
        failed["error"]["param"] == "training_file",
        "it does not say what is wrong",
    )?;
    trial.list("listPaginatedFineTuningJobs", &[], "limit=2").await?;
    trial.refuse("retrieveFineTuningJob", &[&json!("ftjob-none")], Value::Null, 404).await?;
    trial
        .refuse("createFineTuningJob", &[], json!({"model": "gpt-4o-mini", "training_file": "file-none"}), 400)
        .await?;
    graders(trial).await
}

async fn upload(trial: &mut Trial<'_, '_>, lines: &str) -> Result<Value> {
    Ok(trial.form("createFile", &[], &[("purpose", "fine-tune")], ("file", lines)).await?["id"].clone())
}

async fn permissions(trial: &mut Trial<'_, '_>, model: &Value) -> Result<()> {
    let projects = json!({"project_ids": ["proj_a", "proj_b"]});
    let granted = trial.call("createFineTuningCheckpointPermission", &[model], projects).await?;
    trial.list("listFineTuningCheckpointPermissions", &[model], "order=ascending").await?;
    trial.list("deleteFineTuningCheckpointPermission", &[model, &granted["data"][0]["id"]], "").await?;
    Ok(())
}

async fn graders(trial: &mut Trial<'_, '_>) -> Result<()> {
    trial.name("graders");
    let (input, reference) = ("{{sample.output_text}}", "{{item.label}}");
    let message = json!([{"role": "user", "content": "Rate {{sample.output_text}}"}]);
    let check =
        json!({"type": "string_check", "name": "same", "input": input, "reference": reference, "operation": "eq"});
    for grader in [
        json!({"type": "text_similarity", "name": "near", "input": input, "reference": reference, "evaluation_metric": "bleu"}),
        json!({"type": "python", "name": "program", "source": "def grade(sample, item):\n    return 1.0"}),
        json!({"type": "score_model", "name": "judge", "model": "gpt-4o", "input": message, "range": [0, 1]}),
        json!({"type": "multi", "name": "all", "graders": check, "calculate_output": "same * 2"}),
        check,
    ] {
        trial.call("validateGrader", &[], json!({"grader": grader})).await?;
        let run = json!({"grader": grader, "item": {"label": "cat"}, "model_sample": "cat"});
        trial.call("runGrader", &[], run).await?;
    }
    trial.refuse("runGrader", &[], json!({"grader": {"type": "none", "name": "x"}, "model_sample": "x"}), 400).await
}
