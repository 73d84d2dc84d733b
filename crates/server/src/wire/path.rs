//! The extractors of what a path names.

use axum::extract::{FromRequestParts, Path};
use http::StatusCode;
use http::request::Parts;

use crate::error::ApiError;

/// The one parameter of a path, decoded. What is no text names nothing: 404, in OpenAI's envelope.
#[derive(Debug)]
pub(crate) struct PathText(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(text)| Self(text)).map_err(|_| not_text(parts))
    }
}

/// The two parameters of a path, decoded.
#[derive(Debug)]
pub(crate) struct PathPair(pub String, pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathPair {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        path.map(|Path((first, second))| Self(first, second)).map_err(|_| not_text(parts))
    }
}

fn not_text(parts: &Parts) -> ApiError {
    ApiError::invalid(format!("Invalid URL ({} {})", parts.method, parts.uri.path())).status(StatusCode::NOT_FOUND)
}
