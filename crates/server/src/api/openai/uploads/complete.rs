//! Completing an upload: its parts in the order the client names become a file.

use fakeai_store::{Change, MOST_READ_BYTES, content_id};
use md5::{Digest, Md5};
use rustc_hash::FxHashSet;
use serde::Deserialize;

use super::stored::{PART, Upload, UploadPart};
use crate::api::openai::files::{Intake, Purpose};
use crate::context::Context;
use crate::error::ApiError;

/// Most parts of an upload.
const MOST_PARTS: usize = 10_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CompleteWire {
    part_ids: Option<Vec<String>>,
    md5: Option<String>,
}

/// The upload, completed.
pub(super) async fn complete(context: &Context, id: &str, wire: CompleteWire) -> Result<Upload, ApiError> {
    let mut upload = Upload::pending(context, id).await?;
    let ids = wire.part_ids.ok_or_else(|| ApiError::missing("part_ids"))?;
    let parts = parts(context, &upload, &ids).await?;
    let purpose = Purpose::read(&upload.purpose)?;
    let (mut intake, mut sum) = (Intake::new(context), Md5::new());
    let space = context.workspace().space();
    for part in &parts {
        let (content, mut at) = (content_id(PART, &part.id), 0);
        while at < part.bytes {
            let read = space.home().read(space.name(), &content, at, MOST_READ_BYTES).await?;
            let read = read.filter(|read| !read.is_empty()).ok_or_else(ApiError::internal)?;
            at += read.len() as u64;
            sum.update(&read);
            intake.write(read, Some(purpose)).await?;
            // Where reads are answered at once, others on this thread would wait for all of it.
            tokio::task::yield_now().await;
        }
    }
    if let Some(expected) = wire.md5 {
        let found = format!("{:032x}", u128::from_be_bytes(sum.finalize().into()));
        if !expected.eq_ignore_ascii_case(&found) {
            let message = format!("The MD5 checksum of the file is {found}, which is not the given '{expected}'.");
            return Err(ApiError::invalid(message).param("md5").code("checksum_mismatch"));
        }
    }
    let file = intake.finish(context, purpose, upload.filename.clone(), upload.file_expires_at).await?;
    upload.end("completed", Some(file.clone()));
    // The file appears, the upload is complete and its parts are gone, or nothing of it.
    let mut changes = vec![upload.change()?];
    changes.extend(parts.iter().map(|part| Change::delete(PART, &*part.id)));
    file.appear(context, changes).await?;
    Ok(upload)
}

/// The parts of these ids, if they are the upload's and make up its bytes.
async fn parts(context: &Context, upload: &Upload, ids: &[String]) -> Result<Vec<UploadPart>, ApiError> {
    if ids.is_empty() {
        let message = "Invalid 'part_ids': empty array. Expected an array with minimum length 1, but got an empty array \
                       instead.";
        return Err(ApiError::invalid(message).param("part_ids").code("empty_array"));
    }
    if ids.len() > MOST_PARTS {
        return Err(ApiError::too_many("part_ids", MOST_PARTS, ids.len()));
    }
    let (mut seen, mut parts) = (FxHashSet::default(), Vec::with_capacity(ids.len()));
    for (index, id) in ids.iter().enumerate() {
        let param = format!("part_ids[{index}]");
        if !seen.insert(id) {
            return Err(ApiError::invalid(format!("Part '{id}' is named twice.")).param(param));
        }
        let part = UploadPart::find(context, id).await?.filter(|part| part.upload_id == upload.id);
        let unknown = || ApiError::invalid(format!("No part '{id}' of upload '{}'.", upload.id)).param(param);
        parts.push(part.ok_or_else(unknown)?);
    }
    let bytes: u64 = parts.iter().map(|part| part.bytes).sum();
    if bytes != upload.bytes {
        let message = format!(
            "The parts have {bytes} bytes, but the upload was created for {} bytes. They must be the same.",
            upload.bytes
        );
        return Err(ApiError::invalid(message).param("part_ids").code("bytes_mismatch"));
    }
    Ok(parts)
}
