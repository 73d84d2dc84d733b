//! `cargo xtask bench`: the release binary beside a bare axum server.

use std::process::Command;

use anyhow::Result;

use crate::repository::{cargo, release_binary};
use crate::steps::{Steps, run};

/// All measurements.
pub(crate) fn whole(steps: &mut Steps) -> Result<()> {
    bench(steps, &[])
}

/// Fewer rounds: whether it works, and roughly how fast.
pub(crate) fn quick(steps: &mut Steps) -> Result<()> {
    bench(steps, &["--quick"])
}

/// The engine model: its errors against measurements, its speed. `flags` go on to `fakeai-bench engine`.
pub(crate) fn engine(steps: &mut Steps, flags: &[String]) -> Result<()> {
    steps.take("release build", || run(&mut cargo(&["build", "--release", "--package", "fakeai-bench"])))?;
    steps.take("bench", || run(Command::new(release_binary("fakeai-bench")).arg("engine").args(flags)))
}

/// Searches of 100,000 chunks on one core.
pub(crate) fn search(steps: &mut Steps) -> Result<()> {
    without_server(steps, "search")
}

/// Pictures and speech on one core.
pub(crate) fn media(steps: &mut Steps) -> Result<()> {
    without_server(steps, "media")
}

/// The live server's physical engine beside the simulator.
pub(crate) fn agreement(steps: &mut Steps) -> Result<()> {
    with_server(steps, &["agreement"], &[])
}

/// A thousand Realtime sessions that are spoken to at once.
pub(crate) fn realtime(steps: &mut Steps) -> Result<()> {
    with_server(steps, &["realtime"], &[])
}

/// Runs a benchmark that takes no server.
fn without_server(steps: &mut Steps, name: &str) -> Result<()> {
    steps.take("release build", || run(&mut cargo(&["build", "--release", "--package", "fakeai-bench"])))?;
    steps.take("bench", || run(Command::new(release_binary("fakeai-bench")).arg(name)))
}

fn bench(steps: &mut Steps, flags: &[&str]) -> Result<()> {
    with_server(steps, &["run"], flags)
}

/// Runs a benchmark that takes the server's binary between `before` and `after`.
fn with_server(steps: &mut Steps, before: &[&str], after: &[&str]) -> Result<()> {
    steps.take("release build", || {
        run(&mut cargo(&["build", "--release", "--package", "fakeai", "--package", "fakeai-bench"]))
    })?;
    steps.take("bench", || {
        let mut command = Command::new(release_binary("fakeai-bench"));
        run(command.args(before).arg(release_binary("fakeai")).args(after))
    })
}
