//! The files of containers: uploaded, or copies of uploaded ones.

use axum::extract::{FromRequest, Request};
use axum::response::Response;
use fakeai_store::{Change, Document, MOST_READ_BYTES, Retention, content_id};
use http::header;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::stored::Container;
use crate::api::openai::files::{File, content_of, file_name, stored_content};
use crate::api::openai::listing::List;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{BodyParts, JsonBody, Part, PartsBody, PathText, Query, broken, json as json_answer};

/// Largest file, bytes.
const MOST_BYTES: u64 = 512 << 20;

/// The kind of the files of a container.
pub(super) fn kind(container: &str) -> String {
    format!("container.file/{container}")
}

/// A file in a container, as it is kept and shown.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Copy {
    id: String,
    object: String,
    created_at: i64,
    bytes: u64,
    container_id: String,
    path: String,
    /// `user` or `assistant`.
    source: String,
}

type FilePath = PathText<(String, String)>;

pub(super) async fn create(
    context: Context,
    PathText(container): PathText,
    request: Request,
) -> Result<Response, ApiError> {
    let container = touch(&context, &container).await?;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let file = if kind.starts_with("multipart/") {
        let PartsBody(_, parts) = PartsBody::from_request(request, &()).await?;
        take_in(&context, &container.id, parts).await.map_err(|error| context.validation(error))?
    } else {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Named {
            file_id: Option<String>,
        }
        let JsonBody(_, named) = JsonBody::<Named>::from_request(request, &()).await?;
        let id = named.file_id.ok_or_else(|| context.validation(ApiError::missing("file_id")))?;
        copy_of(&context, &container.id, &id).await?
    };
    Ok(json_answer(&file))
}

/// Uses the container; what is over has no files any more.
async fn touch(context: &Context, container: &str) -> Result<Container, ApiError> {
    Container::touch(context, container).await.map_err(|error| context.validation(error))
}

/// Takes a file in from a form.
async fn take_in(context: &Context, container: &str, mut parts: BodyParts) -> Result<Copy, ApiError> {
    while let Some(part) = parts.next().await? {
        let (given, mut content) = match part {
            Part::Text(name, id) if name == "file_id" => return copy_of(context, container, &id).await,
            Part::File(name, given, content) if name == "file" => (given, content),
            Part::Text(..) | Part::File(..) => continue,
        };
        let name = file_name("file", &given)?;
        let (id, space) = (context.hex_id("cfile_", 48), context.workspace().space());
        let mut writer = space.home().create(space.name(), &content_id(&kind(container), &id));
        let mut bytes = 0;
        while let Some(chunk) = content.chunk().await.map_err(broken)? {
            bytes += chunk.len() as u64;
            if bytes > MOST_BYTES {
                let message = format!("File is too large: the maximum size is {MOST_BYTES} bytes.");
                return Err(ApiError::invalid(message).param("file").status(http::StatusCode::PAYLOAD_TOO_LARGE));
            }
            writer.write(chunk).await?;
        }
        writer.finish().await?;
        return Copy::put(context, container, id, &name, bytes).await;
    }
    Err(ApiError::missing("file"))
}

async fn copy_of(context: &Context, container: &str, id: &str) -> Result<Copy, ApiError> {
    copy(context, container, &File::find(context, id).await?).await
}

/// Copies an uploaded file.
pub(super) async fn copy(context: &Context, container: &str, file: &File) -> Result<Copy, ApiError> {
    let (id, space) = (context.hex_id("cfile_", 48), context.workspace().space());
    let from = content_of(&file.id);
    let mut writer = space.home().create(space.name(), &content_id(&kind(container), &id));
    let mut at = 0;
    while at < file.bytes {
        let read = space.home().read(space.name(), &from, at, MOST_READ_BYTES).await?;
        let read = read.filter(|read| !read.is_empty()).ok_or_else(|| ApiError::no_such("content", &file.id))?;
        at += read.len() as u64;
        writer.write(read).await?;
        tokio::task::yield_now().await;
    }
    writer.finish().await?;
    Copy::put(context, container, id, &file.filename, file.bytes).await
}

impl Copy {
    /// Makes a file appear whose content is there.
    async fn put(context: &Context, container: &str, id: String, name: &str, bytes: u64) -> Result<Self, ApiError> {
        let file = Self {
            id,
            object: "container.file".to_owned(),
            created_at: context.created(),
            bytes,
            container_id: container.to_owned(),
            path: format!("/mnt/data/{name}"),
            source: "user".to_owned(),
        };
        let body = serde_json::to_vec(&file).map_err(|_| ApiError::internal())?;
        let change = Change::put(kind(container), &*file.id, body).retained(Retention::Kept);
        context.documents().change(change).await?;
        Ok(file)
    }

    async fn find(context: &Context, container: &str, id: &str) -> Result<Self, ApiError> {
        touch(context, container).await?;
        let found = context.documents().get(&kind(container), id).await?;
        let file = found.and_then(|found| serde_json::from_slice(&found.body).ok());
        file.ok_or_else(|| ApiError::no_such("container file", id))
    }
}

pub(super) async fn list(context: Context, PathText(container): PathText) -> Result<Response, ApiError> {
    touch(&context, &container).await?;
    let page = Query::of(context.path()).page(true).map_err(|error| context.validation(error))?;
    let listing = context.documents().list(&kind(&container), &page).await?;
    let shown = |(_, document): (String, Document)| serde_json::from_slice(&document.body).ok();
    Ok(json_answer(&List::new(listing.documents.into_iter().filter_map(shown).collect(), listing.has_more)))
}

pub(super) async fn get_one(context: Context, PathText((container, id)): FilePath) -> Result<Response, ApiError> {
    Ok(json_answer(&Copy::find(&context, &container, &id).await?))
}

pub(super) async fn delete_one(context: Context, PathText((container, id)): FilePath) -> Result<Response, ApiError> {
    Copy::find(&context, &container, &id).await?;
    context.documents().change(Change::delete(kind(&container), &*id)).await?;
    Ok(json_answer(&json!({"id": id, "object": "container.file.deleted", "deleted": true})))
}

pub(super) async fn download(context: Context, PathText((container, id)): FilePath) -> Result<Response, ApiError> {
    let file = Copy::find(&context, &container, &id).await?;
    let name = file.path.rsplit('/').next().unwrap_or_default();
    stored_content(&context, &kind(&container), &id, "application/octet-stream", name).await
}
