//! Runs: begun, listed, cancelled and removed.

use axum::Extension;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use fakeai_store::Document;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::eval::{Eval, named};
use super::rows;
use super::run::{self, Parts, Run, kind};
use super::source::{Rows, Source};
use super::work;
use crate::api::openai::chat::metadata;
use crate::api::openai::files::File;
use crate::api::openai::listing::List;
use crate::api::openai::service::Service;
use crate::context::Context;
use crate::error::ApiError;
use crate::layers::Door;
use crate::wire::{JsonBody, PathText, Query, json as json_answer};

const STATUSES: [&str; 5] = ["queued", "in_progress", "completed", "canceled", "failed"];

type RunPath = PathText<(String, String)>;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RunWire {
    name: Option<String>,
    metadata: Option<Map<String, Value>>,
    data_source: Option<Value>,
}

pub(super) async fn create(
    PathText(id): PathText,
    Extension(door): Extension<Door>,
    headers: HeaderMap,
    JsonBody(context, wire): JsonBody<RunWire>,
) -> Result<Response, ApiError> {
    let eval = Eval::find(&context, &id).await?;
    let source = checked(&context, &eval, &wire).await.map_err(|error| context.validation(error))?;
    let parts = Parts {
        eval_id: eval.id,
        model: source.asks.as_ref().map(|asks| asks.model.clone()).unwrap_or_default(),
        name: wire.name,
        metadata: wire.metadata.unwrap_or_default(),
        data_source: wire.data_source.unwrap_or_default(),
        testing_criteria: eval.testing_criteria,
        data_source_config: eval.data_source_config,
    };
    let run = Run::new(&context, parts);
    context.documents().change(run.change(None)?).await?;
    work::begin(&context, Service::new(&context, door, &headers), &run).await?;
    Ok((StatusCode::CREATED, json_answer(&run.object())).into_response())
}

/// The source of a run whose rows, as far as they are there already, are as the eval wants them.
async fn checked(context: &Context, eval: &Eval, wire: &RunWire) -> Result<Source, ApiError> {
    named(wire.name.as_deref())?;
    metadata(wire.metadata.as_ref())?;
    let source = Source::parse(wire.data_source.as_ref())?;
    match &source.rows {
        Rows::File(file) => {
            File::find(context, file).await?;
        }
        Rows::Content(content) => {
            let rows: Vec<rows::Row> = content.iter().map(rows::Row::new).collect();
            rows::check(&rows, &eval.data_source_config)
                .map_err(|rows::Wrong(_, message)| ApiError::invalid(message).param("data_source.source.content"))?;
        }
        Rows::Stored(..) | Rows::Responses(_) => {}
    }
    Ok(source)
}

pub(super) async fn list(
    context: Context,
    PathText(id): PathText,
    Extension(door): Extension<Door>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    Eval::find(&context, &id).await?;
    let query = Query::of(context.path());
    let checked = || {
        if let Some(status) = query.get("status").filter(|status| !STATUSES.contains(status)) {
            return Err(ApiError::unsupported_value("status", status, &STATUSES));
        }
        query.page(false)
    };
    let page = checked().map_err(|error| context.validation(error))?;
    let status = query.get("status");
    let wanted = |body: &Bytes| {
        status.is_none_or(|status| serde_json::from_slice::<Run>(body).is_ok_and(|run| run.status == status))
    };
    let listing = context.documents().find(&kind(&id), &page, wanted).await?;
    let mut shown = Vec::new();
    for (_, document) in listing.documents {
        let Document { body, .. } = document;
        let Ok(run) = serde_json::from_slice::<Run>(&body) else { continue };
        work::begin(&context, Service::new(&context, door.clone(), &headers), &run).await?;
        shown.push(run.object());
    }
    Ok(json_answer(&List::new(shown, listing.has_more)))
}

pub(super) async fn get_one(
    context: Context,
    PathText((eval, id)): RunPath,
    Extension(door): Extension<Door>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (run, _) = Run::find(&context, &eval, &id).await?;
    work::begin(&context, Service::new(&context, door, &headers), &run).await?;
    Ok(json_answer(&run.object()))
}

pub(super) async fn cancel(context: Context, PathText((eval, id)): RunPath) -> Result<Response, ApiError> {
    let _turn = context.workspace().space().alone(&id).await;
    let (mut run, version) = Run::find(&context, &eval, &id).await?;
    if !run.is_open() {
        let message = format!("Cannot cancel a run that is {}.", run.status);
        return Err(context.validation(ApiError::invalid(message)));
    }
    run.end("canceled", None);
    context.documents().change(run.change(Some(version))?).await?;
    Ok(json_answer(&run.object()))
}

pub(super) async fn delete_one(context: Context, PathText((eval, id)): RunPath) -> Result<Response, ApiError> {
    run::delete(&context, &eval, &id).await?;
    Ok(json_answer(&json!({"object": "eval.run.deleted", "deleted": true, "run_id": id})))
}
