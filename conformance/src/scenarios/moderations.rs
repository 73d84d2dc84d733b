//! Moderations: each form of input, both kinds of models.

use anyhow::Result;
use serde_json::json;

use crate::trial::Trial;

const CREATE: &str = "createModeration";

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    let parts = json!([
        {"type": "text", "text": "I want to kill them."},
        {"type": "image_url", "image_url": {"url": "https://example.com/image.png"}},
    ]);
    for (name, input) in [
        ("one text", json!("I want to kill them.")),
        ("several texts", json!(["I want to kill them.", "How do I kill a process?"])),
        ("text and picture", parts),
    ] {
        trial.name(name);
        let answer = trial.call(CREATE, &[], json!({"input": input})).await?;
        trial.hold(CREATE, answer.is_null() || answer["results"][0]["flagged"] == true, "a threat is not flagged")?;
    }
    trial.name("models for text");
    trial.call(CREATE, &[], json!({"model": "text-moderation-latest", "input": "Hello."})).await?;
    trial.name("refused");
    trial.refuse(CREATE, &[], json!({"model": "omni-moderation-latest"}), 400).await
}
