//! The official Python SDK, and httpx against the bare process.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{BINARY_ENV, folder, is_current, need, read, write};
use crate::steps::run;

/// A virtual environment with the pinned packages.
pub(crate) fn set_up() -> Result<()> {
    let lists = read(&folder("python").join("requirements.txt"))?;
    let environment = folder("python").join(".venv");
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
    run(install.arg(folder("python").join("requirements.txt")))?;
    write(&made, &lists)
}

/// pytest against `binary`.
pub(crate) fn run_tests(binary: &Path) -> Result<()> {
    let mut pytest = Command::new(folder("python").join(".venv/bin/python"));
    pytest.args(["-m", "pytest", "--quiet"]).current_dir(folder("python")).env(BINARY_ENV, binary);
    run(&mut pytest)
}
