//! How files are kept: a document that says what it is, and the blob that belongs to it.

use bytes::Bytes;
use fakeai_store::{BlobInfo, BlobWriter, Change, Document, MOST_READ_BYTES, Reply, Retention, Space, content_id};
use serde::{Deserialize, Serialize};

use super::lines::Lines;
use super::purpose::Purpose;
use crate::context::Context;
use crate::error::ApiError;

/// The kind of its documents.
pub(super) const KIND: &str = "file";
/// Longest name, characters.
const LONGEST_NAME: usize = 512;

/// A file, as it is kept and shown.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::api::openai) struct File {
    object: String,
    pub id: String,
    pub purpose: String,
    pub filename: String,
    pub bytes: u64,
    created_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    status: String,
}

impl File {
    /// The file of an id.
    pub(in crate::api::openai) async fn find(context: &Context, id: &str) -> Result<Self, ApiError> {
        let found = context.documents().get(KIND, id).await?;
        found.as_ref().and_then(Self::read).ok_or_else(|| {
            ApiError::invalid(format!("No such File object: {id}")).param("id").status(http::StatusCode::NOT_FOUND)
        })
    }

    /// The file of an id, if it is there. Reads do not wait.
    pub(in crate::api::openai) fn look(context: &Context, id: &str) -> Result<Option<Self>, ApiError> {
        Ok(context.documents().get(KIND, id).wait()?.as_ref().and_then(Self::read))
    }

    /// All of its content, unless it is gone. It may be large.
    pub(in crate::api::openai) fn read_all(&self, context: &Context) -> Result<Option<Vec<u8>>, ApiError> {
        let (space, id) = (context.workspace().space(), content_id(KIND, &self.id));
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < self.bytes {
            let Some(part) = space.home().read(space.name(), &id, bytes.len() as u64, MOST_READ_BYTES).wait()? else {
                return Ok(None);
            };
            if part.is_empty() {
                return Ok(None);
            }
            bytes.extend_from_slice(&part);
        }
        Ok(Some(bytes))
    }

    /// When it goes, Unix milliseconds.
    pub(in crate::api::openai) fn expires_at_ms(&self) -> Option<i64> {
        self.expires_at.map(|seconds| seconds.saturating_mul(1000))
    }

    pub(super) fn read(document: &Document) -> Option<Self> {
        serde_json::from_slice(&document.body).ok()
    }

    /// A file that the platform makes: its content is what a [`File::writer`] of the same id has written.
    pub(in crate::api::openai) fn made(
        id: &str,
        (purpose, filename): (&str, String),
        bytes: u64,
        created_at: i64,
        expires_at: Option<i64>,
    ) -> Self {
        let (object, status, purpose) = ("file".to_owned(), "processed".to_owned(), purpose.to_owned());
        Self { object, id: id.to_owned(), purpose, filename, bytes, created_at, expires_at, status }
    }

    /// Takes in the content of the file of an id.
    pub(in crate::api::openai) fn writer(space: &Space, id: &str) -> Box<dyn BlobWriter> {
        space.home().create(space.name(), &content_id(KIND, id))
    }

    /// A portion of the content of the file of an id; empty at its end, `None` if there is no such file.
    pub(in crate::api::openai) fn read_content(space: &Space, id: &str, at: u64) -> Reply<Option<Bytes>> {
        space.home().read(space.name(), &content_id(KIND, id), at, MOST_READ_BYTES)
    }

    /// The change that makes it appear.
    pub(in crate::api::openai) fn change(&self) -> Result<Change, ApiError> {
        let body = serde_json::to_vec(self).map_err(|_| ApiError::internal())?;
        // Others refer to it.
        let change = Change::put(KIND, &*self.id, body).retained(Retention::Kept);
        Ok(change.expiring(self.expires_at_ms()))
    }

    /// Makes it appear together with `more` changes, or removes what was taken in of it.
    pub(in crate::api::openai) async fn appear(
        &self,
        context: &Context,
        mut more: Vec<Change>,
    ) -> Result<(), ApiError> {
        more.push(self.change()?);
        if let Err(error) = context.documents().apply(more).await {
            let space = context.workspace().space();
            // What stays behind is removed when the store is opened the next time.
            let _ = space.home().delete(space.name(), &content_id(KIND, &self.id)).await;
            return Err(error.into());
        }
        Ok(())
    }

    /// Removes it with its content.
    pub(super) async fn delete(&self, context: &Context) -> Result<(), ApiError> {
        context.documents().change(Change::delete(KIND, &*self.id)).await?;
        Ok(())
    }
}

/// The last part of a name, whichever way its path was written: a file's name says nothing about where anything lies.
pub(in crate::api::openai) fn file_name(param: &str, given: &str) -> Result<String, ApiError> {
    let name = given.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    if name.is_empty() || matches!(name, "." | "..") || name.chars().any(char::is_control) {
        return Err(ApiError::invalid(format!("Invalid '{param}': '{given}' is no name of a file.")).param(param));
    }
    match name.chars().count() {
        count if count > LONGEST_NAME => Err(ApiError::too_long(param, LONGEST_NAME, count)),
        _ => Ok(name.to_owned()),
    }
}

/// A file that is being taken in; dropping it leaves nothing behind.
#[derive(Debug)]
pub(in crate::api::openai) struct Intake {
    id: String,
    writer: Box<dyn BlobWriter>,
    lines: Lines,
    bytes: u64,
}

impl Intake {
    pub(in crate::api::openai) fn new(context: &Context) -> Self {
        let (id, space) = (context.id("file-", 22), context.workspace().space());
        let writer = space.home().create(space.name(), &content_id(KIND, &id));
        Self { id, writer, lines: Lines::default(), bytes: 0 }
    }

    /// Adds bytes at the end, at most `most` of them in all. They are read as lines if there may be some.
    pub(in crate::api::openai) async fn write(
        &mut self,
        part: Bytes,
        purpose: Option<Purpose>,
    ) -> Result<(), ApiError> {
        self.bytes += part.len() as u64;
        let most = purpose.map_or(512 << 20, Purpose::most_bytes);
        if self.bytes > most {
            let message = format!("File is too large: the maximum size is {most} bytes.");
            return Err(ApiError::invalid(message).param("file").status(http::StatusCode::PAYLOAD_TOO_LARGE));
        }
        if purpose.is_none_or(Purpose::has_lines) {
            self.lines.read(&part);
        }
        self.writer.write(part).await?;
        Ok(())
    }

    /// Checks what came in, and gives it a place. It appears with [`File::appear`].
    pub(in crate::api::openai) async fn finish(
        self,
        context: &Context,
        purpose: Purpose,
        filename: String,
        expires_at: Option<i64>,
    ) -> Result<File, ApiError> {
        let Self { id, writer, lines, bytes } = self;
        if bytes == 0 {
            return Err(ApiError::invalid("File is empty.").param("file").code("empty_file"));
        }
        if bytes > purpose.most_bytes() {
            let message = format!("File is too large: the maximum size is {} bytes.", purpose.most_bytes());
            return Err(ApiError::invalid(message).param("file").status(http::StatusCode::PAYLOAD_TOO_LARGE));
        }
        if purpose.has_lines() {
            lines.check(&filename)?;
        }
        let BlobInfo { bytes, .. } = writer.finish().await?;
        let (object, status) = ("file".to_owned(), "processed".to_owned());
        let (created_at, purpose) = (context.created(), purpose.name().to_owned());
        Ok(File { object, id, purpose, filename, bytes, created_at, expires_at, status })
    }
}
