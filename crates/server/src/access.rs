//! What is logged of requests: one line when a request has ended, and its body if the server was told so. No line holds
//! a key, and each has the request's id.

use fakeai_core::{is_secret_name, masked, masked_url};
use fakeai_telemetry::{Outcome, Record};
use serde_json::Value;
use tracing::Level;

use crate::api::LOOKS;
use crate::context::Context;

/// Longer strings in bodies, and longer bodies, are cut.
const MOST_STRING: usize = 2000;
const MOST_BODY: usize = 16 * 1024;

/// One line of one request; requests that only look at the server, as scrapers do, and lines of batches are logged at
/// level debug.
pub(crate) fn log(record: &Record, method: &http::Method, path: &str) {
    macro_rules! line {
        ($level:expr) => {
            tracing::event!(
                target: "fakeai::access",
                $level,
                id = &*record.request,
                %method,
                path = &*masked_url(path),
                status = record.status,
                outcome = outcome(record),
                duration_ms = rounded(record.latency_seconds()),
                ttft_ms = record.ttft_seconds().map(rounded),
                model = record.model.as_deref(),
                workspace = &*record.workspace,
                key = record.caller.as_ref().and_then(|caller| caller.key.as_deref()),
                stream = record.stream,
                prompt_tokens = record.tokens.prompt,
                completion_tokens = record.tokens.completion,
                bytes_in = record.bytes_in,
                bytes_out = record.bytes_out,
            )
        };
    }
    // Asked first, so that nothing is made ready for a line that nobody wants.
    if record.batch.is_some() || LOOKS.iter().any(|look| path.starts_with(look)) {
        if tracing::enabled!(target: "fakeai::access", Level::DEBUG) {
            line!(Level::DEBUG);
        }
    } else if tracing::enabled!(target: "fakeai::access", Level::INFO) {
        line!(Level::INFO);
    }
}

/// `success`, `client_closed`, or the error's code.
const fn outcome(record: &Record) -> &'static str {
    match record.outcome {
        Outcome::Success => "success",
        Outcome::ClientClosed => "client_closed",
        Outcome::Error(label) => label,
    }
}

/// Milliseconds to the microsecond.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}

/// The body of a request, if bodies are logged.
pub(crate) fn log_body(context: &Context, body: &[u8]) {
    if context.app().settings.log_requests {
        tracing::info!(target: "fakeai::requests", id = context.request_id(), body = redacted(body));
    }
}

/// A body without what is secret in it: values of fields named like secrets, keys in texts. Long strings are cut.
fn redacted(body: &[u8]) -> String {
    let mut text = match serde_json::from_slice::<Value>(body) {
        Ok(mut value) => {
            redact(&mut value, &mut |text| cut(text, MOST_STRING));
            value.to_string()
        }
        Err(_) => masked(&String::from_utf8_lossy(body)).into_owned(),
    };
    cut(&mut text, MOST_BODY);
    text
}

/// A body as it came, but for what is secret in it.
pub(crate) fn without_secrets(body: &[u8]) -> String {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
        return masked(&String::from_utf8_lossy(body)).into_owned();
    };
    let before = value.clone();
    redact(&mut value, &mut |_| ());
    // As it was written, where nothing had to be hidden.
    if value == before { String::from_utf8_lossy(body).into_owned() } else { value.to_string() }
}

/// Hides what is secret; `shorten` sees each text that is left.
fn redact(value: &mut Value, shorten: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => {
            *text = masked(text).into_owned();
            shorten(text);
        }
        Value::Array(list) => list.iter_mut().for_each(|value| redact(value, shorten)),
        Value::Object(fields) => {
            for (name, value) in fields {
                if is_secret_name(name) && !value.is_number() && !value.is_null() {
                    *value = Value::from("…");
                } else {
                    redact(value, shorten);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn cut(text: &mut String, most: usize) {
    if let Some((end, _)) = text.char_indices().nth(most) {
        let bytes = text.len() - end;
        text.truncate(end);
        text.extend(["… (", &bytes.to_string(), " bytes more)"]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bodies_are_logged_without_their_secrets() {
        let body =
            br#"{"model": "m", "tools": [{"type": "mcp", "authorization": "tok-1", "headers": {"X-Api-Key": "abc"}}],
            "messages": [{"content": "my key is sk-0123456789abcd"}], "password": ["a"], "token": 5}"#;
        let expected = r#"{"model":"m","tools":[{"type":"mcp","authorization":"…","headers":{"X-Api-Key":"…"}}],"messages":[{"content":"my key is sk-…abcd"}],"password":"…","token":5}"#;
        assert_eq!(redacted(body), expected);
        assert_eq!(without_secrets(body), expected);
        assert_eq!(without_secrets(b"{ \"a\" : 1 }"), "{ \"a\" : 1 }");
        assert_eq!(redacted(b"no JSON, sk-0123456789abcd"), "no JSON, sk-…abcd");
        assert!(redacted("x".repeat(100_000).as_bytes()).ends_with("… (83616 bytes more)"));
    }

    proptest! {
        #[test]
        fn any_body_can_be_logged(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = redacted(&body);
        }

        #[test]
        fn no_key_is_logged(key in "sk-[a-zA-Z0-9]{16,40}", before in "[a-z \"]{0,20}") {
            let said = format!("{before}{key}");
            let body = serde_json::json!({"messages": [{"content": said}]}).to_string();
            prop_assert!(!redacted(body.as_bytes()).contains(&key));
            prop_assert!(!redacted(said.as_bytes()).contains(&key));
        }
    }
}
