//! The one error clients see, in OpenAI's envelope and wording.

use std::borrow::Cow;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use fakeai_core::masked;
use fakeai_store::{PageEnd, StoreError};
use fakeai_telemetry::MOST_DETAIL;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::Value;

/// An answer that is an error: `{"error": {"message", "type", "param", "code"}}`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {message}")]
pub struct ApiError {
    /// The HTTP status.
    pub status: StatusCode,
    /// `type`: the class of the error.
    pub kind: &'static str,
    /// What people match on.
    pub code: Option<&'static str>,
    /// The path of the parameter at fault, `messages[2].content`.
    pub param: Option<String>,
    /// For people.
    pub message: Cow<'static, str>,
    /// When to try again, milliseconds from now: `retry-after` and `retry-after-ms`.
    pub retry_after_ms: Option<u32>,
}

/// `type` of a request that is wrong.
pub(crate) const INVALID_REQUEST: &str = "invalid_request_error";
/// When to try again, finer than `retry-after` tells; OpenAI's clients read it.
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");
/// `type` of a fault of ours.
pub(crate) const SERVER_ERROR: &str = "server_error";

impl ApiError {
    /// 400: the request is wrong.
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind: INVALID_REQUEST,
            code: None,
            param: None,
            message: message.into(),
            retry_after_ms: None,
        }
    }

    /// The same with another status.
    #[must_use]
    pub const fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same with the code people match on.
    #[must_use]
    pub const fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// The same with when to try again.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after_ms = Some(u32::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX));
        self
    }

    /// The same with the parameter at fault.
    #[must_use]
    pub fn param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// A parameter that must be there is not.
    pub fn missing(param: &str) -> Self {
        Self::invalid(format!("Missing required parameter: '{param}'.")).param(param).code("missing_required_parameter")
    }

    /// No `model` was sent.
    pub fn missing_model() -> Self {
        Self::invalid("you must provide a model parameter")
    }

    /// A value of another type than `expected`, `an object`.
    pub fn wrong_type(param: &str, expected: &str, got: &Value) -> Self {
        let got = match got {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(number) if number.is_f64() => "a decimal number",
            Value::Number(_) => "an integer",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        Self::invalid(format!("Invalid type for '{param}': expected {expected}, but got {got} instead."))
            .param(param)
            .code("invalid_type")
    }

    /// A value that is none of a fixed set.
    pub fn unsupported_value(param: &str, value: &str, supported: &[&str]) -> Self {
        let list = match supported {
            [] => String::new(),
            [only] => format!("'{only}'"),
            [first, second] => format!("'{first}' and '{second}'"),
            [rest @ .., last] => {
                let rest: Vec<String> = rest.iter().map(|value| format!("'{value}'")).collect();
                format!("{}, and '{last}'", rest.join(", "))
            }
        };
        Self::invalid(format!("Invalid value: '{value}'. Supported values are: {list}."))
            .param(param)
            .code("invalid_value")
    }

    /// A model that does not exist.
    pub fn model_not_found(model: &str) -> Self {
        Self::invalid(format!("The model `{model}` does not exist or you do not have access to it."))
            .status(StatusCode::NOT_FOUND)
            .code("model_not_found")
    }

    /// An object that is not there; `what` is its kind, `assistant`.
    pub fn no_such(what: &str, id: &str) -> Self {
        Self::invalid(format!("No {what} found with id '{id}'.")).status(StatusCode::NOT_FOUND)
    }

    /// A text over its limit, both in characters.
    pub fn too_long(param: &str, most: usize, got: usize) -> Self {
        Self::invalid(format!(
            "Invalid '{param}': string too long. Expected a string with maximum length {most}, but got a string with \
             length {got} instead."
        ))
        .param(param)
        .code("string_above_max_length")
    }

    /// A list over its limit.
    pub fn too_many(param: &str, most: usize, got: usize) -> Self {
        Self::invalid(format!(
            "Invalid '{param}': array too long. Expected an array with maximum length {most}, but got an array with \
             length {got} instead."
        ))
        .param(param)
        .code("array_above_max_length")
    }

    /// A body over the limit.
    pub fn too_large(limit_bytes: u64) -> Self {
        Self::invalid(format!("Request body is too large: the maximum size is {limit_bytes} bytes."))
            .status(StatusCode::PAYLOAD_TOO_LARGE)
            .code("payload_too_large")
    }

    /// 500: we are wrong.
    pub fn internal() -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            kind: SERVER_ERROR,
            code: None,
            param: None,
            message: "The server had an error while processing your request. Sorry about that!".into(),
            retry_after_ms: None,
        }
    }

    /// What the ledger calls it: the code, else the type.
    pub fn label(&self) -> &'static str {
        self.code.unwrap_or(self.kind)
    }

    /// The message as the ledger keeps it: short, and without keys that a client put into its request.
    pub(crate) fn detail(&self) -> Box<str> {
        let message = masked(&self.message);
        let end = message.char_indices().nth(MOST_DETAIL).map_or(message.len(), |(end, _)| end);
        message[..end].into()
    }

    /// The envelope as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        let envelope = Envelope {
            error: Wire { message: &self.message, kind: self.kind, param: self.param.as_deref(), code: self.code },
        };
        // OpenAI prints its errors for people.
        serde_json::to_vec_pretty(&envelope).unwrap_or_default()
    }

    /// The envelope on one line, as an event of a stream carries it.
    pub fn to_line(&self) -> Vec<u8> {
        let wire = Wire { message: &self.message, kind: self.kind, param: self.param.as_deref(), code: self.code };
        serde_json::to_vec(&Envelope { error: wire }).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: Wire<'a>,
}

#[derive(Serialize)]
struct Wire<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    param: Option<&'a str>,
    code: Option<&'a str>,
}

/// Left in a response's extensions for the ledger.
#[derive(Clone, Debug)]
pub(crate) struct ErrorNote {
    /// [`ApiError::label`].
    pub label: &'static str,
    /// [`ApiError::detail`].
    pub detail: Box<str>,
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let own = |status, message| Self {
            status,
            message,
            kind: SERVER_ERROR,
            code: None,
            param: None,
            retry_after_ms: None,
        };
        match error {
            StoreError::NoCursor { end, id } => {
                let param = match end {
                    PageEnd::After => "after",
                    PageEnd::Before => "before",
                };
                Self::invalid(format!("Invalid '{param}': no object of id '{id}'."))
                    .param(param)
                    .status(StatusCode::NOT_FOUND)
            }
            // OpenAI's clients try again by themselves.
            StoreError::Conflict { .. } => {
                Self::invalid("The object was changed by another request at the same time. Please try again.")
                    .status(StatusCode::CONFLICT)
                    .code("conflict")
            }
            StoreError::Full(_) => {
                tracing::error!(%error, "the store is full");
                let message = "The server has no room left to store this.";
                own(StatusCode::INSUFFICIENT_STORAGE, message.into()).code("insufficient_storage")
            }
            StoreError::Disk(_) | StoreError::Damaged(_) | StoreError::Closed => {
                tracing::error!(%error, "the store failed");
                let message = "The server cannot reach what it has stored. Please try again later.";
                own(StatusCode::SERVICE_UNAVAILABLE, message.into()).code("storage_unavailable")
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.to_json()).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(milliseconds) = self.retry_after_ms {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(milliseconds.div_ceil(1000)));
            response.headers_mut().insert(RETRY_AFTER_MS, HeaderValue::from(milliseconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            // A browser then asks for the key as a password.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"fakeai\""));
        }
        response.extensions_mut().insert(ErrorNote { label: self.label(), detail: self.detail() });
        response
    }
}
