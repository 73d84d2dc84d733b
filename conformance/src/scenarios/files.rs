//! Files: taken in whole and in parts, listed, read back, deleted, expired.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::trial::Trial;

const LINES: &str = "{\"a\": 1}\n{\"b\": 2}\n";

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    let mut made = Vec::new();
    for purpose in ["batch", "fine-tune", "vision", "user_data", "assistants"] {
        let file = trial.form("createFile", &[], &[("purpose", purpose)], ("file", LINES)).await?;
        trial.hold("createFile", file["bytes"] == LINES.len(), "the length is not that of the content")?;
        trial.list("retrieveFile", &[&file["id"]], "").await?;
        made.push(file["id"].clone());
    }
    let list = trial.list("listFiles", &[], "limit=3").await?;
    trial.hold(
        "listFiles",
        list["has_more"] == true && list["first_id"] == made[4],
        "a page is not the newest three",
    )?;
    let rest = trial.list("listFiles", &[], &format!("after={}", list["last_id"].as_str().unwrap_or_default())).await?;
    trial.hold("listFiles", rest["last_id"] == made[0], "the next page does not end with the oldest")?;
    let some = trial.list("listFiles", &[], "purpose=vision").await?;
    trial.hold(
        "listFiles",
        some["data"].as_array().is_some_and(|data| data.len() == 1),
        "purposes are not told apart",
    )?;
    if let Some(id) = made[1].as_str() {
        trial.list("downloadFile", &[&made[1]], "").await?;
        let content = trial.server().send("GET", &format!("/v1/files/{id}/content"), None).await?;
        trial.hold("downloadFile", content.body == LINES, "the content is not what was sent")?;
    }
    trial.list("deleteFile", &[&made[2]], "").await?;
    trial.refuse("retrieveFile", &[&made[2]], Value::Null, 404).await?;
    trial.refuse("deleteFile", &[&json!("file-none")], Value::Null, 404).await?;
    uploads(trial).await?;
    let texts = [("purpose", "vision"), ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "3600")];
    let file = trial.form("createFile", &[], &texts, ("file", LINES)).await?;
    trial.server().wait(Duration::from_secs(3600));
    trial.refuse("retrieveFile", &[&file["id"]], Value::Null, 404).await
}

async fn uploads(trial: &mut Trial<'_, '_>) -> Result<()> {
    trial.name("uploads");
    let body =
        json!({"filename": "lines.jsonl", "purpose": "fine-tune", "bytes": LINES.len(), "mime_type": "text/jsonl"});
    let upload = trial.call("createUpload", &[], body.clone()).await?;
    let (first, second) = LINES.split_at(7);
    let late = trial.form("addUploadPart", &[&upload["id"]], &[], ("data", second)).await?;
    let early = trial.form("addUploadPart", &[&upload["id"]], &[], ("data", first)).await?;
    if early.is_null() {
        return Ok(());
    }
    let done = json!({"part_ids": [early["id"], late["id"]]});
    let completed = trial.call("completeUpload", &[&upload["id"]], done.clone()).await?;
    trial.hold("completeUpload", completed["status"] == "completed", "it is not completed")?;
    trial.list("retrieveFile", &[&completed["file"]["id"]], "").await?;
    trial.refuse("completeUpload", &[&upload["id"]], done, 400).await?;
    let upload = trial.call("createUpload", &[], body).await?;
    let cancelled = trial.list("cancelUpload", &[&upload["id"]], "").await?;
    trial.hold("cancelUpload", cancelled["status"] == "cancelled", "it is not cancelled")
}
