//! What is answered where the engine does not take a request, or loses it: vLLM's and Dynamo's words where they have any.

use fakeai_engine::EngineError;
use fakeai_engine::cluster::Refusal;
use http::StatusCode;

use crate::driver::Failure;
use crate::error::{ApiError, SERVER_ERROR};

/// The router does not take it.
pub(super) fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Impossible(error) => unable(error),
        Refusal::TooManyInFlight { .. } => ApiError {
            kind: "requests",
            ..ApiError::invalid(format!("The server is at its limit: {refusal}. Please retry later."))
                .status(StatusCode::TOO_MANY_REQUESTS)
                .code("rate_limit_exceeded")
        },
        Refusal::QueuesFull { .. } | Refusal::NoWorker => {
            overloaded(format!("The server is overloaded: {refusal}. Please retry later."))
        }
        Refusal::AllBusy { .. } => overloaded(refusal.to_string()),
    }
}

/// The engine could never run it, or not now.
pub(super) fn unable(error: EngineError) -> ApiError {
    let too_long = |message: String| ApiError::invalid(message).code("context_length_exceeded");
    match error {
        EngineError::SequenceTooLong { tokens, limit } => too_long(format!(
            "This model's maximum context length is {limit} tokens. However, you requested {tokens} tokens. Please \
             reduce the length of the input or of the completion."
        )),
        EngineError::SequenceTooLarge { blocks, limit } => too_long(format!(
            "The request needs {blocks} blocks of KV cache, and the whole cache of this server has {limit}. Please \
             reduce the length of the input or of the completion."
        )),
        EngineError::QueueFull { waiting } => {
            overloaded(format!("The server is overloaded: {waiting} requests are waiting already. Please retry later."))
        }
        other => overloaded(format!("The engine can't serve this request: {other}.")),
    }
}

/// The engine took it and does not end it.
pub(super) fn failed(failure: Failure) -> ApiError {
    match failure {
        Failure::Refused(refusal) => refused(refusal),
        Failure::Lost => ApiError {
            kind: SERVER_ERROR,
            ..ApiError::invalid("The engine that served the request has failed.")
                .status(StatusCode::INTERNAL_SERVER_ERROR)
                .code("engine_failed")
        },
    }
}

fn overloaded(message: String) -> ApiError {
    ApiError {
        kind: SERVER_ERROR,
        ..ApiError::invalid(message).status(StatusCode::SERVICE_UNAVAILABLE).code("overloaded")
    }
}
