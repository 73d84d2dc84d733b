//! One item of a conversation: what was said, called or answered.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fakeai_tokens::ImageDetail;
use fakeai_writer::Part;
use serde_json::{Map, Value, json};

use super::dialect::Dialect;
use super::reading::{Reading, object_of};
use crate::api::openai::media;
use crate::error::ApiError;

/// One item.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub id: String,
    pub said: Said,
    pub status: ItemStatus,
}

/// What an item is.
#[derive(Clone, Debug)]
pub(super) enum Said {
    Message { role: &'static str, content: Vec<Content> },
    Call { call_id: String, name: String, arguments: String },
    Result { call_id: String, output: String },
}

/// How far an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ItemStatus {
    InProgress,
    Completed,
    Incomplete,
}

impl ItemStatus {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
        }
    }
}

/// A piece of a message.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Text(String),
    /// What a person said aloud.
    Heard(Heard),
    /// What the model said aloud.
    Spoken(Spoken),
    Picture {
        url: String,
        part: Box<Part>,
    },
}

/// What a person said aloud. The sound itself is not kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    pub seconds: f64,
    /// What the model understood.
    pub text: String,
    /// What is shown of it, once it has been written down for the client.
    pub transcript: Option<String>,
}

/// What the model said aloud. The sound itself is not kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Spoken {
    pub transcript: String,
    pub milliseconds: u64,
    /// For each word, when it has been said and how much of the transcript that is: milliseconds and bytes.
    pub words: Vec<(u32, u32)>,
}

impl Spoken {
    /// Forgets what comes after `end_ms`.
    pub(super) fn cut(&mut self, end_ms: u64) {
        self.words.retain(|(end, _)| u64::from(*end) <= end_ms);
        let bytes = self.words.last().map_or(0, |(_, bytes)| *bytes as usize);
        self.transcript.truncate(self.transcript.floor_char_boundary(bytes));
        self.milliseconds = self.milliseconds.min(end_ms);
    }
}

/// Sound that came with an item: which content it is.
pub(super) type Recording = (usize, Vec<u8>);

impl Item {
    pub(super) fn shown(&self, dialect: Dialect) -> Value {
        let mut shown = Map::new();
        let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
        put("id", json!(self.id));
        put("object", json!("realtime.item"));
        match &self.said {
            Said::Message { role, content } => {
                put("type", json!("message"));
                put("status", json!(self.status.name()));
                put("role", json!(role));
                put("content", content.iter().map(|content| content.shown(dialect, role)).collect());
            }
            Said::Call { call_id, name, arguments } => {
                put("type", json!("function_call"));
                put("status", json!(self.status.name()));
                put("name", json!(name));
                put("call_id", json!(call_id));
                put("arguments", json!(arguments));
            }
            Said::Result { call_id, output } => {
                put("type", json!("function_call_output"));
                put("status", json!(self.status.name()));
                put("call_id", json!(call_id));
                put("output", json!(output));
            }
        }
        Value::Object(shown)
    }

    /// Reads an item that a client made, at `path`; `id` is for one without. Recordings in it come beside it.
    ///
    /// # Errors
    /// Something in it is wrong.
    pub(super) fn read(
        map: &Map<String, Value>,
        path: &str,
        dialect: Dialect,
        id: impl FnOnce() -> String,
    ) -> Result<(Self, Vec<Recording>), ApiError> {
        let fields = Reading::new(map, path);
        let kind = fields.needed("type")?;
        let known: &[&str] = match kind {
            "message" => &["role", "content"],
            "function_call" => &["call_id", "name", "arguments"],
            "function_call_output" => &["call_id", "output"],
            other => {
                let known = ["message", "function_call", "function_call_output"];
                return Err(ApiError::unsupported_value(&fields.path("type"), other, &known));
            }
        };
        let mut names = vec!["id", "object", "type", "status"];
        names.extend(known);
        fields.check_names(&names)?;
        let mut recordings = Vec::new();
        let said = match kind {
            "message" => message(&fields, dialect, &mut recordings)?,
            "function_call" => Said::Call {
                call_id: fields.text("call_id")?.unwrap_or_default().to_owned(),
                name: fields.needed("name")?.to_owned(),
                arguments: fields.needed("arguments")?.to_owned(),
            },
            _ => Said::Result {
                call_id: fields.needed("call_id")?.to_owned(),
                output: fields.needed("output")?.to_owned(),
            },
        };
        let status = match fields.word("status", &["completed", "incomplete", "in_progress"])? {
            Some("incomplete") => ItemStatus::Incomplete,
            _ => ItemStatus::Completed,
        };
        let id = match fields.text("id")? {
            Some(given) if given.is_empty() || given.len() > 64 => {
                return Err(ApiError::too_long(&fields.path("id"), 64, given.len()));
            }
            Some(given) => given.to_owned(),
            None => id(),
        };
        Ok((Self { id, said, status }, recordings))
    }
}

