//! What `cargo xtask test` does, in the order in which a mistake is cheapest to find.

use anyhow::{Result, bail};

use crate::repository::{cargo, release_binary};
use crate::steps::{Steps, run, works};
use crate::{conformance, e2e as clients, fuzz, house, layers, promises, sources};

/// Everything a change must pass.
pub(crate) fn everything(steps: &mut Steps) -> Result<()> {
    steps.take("format", || run(&mut cargo(&["fmt", "--all", "--check"])))?;
    steps.take("lints", || run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])))?;
    check(steps)?;
    steps.take("tests", || {
        if works(&mut cargo(&["nextest", "--version"])) {
            run(&mut cargo(&["nextest", "run", "--workspace"]))
        } else {
            run(&mut cargo(&["test", "--workspace", "--lib", "--bins", "--tests"]))
        }
    })?;
    steps.take("doc tests", || run(&mut cargo(&["test", "--doc", "--workspace"])))?;
    conformance::judge(steps)?;
    fuzz::some(steps)?;
    e2e(steps)
}

/// The house rules.
pub(crate) fn check(steps: &mut Steps) -> Result<()> {
    steps.take("house rules", || {
        let sources = sources::all()?;
        let mut findings = house::findings(&sources);
        findings.extend(layers::findings()?);
        findings.extend(promises::findings()?);
        for finding in &findings {
            println!("  {finding}");
        }
        if !findings.is_empty() {
            bail!("{} findings", findings.len());
        }
        println!("  {} files keep them", sources.len());
        Ok(())
    })
}

/// Real clients against the release binary.
pub(crate) fn e2e(steps: &mut Steps) -> Result<()> {
    steps.take("release build", || run(&mut cargo(&["build", "--release", "--package", "fakeai"])))?;
    let binary = release_binary("fakeai");
    steps.take("e2e: set up Python", || clients::python::set_up(clients::python::SDK))?;
    steps.take("e2e: set up promtool", clients::promtool::set_up)?;
    steps.take("e2e: set up frameworks", || clients::python::set_up(clients::python::FRAMEWORKS))?;
    steps.take("e2e: set up Node", clients::node::set_up)?;
    steps.take("e2e: set up Chromium", clients::browser::set_up)?;
    steps.take("e2e: Python", || clients::python::run_tests(clients::python::SDK, &binary))?;
    steps.take("e2e: frameworks", || clients::python::run_tests(clients::python::FRAMEWORKS, &binary))?;
    steps.take("e2e: Node", || clients::node::run_tests(&binary))?;
    steps.take("e2e: dashboards", || clients::browser::run_tests(&binary))
}
