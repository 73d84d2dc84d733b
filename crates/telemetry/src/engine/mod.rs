//! The metrics of real engines, by their own names: what vLLM, `SGLang`, TensorRT-LLM, NIM and Dynamo would show of the
//! same load.
//!
//! [`Requests`] and [`Steps`] are counted while things happen, [`Instance`] is what somebody sees who looks, and a table
//! for each program says what its families are called and where their numbers come from. A family nobody knows anything
//! of is left out rather than made up: without a physical engine that is everything about steps, queues and the KV
//! cache.

mod bounds;
mod cache_view;
mod dcgm;
mod document;
mod dynamo;
mod dynamo_view;
mod instance;
mod measures;
mod nim;
mod sglang;
mod table;
mod trtllm;
mod vllm;

pub use cache_view::{
    CacheMetrics, CachePerformance, CacheWorker, EndpointCache, RadixTree, RouterConfig, SmartRouter, Speedup,
};
pub use dcgm::{Gpu, by_name as gpus_by_name, render as render_gpus};
pub use document::document;
pub use dynamo_view::{BatchFigures, CacheFigures, DynamoMetrics, Latency, PerModel, Queue, Summary, Throughput};
pub use instance::{Instance, Physical, Setup};
pub use measures::{Ending, LastStep, Requests, Savings, Steps};

use crate::Ledger;

/// Whose names metrics have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flavor {
    /// This server's own.
    #[default]
    Fakeai,
    /// vLLM's.
    Vllm,
    /// `SGLang`'s.
    Sglang,
    /// TensorRT-LLM's.
    Trtllm,
    /// NIM's.
    Nim,
    /// Dynamo's.
    Dynamo,
}

impl Flavor {
    /// Every flavour but this server's own.
    pub const FOREIGN: [Self; 5] = [Self::Vllm, Self::Sglang, Self::Trtllm, Self::Nim, Self::Dynamo];
}

/// Prometheus text of the engines in these names; empty for this server's own, which [`crate::prometheus`] writes.
/// `ledger` is what a frontend before the engines knows.
pub fn render(flavor: Flavor, engines: &[Instance], ledger: &Ledger) -> String {
    let mut text = String::with_capacity(32 * 1024);
    match flavor {
        Flavor::Fakeai => {}
        Flavor::Vllm => {
            vllm::TABLE.write(&mut text, engines);
            vllm::INFO.write(&mut text, engines);
        }
        Flavor::Sglang => sglang::TABLE.write(&mut text, engines),
        Flavor::Trtllm => trtllm::TABLE.write(&mut text, engines),
        Flavor::Nim => nim::TABLE.write(&mut text, engines),
        Flavor::Dynamo => {
            dynamo::FRONTEND.write(&mut text, &dynamo::Front::all(ledger, engines));
            dynamo::WORKERS.write(&mut text, engines);
            dynamo::COMPONENT.write(&mut text, engines);
        }
    }
    text
}
