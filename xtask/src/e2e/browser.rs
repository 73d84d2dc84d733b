//! The dashboards in Debian's Chromium, driven by playwright-core. The Node client must have been set up: its way to
//! start the server is used here too.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{BINARY_ENV, folder, is_current, need, read, write};
use crate::steps::run;

/// The browser, and the packages of the lock file.
pub(crate) fn set_up() -> Result<()> {
    let probe = || {
        let mut command = Command::new("chromium");
        command.arg("--version");
        command
    };
    need(probe, &["chromium"])?;
    let lists = read(&folder("browser").join("package-lock.json"))?;
    let made = folder("browser").join("node_modules/.made-from.json");
    if is_current(&made, &lists) {
        println!("  nothing to do");
        return Ok(());
    }
    run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder("browser")))?;
    write(&made, &lists)
}

/// Node's own test runner against `binary`.
pub(crate) fn run_tests(binary: &Path) -> Result<()> {
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec"]).current_dir(folder("browser")).env(BINARY_ENV, binary);
    run(&mut node)
}
