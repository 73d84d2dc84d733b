//! Parts of messages: completed where clients leave fields out, and measured for the writer.

use fakeai_tokens::ImageDetail;
use fakeai_writer::Part;
use serde_json::{Value, json};

use super::items::wrong_type;
use crate::api::openai::media::{document, picture, sound, stored_document, stored_picture};
use crate::context::Context;
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
pub(super) fn complete(context: &Context, parts: &mut [Value], param: &str) -> Result<(), ApiError> {
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
        measured(context, part, &param)?;
    }
    Ok(())
}

/// The parts as the writer knows them; `param` is the path of the list.
pub(super) fn parts(context: &Context, parts: &[Value], param: &str) -> Result<Vec<Part>, ApiError> {
    parts.iter().enumerate().map(|(index, part)| measured(context, part, &format!("{param}[{index}]"))).collect()
}

/// One part, measured.
fn measured(context: &Context, part: &Value, param: &str) -> Result<Part, ApiError> {
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
            let detail = detail(text("detail")?.as_deref(), &format!("{param}.detail"))?;
            if let Some(id) = text("file_id")? {
                return stored_picture(context, &id, detail, &format!("{param}.file_id"));
            }
            let url = text("image_url")?.ok_or_else(|| missing("image_url"))?;
            picture(&url, detail, &format!("{param}.image_url"))
        }
        "input_audio" => {
            let inner = &part["input_audio"];
            match inner["format"].as_str() {
                None => return Err(missing("input_audio.format")),
                Some("wav" | "mp3") => {}
                Some(other) => {
                    let param = format!("{param}.input_audio.format");
                    return Err(ApiError::unsupported_value(&param, other, &["wav", "mp3"]));
                }
            }
            let data = inner["data"].as_str().ok_or_else(|| missing("input_audio.data"))?;
            sound(data, &format!("{param}.input_audio.data"))
        }
        "input_file" => {
            if let Some(id) = text("file_id")? {
                return stored_document(context, &id, &format!("{param}.file_id"));
            }
            if text("file_url")?.is_some() {
                return Err(ApiError::invalid("Files are never fetched by this server: send 'file_data'.")
                    .param(format!("{param}.file_url"))
                    .code("not_built_yet"));
            }
            let data = text("file_data")?.ok_or_else(|| missing("file_data"))?;
            document(&data, text("filename")?, &format!("{param}.file_data"))
        }
        other => Err(ApiError::unsupported_value(&format!("{param}.type"), other, &KINDS)),
    }
}

/// How closely to look at a picture.
fn detail(detail: Option<&str>, param: &str) -> Result<ImageDetail, ApiError> {
    match detail {
        None | Some("auto") => Ok(ImageDetail::Auto),
        Some("low") => Ok(ImageDetail::Low),
        Some("high" | "original") => Ok(ImageDetail::High),
        Some(other) => Err(ApiError::unsupported_value(param, other, &["auto", "low", "high", "original"])),
    }
}
