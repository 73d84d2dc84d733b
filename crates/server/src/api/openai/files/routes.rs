//! `/files`.

use axum::response::Response;
use axum::routing::{delete, get, post};
use fakeai_store::{Document, Page};
use serde_json::json;

use super::content::download;
use super::purpose::{Expiry, Purpose};
use super::stored::{File, Intake, KIND, file_name};
use crate::api::Endpoint;
use crate::api::openai::listing::List;
use crate::api::openai::vector_stores;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{BodyParts, Part, PartsBody, PathText, Query, broken, json as json_answer};

/// Files of a page, as many as OpenAI gives.
const MOST_FILES: i64 = 10_000;

pub(in crate::api::openai) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::api("POST", "/files", "createFile", post(create)),
        Endpoint::api("GET", "/files", "listFiles", get(list)),
        Endpoint::api("GET", "/files/{file_id}", "retrieveFile", get(get_one)),
        Endpoint::api("DELETE", "/files/{file_id}", "deleteFile", delete(delete_one)),
        Endpoint::api("GET", "/files/{file_id}/content", "downloadFile", get(download)),
    ]
}

async fn create(PartsBody(context, parts): PartsBody) -> Result<Response, ApiError> {
    let file = take_in(&context, parts).await.map_err(|error| context.validation(error))?;
    file.appear(&context, Vec::new()).await?;
    Ok(json_answer(&file))
}

/// Takes a file in; what is wrong with it leaves nothing behind.
async fn take_in(context: &Context, mut parts: BodyParts) -> Result<File, ApiError> {
    let (mut purpose, mut expiry, mut taken) = (None, None::<Expiry>, None);
    while let Some(part) = parts.next().await? {
        match part {
            Part::Text(name, text) => match name.as_str() {
                "purpose" => purpose = Some(Purpose::read(&text)?),
                "expires_after[anchor]" => expiry.get_or_insert_default().anchor = Some(text),
                "expires_after[seconds]" => expiry.get_or_insert_default().seconds = Some(text.into()),
                "file" => return Err(ApiError::invalid("'file' must be a file, with a name.").param("file")),
                _ => {}
            },
            Part::File(name, given, mut content) if name == "file" && taken.is_none() => {
                let name = file_name("file", &given)?;
                let mut intake = Intake::new(context);
                while let Some(chunk) = content.chunk().await.map_err(broken)? {
                    intake.write(chunk, purpose).await?;
                }
                taken = Some((intake, name));
            }
            Part::File(..) => {}
        }
    }
    let (intake, name) = taken.ok_or_else(|| ApiError::missing("file"))?;
    let purpose = purpose.ok_or_else(|| ApiError::missing("purpose"))?;
    let expires_at = Expiry::expires_at(expiry.as_ref(), purpose, context.created())?;
    intake.finish(context, purpose, name, expires_at).await
}

async fn list(context: Context) -> Result<Response, ApiError> {
    let query = Query::of(context.path());
    let page: Page = query.page_of(true, MOST_FILES, MOST_FILES).map_err(|error| context.validation(error))?;
    let listing = match query.get("purpose") {
        None => context.documents().list(KIND, &page).await?,
        Some(purpose) => {
            let wanted =
                |body: &bytes::Bytes| serde_json::from_slice::<File>(body).is_ok_and(|file| file.purpose == purpose);
            context.documents().find(KIND, &page, wanted).await?
        }
    };
    let shown = |(_, document): (String, Document)| File::read(&document).map(|file| json!(file));
    Ok(json_answer(&List::new(listing.documents.into_iter().filter_map(shown).collect(), listing.has_more)))
}

async fn get_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    Ok(json_answer(&File::find(&context, &id).await?))
}

async fn delete_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    File::find(&context, &id).await?.delete(&context).await?;
    vector_stores::forget_file(&context, &id).await?;
    Ok(json_answer(&json!({"id": id, "object": "file", "deleted": true})))
}
