//! Usage and costs of what was asked before.

use anyhow::Result;
use serde_json::{Value, json};

use crate::trial::Trial;

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    let body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Search the web for news"}]});
    let answer = trial.call("createChatCompletion", &[], body).await?;
    trial.call("createEmbedding", &[], json!({"model": "text-embedding-3-small", "input": "Hello"})).await?;
    trial.call("createModeration", &[], json!({"input": "Hello"})).await?;
    trial.call("createImage", &[], json!({"model": "dall-e-2", "prompt": "A cat", "size": "256x256"})).await?;
    let created = answer["created"].as_i64().unwrap_or_default();
    let query = format!("start_time={created}&bucket_width=1h&group_by=project_id&limit=2");
    for kind in [
        "usage-completions",
        "usage-embeddings",
        "usage-moderations",
        "usage-images",
        "usage-audio-speeches",
        "usage-audio-transcriptions",
        "usage-vector-stores",
        "usage-code-interpreter-sessions",
        "usage-file-search-calls",
        "usage-web-search-calls",
    ] {
        trial.name(kind);
        let page = trial.list(kind, &[], &query).await?;
        if kind == "usage-completions" {
            let used = &page["data"][0]["results"][0]["input_tokens"];
            let holds = page.is_null() || *used == answer["usage"]["prompt_tokens"];
            trial.hold(kind, holds, "the tokens are not those of the answer")?;
        }
        trial.refuse(kind, &[], Value::Null, 400).await?;
    }
    trial.name("costs");
    trial.list("usage-costs", &[], &format!("start_time={created}&group_by=line_item")).await?;
    trial.refuse("usage-costs", &[], Value::Null, 400).await
}
