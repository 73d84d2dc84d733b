//! Measures the server beside a bare axum server that returns the same bytes, in one run on one machine.
//!
//! Ratios are what counts: absolute figures are the machine's. Each pair of measurements alternates between the two
//! servers, and the median of the rounds is printed.

mod agreement;
mod bare;
mod client;
mod engine;
mod load;
mod media;
mod process;
mod realtime;
mod report;
mod search;
mod streams;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

fn main() -> Result<()> {
    process::raise_descriptor_limit();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match words[..] {
        ["bare", head, body] => runtime.block_on(bare::serve(&PathBuf::from(head), &PathBuf::from(body))),
        ["run", binary] => runtime.block_on(report::run(&PathBuf::from(binary), false)),
        ["run", binary, "--quick"] => runtime.block_on(report::run(&PathBuf::from(binary), true)),
        ["realtime", binary] => runtime.block_on(realtime::run(&PathBuf::from(binary), 1000, Duration::from_secs(30))),
        ["realtime", binary, "--quick"] => {
            runtime.block_on(realtime::run(&PathBuf::from(binary), 50, Duration::from_secs(5)))
        }
        ["agreement", binary] => runtime.block_on(agreement::run(&PathBuf::from(binary))),
        ["engine", ref options @ ..] => engine::run(options),
        ["search"] => search::run(),
        ["media"] => media::run(),
        _ => bail!("usage: fakeai-bench run BINARY [--quick] | realtime BINARY [--quick] | agreement BINARY | engine [--csv FILE] [--trace FILE] [--fit] [--rows] | search | media"),
    }
    .context("the benchmark failed")
}
