//! Moderations on the wire.

use fakeai_moderation::Category;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::judge::{Item, Judged};
use crate::error::ApiError;

/// The body of `POST /moderations`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Request {
    pub model: Option<String>,
    pub input: Option<Value>,
}

#[derive(Debug, Serialize)]
pub(super) struct Answer {
    id: String,
    model: String,
    results: Vec<Value>,
}

impl Answer {
    pub(super) fn new(id: String, model: String, judged: &[Judged], threshold: f64, is_omni: bool) -> Self {
        Self { id, model, results: judged.iter().map(|judged| result(judged, threshold, is_omni)).collect() }
    }
}

/// One result. Models for text alone do not know two categories, which are `null` there, as the document has it.
pub(in crate::api::openai) fn result(judged: &Judged, threshold: f64, is_omni: bool) -> Value {
    let (mut categories, mut scores, mut applied) = (Map::new(), Map::new(), Map::new());
    let mut flagged = false;
    for category in Category::ALL {
        let is_known = is_omni || category.is_known_to_text_models();
        let sees_picture = judged.has_picture && category.sees_pictures();
        let is_judged = is_known && (judged.has_text || sees_picture);
        let score = if is_judged { judged.scores.of(category) } else { 0.0 };
        let reaches = is_judged && score >= threshold;
        flagged |= reaches;
        let types: Vec<&str> = [(is_known && judged.has_text, "text"), (is_known && sees_picture, "image")]
            .into_iter()
            .filter_map(|(holds, kind)| holds.then_some(kind))
            .collect();
        categories.insert(category.name().to_owned(), if is_known { json!(reaches) } else { Value::Null });
        scores.insert(category.name().to_owned(), json!(score));
        applied.insert(category.name().to_owned(), json!(types));
    }
    json!({
        "flagged": flagged, "categories": categories, "category_scores": scores,
        "category_applied_input_types": applied,
    })
}

/// The inputs: a text, texts, or parts that together are one.
pub(super) fn items(input: &Value, is_omni: bool) -> Result<Vec<Item>, ApiError> {
    let text = |text: &str| Item { texts: vec![text.to_owned()], picture: None };
    match input {
        Value::String(one) => Ok(vec![text(one)]),
        Value::Array(list) if list.is_empty() => {
            let message = "Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array instead.";
            Err(ApiError::invalid(message).param("input").code("empty_array"))
        }
        Value::Array(list) if list.len() > MOST_INPUTS => Err(ApiError::too_many("input", MOST_INPUTS, list.len())),
        Value::Array(list) if list.iter().all(Value::is_string) => {
            Ok(list.iter().filter_map(Value::as_str).map(text).collect())
        }
        Value::Array(list) => parts(list, is_omni).map(|item| vec![item]),
        other => {
            Err(ApiError::wrong_type("input", "one of a string, an array of strings, or an array of objects", other))
        }
    }
}

/// Most inputs of one request.
const MOST_INPUTS: usize = 2048;

fn parts(list: &[Value], is_omni: bool) -> Result<Item, ApiError> {
    let mut item = Item::default();
    for (place, part) in list.iter().enumerate() {
        let path = |rest: &str| format!("input[{place}]{rest}");
        let Value::Object(object) = part else { return Err(ApiError::wrong_type(&path(""), "an object", part)) };
        match object.get("type").and_then(Value::as_str) {
            Some("text") => {
                let text = object.get("text").ok_or_else(|| ApiError::missing(&path(".text")))?;
                item.texts.push(
                    text.as_str().ok_or_else(|| ApiError::wrong_type(&path(".text"), "a string", text))?.to_owned(),
                );
            }
            Some("image_url") => {
                let url = object.get("image_url").and_then(|image| image.get("url"));
                let url = url.ok_or_else(|| ApiError::missing(&path(".image_url.url")))?;
                let url = url.as_str().ok_or_else(|| ApiError::wrong_type(&path(".image_url.url"), "a string", url))?;
                if !is_omni {
                    let message = "This model does not support image inputs. Use omni-moderation-latest instead.";
                    return Err(ApiError::invalid(message).param(path("")));
                }
                if item.picture.replace(url.to_owned()).is_some() {
                    let message = "Invalid 'input': at most one image may be given in a request.";
                    return Err(ApiError::invalid(message).param(path("")).code("too_many_images"));
                }
            }
            Some(other) => return Err(ApiError::unsupported_value(&path(".type"), other, &["text", "image_url"])),
            None => return Err(ApiError::missing(&path(".type"))),
        }
    }
    Ok(item)
}
