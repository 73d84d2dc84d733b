//! One line of a batch, answered: a request through the server's own door, and the line it leaves in a file.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use fakeai_core::{Ids, Seed};
use fakeai_telemetry::Caller;
use http::{HeaderName, HeaderValue, Method, Request, header};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use tower::Service;

use super::batch::Usage;
use super::input::Entry;
use crate::api::openai::files::Line;
use crate::context::BatchLine;
use crate::layers::Door;

/// What every request of a batch has from it.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    pub door: Door,
    pub batch: Arc<str>,
    pub caller: Option<Arc<Caller>>,
    pub workspace: HeaderValue,
    pub endpoint: Arc<str>,
}

/// What became of a line.
#[derive(Debug)]
pub(super) struct Answered {
    /// Where the next line begins, and its number.
    pub next: u64,
    pub number: u64,
    /// The line of the output file, or else of the error file, with its end.
    pub text: Vec<u8>,
    /// Whether it belongs into the output file.
    pub success: bool,
    pub usage: Usage,
}

#[derive(Serialize)]
struct Output<'a> {
    id: String,
    custom_id: Option<&'a RawValue>,
    response: Option<Response<'a>>,
    error: Option<LineFailure>,
}

#[derive(Serialize)]
struct Response<'a> {
    status_code: u16,
    request_id: &'a str,
    body: &'a RawValue,
}

#[derive(Serialize)]
struct LineFailure {
    code: &'static str,
    message: &'static str,
}

impl Asker {
    /// Sends the request of a line and takes its answer in.
    pub(super) async fn answer(mut self, line: Line) -> Answered {
        let entry = Entry::read(&line.text);
        let body = entry.as_ref().and_then(|entry| entry.body).map_or("", RawValue::get);
        let (status, request_id, answer) = self.ask(line.number, Bytes::copy_from_slice(body.as_bytes())).await;
        let success = (200..300).contains(&status);
        let body = one_line(&answer);
        let usage = if success { usage(&answer) } else { Usage::default() };
        let response = Some(Response { status_code: status, request_id: &request_id, body: &body });
        let custom_id = entry.and_then(|entry| entry.custom_id);
        let output = Output { id: self.id(line.number), custom_id, response, error: None };
        Answered { next: line.next, number: line.number, text: written(&output), success, usage }
    }

    /// What is left of a line that was not answered in time.
    pub(super) fn expire(&self, line: &Line) -> Answered {
        let custom_id = Entry::read(&line.text).and_then(|entry| entry.custom_id);
        let error = LineFailure {
            code: "batch_expired",
            message: "This request could not be executed before the completion window expired.",
        };
        let output = Output { id: self.id(line.number), custom_id, response: None, error: Some(error) };
        let text = written(&output);
        Answered { next: line.next, number: line.number, text, success: false, usage: Usage::default() }
    }

    fn id(&self, number: u64) -> String {
        Ids::new(Seed::new(0).derive("batch output").derive(&self.batch).mix(number)).next_hex("batch_req_", 32)
    }

    async fn ask(&mut self, number: u64, body: Bytes) -> (u16, String, Bytes) {
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = Method::POST;
        // One of a fixed list, so it is a path.
        *request.uri_mut() = self.endpoint.parse().unwrap_or_default();
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.headers_mut().insert(HeaderName::from_static("x-fakeai-workspace"), self.workspace.clone());
        let line = BatchLine { batch: Arc::clone(&self.batch), number, caller: self.caller.clone() };
        request.extensions_mut().insert(line);
        let Ok(response) = self.door.call(request).await;
        let (head, body) = response.into_parts();
        let id = head.headers.get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
        // An answer that breaks off is none; the door has written down why.
        let body = body.collect().await.map(http_body_util::Collected::to_bytes);
        body.map_or_else(|_| (500, id.clone(), Bytes::new()), |body| (head.status.as_u16(), id.clone(), body))
    }
}

fn written(output: &Output<'_>) -> Vec<u8> {
    let mut text = serde_json::to_vec(output).unwrap_or_default();
    text.push(b'\n');
    text
}

/// An answer as JSON on one line; what is no JSON becomes a string.
fn one_line(answer: &Bytes) -> Box<RawValue> {
    let text = String::from_utf8_lossy(answer);
    let raw = match memchr::memchr(b'\n', answer) {
        None => RawValue::from_string(text.clone().into_owned()),
        Some(_) => serde_json::from_str::<Value>(&text).and_then(|value| serde_json::value::to_raw_value(&value)),
    };
    raw.unwrap_or_else(|_| serde_json::value::to_raw_value(&text).unwrap_or_else(|_| RawValue::NULL.to_owned()))
}

/// The tokens an answer says it took, in whichever words of the API.
fn usage(answer: &[u8]) -> Usage {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Answer {
        usage: Option<Counts>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Counts {
        #[serde(alias = "prompt_tokens")]
        input_tokens: u64,
        #[serde(alias = "completion_tokens")]
        output_tokens: u64,
        total_tokens: u64,
        #[serde(alias = "prompt_tokens_details")]
        input_tokens_details: Option<Details>,
        #[serde(alias = "completion_tokens_details")]
        output_tokens_details: Option<Details>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Details {
        cached_tokens: u64,
        reasoning_tokens: u64,
    }
    let counts = serde_json::from_slice::<Answer>(answer).ok().and_then(|answer| answer.usage).unwrap_or_default();
    Usage {
        input: counts.input_tokens,
        cached: counts.input_tokens_details.unwrap_or_default().cached_tokens,
        output: counts.output_tokens,
        reasoning: counts.output_tokens_details.unwrap_or_default().reasoning_tokens,
        total: counts.total_tokens,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usage_is_found_in_every_dialect() {
        let chat = br#"{"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":1}}}"#;
        let expected = Usage { input: 3, cached: 1, output: 4, reasoning: 0, total: 7 };
        assert_eq!(usage(chat), expected);
        let response = br#"{"usage":{"input_tokens":3,"output_tokens":4,"total_tokens":7,"output_tokens_details":{"reasoning_tokens":2}}}"#;
        assert_eq!(usage(response), Usage { cached: 0, reasoning: 2, ..expected });
        assert_eq!((usage(b"{}"), usage(b"no")), (Usage::default(), Usage::default()));
    }

    proptest! {
        #[test]
        fn any_answer_becomes_one_line(answer in any::<String>()) {
            let body = one_line(&Bytes::from(answer));
            let response = Some(Response { status_code: 200, request_id: "", body: &body });
            let text = written(&Output { id: String::new(), custom_id: None, response, error: None });
            prop_assert_eq!(memchr::memchr(b'\n', &text), Some(text.len() - 1));
            prop_assert!(serde_json::from_slice::<Value>(&text).is_ok());
        }
    }
}
