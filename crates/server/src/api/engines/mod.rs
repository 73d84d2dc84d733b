//! The metrics of real engines, by their own names: what vLLM, `SGLang`, TensorRT-LLM, NIM and Dynamo would show of the
//! same load, what the GPUs' sensors would, and what the KV cache does.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::response::Response;
use axum::routing::get;
use fakeai_telemetry::engine::{
    CacheMetrics, DynamoMetrics, Flavor, Gpu, Instance, Requests, gpus_by_name, render, render_gpus,
};
use http::HeaderMap;

use super::Endpoint;
use super::observe::{allowed, exposition};
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::json;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("GET", "/vllm/metrics", "getVllmMetrics", get(vllm)),
        Endpoint::own("GET", "/sglang/metrics", "getSglangMetrics", get(sglang)),
        Endpoint::own("GET", "/trtllm/metrics", "getTrtllmMetrics", get(trtllm)),
        Endpoint::own("GET", "/v1/metrics", "getNimMetrics", get(nim)),
        Endpoint::own("GET", "/dynamo/metrics", "getDynamoMetrics", get(dynamo)),
        Endpoint::own("GET", "/dynamo/metrics/json", "getDynamoMetricsJson", get(dynamo_json)),
        Endpoint::own("GET", "/dcgm/metrics", "getDcgmMetrics", get(dcgm)),
        Endpoint::own("GET", "/dcgm/metrics/json", "getDcgmMetricsJson", get(dcgm_json)),
        Endpoint::own("GET", "/kv-cache/metrics", "getKvCacheMetrics", get(kv_cache)),
    ]
}

async fn vllm(context: Context, headers: HeaderMap) -> Result<Response, ApiError> {
    text(&context, &headers, Flavor::Vllm)
}

async fn sglang(context: Context, headers: HeaderMap) -> Result<Response, ApiError> {
    text(&context, &headers, Flavor::Sglang)
}

async fn trtllm(context: Context, headers: HeaderMap) -> Result<Response, ApiError> {
    text(&context, &headers, Flavor::Trtllm)
}

async fn nim(context: Context, headers: HeaderMap) -> Result<Response, ApiError> {
    text(&context, &headers, Flavor::Nim)
}

async fn dynamo(context: Context, headers: HeaderMap) -> Result<Response, ApiError> {
    text(&context, &headers, Flavor::Dynamo)
}

async fn dynamo_json(context: Context) -> Result<Response, ApiError> {
    let app = context.app();
    Ok(json(&DynamoMetrics::of(&app.ledger, &instances(&context)?, app.kit.clock.now())))
}

async fn dcgm(context: Context, headers: HeaderMap) -> Result<Response, ApiError> {
    allowed(&context)?;
    Ok(exposition(&headers, render_gpus(&gpus(&context)?)))
}

async fn dcgm_json(context: Context) -> Result<Response, ApiError> {
    Ok(json(&gpus_by_name(gpus(&context)?)))
}

async fn kv_cache(context: Context) -> Result<Response, ApiError> {
    Ok(json(&CacheMetrics::of(&context.app().ledger, &instances(&context)?)))
}

/// Prometheus text in the names of another program.
pub(super) fn text(context: &Context, headers: &HeaderMap, flavor: Flavor) -> Result<Response, ApiError> {
    allowed(context)?;
    Ok(exposition(headers, render(flavor, &instances(context)?, &context.app().ledger)))
}

/// The GPUs of the physical engine on the clock of the request's workspace; without one there are none.
fn gpus(context: &Context) -> Result<Vec<Gpu>, ApiError> {
    let app = context.app();
    match app.drivers.on(context.clock(), &app.kit.tasks) {
        Some(driver) => Ok(driver.map_err(|_| ApiError::internal())?.gpus()),
        None => Ok(Vec::new()),
    }
}

/// The workers of the physical engine on the clock of the request's workspace; without one, one engine for each model
/// that was asked, of which only that is known which the ledger knows.
fn instances(context: &Context) -> Result<Vec<Instance>, ApiError> {
    let app = context.app();
    let mut instances = match app.drivers.on(context.clock(), &app.kit.tasks) {
        Some(driver) => driver.map_err(|_| ApiError::internal())?.instances(),
        None => logical(context),
    };
    for instance in &mut instances {
        if let Ok(card) = app.peek_model(context.workspace(), &instance.model) {
            let window = u64::from(card.context_window_tokens);
            instance.max_model_len = instance.max_model_len.min(window);
        }
    }
    Ok(instances)
}

fn logical(context: &Context) -> Vec<Instance> {
    let ledger = &context.app().ledger;
    let mut models: BTreeMap<Arc<str>, Requests> = BTreeMap::new();
    ledger.look(|archive| {
        for (_, model, written) in archive.written() {
            models.entry(Arc::clone(model)).or_default().merge(written);
        }
    });
    let active = ledger.active();
    for model in active.keys() {
        models.entry(Arc::clone(model)).or_default();
    }
    let instance = |(model, requests)| Instance {
        index: 0,
        of: 1,
        max_model_len: u64::MAX,
        running: active.get(&model).copied().unwrap_or(0),
        model,
        requests,
        physical: None,
    };
    models.into_iter().map(instance).collect()
}
