//! `fakeai config`: every key, its effective value and where it comes from.

use std::io::Write;

use clap::{Arg, ArgMatches, Command};
use serde_json::{Value, json};

use super::{Flags, World};
use crate::config::{self, Key, Settings};
use crate::error::Error;
use crate::table::{Align, Table};

pub(super) fn command() -> Command {
    let format = Arg::new("format")
        .long("format")
        .value_name("FORMAT")
        .value_parser(["table", "json"])
        .default_value("table")
        .help("How to print it");
    let schema = Command::new("schema").about("Print the JSON Schema of the configuration file");
    Command::new("config")
        .about("Show every key, its effective value and where it comes from")
        .arg(format)
        .args(config::args())
        .subcommand(schema)
        .args_conflicts_with_subcommands(true)
        .after_help(
            "\
Takes the flags of `fakeai server`, so that its outcome can be seen before a start.

Examples:
  fakeai config
  fakeai config --ttft 50 --format json
  fakeai config schema > fakeai.schema.json",
        )
}

pub(super) fn run(matches: &ArgMatches, unknown: Flags, world: &mut World<'_, '_>) -> Result<(), Error> {
    if matches.subcommand_matches("schema").is_some() {
        writeln!(world.terminal.out, "{:#}", config::schema())?;
        return Ok(());
    }
    let settings = super::settings(matches, unknown, world)?;
    let is_json = matches.get_one::<String>("format").is_some_and(|format| format == "json");
    if is_json { write_json(&settings, world.terminal.out) } else { write_table(&settings, world.terminal.out) }
}

fn write_table(settings: &Settings, out: &mut dyn Write) -> Result<(), Error> {
    let mut table = Table::new([("key", Align::Left), ("value", Align::Left), ("source", Align::Left)]);
    for row in &settings.rows {
        table.row([row.key.path(), config::shown(&masked(row.key, &row.value)), row.source.to_string()]);
    }
    Ok(table.write(out)?)
}

fn write_json(settings: &Settings, out: &mut dyn Write) -> Result<(), Error> {
    let rows: Vec<Value> = settings
        .rows
        .iter()
        .map(|row| json!({"key": row.key.path(), "value": masked(row.key, &row.value), "source": row.source.to_string()}))
        .collect();
    writeln!(out, "{:#}", Value::from(rows))?;
    Ok(())
}

/// The value without its secrets.
fn masked(key: &Key, value: &Value) -> Value {
    match value {
        // Keys need not look like keys.
        Value::String(_) if key.path() == "auth.api_keys" => "…".into(),
        Value::String(text) => config::masked(text).into_owned().into(),
        Value::Array(list) => list.iter().map(|value| masked(key, value)).collect(),
        value => value.clone(),
    }
}
