//! Conversations: made, changed, filled by hand and by responses, deleted.

use anyhow::Result;
use serde_json::{Value, json};

use crate::trial::Trial;

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    let body =
        json!({"metadata": {"topic": "sea"}, "items": [{"type": "message", "role": "user", "content": "Hello!"}]});
    let made = trial.call("createConversation", &[], body).await?;
    let id = &made["id"];
    trial.list("getConversation", &[id], "").await?;
    let changed = trial.call("updateConversation", &[id], json!({"metadata": {"topic": "land"}})).await?;
    if !changed.is_null() {
        trial.hold("updateConversation", changed["metadata"]["topic"] == "land", "the metadata is not changed")?;
    }
    let items = json!({"items": [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "How are you?"}]},
        {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [{"type": "output_text", "text": "Well.", "annotations": [], "logprobs": []}]},
        {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "4"},
    ]});
    let added = trial.call("createConversationItems", &[id], items).await?;
    for item in added["data"].as_array().cloned().unwrap_or_default() {
        trial.list("getConversationItem", &[id, &item["id"]], "").await?;
    }
    trial.list("listConversationItems", &[id], "limit=2&order=asc").await?;
    let item = added["data"][0]["id"].clone();
    trial.list("deleteConversationItem", &[id, &item], "").await?;
    trial.refuse("getConversationItem", &[id, &item], Value::Null, 404).await?;

    trial.name("conversations, used by responses");
    if id.is_string() {
        let body = json!({"model": "gpt-4o", "input": "Tell me more.", "conversation": id});
        let answer = trial.call("createResponse", &[], body).await?;
        let list = trial.list("listConversationItems", &[id], "limit=100").await?;
        let ids: Vec<&Value> = list["data"].as_array().into_iter().flatten().map(|item| &item["id"]).collect();
        let has_output = answer["output"].as_array().into_iter().flatten().all(|item| ids.contains(&&item["id"]));
        trial.hold("createResponse", has_output, "the answer is not in its conversation")?;
    }
    trial.list("deleteConversation", &[id], "").await?;
    trial.refuse("getConversation", &[id], Value::Null, 404).await
}
