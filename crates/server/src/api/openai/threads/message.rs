//! A message: as clients write it, as it is kept, as it is shown, and what a model reads of it.

use fakeai_tokens::ImageDetail;
use fakeai_writer::{Part, Role, Turn};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use crate::api::openai::chat::metadata;
use crate::api::openai::media::{picture, stored_picture};
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;
use crate::wire::one_of;

/// Longest text of a message, characters.
const LONGEST_TEXT: usize = 256_000;
/// A picture whose file is gone: nobody knows its size. `OpenAI` scales pictures to fit this square.
const FILE_PIXELS: u32 = 1024;

/// A message.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::api::openai) struct Message {
    pub id: String,
    pub created: Moment,
    pub role: String,
    /// Parts as they are shown.
    pub content: Vec<Value>,
    attachments: Vec<Value>,
    pub metadata: Map<String, Value>,
    /// The run that wrote it.
    pub made: Option<Made>,
}

/// How a run wrote a message.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::api::openai) struct Made {
    pub run_id: String,
    pub assistant_id: String,
    /// When it was, or will be, complete.
    pub ends: Moment,
    pub end: MessageEnd,
}

/// How the writing of a message ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::api::openai) enum MessageEnd {
    Completed,
    ContentFilter,
    MaxTokens,
    RunCancelled,
    RunExpired,
}

/// How far something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api::openai) enum Phase {
    /// Under way.
    Open,
    /// Over.
    Ended,
}

/// A message as clients write it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::api::openai) struct MessageWire {
    role: Option<String>,
    content: Option<Content>,
    attachments: Option<Vec<Value>>,
    metadata: Option<Map<String, Value>>,
}

