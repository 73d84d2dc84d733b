//! Videos: jobs, what is made of them, and their content.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::trial::Trial;

/// Longer than any of these jobs takes.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    let body = json!({"prompt": "A cat on a roof", "model": "sora-2", "seconds": "4", "size": "1280x720"});
    let id = trial.call("createVideo", &[], body).await?["id"].clone();
    trial.list("GetVideo", &[&id], "").await?;
    trial.refuse("RetrieveVideoContent", &[&id], Value::Null, 400).await?;
    trial.server().wait(PATIENCE);
    let done = trial.list("GetVideo", &[&id], "").await?;
    trial.hold("GetVideo", done.is_null() || done["status"] == "completed", "it is never done")?;
    for variant in ["thumbnail", "spritesheet"] {
        trial.list("RetrieveVideoContent", &[&id], &format!("variant={variant}")).await?;
    }
    let of = json!({"id": id});
    trial.call("CreateVideoRemix", &[&id], json!({"prompt": "The same at night"})).await?;
    trial.call("CreateVideoEdit", &[], json!({"video": of, "prompt": "With two cats"})).await?;
    trial.call("CreateVideoExtend", &[], json!({"video": of, "prompt": "It jumps", "seconds": "8"})).await?;
    trial.list("ListVideos", &[], "limit=2").await?;
    let character = trial.form("CreateVideoCharacter", &[], &[("name", "Tom")], ("video", "a video")).await?;
    trial.list("GetVideoCharacter", &[&character["id"]], "").await?;
    trial.list("DeleteVideo", &[&id], "").await?;
    trial.refuse("GetVideo", &[&id], Value::Null, 404).await
}
