//! The Python clients: the official SDK with httpx beside it, and the frameworks that pin an SDK of their own.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{BINARY_ENV, folder, is_current, need, read, write};
use crate::steps::run;

/// A folder of tests under `e2e/`, with an environment of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suite(&'static str);

/// The official SDK.
pub(crate) const SDK: Suite = Suite("python");
/// Agent and extraction frameworks; they and the SDK's newest release do not install together.
pub(crate) const FRAMEWORKS: Suite = Suite("frameworks");

/// A virtual environment with the pinned packages.
pub(crate) fn set_up(Suite(name): Suite) -> Result<()> {
    let lists = read(&folder(name).join("requirements.txt"))?;
    let environment = folder(name).join(".venv");
    let made = environment.join("made-from.txt");
    if is_current(&made, &lists) {
        println!("  nothing to do");
        return Ok(());
    }
    // Debian ships Python without what makes environments.
    let probe = || {
        let mut command = Command::new("python3");
        command.args(["-c", "import venv, ensurepip"]);
        command
    };
    need(probe, &["python3", "python3-venv"])?;
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    let mut install = Command::new(environment.join("bin/python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    run(install.arg(folder(name).join("requirements.txt")))?;
    write(&made, &lists)
}

/// pytest against `binary`.
pub(crate) fn run_tests(Suite(name): Suite, binary: &Path) -> Result<()> {
    let mut pytest = Command::new(folder(name).join(".venv/bin/python"));
    pytest.args(["-m", "pytest", "--quiet"]).current_dir(folder(name)).env(BINARY_ENV, binary);
    run(&mut pytest)
}
