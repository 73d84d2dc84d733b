//! Embeddings: each form of input, each encoding.

use anyhow::Result;
use serde_json::json;

use crate::trial::Trial;

const CREATE: &str = "createEmbedding";

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    for (name, input) in [
        ("one text", json!("The food was delicious.")),
        ("several texts", json!(["The food was delicious.", "The waiter was late."])),
        ("tokens", json!([791, 3691, 574, 18406, 13])),
        ("several lists of tokens", json!([[791, 3691], [574, 18406]])),
    ] {
        trial.name(name);
        let body = json!({"model": "text-embedding-3-small", "input": input});
        trial.call(CREATE, &[], body).await?;
    }
    trial.name("few dimensions");
    let body =
        json!({"model": "text-embedding-3-large", "input": "sea", "dimensions": 256, "encoding_format": "float"});
    let answer = trial.call(CREATE, &[], body).await?;
    let length = answer["data"][0]["embedding"].as_array().map_or(0, Vec::len);
    trial.hold(CREATE, length == 256, "not as many dimensions as asked for")?;
    trial.name("refused");
    trial.refuse(CREATE, &[], json!({"model": "text-embedding-3-small"}), 400).await?;
    trial.refuse(CREATE, &[], json!({"model": "text-embedding-3-small", "input": ""}), 400).await
}