#[derive(Debug)]
enum Content {
    Text(String),
    Parts(Vec<PartWire>),
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_of(deserializer, "one of a string or array of objects", Self::Text, Self::Parts)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PartWire {
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
    image_url: Option<ImageWire>,
    image_file: Option<ImageWire>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ImageWire {
    url: Option<String>,
    file_id: Option<String>,
    detail: Option<String>,
}

impl MessageWire {
    /// Files attached to it to be searched.
    pub(in crate::api::openai) fn attached(&self) -> Vec<String> {
        let searched = |attachment: &&Value| {
            attachment["tools"].as_array().is_some_and(|tools| tools.iter().any(|tool| tool["type"] == "file_search"))
        };
        let wanted = self.attachments.iter().flatten().filter(searched);
        wanted.filter_map(|attachment| attachment["file_id"].as_str().map(str::to_owned)).collect()
    }

    /// Bytes of text in it.
    pub(in crate::api::openai) fn bytes(&self) -> u64 {
        match &self.content {
            None => 0,
            Some(Content::Text(text)) => text.len() as u64,
            Some(Content::Parts(parts)) => parts.iter().flat_map(|part| &part.text).map(|text| text.len() as u64).sum(),
        }
    }

    /// The message, if it is right; `prefix` is the path to it, `messages[0].` or nothing.
    pub(in crate::api::openai) fn message(self, context: &Context, prefix: &str) -> Result<Message, ApiError> {
        let missing = |field: &str| ApiError::missing(&format!("{prefix}{field}"));
        let role = self.role.ok_or_else(|| missing("role"))?;
        if !matches!(role.as_str(), "user" | "assistant") {
            return Err(ApiError::unsupported_value(&format!("{prefix}role"), &role, &["user", "assistant"]));
        }
        let content = match self.content.ok_or_else(|| missing("content"))? {
            Content::Text(text) => vec![text_part(&text, &format!("{prefix}content"))?],
            Content::Parts(parts) => parts_of(parts, &format!("{prefix}content"))?,
        };
        let attachments = self.attachments.unwrap_or_default();
        for (index, attachment) in attachments.iter().enumerate() {
            if !attachment["file_id"].is_string() {
                return Err(missing(&format!("attachments[{index}].file_id")));
            }
        }
        metadata(self.metadata.as_ref())?;
        Ok(Message {
            id: context.id("msg_", 24),
            created: Moment::now(context.clock()),
            role,
            content,
            attachments,
            metadata: self.metadata.unwrap_or_default(),
            made: None,
        })
    }
}

fn parts_of(parts: Vec<PartWire>, param: &str) -> Result<Vec<Value>, ApiError> {
    if parts.is_empty() {
        let message = format!(
            "Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead."
        );
        return Err(ApiError::invalid(message).param(param).code("empty_array"));
    }
    let part = |(index, part): (usize, PartWire)| {
        let param = format!("{param}[{index}]");
        let missing = |field: &str| ApiError::missing(&format!("{param}.{field}"));
        match part.kind.as_deref() {
            None => Err(missing("type")),
            Some("text") => text_part(part.text.as_deref().ok_or_else(|| missing("text"))?, &format!("{param}.text")),
            Some("image_url") => {
                let image = part.image_url.ok_or_else(|| missing("image_url"))?;
                let (url, detail) = (image.url.ok_or_else(|| missing("image_url.url"))?, image.detail);
                let looked = detail_of(detail.as_deref(), &format!("{param}.image_url.detail"))?;
                picture(&url, looked, &format!("{param}.image_url.url"))?;
                Ok(
                    json!({"type": "image_url", "image_url": {"url": url, "detail": detail.as_deref().unwrap_or("auto")}}),
                )
            }
            Some("image_file") => {
                let image = part.image_file.ok_or_else(|| missing("image_file"))?;
                let (id, detail) = (image.file_id.ok_or_else(|| missing("image_file.file_id"))?, image.detail);
                detail_of(detail.as_deref(), &format!("{param}.image_file.detail"))?;
                let detail = detail.as_deref().unwrap_or("auto");
                Ok(json!({"type": "image_file", "image_file": {"file_id": id, "detail": detail}}))
            }
            Some(other) => {
                let known = ["text", "image_url", "image_file"];
                Err(ApiError::unsupported_value(&format!("{param}.type"), other, &known))
            }
        }
    };
    parts.into_iter().enumerate().map(part).collect()
}

fn text_part(text: &str, param: &str) -> Result<Value, ApiError> {
    let length = text.chars().count();
    if length > LONGEST_TEXT {
        return Err(ApiError::too_long(param, LONGEST_TEXT, length));
    }
    if text.is_empty() {
        return Err(ApiError::invalid("Message content must be non-empty.").param(param));
    }
    Ok(json!({"type": "text", "text": {"value": text, "annotations": []}}))
}

fn detail_of(detail: Option<&str>, param: &str) -> Result<ImageDetail, ApiError> {
    match detail {
        None | Some("auto") => Ok(ImageDetail::Auto),
        Some("low") => Ok(ImageDetail::Low),
        Some("high") => Ok(ImageDetail::High),
        Some(other) => Err(ApiError::unsupported_value(param, other, &["auto", "low", "high"])),
    }
}

impl Message {
    /// The message a run writes.
    pub(in crate::api::openai) fn by_run(id: String, created: Moment, content: Vec<Value>, made: Made) -> Self {
        let (role, attachments, metadata) = ("assistant".to_owned(), Vec::new(), Map::new());
        Self { id, created, role, content, attachments, metadata, made: Some(made) }
    }

    /// Whether `run_id` wrote it.
    pub(in crate::api::openai) fn is_by(&self, run_id: &str) -> bool {
        self.made.as_ref().is_some_and(|made| made.run_id == run_id)
    }

    /// How far it is.
    pub(super) fn phase(&self, now: Moment) -> Phase {
        if self.made.as_ref().is_some_and(|made| now < made.ends) { Phase::Open } else { Phase::Ended }
    }

    /// Ends it at `at`, before its time: of its text, `bytes` had been written.
    pub(in crate::api::openai) fn cut(&mut self, at: Moment, bytes: usize, end: MessageEnd) {
        if let Some(made) = &mut self.made {
            (made.ends, made.end) = (at, end);
        }
        for part in &mut self.content {
            for pointer in ["/text/value", "/refusal"] {
                if let Some(Value::String(text)) = part.pointer_mut(pointer) {
                    text.truncate(text.floor_char_boundary(bytes));
                }
            }
            // What was not written cites nothing.
            let written = part["text"]["value"].as_str().map_or(0, |text| text.chars().count() as u64);
            if let Some(Value::Array(annotations)) = part.pointer_mut("/text/annotations") {
                annotations.retain(|annotation| annotation["end_index"].as_u64().is_some_and(|end| end <= written));
            }
        }
    }

    /// As it is shown in a thread.
    pub(in crate::api::openai) fn object(&self, thread_id: &str, phase: Phase) -> Value {
        let made = self.made.as_ref();
        let ended = (phase == Phase::Ended).then(|| made.map_or(self.created, |made| made.ends));
        let reason = match made.map(|made| made.end).filter(|_| phase == Phase::Ended) {
            None | Some(MessageEnd::Completed) => None,
            Some(MessageEnd::ContentFilter) => Some("content_filter"),
            Some(MessageEnd::MaxTokens) => Some("max_tokens"),
            Some(MessageEnd::RunCancelled) => Some("run_cancelled"),
            Some(MessageEnd::RunExpired) => Some("run_expired"),
        };
        let status = match (phase, reason) {
            (Phase::Open, _) => "in_progress",
            (Phase::Ended, Some(_)) => "incomplete",
            (Phase::Ended, None) => "completed",
        };
        let content: &[Value] = if phase == Phase::Open { &[] } else { &self.content };
        json!({
            "id": self.id,
            "object": "thread.message",
            "created_at": self.created.unix(),
            "assistant_id": made.map(|made| &made.assistant_id),
            "thread_id": thread_id,
            "run_id": made.map(|made| &made.run_id),
            "status": status,
            "incomplete_details": reason.map(|reason| json!({"reason": reason})),
            "incomplete_at": ended.filter(|_| reason.is_some()).map(Moment::unix),
            "completed_at": ended.filter(|_| reason.is_none()).map(Moment::unix),
            "role": self.role,
            "content": content,
            "attachments": self.attachments,
            "metadata": self.metadata,
        })
    }

    /// What a model reads of it.
    pub(in crate::api::openai) fn turn(&self, context: &Context) -> Turn {
        let role = if self.role == "assistant" { Role::Assistant } else { Role::User };
        let parts = self.content.iter().filter_map(|part| read(context, part)).collect();
        Turn { role, name: None, parts, calls: Vec::new(), answers: None }
    }
}

fn read(context: &Context, part: &Value) -> Option<Part> {
    let detail = |image: &Value| detail_of(image["detail"].as_str(), "").unwrap_or(ImageDetail::Auto);
    match part["type"].as_str()? {
        "text" => Some(Part::Text(part["text"]["value"].as_str()?.to_owned())),
        "refusal" => Some(Part::Text(part["refusal"].as_str()?.to_owned())),
        // It was looked at when it came.
        "image_url" => picture(part["image_url"]["url"].as_str()?, detail(&part["image_url"]), "").ok(),
        "image_file" => {
            let detail = detail(&part["image_file"]);
            let id = part["image_file"]["file_id"].as_str().unwrap_or_default();
            stored_picture(context, id, detail, "").ok().or(Some(Part::Image {
                width: FILE_PIXELS,
                height: FILE_PIXELS,
                detail,
                facts: None,
            }))
        }
        _ => None,
    }
}
