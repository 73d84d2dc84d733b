//! `fakeai bench`: a small load generator.
//!
//! Each worker keeps one connection and sends the next request when the last is answered (closed loop). Times are taken
//! when bytes arrive, on the same clock that paces the server.

mod plan;
mod progress;
mod report;
mod tally;
mod worker;

pub(super) use plan::parse_duration;

use std::sync::Arc;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use fakeai_core::{Clock, Tasks};

use super::World;
use crate::error::Error;

use plan::Plan;
use progress::Progress;
use report::Report;
use tally::Tally;
use worker::Worker;

pub(super) fn command() -> Command {
    let option = |name: &'static str, value: &'static str| Arg::new(name).long(name).value_name(value);
    let count = |name, default| option(name, "N").value_parser(value_parser!(u32).range(1..)).default_value(default);
    let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let requests = option("requests", "N").value_parser(value_parser!(u64).range(1..));
    Command::new("bench")
        .about("Put load on a running server and measure it")
        .arg(count("concurrency", "32").short('c').help("Requests at a time"))
        .arg(requests.short('n').help("Requests in all [default: 1000]").conflicts_with("duration"))
        .arg(
            option("duration", "TIME").short('d').value_parser(plan::parse_duration).help("Go on for 500ms, 10s, 2m …"),
        )
        .arg(switch("stream").help("Ask for streams (the default)").overrides_with("no-stream"))
        .arg(switch("no-stream").help("Ask for whole answers"))
        .arg(option("model", "MODEL").default_value("gpt-4o-mini").help("The model to ask"))
        .arg(count("prompt-tokens", "200").help("Length of the prompt, nearly"))
        .arg(count("max-tokens", "100").help("Longest answer"))
        .arg(
            option("timeout", "TIME")
                .value_parser(plan::parse_duration)
                .default_value("60s")
                .help("Longest wait for an answer"),
        )
        .arg(switch("allow-remote").help("Allow a server on another machine"))
        .arg(super::url_arg())
        .arg(super::json_arg())
        .after_help(
            "\
Exit code 0: every request was answered; 1: some failed.

Examples:
  fakeai bench
  fakeai bench -c 256 -d 10s --max-tokens 50
  fakeai bench --no-stream -n 5000 --json",
        )
}

pub(super) fn run(matches: &ArgMatches, world: &mut World<'_, '_>) -> Result<(), Error> {
    let plan = Plan::of(matches, super::url(matches, &world.env)?);
    // Workers on every core: the load generator must not be what is slow.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(bench(plan, matches.get_flag("allow-remote"), world))?;
    if matches.get_flag("json") {
        writeln!(world.terminal.out, "{:#}", report.json())?;
    } else {
        report.write(world.terminal.out)?;
    }
    match report.failed() {
        0 => Ok(()),
        failed => Err(Error::Failed(format!("{failed} requests failed"))),
    }
}

/// Runs the workers to their end, or until the user interrupts, and sums up.
async fn bench(plan: Plan, allow_remote: bool, world: &mut World<'_, '_>) -> Result<Report, Error> {
    plan.check_target(allow_remote).await?;
    let clock = Clock::system()?;
    let (plan, tasks, tally) = (Arc::new(plan), Tasks::default(), Arc::new(Tally::new()?));
    let begun = clock.now();
    let progress = Arc::new(Progress::new(&plan, begun));
    let workers: Vec<_> = (0..plan.concurrency)
        .map(|_| tasks.spawn(Worker::new(&plan, &clock, &tasks, &progress, &tally).run()))
        .collect();
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    for worker in workers {
        tokio::pin!(worker);
        loop {
            tokio::select! {
                ended = &mut worker => {
                    ended.map_err(|error| Error::Failed(format!("a worker ended: {error}")))?;
                    break;
                }
                () = clock.sleep(REDRAW_EVERY), if world.terminal.err_is_terminal => {
                    progress.draw(clock.now(), world.terminal.err)?;
                }
                interrupt = &mut interrupted, if !progress.is_stopped() => {
                    interrupt?;
                    progress.stop();
                }
            }
        }
    }
    if world.terminal.err_is_terminal {
        Progress::clear(world.terminal.err)?;
    }
    let elapsed = clock.now().since(begun);
    Ok(Report::new(&plan, &tally, elapsed))
}

/// Often enough to look alive.
const REDRAW_EVERY: Duration = Duration::from_millis(100);
