//! Parts of messages: completed where clients leave fields out, and measured for the writer.

use fakeai_writer::Part;
use serde_json::{Value, json};

use super::items::wrong_type;
use crate::api::openai::chat::{ContentPart, InputAudio, MediaUrl, measure};
use crate::error::ApiError;

const KINDS: [&str; 9] = [
    "input_text",
    "input_image",
    "input_file",
    "input_audio",
    "output_text",
    "refusal",
    "text",
    "summary_text",
    "reasoning_text",
];

/// A part of the answer that says `text`.
pub(super) fn output_text(text: &str) -> Value {
    json!({"type": "output_text", "annotations": [], "logprobs": [], "text": text})
}

/// Gives parts the fields that clients may leave out, and refuses those that cannot be read.
pub(super) fn complete(parts: &mut [Value], param: &str) -> Result<(), ApiError> {
    for (index, part) in parts.iter_mut().enumerate() {
        let param = format!("{param}[{index}]");
        let Value::Object(fields) = part else { return Err(wrong_type(&param, "an object")) };
        let kind = match fields.get("type") {
            None | Some(Value::Null) => return Err(ApiError::missing(&format!("{param}.type"))),
            Some(Value::String(kind)) => kind.clone(),
            Some(_) => return Err(wrong_type(&format!("{param}.type"), "a string")),
        };
        let mut default = |name: &str, value: Value| {
            if fields.get(name).is_none_or(Value::is_null) {
                fields.insert(name.to_owned(), value);
            }
        };
        match &*kind {
            "output_text" => {
                default("annotations", json!([]));
                default("logprobs", json!([]));
            }
            "input_image" => default("detail", json!("auto")),
            _ => {}
        }
        measured(part, &param)?;
    }
    Ok(())
}

/// The parts as the writer knows them; `param` is the path of the list.
pub(super) fn parts(parts: &[Value], param: &str) -> Result<Vec<Part>, ApiError> {
    parts.iter().enumerate().map(|(index, part)| measured(part, &format!("{param}[{index}]"))).collect()
}

/// One part, measured.
fn measured(part: &Value, param: &str) -> Result<Part, ApiError> {
    let missing = |field: &str| ApiError::missing(&format!("{param}.{field}"));
    let text = |field: &str| match &part[field] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(wrong_type(&format!("{param}.{field}"), "a string")),
    };
    let words = |field: &str| text(field)?.map(Part::Text).ok_or_else(|| missing(field));
    match part["type"].as_str().unwrap_or_default() {
        "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text" => words("text"),
        "refusal" => words("refusal"),
        "input_image" => {
            if let Some(id) = text("file_id")? {
                return Err(no_file(&id, &format!("{param}.file_id")));
            }
            let url = text("image_url")?.ok_or_else(|| missing("image_url"))?;
            let image_url = Some(MediaUrl { url: Some(url), detail: text("detail")? });
            let part = ContentPart { kind: Some("image_url".to_owned()), image_url, ..ContentPart::default() };
            // Here the URL is not within an object.
            measure(part, param).map_err(|error| ApiError {
                param: error
                    .param
                    .as_deref()
                    .map(|path| path.replace(".image_url.", ".").replace(".url", ".image_url")),
                ..error
            })
        }
        "input_audio" => {
            let inner = &part["input_audio"];
            let field = |name: &str| inner[name].as_str().map(str::to_owned);
            let input_audio = Some(InputAudio { data: field("data"), format: field("format") });
            measure(ContentPart { kind: Some("input_audio".to_owned()), input_audio, ..ContentPart::default() }, param)
        }
        "input_file" => {
            if let Some(id) = text("file_id")? {
                return Err(no_file(&id, &format!("{param}.file_id")));
            }
            measure(ContentPart { kind: Some("file".to_owned()), ..ContentPart::default() }, param)
        }
        other => Err(ApiError::unsupported_value(&format!("{param}.type"), other, &KINDS)),
    }
}

/// There is no store of files yet, so there is none of any id.
fn no_file(id: &str, param: &str) -> ApiError {
    ApiError::invalid(format!("No such File object: {id}")).param(param).code("file_not_found")
}
