//! `fakeai models`: what a server's models are and cost.

use clap::{Arg, ArgMatches, Command};
use serde_json::Value;

use super::World;
use super::outline::number;
use crate::error::Error;
use crate::table::{Align, Table};

pub(super) fn command() -> Command {
    Command::new("models")
        .about("List the models of a running server")
        .arg(Arg::new("filter").help("Only models whose id or owner contains this"))
        .arg(super::url_arg())
        .arg(super::json_arg())
        .after_help(
            "\
Context is in tokens; prices are US dollars for a million tokens.

Examples:
  fakeai models
  fakeai models gpt-4o
  fakeai models --json | jq -r '.[].id'",
        )
}

pub(super) async fn run(matches: &ArgMatches, world: &mut World<'_, '_>) -> Result<(), Error> {
    let list = super::client(matches, &world.env)?.get_json("/v1/models").await?;
    let models = list["data"].as_array().ok_or_else(|| Error::Answer("/v1/models has no `data` list".to_owned()))?;
    let filter = matches.get_one::<String>("filter").map(|filter| filter.to_lowercase()).unwrap_or_default();
    let has = |field: &Value| field.as_str().is_some_and(|text| text.to_lowercase().contains(&filter));
    let chosen: Vec<&Value> = models.iter().filter(|model| has(&model["id"]) || has(&model["owned_by"])).collect();
    let out = &mut *world.terminal.out;
    if matches.get_flag("json") {
        writeln!(out, "{:#}", chosen.into_iter().cloned().collect::<Value>())?;
        return Ok(());
    }
    if chosen.is_empty() {
        return Err(Error::Failed(format!("none of {} models matches `{filter}`", models.len())));
    }
    table(&chosen).write(out)?;
    Ok(())
}

fn table(models: &[&Value]) -> Table {
    let columns = [("id", Align::Left), ("owner", Align::Left), ("context", Align::Right), ("output", Align::Right)];
    let prices = ["$ input", "$ cached", "$ answer"].map(|name| (name, Align::Right));
    let mut table = Table::new(columns.into_iter().chain(prices));
    for model in models {
        let text = |name: &str| model[name].as_str().unwrap_or("-").to_owned();
        let figure = |value: &Value| value.as_f64().map_or_else(|| "-".to_owned(), number);
        let price = |name: &str| figure(&model["pricing"][name]);
        table.row([
            text("id"),
            text("owned_by"),
            figure(&model["context_window"]),
            figure(&model["max_output_tokens"]),
            price("input_per_million"),
            price("cached_input_per_million"),
            price("output_per_million"),
        ]);
    }
    table
}
