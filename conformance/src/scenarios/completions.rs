//! The older text completions, whole and streamed.

use anyhow::Result;
use serde_json::{Value, json};

use super::streams;
use crate::trial::Trial;

const CREATE: &str = "createCompletion";

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    for (name, extra) in [
        ("a text", json!({})),
        ("several prompts", json!({"prompt": ["One", "Two"]})),
        ("tokens", json!({"prompt": [791, 3691, 574]})),
        ("several lists of tokens", json!({"prompt": [[791], [3691, 574]]})),
        ("n", json!({"n": 3})),
        ("best_of", json!({"n": 1, "best_of": 3})),
        ("logprobs", json!({"logprobs": 3})),
        ("echo", json!({"echo": true, "logprobs": 0})),
        ("stop", json!({"stop": ["\n", "."]})),
        ("suffix", json!({"suffix": " and that was it."})),
        ("penalties", json!({"frequency_penalty": 0.5, "presence_penalty": -0.5, "logit_bias": {"50256": -100}})),
        ("a seed", json!({"seed": 7, "temperature": 0, "user": "someone"})),
        ("one token", json!({"max_tokens": 1})),
    ] {
        let mut body = json!({"model": "gpt-3.5-turbo-instruct", "prompt": "Once upon a time", "max_tokens": 12});
        merge(&mut body, &extra);
        trial.name(name);
        trial.call(CREATE, &[], body.clone()).await?;
        if body.get("best_of").is_some() {
            continue;
        }
        merge(&mut body, &json!({"stream": true, "stream_options": {"include_usage": true}}));
        trial.name(format!("{name}, streamed"));
        let events = trial.stream(CREATE, &[], body).await?;
        streams::check_chunks(trial, CREATE, &events)?;
    }
    trial.name("refused");
    trial.refuse(CREATE, &[], json!({"prompt": "x"}), 400).await?;
    trial.refuse(CREATE, &[], json!({"model": "gpt-3.5-turbo-instruct", "prompt": "x", "n": 0}), 400).await
}

/// Puts the fields of `extra` into `body`.
pub(super) fn merge(body: &mut Value, extra: &Value) {
    if let (Some(body), Some(extra)) = (body.as_object_mut(), extra.as_object()) {
        body.extend(extra.clone());
    }
}
