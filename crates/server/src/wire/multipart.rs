//! Bodies in parts, as browsers and SDKs send files. Fields are small and kept; a file is handed on piece by piece.

use axum::extract::{FromRequest, FromRequestParts, Request};
use futures_util::TryStreamExt;
use http::{StatusCode, header};
use multer::{Field, Multipart};

use crate::context::Context;
use crate::error::ApiError;

/// Longest field that is no file, bytes.
const MOST_FIELD_BYTES: usize = 64 * 1024;
/// Most parts of a body.
const MOST_FIELDS: usize = 100;

/// A request's body in parts, and the request it came with.
#[derive(Debug)]
pub(crate) struct PartsBody(pub Context, pub BodyParts);

/// The parts of a body, in the order they come.
#[derive(Debug)]
pub(crate) struct BodyParts {
    multipart: Multipart<'static>,
    seen: usize,
}

/// One part.
#[derive(Debug)]
pub(crate) enum Part {
    /// A field that is no file: its name and its text.
    Text(String, String),
    /// A file: the name of its field, its own name, and its content.
    File(String, String, Box<Field<'static>>),
}

impl<S: Send + Sync> FromRequest<S> for PartsBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let context = Context::from_request_parts(&mut parts, state).await?;
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let Ok(boundary) = multer::parse_boundary(kind) else {
            let message = format!(
                "Unsupported content type: '{kind}'. This API method only accepts 'multipart/form-data' requests with a \
                 boundary. Please try again with a supported content type."
            );
            let error = ApiError::invalid(message).code("unsupported_content_type");
            return Err(error.status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        };
        // Only that it came: files are nothing to remember.
        context.remember(b"");
        let counted = context.clone();
        let data = body.into_data_stream().inspect_ok(move |data| counted.note().bytes_in += data.len() as u64);
        Ok(Self(context, BodyParts { multipart: Multipart::new(data, boundary), seen: 0 }))
    }
}

/// The body is no multipart body, or broke off.
pub(crate) fn broken(_: multer::Error) -> ApiError {
    ApiError::invalid("The request's multipart body is malformed or broke off before its end.")
}

impl BodyParts {
    /// The next part. What is left of the one before is skipped.
    pub(crate) async fn next(&mut self) -> Result<Option<Part>, ApiError> {
        let Some(mut field) = self.multipart.next_field().await.map_err(broken)? else { return Ok(None) };
        self.seen += 1;
        if self.seen > MOST_FIELDS {
            return Err(ApiError::invalid(format!("The request's body has more than {MOST_FIELDS} parts.")));
        }
        let name = field.name().unwrap_or_default().to_owned();
        if let Some(file) = field.file_name() {
            let file = file.to_owned();
            return Ok(Some(Part::File(name, file, Box::new(field))));
        }
        let mut text = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(broken)? {
            text.extend_from_slice(&chunk);
            if text.len() > MOST_FIELD_BYTES {
                return Err(ApiError::too_long(&name, MOST_FIELD_BYTES, text.len()));
            }
        }
        Ok(Some(Part::Text(name, String::from_utf8_lossy(&text).into_owned())))
    }
}
