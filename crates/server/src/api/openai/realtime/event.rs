//! What clients say.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::reading::Reading;
use crate::error::ApiError;

/// Longest name of an event, characters.
const LONGEST_ID: usize = 512;

/// All events that clients may send.
const NAMES: [&str; 13] = [
    "session.update",
    "transcription_session.update",
    "input_audio_buffer.append",
    "input_audio_buffer.commit",
    "input_audio_buffer.clear",
    "conversation.item.create",
    "conversation.item.retrieve",
    "conversation.item.truncate",
    "conversation.item.delete",
    "response.create",
    "response.cancel",
    "output_audio_buffer.clear",
    "session.close",
];

/// An event of a client's.
#[derive(Clone, Debug)]
pub(super) enum ClientEvent {
    UpdateSession(Map<String, Value>),
    /// Sound, as the session codes it.
    Append(Vec<u8>),
    Commit,
    Clear,
    CreateItem {
        previous: Option<String>,
        item: Map<String, Value>,
    },
    RetrieveItem(String),
    TruncateItem {
        id: String,
        content_index: usize,
        audio_end_ms: u64,
    },
    DeleteItem(String),
    CreateResponse(Map<String, Value>),
    CancelResponse(Option<String>),
    ClearOutput,
    CloseSession,
}

/// An event that is none: what is wrong, and the name that the client gave it.
pub(super) type Misread = (ApiError, Option<String>);

/// Reads an event; it comes with the name that the client gave it.
///
/// # Errors
/// It is not JSON, or of no known type, or a field of it is wrong.
pub(super) fn read(text: &str) -> Result<(ClientEvent, Option<String>), Misread> {
    let map: Map<String, Value> = serde_json::from_str(text).map_err(|_| {
        let message = "The server could not parse the event: expected a JSON object.";
        (ApiError::invalid(message).code("invalid_json"), None)
    })?;
    let name = map.get("event_id").and_then(Value::as_str).map(str::to_owned);
    let read = understood(map);
    match read {
        Ok(event) => Ok((event, name)),
        Err(error) => Err((error, name)),
    }
}

fn understood(mut map: Map<String, Value>) -> Result<ClientEvent, ApiError> {
    let fields = Reading::new(&map, "");
    if let Some(id) = fields.text("event_id")?
        && id.chars().count() > LONGEST_ID
    {
        return Err(ApiError::too_long("event_id", LONGEST_ID, id.chars().count()));
    }
    let kind = fields.needed("type")?.to_owned();
    let known = |names: &[&str]| {
        let mut all = vec!["event_id", "type"];
        all.extend(names);
        fields.check_names(&all)
    };
    let item = || fields.needed("item_id").map(str::to_owned);
    match &*kind {
        "session.update" | "transcription_session.update" => {
            known(&["session"])?;
            Ok(ClientEvent::UpdateSession(object(&mut map, "session")?))
        }
        "input_audio_buffer.append" | "session.input_audio_buffer.append" => {
            known(&["audio"])?;
            let sound = STANDARD.decode(fields.needed("audio")?).map_err(|_| {
                let message = "Invalid 'audio'. Expected base64-encoded audio bytes in the session's format.";
                ApiError::invalid(message).param("audio").code("invalid_value")
            })?;
            Ok(ClientEvent::Append(sound))
        }
        "input_audio_buffer.commit" => known(&[]).map(|()| ClientEvent::Commit),
        "input_audio_buffer.clear" => known(&[]).map(|()| ClientEvent::Clear),
        "conversation.item.create" => {
            known(&["previous_item_id", "item"])?;
            let previous = fields.text("previous_item_id")?.map(str::to_owned);
            Ok(ClientEvent::CreateItem { previous, item: object(&mut map, "item")? })
        }
        "conversation.item.retrieve" => known(&["item_id"]).and_then(|()| item().map(ClientEvent::RetrieveItem)),
        "conversation.item.truncate" => {
            known(&["item_id", "content_index", "audio_end_ms"])?;
            let number = |name: &str| {
                let given = fields.integer(name, 0, i64::MAX)?;
                given.map(i64::unsigned_abs).ok_or_else(|| ApiError::missing(name))
            };
            let content_index = usize::try_from(number("content_index")?).unwrap_or(usize::MAX);
            Ok(ClientEvent::TruncateItem { id: item()?, content_index, audio_end_ms: number("audio_end_ms")? })
        }
        "conversation.item.delete" => known(&["item_id"]).and_then(|()| item().map(ClientEvent::DeleteItem)),
        "response.create" => {
            known(&["response"])?;
            let is_plain = fields.get("response").is_none();
            Ok(ClientEvent::CreateResponse(if is_plain { Map::new() } else { object(&mut map, "response")? }))
        }
        "response.cancel" => {
            known(&["response_id"])?;
            Ok(ClientEvent::CancelResponse(fields.text("response_id")?.map(str::to_owned)))
        }
        "output_audio_buffer.clear" => known(&[]).map(|()| ClientEvent::ClearOutput),
        "session.close" => known(&[]).map(|()| ClientEvent::CloseSession),
        other => Err(ApiError::unsupported_value("type", other, &NAMES)),
    }
}

/// Takes an object that has to be there.
fn object(map: &mut Map<String, Value>, name: &str) -> Result<Map<String, Value>, ApiError> {
    match map.remove(name) {
        Some(Value::Object(object)) => Ok(object),
        None | Some(Value::Null) => Err(ApiError::missing(name)),
        Some(other) => Err(ApiError::wrong_type(name, "an object", &other)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn wrong(event: &Value) -> (Option<String>, Option<&'static str>) {
        let (error, _) = read(&event.to_string()).unwrap_err();
        (error.param, error.code)
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            (json!({}), "type", "missing_required_parameter"),
            (json!({"type": "no.such"}), "type", "invalid_value"),
            (json!({"type": "session.update"}), "session", "missing_required_parameter"),
            (json!({"type": "response.cancel", "x": 1}), "x", "unknown_parameter"),
            (json!({"type": "input_audio_buffer.append", "audio": "?"}), "audio", "invalid_value"),
            (json!({"type": "input_audio_buffer.append", "audio": 7}), "audio", "invalid_type"),
            (json!({"type": "conversation.item.delete"}), "item_id", "missing_required_parameter"),
            (json!({"type": "response.create", "response": []}), "response", "invalid_type"),
        ];
        for (event, param, code) in cases {
            assert_eq!(wrong(&event), (Some(param.to_owned()), Some(code)), "{event}");
        }
        let (error, name) = read(r#"{"event_id": "mine", "type": "x"}"#).unwrap_err();
        assert_eq!((error.param.as_deref(), name.as_deref()), (Some("type"), Some("mine")));
        assert_eq!(read("[").unwrap_err().0.code, Some("invalid_json"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in ".{0,80}", kind in prop::sample::select(&NAMES[..])) {
            drop(read(&text));
            drop(read(&json!({"type": kind, "item_id": text, "audio": text, "session": {}, "item": {}}).to_string()));
        }
    }
}
