//! `/fine_tuning/alpha/graders`.

use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;
use serde_json::{Value, json};

use super::parse::Grader;
use super::reply::answer;
use super::template::Scope;
use crate::api::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::aside;
use crate::wire::{JsonBody, json as json_answer};

pub(in crate::api::openai) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::api("POST", "/fine_tuning/alpha/graders/run", "runGrader", post(run)),
        Endpoint::api("POST", "/fine_tuning/alpha/graders/validate", "validateGrader", post(validate)),
    ]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RunWire {
    grader: Option<Value>,
    item: Option<Value>,
    model_sample: Option<String>,
}

async fn run(JsonBody(context, wire): JsonBody<RunWire>) -> Result<Response, ApiError> {
    let answer = graded(&context, wire).await.map_err(|error| context.validation(error))?;
    Ok(json_answer(&answer))
}

async fn graded(context: &Context, wire: RunWire) -> Result<Value, ApiError> {
    let RunWire { grader, item, model_sample } = wire;
    let grader = Grader::parse(&grader.ok_or_else(|| ApiError::missing("grader"))?, "grader")?;
    let sample = model_sample.ok_or_else(|| ApiError::missing("model_sample"))?;
    if item.as_ref().is_some_and(|item| !item.is_object() && !item.is_null()) {
        let message = "Invalid type for 'item': expected an object.";
        return Err(ApiError::invalid(message).param("item").code("invalid_type"));
    }
    let bytes = sample.len() as u64 * 2 + item.as_ref().map_or(0, |item| item.to_string().len() as u64);
    let here = context.clone();
    aside(context, bytes, move || {
        let item = item.unwrap_or_else(|| json!({}));
        // A sample that is JSON can be asked for its fields too.
        let sample = json!({"output_json": serde_json::from_str::<Value>(&sample).ok(), "output_text": sample});
        let grade = grader.grade(Scope { item: &item, sample: &sample });
        let spent = here.clock().now().since(here.arrived()).as_secs_f64();
        Ok(answer(&grader, &grade, spent))
    })
    .await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ValidateWire {
    grader: Option<Value>,
}

async fn validate(JsonBody(context, wire): JsonBody<ValidateWire>) -> Result<Response, ApiError> {
    let grader = wire.grader.ok_or_else(|| context.validation(ApiError::missing("grader")))?;
    Grader::parse(&grader, "grader").map_err(|error| context.validation(error))?;
    Ok(json_answer(&json!({"grader": grader})))
}
