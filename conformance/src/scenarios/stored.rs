//! Stored chat completions: kept, listed, fetched, changed, deleted.

use anyhow::Result;
use serde_json::json;

use crate::trial::Trial;

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    let tool = super::chat_variants::weather();
    let mut kept = Vec::new();
    for content in [json!("What's the weather in Paris?"), json!([{"type": "text", "text": "Hello"}])] {
        let body = json!({"model": "gpt-4o", "store": true, "metadata": {"team": "a"}, "tools": [tool],
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": content}]});
        kept.push(trial.call("createChatCompletion", &[], body).await?["id"].clone());
    }
    trial.list("listChatCompletions", &[], "limit=1&order=desc&model=gpt-4o").await?;
    let list = trial.list("listChatCompletions", &[], "metadata%5Bteam%5D=a").await?;
    trial.hold(
        "listChatCompletions",
        list["data"].as_array().is_some_and(|data| data.len() == 2),
        "not both are listed",
    )?;
    for id in &kept {
        trial.list("getChatCompletion", &[id], "").await?;
        trial.list("getChatCompletionMessages", &[id], "order=asc").await?;
        trial.call("updateChatCompletion", &[id], json!({"metadata": {"team": "b"}})).await?;
        trial.list("deleteChatCompletion", &[id], "").await?;
        trial.refuse("getChatCompletion", &[id], json!(null), 404).await?;
    }
    Ok(())
}
