//! The clients under `e2e/`: their environments, made when missing or out of date, and their test runs.

pub(crate) mod browser;
pub(crate) mod node;
pub(crate) mod promtool;
pub(crate) mod python;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::repository::root;
use crate::steps::{run, works};

/// Tells the tests which binary to start.
const BINARY_ENV: &str = "FAKEAI_BINARY";

fn folder(name: &str) -> PathBuf {
    root().join("e2e").join(name)
}

/// Whether the environment was made from these very lists; `made` is written when it has been.
fn is_current(made: &Path, lists: &str) -> bool {
    fs::read_to_string(made).is_ok_and(|from| from == lists)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("can't write {}", path.display()))
}

/// Makes sure that a program works, from Debian's `packages` if it doesn't and we may install them.
fn need(probe: impl Fn() -> Command, packages: &[&str]) -> Result<()> {
    if works(&mut probe()) {
        return Ok(());
    }
    let list = packages.join(" ");
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if !is_root || !works(Command::new("apt-get").arg("--version")) {
        let program = probe().get_program().to_string_lossy().into_owned();
        bail!("`{program}` does not work here; on Debian, `apt-get install {list}` as root brings what is missing");
    }
    run(Command::new("apt-get").arg("update"))?;
    let mut install = Command::new("apt-get");
    install.args(["install", "--yes", "--no-install-recommends"]).args(packages);
    run(install.env("DEBIAN_FRONTEND", "noninteractive"))?;
    if !works(&mut probe()) {
        bail!("{list} installed, but it still does not work");
    }
    Ok(())
}
