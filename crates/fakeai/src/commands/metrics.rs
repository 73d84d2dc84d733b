//! `fakeai metrics`: a running server's metrics, once or again and again.

use std::time::Duration;

use clap::{Arg, ArgMatches, Command, value_parser};
use fakeai_core::Clock;

use super::{World, outline};
use crate::client::Client;
use crate::error::Error;
use crate::terminal::Terminal;

pub(super) fn command() -> Command {
    let format = Arg::new("format")
        .long("format")
        .value_name("FORMAT")
        .value_parser(["pretty", "json", "prometheus", "csv"])
        .default_value("pretty")
        .help("How to print them");
    let watch = Arg::new("watch")
        .long("watch")
        .value_name("SECONDS")
        .num_args(0..=1)
        .default_missing_value("5")
        .value_parser(value_parser!(f64))
        .help("Print them again every so many seconds, until interrupted [default: 5]");
    Command::new("metrics")
        .about("Show a running server's metrics")
        .arg(format)
        .arg(watch)
        .arg(super::url_arg())
        .after_help(
            "\
Examples:
  fakeai metrics
  fakeai metrics --watch 2
  fakeai metrics --format prometheus",
        )
}

pub(super) async fn run(matches: &ArgMatches, world: &mut World<'_, '_>) -> Result<(), Error> {
    let mut client = super::client(matches, &world.env)?;
    let format = matches.get_one::<String>("format").map_or("pretty", String::as_str);
    let Some(&seconds) = matches.get_one::<f64>("watch") else {
        return show(&mut client, format, world.terminal).await;
    };
    let pause =
        Duration::try_from_secs_f64(seconds).ok().filter(|pause| *pause >= SHORTEST_PAUSE).ok_or_else(|| {
            Error::Usage(format!("--watch {seconds}: expected at least {} seconds", SHORTEST_PAUSE.as_secs_f64()))
        })?;
    let clock = Clock::system()?;
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    loop {
        if world.terminal.out_is_terminal {
            world.terminal.out.write_all(CLEAR_SCREEN)?;
        }
        show(&mut client, format, world.terminal).await?;
        world.terminal.out.flush()?;
        tokio::select! {
            () = clock.sleep(pause) => {}
            interrupt = &mut interrupted => return Ok(interrupt?),
        }
    }
}

/// Fetching faster than this would show mostly itself.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

const CLEAR_SCREEN: &[u8] = b"\x1b[2J\x1b[H";

async fn show(client: &mut Client, format: &str, terminal: &mut Terminal<'_>) -> Result<(), Error> {
    match format {
        "prometheus" => terminal.out.write_all(client.get_text("/metrics/prometheus").await?.as_bytes())?,
        "csv" => terminal.out.write_all(client.get_text("/metrics/csv").await?.as_bytes())?,
        "json" => writeln!(terminal.out, "{:#}", client.get_json("/metrics").await?)?,
        _ => outline::write(&client.get_json("/metrics").await?, terminal.out)?,
    }
    Ok(())
}
