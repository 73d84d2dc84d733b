//! `/images`.

use axum::extract::Request;
use axum::response::Response;
use axum::routing::{get, post};
use fakeai_telemetry::grade;
use http::{HeaderMap, Uri};
use serde_json::{Map, Value};

use super::edits::{Inputs, decode, take_in};
use super::make::{make, seed, sign};
use super::tokens::ImageUsage;
use super::wanted::{Task, Wanted, size_of_prompt};
use super::{answer, keep, stream, time};
use crate::api::Endpoint;
use crate::api::openai::fields::Fields;
use crate::api::openai::provenance::claim_of;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{JsonBody, json};

pub(in crate::api::openai) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::api("POST", "/images/generations", "createImage", post(create)),
        Endpoint::api("POST", "/images/edits", "createImageEdit", post(create_edit)),
        Endpoint::api("POST", "/images/variations", "createImageVariation", post(create_variation)),
        Endpoint::own("GET", "/images/{name}", "getImage", get(keep::show)),
    ]
}

async fn create(headers: HeaderMap, uri: Uri, body: JsonBody<Map<String, Value>>) -> Result<Response, ApiError> {
    let JsonBody(context, map) = body;
    let base = keep::base_url(&context, &headers, &uri);
    let wanted = Wanted::of(&context, &Fields::json(map), Task::Generate);
    let wanted = wanted.map_err(|error| context.validation(error))?;
    answer_with(context, wanted, Inputs::default(), &base).await
}

async fn create_edit(headers: HeaderMap, uri: Uri, request: Request) -> Result<Response, ApiError> {
    from_pictures(headers, uri, request, Task::Edit).await
}

async fn create_variation(headers: HeaderMap, uri: Uri, request: Request) -> Result<Response, ApiError> {
    from_pictures(headers, uri, request, Task::Vary).await
}

async fn from_pictures(headers: HeaderMap, uri: Uri, request: Request, task: Task) -> Result<Response, ApiError> {
    let (context, fields, files) = take_in(request, task == Task::Edit).await?;
    let base = keep::base_url(&context, &headers, &uri);
    let checked = async {
        let wanted = Wanted::of(&context, &fields, task)?;
        let inputs = decode(&context, wanted.family, files, task == Task::Edit).await?;
        Ok((wanted, inputs))
    };
    let (wanted, inputs) = checked.await.map_err(|error: ApiError| context.validation(error))?;
    answer_with(context, wanted, inputs, &base).await
}

/// Makes the pictures and gives them when they are due.
async fn answer_with(context: Context, wanted: Wanted, inputs: Inputs, base: &str) -> Result<Response, ApiError> {
    let size = wanted.size.unwrap_or_else(|| usual_size(&wanted, &inputs));
    let usage = ImageUsage::of(&wanted, size, &inputs.sizes());
    let seed = seed(&context, &wanted, &inputs);
    let duration = time::duration(&context, &wanted, size, seed);
    let mut pictures = make(&context, &wanted, inputs, size, seed).await?;
    {
        let mut note = context.note();
        note.tokens.prompt = usage.text + usage.pictures_in;
        note.tokens.completion = usage.out;
        note.grade = Some(grade(&format!("{}x{}", size.0, size.1)));
        note.units.images += pictures.len() as u64;
        note.cost_usd = usage.cost_usd(&wanted, size);
    }
    if wanted.is_streamed {
        let picture = pictures.pop().ok_or_else(ApiError::internal)?;
        return stream::show(context, wanted, picture, (size, usage), duration).await;
    }
    let (format, compression, claim) = (wanted.format, wanted.compression, claim_of(&context, &wanted.card.id));
    let work = move || {
        let signed = |picture| sign(picture, format, compression, &claim);
        pictures.iter().map(signed).collect::<Result<Vec<_>, _>>()
    };
    let files = context.app().kit.tasks.compute(work).await.unwrap_or_else(|| Err(ApiError::internal()))?;
    let due = context.arrived() + duration;
    if due > context.clock().now() {
        context.clock().sleep_until(due).await;
    }
    context.note().tokens.delivered = usage.out;
    Ok(json(&answer::whole(&context, &wanted, files, (size, usage, base), seed).await?))
}

/// The size where the client leaves it open: that of what is edited, as near as there is one, else what suits the prompt.
fn usual_size(wanted: &Wanted, inputs: &Inputs) -> (u32, u32) {
    match inputs.pictures.first() {
        Some(source) if source.width * 5 > source.height * 6 => (1536, 1024),
        Some(source) if source.height * 5 > source.width * 6 => (1024, 1536),
        Some(_) => (1024, 1024),
        None => size_of_prompt(&wanted.prompt),
    }
}
