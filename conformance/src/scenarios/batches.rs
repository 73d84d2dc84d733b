//! Batches: answered, broken, cancelled, expired.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::trial::Trial;

const URL: &str = "/v1/embeddings";

fn line(name: &str, url: &str) -> String {
    let body = json!({"model": "text-embedding-3-small", "input": "one two", "dimensions": 4});
    json!({"custom_id": name, "method": "POST", "url": url, "body": body}).to_string()
}

/// The server's batches take two days.
pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    let lines: Vec<String> = (0..10).map(|number| line(&number.to_string(), URL)).collect();
    let batch = create(trial, &lines.join("\n")).await?;
    let id = [&batch["id"]];
    trial.hold("createBatch", batch["status"] == "validating", "it is not looked through first")?;
    trial.server().wait(Duration::from_secs(12 * 3600));
    let half = trial.list("retrieveBatch", &id, "").await?;
    trial.hold("retrieveBatch", half["status"] == "in_progress", "it is not in progress")?;
    trial.server().wait(Duration::from_secs(12 * 3600));
    let expired = trial.list("retrieveBatch", &id, "").await?;
    trial.hold("retrieveBatch", expired["status"] == "expired", "it has not expired after a day")?;
    trial.hold("retrieveBatch", expired["output_file_id"].is_string(), "what was done is lost")?;
    trial.list("retrieveFile", &[&expired["error_file_id"]], "").await?;
    trial.refuse("cancelBatch", &id, Value::Null, 400).await?;
    let broken = create(trial, &[line("a", URL), line("a", "/v1/completions")].join("\n")).await?;
    trial.server().wait(Duration::from_secs(4 * 3600));
    let failed = trial.list("retrieveBatch", &[&broken["id"]], "").await?;
    trial.hold("retrieveBatch", failed["errors"]["data"][0]["line"] == 2, "the wrong line is not named")?;
    let batch = create(trial, &line("a", URL)).await?;
    let cancelling = trial.list("cancelBatch", &[&batch["id"]], "").await?;
    trial.hold("cancelBatch", cancelling["status"] == "cancelling", "it is not being cancelled")?;
    trial.server().wait(Duration::from_secs(4 * 3600));
    let cancelled = trial.list("retrieveBatch", &[&batch["id"]], "").await?;
    trial.hold("cancelBatch", cancelled["status"] == "cancelled", "it is not cancelled")?;
    let list = trial.list("listBatches", &[], "limit=2").await?;
    trial.hold("listBatches", list["has_more"] == true, "a page is not the newest two")?;
    trial.refuse("retrieveBatch", &[&json!("batch_none")], Value::Null, 404).await?;
    trial.refuse("createBatch", &[], json!({"endpoint": URL}), 400).await
}

async fn create(trial: &mut Trial<'_, '_>, lines: &str) -> Result<Value> {
    let file = trial.form("createFile", &[], &[("purpose", "batch")], ("file", lines)).await?;
    let body = json!({"input_file_id": file["id"], "endpoint": URL, "completion_window": "24h"});
    trial.call("createBatch", &[], body).await
}
