//! `/videos`.

use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use fakeai_media::Film;
use fakeai_store::{Change, Document};
use http::{HeaderValue, header};
use serde_json::json;

use super::ask::{self, Ask};
use super::body::Body;
use super::stored::{KIND, Video};
use crate::api::Endpoint;
use crate::api::openai::listing::List;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{PathText, Query, json as json_answer};

pub(super) fn endpoints() -> Vec<Endpoint> {
    const ONE: &str = "/videos/{video_id}";
    vec![
        Endpoint::api("POST", "/videos", "createVideo", post(create)),
        Endpoint::api("GET", "/videos", "ListVideos", get(list)),
        Endpoint::api("POST", "/videos/edits", "CreateVideoEdit", post(edit)),
        Endpoint::api("POST", "/videos/extensions", "CreateVideoExtend", post(extend)),
        Endpoint::api("GET", ONE, "GetVideo", get(get_one)),
        Endpoint::api("DELETE", ONE, "DeleteVideo", delete(delete_one)),
        Endpoint::api("GET", "/videos/{video_id}/content", "RetrieveVideoContent", get(content)),
        Endpoint::api("POST", "/videos/{video_id}/remix", "CreateVideoRemix", post(remix)),
    ]
}

async fn create(body: Body) -> Result<Response, ApiError> {
    let asked = ask::create(&body).await;
    begin(&body.context, asked).await
}

async fn remix(PathText(id): PathText, body: Body) -> Result<Response, ApiError> {
    let asked = ask::remix(&body, &id).await;
    begin(&body.context, asked).await
}

async fn edit(body: Body) -> Result<Response, ApiError> {
    let asked = ask::edit(&body).await;
    begin(&body.context, asked).await
}

async fn extend(body: Body) -> Result<Response, ApiError> {
    let asked = ask::extend(&body).await;
    begin(&body.context, asked).await
}

async fn begin(context: &Context, asked: Result<Ask, ApiError>) -> Result<Response, ApiError> {
    let video = Video::new(context, asked.map_err(|error| context.validation(error))?);
    context.note().model = Some(video.model.as_str().into());
    context.documents().change(video.change()?).await?;
    Ok(json_answer(&video.object(context)))
}

async fn list(context: Context) -> Result<Response, ApiError> {
    let page = Query::of(context.path()).page(true).map_err(|error| context.validation(error))?;
    let listing = context.documents().list(KIND, &page).await?;
    let shown = |(_, document): (String, Document)| Video::read(&document).map(|video| video.object(&context));
    Ok(json_answer(&List::new(listing.documents.into_iter().filter_map(shown).collect(), listing.has_more)))
}

async fn get_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    Ok(json_answer(&Video::find(&context, &id).await?.object(&context)))
}

async fn delete_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let gone = context.documents().change(Change::delete(KIND, &*id)).await?;
    gone.ok_or_else(|| ApiError::no_such("video", &id))?;
    Ok(json_answer(&json!({"id": id, "object": "video.deleted", "deleted": true})))
}

/// The video or pictures of it, made now: beside the connections, because it takes a while.
async fn content(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    const VARIANTS: [&str; 3] = ["video", "thumbnail", "spritesheet"];
    let query = Query::of(context.path());
    let variant = query.get("variant").unwrap_or(VARIANTS[0]);
    let (kind, make): (_, fn(&Film) -> _) = match variant {
        "video" => ("video/mp4", Film::to_mp4),
        "thumbnail" => ("image/webp", Film::thumbnail),
        "spritesheet" => ("image/webp", Film::spritesheet),
        other => return Err(context.validation(ApiError::unsupported_value("variant", other, &VARIANTS))),
    };
    let film = Video::completed(&context, &id).await.map_err(|error| context.validation(error))?.film();
    let made = context.app().kit.tasks.compute(move || make(&film)).await;
    let bytes = made.and_then(Result::ok).ok_or_else(ApiError::internal)?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], bytes).into_response())
}
