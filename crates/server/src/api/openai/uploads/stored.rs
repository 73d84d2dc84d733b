//! How uploads and their parts are kept.

use fakeai_store::{Change, Document, Expected, Retention};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::openai::files::File;
use crate::context::Context;
use crate::error::ApiError;

const KIND: &str = "upload";
/// The kind of parts, whose contents belong to them.
pub(super) const PART: &str = "upload.part";
/// Seconds an upload may take, OpenAI's hour.
pub(super) const LIFETIME: i64 = 3600;
/// Seconds after which an upload is forgotten, and its parts with it.
const KEPT_SECONDS: i64 = 24 * 3600;

/// An upload.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Upload {
    pub id: String,
    pub created_at: i64,
    pub filename: String,
    pub bytes: u64,
    pub purpose: String,
    pub mime_type: String,
    /// `pending`, `completed` or `cancelled`; `expired` follows from the time.
    status: String,
    /// When the file goes that it becomes.
    pub file_expires_at: Option<i64>,
    pub file: Option<File>,
    /// Of its document, if it has one.
    #[serde(skip)]
    version: Option<u64>,
}

/// A part of an upload.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct UploadPart {
    pub id: String,
    pub upload_id: String,
    pub bytes: u64,
    pub created_at: i64,
}

impl Upload {
    pub(super) fn new(id: String, created_at: i64) -> Self {
        Self {
            id,
            created_at,
            filename: String::new(),
            bytes: 0,
            purpose: String::new(),
            mime_type: String::new(),
            status: "pending".to_owned(),
            file_expires_at: None,
            file: None,
            version: None,
        }
    }

    pub(super) async fn find(context: &Context, id: &str) -> Result<Self, ApiError> {
        let found = context.documents().get(KIND, id).await?;
        let read = |found: Document| {
            let upload: Self = serde_json::from_slice(&found.body).ok()?;
            Some(Self { version: Some(found.version), ..upload })
        };
        found.and_then(read).ok_or_else(|| ApiError::no_such("upload", id))
    }

    /// The upload of an id, if it can still become a file.
    pub(super) async fn pending(context: &Context, id: &str) -> Result<Self, ApiError> {
        let upload = Self::find(context, id).await?;
        match upload.status(context.created()) {
            "pending" => Ok(upload),
            status => {
                let message = format!("Upload {id} is not pending: its status is '{status}'.");
                Err(ApiError::invalid(message).param("upload_id").status(StatusCode::BAD_REQUEST))
            }
        }
    }

    fn status(&self, now: i64) -> &str {
        if self.status == "pending" && now >= self.created_at + LIFETIME { "expired" } else { &self.status }
    }

    /// Ends it.
    pub(super) fn end(&mut self, status: &str, file: Option<File>) {
        status.clone_into(&mut self.status);
        self.file = file;
    }

    /// The change that keeps it as it is.
    pub(super) fn change(&self) -> Result<Change, ApiError> {
        let body = serde_json::to_vec(self).map_err(|_| ApiError::internal())?;
        let expected = self.version.map_or(Expected::Any, Expected::Version);
        let change = Change::put(KIND, &*self.id, body).expecting(expected).retained(Retention::Kept);
        Ok(change.expiring(Some((self.created_at + KEPT_SECONDS).saturating_mul(1000))))
    }

    /// As it is shown.
    pub(super) fn object(&self, now: i64) -> Value {
        let mut object = json!({
            "id": self.id,
            "object": "upload",
            "bytes": self.bytes,
            "created_at": self.created_at,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": self.status(now),
            "expires_at": self.created_at + LIFETIME,
        });
        if let Some(file) = &self.file {
            object["file"] = json!(file);
        }
        object
    }
}

impl UploadPart {
    pub(super) async fn find(context: &Context, id: &str) -> Result<Option<Self>, ApiError> {
        let found = context.documents().get(PART, id).await?;
        Ok(found.and_then(|found| serde_json::from_slice(&found.body).ok()))
    }

    /// The change that makes it appear.
    pub(super) fn change(&self) -> Result<Change, ApiError> {
        let body = serde_json::to_vec(self).map_err(|_| ApiError::internal())?;
        let change = Change::put(PART, &*self.id, body).retained(Retention::Kept);
        Ok(change.expiring(Some((self.created_at + KEPT_SECONDS).saturating_mul(1000))))
    }

    /// As it is shown.
    pub(super) fn object(&self) -> Value {
        json!({
            "id": self.id, "object": "upload.part", "created_at": self.created_at, "upload_id": self.upload_id,
        })
    }
}
