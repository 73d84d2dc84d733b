//! `fakeai completions`: the script that lets a shell complete our commands and flags.

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::Shell;

use super::World;
use crate::error::Error;

pub(super) fn command() -> Command {
    Command::new("completions")
        .about("Print a shell's completion script")
        .arg(Arg::new("shell").required(true).value_parser(value_parser!(Shell)).help("The shell"))
        .after_help(
            "\
Examples:
  fakeai completions bash > ~/.local/share/bash-completion/completions/fakeai
  fakeai completions zsh > ~/.zfunc/_fakeai
  fakeai completions fish > ~/.config/fish/completions/fakeai.fish",
        )
}

pub(super) fn run(matches: &ArgMatches, world: &mut World<'_, '_>) -> Result<(), Error> {
    if let Some(&shell) = matches.get_one::<Shell>("shell") {
        // Made in memory first: the generator panics when it cannot write.
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut super::root(), "fakeai", &mut script);
        world.terminal.out.write_all(&script)?;
    }
    Ok(())
}
