//! `image_generation`: a real PNG of the size asked for, that shows colours and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fakeai_core::Seed;
use serde_json::{Value, json};

use super::{Asked, Performed, Steps, picture, query};
use crate::api::openai::responses::wire::Object;
use crate::error::ApiError;

pub(super) const CUES: &[&str] = &[
    " draw ",
    " paint ",
    "image of",
    "picture of",
    "generate an image",
    "create an image",
    "make an image",
    "illustration of",
    " sketch ",
];

pub(super) fn check(tool: &Object, param: &str) -> Result<(), ApiError> {
    match tool.get("output_format").and_then(Value::as_str) {
        None | Some("png") => {}
        Some("webp" | "jpeg") => {
            return Err(ApiError::invalid("Pictures other than PNG are not built yet; refused rather than ignored.")
                .param(format!("{param}.output_format"))
                .code("not_built_yet"));
        }
        Some(other) => {
            let param = format!("{param}.output_format");
            return Err(ApiError::unsupported_value(&param, other, &["png", "webp", "jpeg"]));
        }
    }
    match tool.get("size").and_then(Value::as_str) {
        Some(other) if size(other).is_none() => Err(ApiError::unsupported_value(
            &format!("{param}.size"),
            other,
            &["1024x1024", "1024x1536", "1536x1024", "auto"],
        )),
        _ => Ok(()),
    }
}

/// Pixels across and down.
fn size(name: &str) -> Option<(u32, u32)> {
    if name == "auto" {
        return Some((1024, 1024));
    }
    let (width, height) = name.split_once('x')?;
    let pixels = |text: &str| text.parse().ok().filter(|pixels| (16..=4096).contains(pixels));
    pixels(width).zip(pixels(height))
}

pub(super) fn perform(asked: &Asked<'_>) -> Vec<Performed> {
    let said = |field: &str| asked.tool.get(field).and_then(Value::as_str);
    let (width, height) = said("size").and_then(size).unwrap_or((1024, 1024));
    let prompt = query(asked.text);
    let seed = Seed::new(0).derive("image_generation").derive(&prompt);
    let picture = STANDARD.encode(picture::png(width, height, seed));
    let chosen = |field: &str, auto: &'static str| match said(field) {
        None | Some("auto") => auto.to_owned(),
        Some(other) => other.to_owned(),
    };
    vec![Performed {
        item: json!({
            "id": asked.ids.next("ig_"), "type": "image_generation_call", "status": "completed",
            "background": chosen("background", "opaque"), "output_format": "png",
            "quality": chosen("quality", "medium"), "size": format!("{width}x{height}"), "result": picture,
            "revised_prompt": prompt,
        }),
        told: Some(("image_generation", format!("A PNG of {width}x{height} pixels was shown (simulated colours)."))),
        written: prompt,
        ..Performed::default()
    }]
}

pub(super) fn steps(item: &Value, tools: &[Value]) -> Steps {
    let added = json!({"id": item["id"], "type": item["type"], "status": "in_progress", "result": null});
    let partial = |index: u64| {
        let fields = json!({
            "partial_image_index": index, "partial_image_b64": item["result"], "size": item["size"],
            "quality": item["quality"], "background": item["background"], "output_format": item["output_format"],
        });
        ("response.image_generation_call.partial_image", fields)
    };
    let tool = tools.iter().find(|tool| tool["type"] == "image_generation");
    let partials = tool.and_then(|tool| tool["partial_images"].as_u64()).unwrap_or(0).min(3);
    let mut steps = Steps { added, before: Vec::new(), delta: None, after: (0..partials).map(partial).collect() }
        .bare(&["response.image_generation_call.in_progress", "response.image_generation_call.generating"], &[]);
    steps.after.push(("response.image_generation_call.completed", json!({})));
    steps
}
