//! The chores of this repository: `cargo xtask test` and its parts.
//!
//! Depends on nothing but `anyhow`, so that a fresh clone starts testing after seconds of building.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is what a person at a terminal reads")]

mod bench;
mod conformance;
mod e2e;
mod fuzz;
mod house;
mod layers;
mod promises;
mod repository;
mod sources;
mod steps;
mod suite;

use std::process::ExitCode;

use anyhow::Result;

use steps::Steps;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test             everything a change must pass: format, lints, house rules, unit and integration tests,
                   conformance, a minute of fuzz, e2e
  check            the house rules alone: sizes, names, layers, banned dependencies, promises with their tests
  conformance      the server held to OpenAI's document (OPENAI_OPENAPI, or ../shared/reference/openai-openapi.json)
  e2e              real clients from their registries against the release binary
  fuzz [--cases N] [--seconds S] [--threads N] [--from N] [--loud] [--list] [NAME…]
                   damaged inputs for all that reads bytes from the network, a million for each unless told otherwise
  bench [--quick]  the release binary beside a bare axum server
  bench agreement  the live server's physical engine beside the simulator, for 1 to 64 clients
  bench engine [--csv FILE] [--trace FILE] [--fit] [--only GROUP] [--rows]
                   the engine model: errors against measurements, speed
  bench search     searches of 100,000 chunks on one core
  bench realtime   a thousand Realtime sessions that are spoken to at once
  bench media      pictures of each scene and speech in each format on one core
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut steps = Steps::default();
    if let ["bench", "engine", ..] = words[..] {
        let result = bench::engine(&mut steps, &arguments[2..]);
        return end(&steps, result);
    }
    if let ["fuzz", ..] = words[..] {
        let result = fuzz::whole(&mut steps, &arguments[1..]);
        return end(&steps, result);
    }
    let command: fn(&mut Steps) -> Result<()> = match words[..] {
        ["test"] => suite::everything,
        ["check"] => suite::check,
        ["conformance"] => conformance::judge,
        ["e2e"] => suite::e2e,
        ["bench"] => bench::whole,
        ["bench", "--quick"] => bench::quick,
        ["bench", "agreement"] => bench::agreement,
        ["bench", "search"] => bench::search,
        ["bench", "media"] => bench::media,
        ["bench", "realtime"] => bench::realtime,
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    let result = command(&mut steps);
    end(&steps, result)
}

fn end(steps: &Steps, result: Result<()>) -> ExitCode {
    print!("{steps}");
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
