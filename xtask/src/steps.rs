//! Steps with a name, timed; the first that fails ends the run.

use std::fmt;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The steps taken so far.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    taken: Vec<(&'static str, Duration)>,
}

impl Steps {
    /// Says what is done, does it, and remembers how long it took.
    pub(crate) fn take(&mut self, name: &'static str, step: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("\n==> {name}");
        #[expect(clippy::disallowed_methods, reason = "a tool that times other programs has no server clock")]
        let begun = Instant::now();
        let result = step();
        self.taken.push((name, begun.elapsed()));
        result.with_context(|| format!("step `{name}` failed"))
    }
}

impl fmt::Display for Steps {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter)?;
        for (name, took) in &self.taken {
            writeln!(formatter, "{:>7.1} s  {name}", took.as_secs_f64())?;
        }
        let all: Duration = self.taken.iter().map(|(_, took)| *took).sum();
        writeln!(formatter, "{:>7.1} s  in all", all.as_secs_f64())
    }
}

/// Runs a program with our terminal as its own; an exit code other than 0 is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = shown(command);
    println!("  $ {line}");
    let status = command.status().with_context(|| format!("can't run `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// Whether a program is there and says it works.
pub(crate) fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
