//! `fakeai cache-stats`: how a running server's KV cache does.

use clap::{ArgMatches, Command};

use super::{World, outline};
use crate::error::Error;

pub(super) fn command() -> Command {
    Command::new("cache-stats")
        .about("Show the KV cache of a running server")
        .arg(super::url_arg())
        .arg(super::json_arg())
        .after_help("Examples:\n  fakeai cache-stats\n  fakeai cache-stats --json")
}

pub(super) async fn run(matches: &ArgMatches, world: &mut World<'_, '_>) -> Result<(), Error> {
    let stats = super::client(matches, &world.env)?.get_json("/kv-cache/metrics").await?;
    if matches.get_flag("json") {
        writeln!(world.terminal.out, "{stats:#}")?;
    } else {
        outline::write(&stats, world.terminal.out)?;
    }
    Ok(())
}
