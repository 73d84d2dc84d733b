//! `image_generation`: the pictures of `/images`, painted from what the user said last.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fakeai_core::Seed;
use fakeai_media::Picture;
use fakeai_media::art::{Look, unfinished};
use serde_json::{Value, json};

use super::{Asked, Performed, Steps, query};
use crate::api::openai::images::{Format, Painting, encode, paint_at, sign, size_of_prompt};
use crate::api::openai::provenance::claim_of;
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
    let said = |field: &str| tool.get(field).and_then(Value::as_str);
    for (field, known) in [
        ("output_format", &["png", "webp", "jpeg"][..]),
        ("background", &["transparent", "opaque", "auto"]),
        ("quality", &["low", "medium", "high", "auto"]),
    ] {
        if let Some(other) = said(field).filter(|value| !known.contains(value)) {
            return Err(ApiError::unsupported_value(&format!("{param}.{field}"), other, known));
        }
    }
    if said("background") == Some("transparent") && said("output_format") == Some("jpeg") {
        let message = "Transparent background is not supported for JPEG output format";
        return Err(ApiError::invalid(message).param(format!("{param}.background")).code("invalid_value"));
    }
    match said("size") {
        Some(other) if other != "auto" && size(other).is_none() => Err(ApiError::unsupported_value(
            &format!("{param}.size"),
            other,
            &["1024x1024", "1024x1536", "1536x1024", "auto"],
        )),
        _ => Ok(()),
    }
}

/// Pixels across and down.
fn size(name: &str) -> Option<(u32, u32)> {
    let (width, height) = name.split_once('x')?;
    let pixels = |text: &str| text.parse().ok().filter(|pixels| (16..=4096).contains(pixels));
    pixels(width).zip(pixels(height))
}

pub(super) fn perform(asked: &Asked<'_>) -> Vec<Performed> {
    let said = |field: &str| asked.tool.get(field).and_then(Value::as_str).filter(|value| *value != "auto");
    let prompt = query(asked.text);
    let (width, height) = said("size").and_then(size).unwrap_or_else(|| size_of_prompt(&prompt));
    let format = said("output_format").and_then(Format::named).unwrap_or(Format::Png);
    let compression =
        asked.tool.get("output_compression").and_then(Value::as_u64).map_or(92, |asked| asked.min(100) as u8);
    let quality = said("quality").unwrap_or("medium");
    let look = Look {
        is_transparent: said("background") == Some("transparent"),
        detail: match quality {
            "low" => 0,
            "high" => 2,
            _ => 1,
        },
        ..Look::default()
    };
    let seed = Seed::new(0).derive("image_generation").derive(&prompt);
    let picture = paint_at(Painting { prompt: &prompt, size: (width, height), look, has_caption: false }, seed);
    let claim = claim_of(asked.context, said("model").unwrap_or("gpt-image-1"));
    let file = sign(&picture, format, compression, &claim).map(|file| STANDARD.encode(file));
    let status = if file.is_ok() { "completed" } else { "failed" };
    vec![Performed {
        item: json!({
            "id": asked.ids.next("ig_"), "type": "image_generation_call", "status": status,
            "background": if look.is_transparent { "transparent" } else { "opaque" }, "output_format": format.name(),
            "quality": quality, "size": format!("{width}x{height}"), "result": file.ok(), "revised_prompt": prompt,
        }),
        told: Some((
            "image_generation",
            format!("A {} of {width}x{height} pixels was painted and shown (simulated).", format.name().to_uppercase()),
        )),
        written: prompt,
        ..Performed::default()
    }]
}

/// The item as events, but for what is shown on the way.
pub(super) fn steps(item: &Value) -> Steps {
    let added = json!({"id": item["id"], "type": item["type"], "status": "in_progress", "result": null});
    Steps { added, before: Vec::new(), delta: None, after: Vec::new() }.bare(
        &["response.image_generation_call.in_progress", "response.image_generation_call.generating"],
        &["response.image_generation_call.completed"],
    )
}

/// What is shown on the way. It follows from the finished picture, so that a stored one streams again.
pub(super) fn partials(item: &Value, tools: &[Value]) -> Vec<(&'static str, Value)> {
    let tool = tools.iter().find(|tool| tool["type"] == "image_generation");
    let count = tool.and_then(|tool| tool["partial_images"].as_u64()).unwrap_or(0).min(3) as u32;
    let finished = if count == 0 { None } else { finished(item) };
    let partial = |index: u32| {
        let file = finished
            .as_ref()
            .and_then(|(picture, format)| encode(&unfinished(picture, index, count), *format, 80).ok());
        // What cannot be decoded was not painted here: a client put it there.
        let shown = file.map_or_else(|| item["result"].clone(), |file| json!(STANDARD.encode(file)));
        let fields = json!({
            "partial_image_index": index, "partial_image_b64": shown, "size": item["size"],
            "quality": item["quality"], "background": item["background"], "output_format": item["output_format"],
        });
        ("response.image_generation_call.partial_image", fields)
    };
    (0..count).map(partial).collect()
}

fn finished(item: &Value) -> Option<(Picture, Format)> {
    let bytes = STANDARD.decode(item["result"].as_str()?).ok()?;
    let format = item["output_format"].as_str().and_then(Format::named)?;
    Picture::decode(&bytes).ok().map(|picture| (picture, format))
}
