//! Paths and methods that do not exist.

use http::{Method, StatusCode};

use crate::context::Context;
use crate::error::ApiError;

/// 404 in OpenAI's words.
pub(super) async fn not_found(context: Context, method: Method) -> ApiError {
    let path = context.path().split('?').next().unwrap_or_default();
    ApiError::invalid(format!("Invalid URL ({method} {path})")).status(StatusCode::NOT_FOUND)
}

/// 405 in OpenAI's words.
pub(super) async fn method_not_allowed(context: Context, method: Method) -> ApiError {
    let path = context.path().split('?').next().unwrap_or_default();
    let message =
        format!("Not allowed to {method} on {path}. (HINT: Perhaps you meant to use a different HTTP method?)");
    ApiError::invalid(message).status(StatusCode::METHOD_NOT_ALLOWED)
}
