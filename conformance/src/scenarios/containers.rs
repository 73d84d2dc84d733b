//! Containers and their files.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::trial::Trial;

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    let body = json!({"name": "box", "expires_after": {"anchor": "last_active_at", "minutes": 30},
        "memory_limit": "4g"});
    let id = trial.call("CreateContainer", &[], body).await?["id"].clone();
    trial.list("RetrieveContainer", &[&id], "").await?;
    trial.list("ListContainers", &[], "limit=1").await?;
    let file = trial.form("CreateContainerFile", &[&id], &[], ("file", "a,b")).await?["id"].clone();
    let uploaded = trial.form("createFile", &[], &[("purpose", "user_data")], ("file", "c,d")).await?;
    let copy = trial.call("CreateContainerFile", &[&id], json!({"file_id": uploaded["id"]})).await?;
    trial.hold("CreateContainerFile", copy.is_null() || copy["bytes"] == 3, "a copy is not as long")?;
    trial.list("ListContainerFiles", &[&id], "").await?;
    trial.list("RetrieveContainerFile", &[&id, &file], "").await?;
    trial.list("RetrieveContainerFileContent", &[&id, &file], "").await?;
    trial.list("DeleteContainerFile", &[&id, &file], "").await?;
    trial.refuse("RetrieveContainerFile", &[&id, &file], Value::Null, 404).await?;
    trial.server().wait(Duration::from_secs(30 * 60));
    let over = trial.list("RetrieveContainer", &[&id], "").await?;
    trial.hold("RetrieveContainer", over.is_null() || over["status"] == "expired", "it is not over")?;
    trial.refuse("ListContainerFiles", &[&id], Value::Null, 400).await?;
    trial.list("DeleteContainer", &[&id], "").await?;
    trial.refuse("RetrieveContainer", &[&id], Value::Null, 404).await
}
