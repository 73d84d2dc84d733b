//! `cargo xtask fuzz`: damaged inputs for everything that reads bytes from the network.

use std::process::Command;

use anyhow::Result;

use crate::repository::{binary, cargo};
use crate::steps::{Steps, run};

/// Optimised, with the checks for overflow that releases leave out.
const PROFILE: &str = "fuzz";

/// As many cases as `flags` say, a million of each target unless they do; they go on to `fakeai-fuzz`.
pub(crate) fn whole(steps: &mut Steps, flags: &[String]) -> Result<()> {
    steps.take("fuzz build", || run(&mut cargo(&["build", "--profile", PROFILE, "--package", "fakeai-fuzz"])))?;
    steps.take("fuzz", || run(Command::new(binary(PROFILE, "fakeai-fuzz")).args(flags)))
}

/// As many as two minutes have room for, built as the tests are, so that nothing is compiled for it alone.
pub(crate) fn some(steps: &mut Steps) -> Result<()> {
    steps.take("fuzz build", || run(&mut cargo(&["build", "--package", "fakeai-fuzz"])))?;
    let flags = ["--cases", "20000", "--seconds", "1.5", "--threads", "2"];
    steps.take("fuzz", || run(Command::new(binary("debug", "fakeai-fuzz")).args(flags)))
}
