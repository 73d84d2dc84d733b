//! The command line of `fakeai`.

use std::process::ExitCode;

use fakeai::Terminal;
use fakeai::commands::{World, run};
use fakeai::config::Settings;

fn main() -> ExitCode {
    let code = Terminal::with_process(|terminal| run(std::env::args_os(), &mut World::of_process(terminal), serve));
    ExitCode::from(code)
}

/// Joins the settings to the server.
fn serve(_settings: Settings, _terminal: &mut Terminal<'_>) -> anyhow::Result<()> {
    anyhow::bail!("this build has no server")
}
