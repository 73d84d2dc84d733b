//! Bodies that are a form or JSON: the same fields either way.

use axum::extract::{FromRequest, Request};
use http::header;
use serde_json::{Map, Value};

use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{BodyParts, JsonBody, Part, PartsBody, broken};

/// Largest file, bytes.
const MOST_FILE_BYTES: usize = 100 << 20;

/// A body.
#[derive(Debug)]
pub(super) struct Body {
    pub context: Context,
    pub fields: Map<String, Value>,
    /// The file of a form: its field and content.
    pub file: Option<(String, Vec<u8>)>,
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("multipart/") {
            let JsonBody(context, fields) = JsonBody::from_request(request, state).await?;
            return Ok(Self { context, fields, file: None });
        }
        let PartsBody(context, parts) = PartsBody::from_request(request, state).await?;
        let read = read(parts).await.map_err(|error| context.validation(error))?;
        Ok(Self { context, fields: read.0, file: read.1 })
    }
}

async fn read(mut parts: BodyParts) -> Result<(Map<String, Value>, Option<(String, Vec<u8>)>), ApiError> {
    let (mut fields, mut file) = (Map::new(), None);
    while let Some(part) = parts.next().await? {
        match part {
            Part::Text(name, text) => put(&mut fields, &name, text),
            Part::File(name, _, mut content) => {
                let mut bytes = Vec::new();
                while let Some(chunk) = content.chunk().await.map_err(broken)? {
                    bytes.extend_from_slice(&chunk);
                    if bytes.len() > MOST_FILE_BYTES {
                        let message = format!("File is too large: the maximum size is {MOST_FILE_BYTES} bytes.");
                        return Err(ApiError::invalid(message).param(name));
                    }
                }
                file = Some((name, bytes));
            }
        }
    }
    Ok((fields, file))
}

/// Puts a field of a form where JSON would have it: `video[id]` is `id` in `video`.
fn put(fields: &mut Map<String, Value>, name: &str, text: String) {
    match name.split_once('[').and_then(|(outer, inner)| Some((outer, inner.strip_suffix(']')?))) {
        None => {
            fields.insert(name.to_owned(), text.into());
        }
        Some((outer, inner)) => {
            let object = fields.entry(outer).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(object) = object {
                object.insert(inner.to_owned(), text.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn any_name_is_a_field(name in "[a\\[\\]b]{0,6}", text in "\\PC{0,5}") {
            let mut fields = Map::new();
            put(&mut fields, "video[id]", text.clone());
            put(&mut fields, &name, text.clone());
            prop_assert_eq!(&fields["video"], &json!({"id": text}));
        }
    }
}
