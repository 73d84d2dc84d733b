//! The extractors of what a path names.

use axum::extract::{FromRequestParts, Path};
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// The parameter of a path, or several as a tuple, decoded. What is no text names nothing: 404, in OpenAI's envelope.
#[derive(Debug)]
pub(crate) struct PathText<T = String>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathText<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(text)| Self(text)).map_err(|_| not_text(parts))
    }
}

fn not_text(parts: &Parts) -> ApiError {
    ApiError::invalid(format!("Invalid URL ({} {})", parts.method, parts.uri.path())).status(StatusCode::NOT_FOUND)
}