fn message(fields: &Reading<'_>, dialect: Dialect, recordings: &mut Vec<Recording>) -> Result<Said, ApiError> {
    let role = fields.word("role", &["system", "user", "assistant"])?;
    let role = role.ok_or_else(|| ApiError::missing(&fields.path("role")))?;
    let list = fields.list("content")?.ok_or_else(|| ApiError::missing(&fields.path("content")))?;
    let mut content = Vec::new();
    for (index, part) in list.iter().enumerate() {
        let path = format!("{}[{index}]", fields.path("content"));
        let part = object_of(part, &path)?;
        let known: &[&'static str] = match role {
            "system" => &["input_text"],
            "user" => &["input_text", "input_audio", "input_image"],
            _ => &[dialect.said(false), dialect.said(true)],
        };
        let kind = part.word("type", known)?.ok_or_else(|| ApiError::missing(&part.path("type")))?;
        content.push(match kind {
            "input_audio" => {
                let sound = STANDARD.decode(part.needed("audio")?).map_err(|_| {
                    let param = part.path("audio");
                    ApiError::invalid(format!("Invalid '{param}': expected base64.")).param(param).code("invalid_value")
                })?;
                recordings.push((index, sound));
                Content::Heard(Heard::default())
            }
            "input_image" => {
                let url = part.needed("image_url")?;
                let detail = match part.word("detail", &["auto", "low", "high"])? {
                    Some("low") => ImageDetail::Low,
                    Some("high") => ImageDetail::High,
                    _ => ImageDetail::Auto,
                };
                let picture = media::picture(url, detail, &part.path("image_url"))?;
                Content::Picture { url: url.to_owned(), part: Box::new(picture) }
            }
            "output_audio" | "audio" => {
                let transcript = part.text("transcript")?.unwrap_or_default().to_owned();
                Content::Spoken(Spoken { transcript, ..Spoken::default() })
            }
            _ => Content::Text(part.needed("text")?.to_owned()),
        });
    }
    Ok(Said::Message { role, content })
}

impl Content {
    fn shown(&self, dialect: Dialect, role: &str) -> Value {
        match self {
            Self::Text(text) if role == "assistant" => json!({"type": dialect.said(false), "text": text}),
            Self::Text(text) => json!({"type": "input_text", "text": text}),
            Self::Heard(heard) => match &heard.transcript {
                Some(transcript) => json!({"type": "input_audio", "transcript": transcript}),
                None => json!({"type": "input_audio"}),
            },
            Self::Spoken(spoken) => json!({"type": dialect.said(true), "transcript": spoken.transcript}),
            Self::Picture { url, .. } => json!({"type": "input_image", "image_url": url}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speech_is_cut_after_a_whole_word() {
        let words = vec![(400, 6), (900, 12)];
        let mut spoken = Spoken { transcript: "Hello there.".to_owned(), milliseconds: 900, words };
        spoken.cut(700);
        assert_eq!((&*spoken.transcript, spoken.milliseconds), ("Hello ", 700));
        spoken.cut(0);
        assert_eq!((&*spoken.transcript, spoken.milliseconds), ("", 0));
    }
}
