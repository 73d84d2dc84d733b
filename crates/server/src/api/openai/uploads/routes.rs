//! `/uploads`.

use axum::response::Response;
use axum::routing::post;
use fakeai_store::content_id;
use serde::Deserialize;

use super::complete::{CompleteWire, complete as complete_upload};
use super::stored::{PART, Upload, UploadPart};
use crate::api::Endpoint;
use crate::api::openai::files::{Expiry, Purpose, file_name};
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{BodyParts, JsonBody, Part, PartsBody, PathText, Range, broken, integer, json as json_answer};

/// Largest upload and largest part, bytes: OpenAI's 8 GB and 64 MB.
const MOST_BYTES: i64 = 8 << 30;
const MOST_PART_BYTES: u64 = 64 << 20;

pub(in crate::api::openai) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::api("POST", "/uploads", "createUpload", post(create)),
        Endpoint::api("POST", "/uploads/{upload_id}/parts", "addUploadPart", post(add_part)),
        Endpoint::api("POST", "/uploads/{upload_id}/complete", "completeUpload", post(complete)),
        Endpoint::api("POST", "/uploads/{upload_id}/cancel", "cancelUpload", post(cancel)),
    ]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UploadWire {
    filename: Option<String>,
    purpose: Option<String>,
    bytes: Option<i64>,
    mime_type: Option<String>,
    expires_after: Option<Expiry>,
}

async fn create(JsonBody(context, wire): JsonBody<UploadWire>) -> Result<Response, ApiError> {
    let upload = checked(&context, wire).map_err(|error| context.validation(error))?;
    context.documents().change(upload.change()?).await?;
    Ok(json_answer(&upload.object(context.created())))
}

fn checked(context: &Context, wire: UploadWire) -> Result<Upload, ApiError> {
    let missing = |name: &str| ApiError::missing(name);
    let filename = file_name("filename", &wire.filename.ok_or_else(|| missing("filename"))?)?;
    let purpose = Purpose::read(&wire.purpose.ok_or_else(|| missing("purpose"))?)?;
    let bytes = integer("bytes", wire.bytes, Range::new(1, MOST_BYTES))?.ok_or_else(|| missing("bytes"))?;
    let mime_type = wire.mime_type.ok_or_else(|| missing("mime_type"))?;
    let bytes = bytes.unsigned_abs();
    if bytes > purpose.most_bytes() {
        let message = format!("File is too large: the maximum size is {} bytes.", purpose.most_bytes());
        return Err(ApiError::invalid(message).param("bytes"));
    }
    let created = context.created();
    let file_expires_at = Expiry::expires_at(wire.expires_after.as_ref(), purpose, created)?;
    let purpose = purpose.name().to_owned();
    let mut upload = Upload::new(context.id("upload_", 32), created);
    (upload.filename, upload.bytes, upload.purpose, upload.mime_type) = (filename, bytes, purpose, mime_type);
    upload.file_expires_at = file_expires_at;
    Ok(upload)
}

async fn add_part(PathText(id): PathText, PartsBody(context, parts): PartsBody) -> Result<Response, ApiError> {
    let part = take_in(&context, &id, parts).await.map_err(|error| context.validation(error))?;
    // It may have ended while the part came in.
    let upload = Upload::pending(&context, &id).await.map_err(|error| context.validation(error))?;
    context.documents().change(part.change()?).await?;
    drop(upload);
    Ok(json_answer(&part.object()))
}

async fn take_in(context: &Context, upload_id: &str, mut parts: BodyParts) -> Result<UploadPart, ApiError> {
    let upload = Upload::pending(context, upload_id).await?;
    while let Some(part) = parts.next().await? {
        let Part::File(name, _, mut content) = part else { continue };
        if name != "data" {
            continue;
        }
        let (id, space) = (context.id("part_", 32), context.workspace().space());
        let mut writer = space.home().create(space.name(), &content_id(PART, &id));
        let mut bytes = 0;
        while let Some(chunk) = content.chunk().await.map_err(broken)? {
            bytes += chunk.len() as u64;
            if bytes > MOST_PART_BYTES.min(upload.bytes) {
                let most = MOST_PART_BYTES.min(upload.bytes);
                let message = format!("The part is too large: this upload takes at most {most} bytes in a part.");
                return Err(ApiError::invalid(message).param("data"));
            }
            writer.write(chunk).await?;
        }
        if bytes == 0 {
            return Err(ApiError::invalid("The part is empty.").param("data"));
        }
        writer.finish().await?;
        return Ok(UploadPart { id, upload_id: upload.id, bytes, created_at: context.created() });
    }
    Err(ApiError::missing("data"))
}

async fn complete(
    PathText(id): PathText,
    JsonBody(context, wire): JsonBody<CompleteWire>,
) -> Result<Response, ApiError> {
    let upload = complete_upload(&context, &id, wire).await.map_err(|error| context.validation(error))?;
    Ok(json_answer(&upload.object(context.created())))
}

async fn cancel(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let mut upload = Upload::pending(&context, &id).await.map_err(|error| context.validation(error))?;
    upload.end("cancelled", None);
    context.documents().change(upload.change()?).await?;
    Ok(json_answer(&upload.object(context.created())))
}
