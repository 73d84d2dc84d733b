//! Metrics by model: each alone, compared, ranked, what they cost and who asks them.

use axum::response::Response;
use axum::routing::get;
use fakeai_telemetry::{Comparison, Costs, Dimensions, ModelMetrics, RankBy, Ranked, prometheus};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::core::allowed;
use super::exposition::exposition;
use super::savings::Month;
use super::{asked, dates};
use crate::api::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::gate::Held;
use crate::wire::{PathText, Query, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("GET", "/metrics/by-model", "listModelMetrics", get(list)),
        Endpoint::own("GET", "/metrics/by-model/prometheus", "getModelPrometheusMetrics", get(prometheus_text)),
        // Ids may hold slashes.
        Endpoint::own("GET", "/metrics/by-model/{*model}", "getModelMetrics", get(get_one)),
        Endpoint::own("GET", "/metrics/compare", "compareModels", get(compare))
            .asks(&[("model1", "The model to compare with"), ("model2", "The model that is compared")]),
        Endpoint::own("GET", "/metrics/ranking", "rankModels", get(rank)).asks(&[
            ("metric", "`request_count` (unless said), `latency` (fastest first), `error_rate` (fewest first), `cost` or `tokens`"),
            ("limit", "Most models, 1 to 1000; 10 unless said"),
        ]),
        Endpoint::own("GET", "/metrics/costs", "getCosts", get(costs)),
        Endpoint::own("GET", "/metrics/multi-dimensional", "getDimensions", get(dimensions)),
    ]
}

async fn list(context: Context) -> Response {
    json(&ModelMetrics::all(&context.app().ledger, dates(&context)))
}

/// A model nobody asked has no requests: that is an answer, as in the original system, and no error.
async fn get_one(context: Context, PathText(model): PathText) -> Response {
    #[derive(Serialize)]
    struct Unknown {
        model: String,
        request_count: u64,
        error: &'static str,
    }
    match ModelMetrics::get(&context.app().ledger, &model, dates(&context)) {
        Some(metrics) => json(&metrics),
        None => json(&Unknown { model, request_count: 0, error: "No data available for this model" }),
    }
}

async fn prometheus_text(context: Context, headers: HeaderMap) -> Result<Response, ApiError> {
    allowed(&context)?;
    Ok(exposition(&headers, prometheus::render_models(&context.app().ledger, dates(&context))))
}

async fn compare(context: Context) -> Result<Response, ApiError> {
    let query = Query::of(context.path());
    let all = ModelMetrics::all(&context.app().ledger, dates(&context));
    let model = |name: &str| {
        let id = query.get(name).filter(|id| !id.is_empty()).ok_or_else(|| ApiError::missing(name))?;
        all.get(id).ok_or_else(|| unknown(name, id))
    };
    Ok(json(&Comparison::of(model("model1")?, model("model2")?)))
}

pub(super) fn unknown(param: &str, id: &str) -> ApiError {
    ApiError::invalid(format!("There are no metrics of the model '{id}': no request has asked it yet."))
        .status(StatusCode::NOT_FOUND)
        .param(param)
        .code("model_not_found")
}

async fn rank(context: Context) -> Result<Response, ApiError> {
    let query = Query::of(context.path());
    let limit = asked::limit(&query, 10, 1000)?;
    let metric = query.get("metric").unwrap_or("request_count");
    let by = RankBy::WORDS.iter().find(|(word, _)| *word == metric).map(|(_, by)| *by).ok_or_else(|| {
        let words = RankBy::WORDS.map(|(word, _)| word);
        ApiError::unsupported_value("metric", metric, &words)
    })?;
    Ok(json(&Ranked::all(ModelMetrics::all(&context.app().ledger, dates(&context)), by, limit)))
}

/// Costs of the whole server; and of the asker's workspace its month, and its budgets.
#[derive(Serialize)]
struct CostsWire {
    #[serde(flatten)]
    costs: Costs,
    #[serde(flatten)]
    month: Month,
    budgets: Vec<Held>,
}

async fn costs(context: Context) -> Result<Response, ApiError> {
    let costs = Costs::of(&context.app().ledger, dates(&context));
    let budgets = context.app().gate.budgets.all(&context)?;
    Ok(json(&CostsWire { costs, month: Month::of(&context), budgets }))
}

async fn dimensions(context: Context) -> Response {
    json(&Dimensions::of(&context.app().ledger, dates(&context)))
}
