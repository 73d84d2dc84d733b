//! Metrics of jobs. They are those of the workspace that asks, counted from what it has stored.

use axum::response::Response;
use axum::routing::get;

use crate::api::Endpoint;
use crate::api::openai::{BatchMetrics, FineTuningMetrics};
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::json;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("GET", "/metrics/batches", "getBatchMetrics", get(batches)),
        Endpoint::own("GET", "/metrics/fine-tuning", "getFineTuningMetrics", get(fine_tuning)),
    ]
}

async fn batches(context: Context) -> Result<Response, ApiError> {
    Ok(json(&BatchMetrics::of(&context).await?))
}

async fn fine_tuning(context: Context) -> Result<Response, ApiError> {
    Ok(json(&FineTuningMetrics::of(&context).await?))
}
