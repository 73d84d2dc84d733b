//! `engine`: how well the engine model predicts measurements it was not fitted to, and how fast it runs.
//!
//! Half of the measurements, chosen by a hash of their ids, fits the coefficients; the other half is scored.
#![expect(clippy::print_stdout, reason = "its output is what a person at a terminal reads")]

mod accuracy;
mod speed;

use std::path::PathBuf;

use anyhow::{Result, bail};

/// What was asked for.
#[derive(Debug, Default)]
struct Options {
    csv: Option<PathBuf>,
    trace: Option<PathBuf>,
    /// Fit anew instead of taking the coefficients that are built in.
    is_fitting: bool,
    /// Print every point.
    is_verbose: bool,
    evaluations: usize,
    /// Fit only groups whose name has this in it, for example `vllm dense`.
    only: Option<String>,
}

/// Runs `engine [--csv FILE] [--trace FILE] [--fit] [--only GROUP] [--rows] [--evaluations N]`.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let mut options = Options { evaluations: 600, ..Options::default() };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--csv" => options.csv = words.next().map(PathBuf::from),
            "--trace" => options.trace = words.next().map(PathBuf::from),
            "--fit" => options.is_fitting = true,
            "--only" => options.only = words.next().map(|word| (*word).to_owned()),
            "--rows" => options.is_verbose = true,
            "--evaluations" => options.evaluations = words.next().and_then(|text| text.parse().ok()).unwrap_or(600),
            other => bail!("`{other}` is not known: engine [--csv FILE] [--trace FILE] [--fit] [--rows]"),
        }
    }
    if let Some(csv) = &options.csv {
        accuracy::run(csv, &options)?;
    }
    speed::run(options.trace.as_deref())
}
