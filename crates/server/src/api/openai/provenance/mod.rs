//! `POST /content_provenance_checks`: whether a picture or a recording was made here, by what is really in the file.
//!
//! Pictures carry a claim ([`fakeai_media::claim`]), which stands for OpenAI's C2PA manifest; speech carries the
//! watermark of its text, which stands for `SynthID`. Pictures have no mark in their pixels, so of them `SynthID` is never
//! detected.

use axum::extract::{FromRequest, Request};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use fakeai_media::{Claim, Provenance, hear, image_size, provenance};
use serde_json::{Value, json};

use super::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::delay;
use crate::wire::{Part, PartsBody, broken, json as json_answer};

/// Most bytes of a file.
const MOST_BYTES: usize = 50 << 20;
/// Who claims.
const ISSUER: &str = "fakeai";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::api("POST", "/content_provenance_checks", "Createcontentprovenancecheck", post(create))]
}

/// What a picture made now by a model says of itself.
pub(super) fn claim_of(context: &Context, model: &str) -> Claim {
    Claim { model: model.to_owned(), generated_at: context.clock().timestamp().to_string() }
}

async fn create(request: Request) -> Result<Response, ApiError> {
    let (context, file) = take_in(request).await?;
    let size = file.len() as u64;
    let work = move || results(&file);
    let results = context.app().kit.tasks.compute(work).await.unwrap_or_else(|| Err(ApiError::internal()));
    let results = results.map_err(|error| context.validation(error))?;
    delay(&context, size).await;
    Ok(json_answer(&json!({
        "object": "content_provenance_check", "created_at": context.created(), "results": results,
    })))
}

/// The file of the form.
async fn take_in(request: Request) -> Result<(Context, Bytes), ApiError> {
    let PartsBody(context, mut parts) = PartsBody::from_request(request, &()).await?;
    let mut file = None;
    while let Some(part) = parts.next().await.map_err(|error| context.validation(error))? {
        match part {
            Part::Text(name, _) if name == "file" => {
                let message = "Invalid type for 'file': expected a file, but got a string instead.";
                return Err(context.validation(ApiError::invalid(message).param("file").code("invalid_type")));
            }
            Part::File(name, _, mut content) if name == "file" => {
                let mut bytes = Vec::new();
                while let Some(chunk) = content.chunk().await.map_err(broken)? {
                    bytes.extend_from_slice(&chunk);
                    if bytes.len() > MOST_BYTES {
                        let message = format!("Maximum content size limit ({MOST_BYTES}) exceeded.");
                        let error = ApiError::invalid(message).status(http::StatusCode::PAYLOAD_TOO_LARGE);
                        return Err(error.param("file"));
                    }
                }
                file = Some(Bytes::from(bytes));
            }
            Part::Text(name, _) | Part::File(name, ..) => {
                let message = format!("Unknown parameter: '{name}'.");
                return Err(context.validation(ApiError::invalid(message).param(name).code("unknown_parameter")));
            }
        }
    }
    let file = file.ok_or_else(|| context.validation(ApiError::missing("file")))?;
    Ok((context, file))
}

/// What is found in a file: two signals in a picture, one in a recording.
fn results(file: &[u8]) -> Result<Vec<Value>, ApiError> {
    if image_size(file).is_some() {
        return Ok(vec![manifest(provenance(file)), watermark(false)]);
    }
    let Ok(heard) = hear(file) else {
        let message = "The file is neither an image nor an audio file of a supported format, or it is damaged.";
        return Err(ApiError::invalid(message).param("file").code("invalid_file_format"));
    };
    Ok(vec![watermark(heard.mark.is_some())])
}

fn manifest(found: Provenance) -> Value {
    let (outcome, state, claim) = match found {
        Provenance::Intact(claim) => ("detected", "trusted", Some(claim)),
        // As OpenAI's document has it: what shows that it was changed is not detected.
        Provenance::Changed(claim) => ("not_detected", "invalid", Some(claim)),
        Provenance::Absent => ("not_detected", "not_present", None),
    };
    json!({
        "type": "c2pa", "outcome": outcome, "validation_state": state, "issuer": claim.as_ref().map(|_| ISSUER),
        "model": claim.as_ref().map(|claim| &claim.model),
        "generated_at": claim.as_ref().map(|claim| &claim.generated_at),
    })
}

/// The mark says neither who made the sound nor when.
fn watermark(is_there: bool) -> Value {
    let outcome = if is_there { "detected" } else { "not_detected" };
    json!({"type": "synthid", "outcome": outcome, "model": null, "generated_at": null})
}
