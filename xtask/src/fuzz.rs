//! `cargo xtask fuzz`: damaged inputs for everything that reads bytes from the network.

use std::process::Command;

use anyhow::Result;

use crate::repository::{binary, cargo};
use crate::steps::{Steps, run};

const PROFILE: &str = "fuzz";

/// As many cases as `flags` say, a million of each target unless they do; they go on to `fakeai-fuzz`.
pub(crate) fn whole(steps: &mut Steps, flags: &[String]) -> Result<()> {
    build(steps)?;
    steps.take("fuzz", || run(Command::new(binary(PROFILE, "fakeai-fuzz")).args(flags)))
}

/// As many as a minute has room for.
pub(crate) fn some(steps: &mut Steps) -> Result<()> {
    build(steps)?;
    let flags = ["--cases", "20000", "--seconds", "1.5", "--threads", "2"];
    steps.take("fuzz", || run(Command::new(binary(PROFILE, "fakeai-fuzz")).args(flags)))
}

fn build(steps: &mut Steps) -> Result<()> {
    steps.take("fuzz build", || run(&mut cargo(&["build", "--profile", PROFILE, "--package", "fakeai-fuzz"])))
}
