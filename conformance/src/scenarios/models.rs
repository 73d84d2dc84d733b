//! Models: listed, fetched, made by use, deleted.

use anyhow::Result;
use serde_json::json;

use crate::trial::Trial;

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    let models = trial.list("listModels", &[], "").await?;
    let ids = models["data"].as_array().into_iter().flatten().map(|model| model["id"].clone());
    for id in ids.collect::<Vec<_>>() {
        let model = trial.list("retrieveModel", &[&id], "").await?;
        trial.hold("retrieveModel", model["id"] == id, "another model came than the one asked for")?;
    }
    let own = json!("acme-made-by-use");
    let body = json!({"model": own, "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]});
    trial.call("createChatCompletion", &[], body).await?;
    let deleted = trial.list("deleteModel", &[&own], "").await?;
    trial.hold("deleteModel", deleted["deleted"] == true, "it is not deleted")?;
    trial.refuse("deleteModel", &[&own], json!(null), 404).await
}
