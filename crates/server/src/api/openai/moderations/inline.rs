//! `moderation` of a chat or a response: what was asked and what is answered, judged on the way.
//!
//! With mode `block` in `policy`, an answer to a flagged input, or one that is flagged itself, says nothing and ends with
//! `content_filter`; it costs no output. With `score`, and without a policy, everything is only judged. Texts are
//! judged, pictures are not.

use std::sync::{Arc, OnceLock};

use fakeai_catalog::ModelKind;
use fakeai_writer::{Choice, Finish, Generation, GenerationRequest, Part, Prompt, Role, SegmentKind};
use serde_json::{Map, Value, json};

use super::judge::{Item, Judged, judge};
use super::wire::result;
use crate::context::Context;
use crate::error::ApiError;

/// The form of the two APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api::openai) enum Form {
    /// Lists of results.
    Chat,
    /// One result each.
    Response,
}

/// What is to be done, and what came of it.
#[derive(Clone, Debug)]
pub(in crate::api::openai) struct Inline {
    form: Form,
    /// As the client wrote it.
    model: String,
    is_omni: bool,
    /// `None` where the server judges nothing.
    threshold: Option<f64>,
    /// Whether a flagged input, a flagged output is blocked.
    blocks: [bool; 2],
    found: Arc<OnceLock<Value>>,
}

impl Inline {
    /// Reads `moderation`.
    pub(in crate::api::openai) fn parse(
        context: &Context,
        given: Option<&Value>,
        form: Form,
    ) -> Result<Option<Self>, ApiError> {
        let given = match given {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Object(given)) => given,
            Some(other) => return Err(ApiError::wrong_type("moderation", "an object", other)),
        };
        let model = given.get("model").ok_or_else(|| ApiError::missing("moderation.model"))?;
        let model = model.as_str().ok_or_else(|| ApiError::wrong_type("moderation.model", "a string", model))?;
        let card = context.model(model).map_err(|error| error.param("moderation.model"))?;
        if card.kind != ModelKind::Moderation {
            let known = ["omni-moderation-latest", "omni-moderation-2024-09-26", "text-moderation-latest"];
            return Err(ApiError::unsupported_value("moderation.model", model, &known));
        }
        let blocks = policy(given.get("policy"))?;
        Ok(Some(Self {
            form,
            model: model.to_owned(),
            is_omni: card.capabilities.vision,
            threshold: context.app().settings.moderation.map(|settings| settings.threshold),
            blocks,
            found: Arc::default(),
        }))
    }

    /// Judges what was asked and what would be answered, and blocks what is to be blocked.
    pub(in crate::api::openai) fn moderate(&self, request: &GenerationRequest, generation: &mut Generation) {
        let Some(threshold) = self.threshold else {
            let error = json!({
                "type": "error", "code": "moderation_disabled",
                "message": "Moderation is turned off on this server (features.enable_moderation).",
            });
            let _ = self.found.set(json!({"input": error, "output": error}));
            return;
        };
        let results = |texts: Vec<Vec<String>>| -> Vec<Value> {
            texts.into_iter().map(|texts| self.result(texts, threshold)).collect()
        };
        let input = results(vec![asked(&request.prompt)]);
        let output = results(generation.choices.iter().map(said).collect());
        let is_flagged = |result: &Value| result["flagged"] == true;
        let is_refused = self.blocks[0] && input.iter().any(is_flagged);
        for (choice, result) in generation.choices.iter_mut().zip(&output) {
            if is_refused || (self.blocks[1] && is_flagged(result)) {
                silence(choice, &mut generation.usage);
            }
        }
        let _ = self.found.set(json!({"input": self.shown(input), "output": self.shown(output)}));
    }

    /// What came of it.
    pub(in crate::api::openai) fn found(&self) -> Value {
        self.found.get().cloned().unwrap_or_default()
    }

    fn result(&self, texts: Vec<String>, threshold: f64) -> Value {
        let judged = judge(&Item { texts, picture: None }).unwrap_or(Judged {
            scores: fakeai_moderation::Scores::default(),
            has_text: false,
            has_picture: false,
        });
        let mut body = Map::new();
        body.insert("type".to_owned(), "moderation_result".into());
        body.insert("model".to_owned(), self.model.as_str().into());
        if let Value::Object(fields) = result(&judged, threshold, self.is_omni) {
            // What models for text alone do not know is null elsewhere, and has no place here.
            let known = |value: Value| match value {
                Value::Object(fields) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
                other => other,
            };
            body.extend(fields.into_iter().map(|(name, value)| (name, known(value))));
        }
        Value::Object(body)
    }

    fn shown(&self, mut results: Vec<Value>) -> Value {
        match self.form {
            Form::Chat => json!({"type": "moderation_results", "model": self.model, "results": results}),
            Form::Response => results.pop().unwrap_or_default(),
        }
    }
}

/// Whether input and output are blocked.
fn policy(given: Option<&Value>) -> Result<[bool; 2], ApiError> {
    let policy = match given {
        None | Some(Value::Null) => return Ok([false; 2]),
        Some(Value::Object(policy)) => policy,
        Some(other) => return Err(ApiError::wrong_type("moderation.policy", "an object", other)),
    };
    let mut blocks = [false; 2];
    for (blocked, side) in blocks.iter_mut().zip(["input", "output"]) {
        let Some(config) = policy.get(side).filter(|config| !config.is_null()) else { continue };
        let param = format!("moderation.policy.{side}.mode");
        *blocked = match config.get("mode").and_then(Value::as_str) {
            Some("score") => false,
            Some("block") => true,
            Some(other) => return Err(ApiError::unsupported_value(&param, other, &["score", "block"])),
            None => return Err(ApiError::missing(&param)),
        };
    }
    Ok(blocks)
}

/// What the user says.
fn asked(prompt: &Prompt) -> Vec<String> {
    match prompt {
        Prompt::Chat(turns) => {
            let turns = turns.iter().filter(|turn| turn.role == Role::User);
            turns.flat_map(|turn| turn.parts.iter().filter_map(Part::text)).map(str::to_owned).collect()
        }
        Prompt::Completion(continuation) => vec![continuation.text.clone()],
    }
}

/// What an answer says.
fn said(choice: &Choice) -> Vec<String> {
    let spoken = choice.segments.iter().filter(|segment| segment.kind == SegmentKind::Text);
    spoken.map(|segment| segment.text.clone()).collect()
}

/// Takes away all that a choice says, and what it costs.
fn silence(choice: &mut Choice, usage: &mut fakeai_writer::Usage) {
    for segment in choice.segments.drain(..) {
        let tokens = segment.tokens.len() as u32;
        usage.completion_tokens = usage.completion_tokens.saturating_sub(tokens);
        if segment.kind == SegmentKind::Reasoning {
            usage.reasoning_tokens = usage.reasoning_tokens.saturating_sub(tokens);
        }
    }
    choice.finish = Finish::ContentFilter;
}
