//! How vector stores stand and how they are searched.

use axum::response::Response;
use axum::routing::get;

use crate::api::Endpoint;
use crate::api::openai::vector_store_figures;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::json;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::own("GET", "/metrics/vector-stores", "getVectorStoreMetrics", get(metrics))]
}

async fn metrics(context: Context) -> Result<Response, ApiError> {
    Ok(json(&vector_store_figures(&context)?))
}
