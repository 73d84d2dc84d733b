//! The official Node SDK.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{BINARY_ENV, folder, is_current, need, read, write};
use crate::steps::run;

/// The packages of the lock file.
pub(crate) fn set_up() -> Result<()> {
    let probe = |program: &'static str| {
        move || {
            let mut command = Command::new(program);
            command.arg("--version");
            command
        }
    };
    need(probe("node"), &["nodejs"])?;
    let lists = read(&folder("node").join("package-lock.json"))?;
    let made = folder("node").join("node_modules/.made-from.json");
    if is_current(&made, &lists) {
        println!("  nothing to do");
        return Ok(());
    }
    need(probe("npm"), &["npm"])?;
    run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder("node")))?;
    write(&made, &lists)
}

/// Node's own test runner against `binary`.
pub(crate) fn run_tests(binary: &Path) -> Result<()> {
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec"]).current_dir(folder("node")).env(BINARY_ENV, binary);
    run(&mut node)
}
