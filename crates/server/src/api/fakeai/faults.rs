//! `/fakeai/faults`: what goes wrong on purpose, changed while the server runs.

use std::time::Duration;

use axum::response::Response;
use axum::routing::{delete, get, post};
use fakeai_guard::FaultRule;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::List;
use crate::api::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{JsonBody, PathText, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("GET", "/fakeai/faults", "listFaults", get(list)),
        Endpoint::own("POST", "/fakeai/faults", "createFault", post(create)),
        Endpoint::own("DELETE", "/fakeai/faults", "deleteFaults", delete(delete_all)),
        Endpoint::own("DELETE", "/fakeai/faults/{number}", "deleteFault", delete(delete_one)),
        Endpoint::own("POST", "/fakeai/faults/spike", "createFaultSpike", post(spike)),
    ]
}

#[derive(Serialize)]
struct FaultWire {
    object: &'static str,
    number: u64,
    /// As `--fault` and `X-FakeAI-Fault` take it.
    rule: String,
    kind: &'static str,
    rate: f64,
    /// Requests it was asked about.
    asked: u64,
}

impl FaultWire {
    fn of(number: u64, rule: &FaultRule, asked: u64) -> Self {
        let (kind, rate) = (rule.fault.kind.name(), rule.rate);
        Self { object: "fakeai.fault", number, rule: rule.to_string(), kind, rate, asked }
    }
}

fn all(context: &Context) -> List<FaultWire> {
    let rules = context.app().gate.faults.list();
    let data = rules.iter().map(|(number, rule, asked)| FaultWire::of(*number, rule, *asked)).collect();
    List { object: "list", data }
}

async fn list(context: Context) -> Response {
    json(&all(&context))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NewFault {
    rule: Option<String>,
}

async fn create(JsonBody(context, wire): JsonBody<NewFault>) -> Result<Response, ApiError> {
    let text = wire.rule.ok_or_else(|| ApiError::missing("rule"))?;
    let rule: FaultRule = text
        .parse()
        .map_err(|error| ApiError::invalid(format!("Invalid 'rule': {error}.")).param("rule").code("invalid_fault"))?;
    let number = context.app().gate.faults.create(rule.clone());
    Ok(json(&FaultWire::of(number, &rule, 0)))
}

async fn delete_all(context: Context) -> Response {
    context.app().gate.faults.clear();
    json(&all(&context))
}

async fn delete_one(context: Context, PathText(number): PathText<u64>) -> Result<Response, ApiError> {
    if context.app().gate.faults.delete(number) {
        return Ok(json(&all(&context)));
    }
    Err(ApiError::invalid(format!("There is no fault {number}.")).status(StatusCode::NOT_FOUND))
}

/// Longest spike: a day.
const LONGEST_SECONDS: f64 = 86_400.0;

#[derive(Debug, Deserialize)]
#[serde(default)]
struct SpikeWire {
    multiplier: f64,
    seconds: f64,
}

impl Default for SpikeWire {
    fn default() -> Self {
        Self { multiplier: 3.0, seconds: 60.0 }
    }
}

#[derive(Serialize)]
struct Spiked {
    object: &'static str,
    multiplier: f64,
    seconds: f64,
}

/// Faults are more likely for a while.
async fn spike(JsonBody(context, wire): JsonBody<SpikeWire>) -> Result<Response, ApiError> {
    let SpikeWire { multiplier, seconds } = wire;
    if !(1.0..=1e6).contains(&multiplier) {
        return Err(ApiError::invalid("'multiplier' is a number from 1 to 1000000.").param("multiplier"));
    }
    if !(0.0..=LONGEST_SECONDS).contains(&seconds) {
        return Err(ApiError::invalid("'seconds' is a number from 0 to 86400.").param("seconds"));
    }
    context.app().gate.faults.spike(multiplier, Duration::from_secs_f64(seconds), context.clock().now());
    Ok(json(&Spiked { object: "fakeai.fault_spike", multiplier, seconds }))
}
