//! The commands: what each is called, what it takes, and the one place that chooses between them.

mod bench;
mod cache_stats;
mod chat;
mod completions;
mod config;
mod metrics;
mod models;
mod outline;
mod server;
mod simulate;
mod status;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::future::Future;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command};
use fakeai_core::Tasks;

use crate::client::{Client, ServerUrl};
use crate::config::{Inputs, Settings, URL_ENV};
use crate::error::Error;
use crate::terminal::Terminal;
use crate::{config as keys, environment, files};

/// What the commands know of the machine. Handed in, so that a test has a world of its own.
pub struct World<'a, 't> {
    /// The working directory.
    pub directory: PathBuf,
    /// The environment, as far as it is ours.
    pub env: Vec<(String, String)>,
    /// Where results and complaints go.
    pub terminal: &'a mut Terminal<'t>,
}

impl<'a, 't> World<'a, 't> {
    /// The process's own directory and environment.
    pub fn of_process(terminal: &'a mut Terminal<'t>) -> Self {
        Self { directory: files::working_directory(), env: environment::variables(keys::ENV_PREFIX), terminal }
    }
}

/// Runs the server with checked settings until it is told to stop.
pub type Serve = fn(Settings, &mut Terminal<'_>) -> anyhow::Result<()>;

/// Runs the command in `args` (the program's name first) and returns the exit code: 0 done, 1 failed, 2 called wrongly.
pub fn run<I>(args: I, world: &mut World<'_, '_>, serve: Serve) -> u8
where
    I: IntoIterator<Item: Into<OsString> + Clone>,
{
    let (root, mut args) = (root(), args.into_iter().map(Into::into).collect::<Vec<OsString>>());
    let unknown = take_unknown_flags(&root, &mut args);
    let result = match root.try_get_matches_from(args) {
        Ok(matches) => dispatch(&matches, unknown, world, serve),
        Err(error) => return explain(&error, world.terminal),
    };
    match result {
        Ok(()) => 0,
        Err(error) if error.is_broken_pipe() => 0,
        Err(error) => {
            // A complaint that cannot be written still has its exit code.
            let _ = writeln!(world.terminal.err, "error: {error}");
            error.exit_code()
        }
    }
}

/// Every command.
fn root() -> Command {
    Command::new("fakeai")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Behaves like the OpenAI platform, without a model")
        .max_term_width(120)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help("Start with `fakeai server`, then point any OpenAI SDK at http://127.0.0.1:8000/v1.")
        .subcommands([
            server::command(),
            status::command(),
            models::command(),
            chat::command(),
            metrics::command(),
            cache_stats::command(),
            config::command(),
            bench::command(),
            simulate::command(),
            completions::command(),
        ])
}

/// The unknown flags of the commands that take the configuration's flags, which report them with all other problems.
fn take_unknown_flags(root: &Command, args: &mut Vec<OsString>) -> Flags {
    let name = args.get(1).and_then(|name| name.to_str()).filter(|name| matches!(*name, "server" | "config"));
    let Some(command) = name.and_then(|name| root.find_subcommand(name)) else { return Flags::new() };
    let mut rest = args.split_off(2);
    let unknown = keys::take_unknown(command, &mut rest);
    args.append(&mut rest);
    unknown
}

/// Flags of the configuration and their values.
type Flags = Vec<(String, String)>;

fn dispatch(matches: &ArgMatches, unknown: Flags, world: &mut World<'_, '_>, serve: Serve) -> Result<(), Error> {
    match matches.subcommand() {
        Some(("server", matches)) => server::run(matches, unknown, world, serve),
        Some(("status", matches)) => block_on(status::run(matches, world))?,
        Some(("models", matches)) => block_on(models::run(matches, world))?,
        Some(("chat", matches)) => block_on(chat::run(matches, world))?,
        Some(("metrics", matches)) => block_on(metrics::run(matches, world))?,
        Some(("cache-stats", matches)) => block_on(cache_stats::run(matches, world))?,
        Some(("config", matches)) => config::run(matches, unknown, world),
        Some(("bench", matches)) => bench::run(matches, world),
        // The clock needs a runtime.
        Some(("simulate", matches)) => block_on(async { simulate::run(matches, world) })?,
        Some(("completions", matches)) => completions::run(matches, world),
        // clap has refused every other command.
        _ => Err(Error::Usage("a command is missing".to_owned())),
    }
}

/// Prints what clap has to say: help and version are no errors.
fn explain(error: &clap::Error, terminal: &mut Terminal<'_>) -> u8 {
    let rendered = error.render();
    let (out, is_terminal): (&mut dyn std::io::Write, bool) = if error.use_stderr() {
        (terminal.err, terminal.err_is_terminal)
    } else {
        (terminal.out, terminal.out_is_terminal)
    };
    let text = if is_terminal { rendered.ansi().to_string() } else { rendered.to_string() };
    // Nothing is left to say to a terminal that has gone.
    let _ = out.write_all(text.as_bytes());
    u8::from(error.use_stderr()) * 2
}

/// Runs a command that waits for one server at a time.
fn block_on<F: Future>(command: F) -> Result<F::Output, Error> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(command))
}

/// `--url`.
fn url_arg() -> Arg {
    Arg::new("url")
        .long("url")
        .value_name("URL")
        .help(format!("Address of the server [env: {URL_ENV}] [default: {}]", ServerUrl::DEFAULT))
}

/// `--json`.
fn json_arg() -> Arg {
    Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print JSON")
}

/// The server that `--url` or the environment names.
fn url(matches: &ArgMatches, env: &[(String, String)]) -> Result<ServerUrl, Error> {
    let named = matches.get_one::<String>("url").map(String::as_str);
    let in_env =
        || env.iter().find(|(name, value)| name == URL_ENV && !value.is_empty()).map(|(_, value)| value.as_str());
    ServerUrl::parse(named.or_else(in_env).unwrap_or(ServerUrl::DEFAULT))
}

/// A client of that server.
fn client(matches: &ArgMatches, env: &[(String, String)]) -> Result<Client, Error> {
    Ok(Client::new(url(matches, env)?, Tasks::default()))
}

/// The settings that `matches`, the environment and the file give. Flags that are `unknown` are refused.
fn settings(matches: &ArgMatches, unknown: Flags, world: &World<'_, '_>) -> Result<Settings, Error> {
    let mut flags = keys::given(matches);
    flags.extend(unknown);
    let inputs = Inputs {
        directory: world.directory.clone(),
        config_file: matches.get_one::<String>(keys::CONFIG_FILE_FLAG).map(PathBuf::from),
        env: world.env.clone(),
        flags,
    };
    Ok(Settings::load(&inputs)?)
}
