//! Faults that happen before a room is reached, and those that are left for the answer.

use std::sync::Arc;

use fakeai_guard::{Fault, FaultKind, FaultRule};
use http::{HeaderValue, StatusCode};

use super::Passage;
use super::budgets;
use super::line::Line;
use crate::context::Context;
use crate::error::{ApiError, SERVER_ERROR};

/// A fault that happens to an answer, and the connection it happens on.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub fault: Fault,
    pub line: Option<Arc<Line>>,
}

/// The fault that a request asks for itself.
pub(super) fn of_header(text: &HeaderValue) -> Result<Fault, ApiError> {
    let rule = text.to_str().unwrap_or("?").parse::<FaultRule>();
    rule.map(|rule| rule.fault).map_err(|error| {
        ApiError::invalid(format!("Invalid 'X-FakeAI-Fault': {error}.")).param("X-FakeAI-Fault").code("invalid_fault")
    })
}

/// Lets a fault happen: at once, after a while, or to the answer.
pub(super) fn happen(context: &Context, fault: Fault, line: Option<&Arc<Line>>) -> Passage {
    match fault.kind {
        kind if kind.is_answer() => Passage::Closed(answer(fault)),
        FaultKind::SlowFirstByte => {
            let clock = context.clock().clone();
            Passage::Later(Box::pin(async move {
                clock.sleep(fault.lasts).await;
                None
            }))
        }
        FaultKind::Reset if fault.after.is_none() => {
            let line = line.cloned();
            Passage::Later(Box::pin(async move {
                let Some(line) = line else { return Some(no_line()) };
                line.reset();
                std::future::pending().await
            }))
        }
        _ => {
            context.note().fault = Some(Planned { fault, line: line.cloned() });
            Passage::Open
        }
    }
}

/// The answer that a fault is.
pub(super) fn answer(fault: Fault) -> ApiError {
    let own = |status, message: &'static str, code| {
        ApiError { kind: SERVER_ERROR, ..ApiError::invalid(message) }.status(status).code(code)
    };
    match fault.kind {
        FaultKind::BadGateway => own(StatusCode::BAD_GATEWAY, "Bad gateway.", "bad_gateway"),
        FaultKind::ServiceUnavailable => own(
            StatusCode::SERVICE_UNAVAILABLE,
            "The engine is currently overloaded, please try again later.",
            "service_unavailable",
        ),
        FaultKind::GatewayTimeout => own(StatusCode::GATEWAY_TIMEOUT, "Gateway timeout.", "gateway_timeout"),
        FaultKind::RateLimitQuota => budgets::spent(),
        FaultKind::RateLimit => {
            let message = "Rate limit reached for requests. Please try again later.";
            ApiError { kind: "requests", ..ApiError::invalid(message) }
                .retry_after(fault.lasts)
                .status(StatusCode::TOO_MANY_REQUESTS)
                .code("rate_limit_exceeded")
        }
        FaultKind::ContextLengthExceeded => ApiError::invalid(
            "This model's maximum context length is 0 tokens. Please reduce the length of the messages.",
        )
        .param("messages")
        .code("context_length_exceeded"),
        _ => ApiError::internal().code("internal_error"),
    }
}

/// Where there is no connection to reset: the server was called as a service.
fn no_line() -> ApiError {
    ApiError::internal().code("connection_reset")
}
