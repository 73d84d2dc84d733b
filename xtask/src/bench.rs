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

fn bench(steps: &mut Steps, flags: &[&str]) -> Result<()> {
    steps.take("release build", || {
        run(&mut cargo(&["build", "--release", "--package", "fakeai", "--package", "fakeai-bench"]))
    })?;
    steps.take("bench", || {
        let mut command = Command::new(release_binary("fakeai-bench"));
        run(command.arg("run").arg(release_binary("fakeai")).args(flags))
    })
}
