//! The output items of runs.

use axum::response::Response;
use bytes::Bytes;
use fakeai_store::Document;
use serde_json::Value;

use super::run::{Run, items_kind};
use crate::api::openai::listing::List;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{PathText, Query, json as json_answer};

pub(super) async fn list(
    context: Context,
    PathText((eval, run)): PathText<(String, String)>,
) -> Result<Response, ApiError> {
    Run::find(&context, &eval, &run).await?;
    let query = Query::of(context.path());
    let checked = || {
        if let Some(status) = query.get("status").filter(|status| !matches!(*status, "pass" | "fail")) {
            return Err(ApiError::unsupported_value("status", status, &["fail", "pass"]));
        }
        query.page(false)
    };
    let (page, kind) = (checked().map_err(|error| context.validation(error))?, items_kind(&run));
    let listing = match query.get("status") {
        None => context.documents().list(&kind, &page).await?,
        Some(status) => {
            let wanted =
                |body: &Bytes| serde_json::from_slice::<Value>(body).is_ok_and(|item| item["status"] == status);
            context.documents().find(&kind, &page, wanted).await?
        }
    };
    let shown = |(_, document): (String, Document)| serde_json::from_slice(&document.body).ok();
    Ok(json_answer(&List::new(listing.documents.into_iter().filter_map(shown).collect(), listing.has_more)))
}

pub(super) async fn get_one(
    context: Context,
    PathText((eval, run, item)): PathText<(String, String, String)>,
) -> Result<Response, ApiError> {
    Run::find(&context, &eval, &run).await?;
    let found = context.documents().get(&items_kind(&run), &item).await?;
    let found: Option<Value> = found.and_then(|found| serde_json::from_slice(&found.body).ok());
    Ok(json_answer(&found.ok_or_else(|| ApiError::no_such("output item", &item))?))
}
