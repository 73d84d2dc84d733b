//! What is asked for, checked.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fakeai_media::{VideoFacts, image_size, video_facts};
use serde_json::{Map, Value};

use super::body::Body;
use super::stored::Video;
use crate::api::openai::declared::{Kind, Rule};
use crate::api::openai::files::File;
use crate::context::Context;
use crate::error::ApiError;

const SIZES: [&str; 4] = ["720x1280", "1280x720", "1024x1792", "1792x1024"];
const SECONDS: &[&str] = &["4", "8", "12"];
const LONGEST_PROMPT: usize = 32_000;
const USUAL_MODEL: &str = "sora-2";

/// What a new video is to be.
#[derive(Debug)]
pub(super) struct Ask {
    pub model: String,
    pub prompt: String,
    pub size: String,
    pub seconds: u32,
    /// The video it is made of.
    pub of: Option<Video>,
}

fn given(fields: &Map<String, Value>, name: &str, rule: Rule) -> Result<String, ApiError> {
    let value = rule.read(fields, name)?.unwrap_or_default();
    Ok(value.as_str().unwrap_or_default().to_owned())
}

fn prompt(fields: &Map<String, Value>) -> Result<String, ApiError> {
    given(fields, "prompt", Rule::needed(Kind::Text(LONGEST_PROMPT)))
}

/// Seconds, which clients write as a text and sometimes as a number.
fn seconds(fields: &Map<String, Value>, rule: Rule) -> Result<u32, ApiError> {
    let mut fields = fields.clone();
    if let Some(Value::Number(number)) = fields.get("seconds") {
        let text = number.to_string();
        fields.insert("seconds".to_owned(), text.into());
    }
    Ok(given(&fields, "seconds", rule)?.parse().unwrap_or_default())
}

/// A video of a prompt.
pub(super) async fn create(body: &Body) -> Result<Ask, ApiError> {
    let Body { context, fields, file } = body;
    let ask = Ask {
        model: given(fields, "model", Rule::or(Kind::Text(256), "\"sora-2\""))?,
        prompt: prompt(fields)?,
        size: given(fields, "size", Rule::or(Kind::Words(&SIZES), "\"720x1280\""))?,
        seconds: seconds(fields, Rule::or(Kind::Words(SECONDS), "\"4\""))?,
        of: None,
    };
    let reference = file.as_ref().filter(|(name, _)| name == "input_reference").map(|(_, bytes)| bytes.as_slice());
    match (reference, fields.get("input_reference").filter(|reference| !reference.is_null())) {
        (Some(bytes), _) => picture(bytes, &ask.size)?,
        (None, Some(reference)) => referred(context, reference, &ask.size).await?,
        (None, None) => {}
    }
    Ok(ask)
}

/// A picture that is named: in the request, by a file's id, or by a URL, which is not fetched.
async fn referred(context: &Context, reference: &Value, size: &str) -> Result<(), ApiError> {
    if let Some(id) = reference["file_id"].as_str() {
        return File::find(context, id).await.map(drop);
    }
    let Some(url) = reference["image_url"].as_str() else {
        let message = "Invalid 'input_reference': expected an 'image_url' or a 'file_id'.";
        return Err(ApiError::invalid(message).param("input_reference"));
    };
    match url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) {
        Some((_, packed)) => picture(&STANDARD.decode(packed).unwrap_or_default(), size),
        None if url.starts_with("https://") || url.starts_with("http://") => Ok(()),
        None => {
            let message = "Invalid 'input_reference.image_url': expected a URL.";
            Err(ApiError::invalid(message).param("input_reference.image_url").code("invalid_value"))
        }
    }
}

/// A picture that a video may begin with: of the video's size.
fn picture(bytes: &[u8], size: &str) -> Result<(), ApiError> {
    let invalid = |message: String| ApiError::invalid(message).param("input_reference");
    let Some((width, height)) = image_size(bytes) else {
        return Err(invalid("Invalid 'input_reference': expected a picture (JPEG, PNG or WebP).".to_owned()));
    };
    if format!("{width}x{height}") != size {
        let message = format!("The reference picture is {width}x{height}, but must have the video's size, {size}.");
        return Err(invalid(message).code("invalid_size"));
    }
    Ok(())
}

/// Another video in the place of one that was made.
pub(super) async fn remix(body: &Body, id: &str) -> Result<Ask, ApiError> {
    let of = Video::completed(&body.context, id).await?;
    Ok(Ask {
        model: of.model.clone(),
        prompt: prompt(&body.fields)?,
        size: of.size.clone(),
        seconds: of.seconds,
        of: Some(of),
    })
}

/// A change of a video that was made, or that comes along.
pub(super) async fn edit(body: &Body) -> Result<Ask, ApiError> {
    let prompt = prompt(&body.fields)?;
    let (size, seconds, of) = source(body).await?;
    let model = of.as_ref().map_or(USUAL_MODEL, |of| of.model.as_str()).to_owned();
    Ok(Ask { model, prompt, size, seconds, of })
}

/// A video that goes on for longer: its length is that of both.
pub(super) async fn extend(body: &Body) -> Result<Ask, ApiError> {
    let more = seconds(&body.fields, Rule::needed(Kind::Words(SECONDS)))?;
    let ask = edit(body).await?;
    let seconds = (ask.seconds + more).min(120);
    Ok(Ask { seconds, ..ask })
}

/// Size and seconds of the video that is named or comes along.
async fn source(body: &Body) -> Result<(String, u32, Option<Video>), ApiError> {
    if let Some((_, bytes)) = body.file.as_ref().filter(|(name, _)| name == "video") {
        let facts = video_facts(bytes).map_err(|error| {
            ApiError::invalid(format!("Invalid 'video': {error}.")).param("video").code("invalid_video")
        })?;
        let VideoFacts { width, height, seconds, .. } = facts;
        let size = if width > height { "1280x720" } else { "720x1280" };
        return Ok((size.to_owned(), (seconds.round() as u32).clamp(1, 120), None));
    }
    let id = body.fields.get("video").and_then(|video| video["id"].as_str());
    let id =
        id.ok_or_else(|| ApiError::missing(if body.fields.contains_key("video") { "video.id" } else { "video" }))?;
    let of = Video::completed(&body.context, id).await?;
    Ok((of.size.clone(), of.seconds, Some(of)))
}
