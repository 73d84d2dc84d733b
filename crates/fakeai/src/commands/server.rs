//! `fakeai server`.

use clap::{ArgMatches, Command};

use super::{Flags, Serve, World};
use crate::config;
use crate::error::Error;

pub(super) fn command() -> Command {
    Command::new("server").about("Run the server").args(config::args()).after_help(
        "\
Every flag can also be set in a configuration file or in the environment; `fakeai config` shows the outcome.

Examples:
  fakeai server
  fakeai server --port 9000 --ttft 200:20% --itl 15
  fakeai server --latency instant --output-tokens 128 --seed 7 --deterministic
  fakeai server --strict-models --models my-models.toml
  FAKEAI_TTFT_MS=100 fakeai server --config-file staging.yaml",
    )
}

pub(super) fn run(matches: &ArgMatches, unknown: Flags, world: &mut World<'_, '_>, serve: Serve) -> Result<(), Error> {
    let settings = super::settings(matches, unknown, world)?;
    serve(settings, world.terminal).map_err(Error::Server)
}
