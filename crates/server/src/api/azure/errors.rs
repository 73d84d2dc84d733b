//! Errors in Azure's shapes: those that Azure's own gateway gives. Errors of the models behind it look as OpenAI's do.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::filter::Verdict;
use super::target::{Target, operation};
use crate::context::Context;
use crate::error::{ApiError, ErrorNote};
use crate::wire::Query;

/// Names a request for Azure's support.
const REQUEST_ID: HeaderName = HeaderName::from_static("apim-request-id");

/// Puts an answer to a request of Azure's into Azure's shape.
pub(crate) fn shape(context: &Context, response: &mut Response) {
    if let Ok(id) = HeaderValue::from_str(context.request_id()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let path = context.path().split('?').next().unwrap_or_default();
    let label = response.extensions().get::<ErrorNote>().map(|note| note.label);
    let error = match response.status() {
        StatusCode::UNAUTHORIZED => {
            response.headers_mut().remove(header::WWW_AUTHENTICATE);
            denied()
        }
        StatusCode::NOT_FOUND if label == Some("model_not_found") && is_deployment(path) => missing_deployment(),
        StatusCode::NOT_FOUND if context.note().endpoint.is_empty() => missing_resource(),
        StatusCode::TOO_MANY_REQUESTS => too_many(context.path(), response.headers()),
        _ => return,
    };
    *response.body_mut() = Body::from(error.to_string());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().remove(header::CONTENT_LENGTH);
}

fn is_deployment(path: &str) -> bool {
    matches!(Target::of(path), Some(Target::Deployment { .. }))
}

/// 404: a path or a version that Azure does not have. [`shape`] gives it Azure's words.
pub(super) fn no_resource() -> ApiError {
    ApiError::invalid("Resource not found").status(StatusCode::NOT_FOUND).code("404")
}

fn missing_resource() -> Value {
    json!({"error": {"code": "404", "message": "Resource not found"}})
}

fn missing_deployment() -> Value {
    json!({"error": {
        "code": "DeploymentNotFound",
        "message": "The API deployment for this resource does not exist. If you created the deployment within the last \
                    5 minutes, please wait a moment and try again.",
    }})
}

fn denied() -> Value {
    json!({"error": {
        "code": "401",
        "message": "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid \
                    key for an active subscription and use a correct regional API endpoint for your resource.",
    }})
}

fn too_many(path: &str, headers: &HeaderMap) -> Value {
    let seconds = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()).unwrap_or("1");
    let query = Query::of(path);
    let version = query.get("api-version").map_or(String::new(), |version| format!(" {version}"));
    let name = match operation(path.split('?').next().unwrap_or_default()) {
        Some("chat/completions") => "ChatCompletions_Create",
        Some("completions") => "Completions_Create",
        Some("embeddings") => "Embeddings_Create",
        Some("images/generations") => "ImageGenerations_Create",
        _ => "Create",
    };
    json!({"error": {
        "code": "429",
        "message": format!(
            "Requests to the {name} Operation under Azure OpenAI API version{version} have exceeded call rate limit of \
             your current OpenAI S0 pricing tier. Please retry after {seconds} seconds. Please go here: \
             https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit."
        ),
    }})
}

/// 400: what was asked is filtered.
pub(super) fn filtered(verdict: Verdict) -> Response {
    const MESSAGE: &str = "The response was filtered due to the prompt triggering Azure OpenAI's content management \
                           policy. Please modify your prompt and retry. To learn more about our content filtering \
                           policies please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766";
    // The ledger knows it by this one.
    let mut response = ApiError::invalid(MESSAGE).param("prompt").code("content_filter").into_response();
    let error = json!({"error": {
        "message": MESSAGE,
        "type": null,
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
        "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": verdict.results()},
    }});
    *response.body_mut() = Body::from(error.to_string());
    response
}
