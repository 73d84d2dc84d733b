//! `fakeai server`: the server as a process of its own, from its start-up card to its last stream.

use fakeai_server::App;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{LogFormat, LogLevel, Settings};
use crate::terminal::Terminal;
use crate::{card, embed};

/// Serves until a signal to stop; with `server.reload`, anew whenever a file it was made from changes.
pub fn serve(mut settings: Settings, terminal: &mut Terminal<'_>) -> anyhow::Result<()> {
    let server = &settings.config.server;
    log_to_stderr(server.effective_log_level(), server.log_format, terminal.err_is_terminal);
    raise_descriptor_limit();
    loop {
        // The server brings its other threads along, each with a runtime of its own.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let changed = runtime.block_on(run(&settings, terminal))?;
        // Loading vocabularies may still be under way; nobody needs them now.
        runtime.shutdown_background();
        if !changed {
            return Ok(());
        }
        settings = settings.reload()?;
    }
}

/// Runs the server; true if it ended because a file it was made from has changed.
async fn run(settings: &Settings, terminal: &mut Terminal<'_>) -> anyhow::Result<bool> {
    let (server, app) = embed::bind(&settings.config).await?;
    terminal.out.write_all(card::card(settings, server.bound()).as_bytes())?;
    terminal.out.flush()?;
    let tasks = app.kit.tasks.clone();
    let running = tasks.spawn(server.run());
    let changed = tokio::select! {
        stopped = stop_signal() => { stopped?; false }
        () = settings.changed(&app.kit.clock) => true,
    };
    terminal.out.write_all(stopping(&app, changed).as_bytes())?;
    terminal.out.flush()?;
    tasks.stop();
    tokio::select! {
        _ = running => {}
        again = stop_signal() => again?,
    }
    // Files are free for the next server.
    app.close().await;
    Ok(changed)
}

fn stopping(app: &App, changed: bool) -> String {
    let streams = app.ledger.active_streams();
    let why = if changed { "a file has changed: starting anew" } else { "stopping" };
    let grace = app.settings.listen.grace.as_secs_f64();
    if streams > 0 {
        let streams = if streams == 1 { "one stream".to_owned() } else { format!("{streams} streams") };
        format!("{why}; {streams} may go on for {grace} s (again to stop at once)\n")
    } else {
        format!("{why}\n")
    }
}

/// Ctrl-C or SIGTERM.
async fn stop_signal() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

fn log_to_stderr(level: LogLevel, format: LogFormat, colours: bool) {
    use tracing_subscriber::filter::LevelFilter;
    let filter = match level {
        LogLevel::Trace => LevelFilter::TRACE,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Warning => LevelFilter::WARN,
        LogLevel::Error | LogLevel::Critical => LevelFilter::ERROR,
    };
    let lines = tracing_subscriber::fmt().with_max_level(filter).with_writer(std::io::stderr);
    // An embedding program may have set its own; then that one is used.
    let _ = match format {
        LogFormat::Human => lines.with_ansi(colours).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
    };
}

/// Ten thousand streams are ten thousand descriptors, and the usual limit is 1,024.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Where it can't be raised, the accept loop waits for descriptors.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}
