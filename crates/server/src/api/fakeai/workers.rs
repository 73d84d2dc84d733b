//! The workers of the physical engine, and what can be done to them.

use std::sync::Arc;

use axum::response::Response;
use axum::routing::{get, post};
use fakeai_engine::cluster::{Cluster, Role, Worker, WorkerState};
use fakeai_engine::scheduler::Replica;
use http::StatusCode;
use serde::Serialize;

use super::List;
use crate::api::Endpoint;
use crate::context::Context;
use crate::driver::Driver;
use crate::error::ApiError;
use crate::wire::{PathText, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("GET", "/fakeai/workers", "listWorkers", get(list)),
        Endpoint::own("POST", "/fakeai/workers/{number}/fail", "failWorker", post(fail)),
        Endpoint::own("POST", "/fakeai/workers/{number}/drain", "drainWorker", post(drain)),
        Endpoint::own("POST", "/fakeai/workers/{number}/recover", "recoverWorker", post(recover)),
    ]
}

#[derive(Serialize)]
struct WorkerWire {
    object: &'static str,
    number: usize,
    /// `aggregated`, `prefill` or `decode`.
    role: &'static str,
    /// `up`, `draining` or `failed`.
    state: &'static str,
    running: usize,
    waiting: usize,
    blocks: u32,
    free_blocks: u32,
}

impl WorkerWire {
    fn all(cluster: &Cluster) -> Vec<Self> {
        let both = cluster.workers().iter().zip(cluster.replicas());
        both.enumerate().map(|(number, (worker, replica))| Self::of(number, worker, replica)).collect()
    }

    fn of(number: usize, worker: &Worker, replica: &Replica) -> Self {
        Self {
            object: "fakeai.worker",
            number,
            role: match worker.role() {
                Role::Aggregated => "aggregated",
                Role::Prefill => "prefill",
                Role::Decode => "decode",
            },
            state: match worker.state() {
                WorkerState::Up => "up",
                WorkerState::Draining => "draining",
                WorkerState::Failed => "failed",
            },
            running: replica.running(),
            waiting: replica.waiting(),
            blocks: replica.settings().capacity.blocks,
            free_blocks: replica.free_blocks(),
        }
    }
}

fn driver(context: &Context) -> Result<Arc<Driver>, ApiError> {
    let none = || {
        ApiError::invalid("This server has no physical engine: start it with --engine vllm, sglang or trtllm.")
            .status(StatusCode::NOT_FOUND)
    };
    let app = context.app();
    app.drivers.on(context.clock(), &app.kit.tasks).ok_or_else(none)?.map_err(|_| ApiError::internal())
}

async fn list(context: Context) -> Result<Response, ApiError> {
    Ok(json(&List { object: "list", data: driver(&context)?.change(|cluster, _| WorkerWire::all(cluster)) }))
}

/// The worker goes down now: its cache is lost, and its requests are moved or lost too.
async fn fail(context: Context, PathText(number): PathText<usize>) -> Result<Response, ApiError> {
    let driver = driver(&context)?;
    shown(&driver, number, driver.change(|cluster, now| cluster.fail(number, now)))
}

/// The worker ends what it has and takes no more.
async fn drain(context: Context, PathText(number): PathText<usize>) -> Result<Response, ApiError> {
    let driver = driver(&context)?;
    let known = driver.change(|cluster, _| {
        cluster.retire(number);
        number < cluster.workers().len()
    });
    shown(&driver, number, known)
}

/// The worker is up again, with an empty cache; or takes requests again if it was draining.
async fn recover(context: Context, PathText(number): PathText<usize>) -> Result<Response, ApiError> {
    let driver = driver(&context)?;
    shown(&driver, number, driver.change(|cluster, now| cluster.recover(number, now)))
}

fn shown(driver: &Driver, number: usize, known: bool) -> Result<Response, ApiError> {
    let mut workers = driver.change(|cluster, _| WorkerWire::all(cluster));
    if !known || number >= workers.len() {
        let message = format!("There is no worker {number}; they are numbered from 0 to {}.", workers.len() - 1);
        return Err(ApiError::invalid(message).status(StatusCode::NOT_FOUND));
    }
    Ok(json(&workers.swap_remove(number)))
}
