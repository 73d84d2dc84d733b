//! Prints a JSON answer for people: tables where there are rows of figures, lines elsewhere.

use std::io::{self, Write};

use serde_json::{Map, Value};

use crate::table::{Align, Table};

/// Writes the sections of `value`, each under its name.
pub(super) fn write(value: &Value, out: &mut dyn Write) -> io::Result<()> {
    let Some(sections) = value.as_object() else {
        return writeln!(out, "{value:#}");
    };
    let (plain, nested): (Vec<_>, Vec<_>) = sections.iter().partition(|(_, value)| !value.is_object());
    write_lines(plain.into_iter().map(|(name, value)| (name.clone(), value)), out)?;
    for (name, section) in nested {
        writeln!(out, "{name}")?;
        match section.as_object().and_then(rows) {
            Some(table) => table.write(out)?,
            None => write_lines(leaves(section).into_iter(), out)?,
        }
        writeln!(out)?;
    }
    Ok(())
}

/// A table, when every value of `section` is a record of plain figures.
fn rows(section: &Map<String, Value>) -> Option<Table> {
    let records: Vec<(&String, &Map<String, Value>)> =
        section.iter().map(|(name, value)| Some((name, value.as_object()?))).collect::<Option<_>>()?;
    let is_plain = |record: &Map<String, Value>| !record.values().any(|value| value.is_object() || value.is_array());
    if records.is_empty() || !records.iter().all(|(_, record)| is_plain(record)) {
        return None;
    }
    let mut columns: Vec<&String> = Vec::new();
    for name in records.iter().flat_map(|(_, record)| record.keys()) {
        if !columns.contains(&name) {
            columns.push(name);
        }
    }
    let head = columns.iter().map(|&name| (name.clone(), Align::Right));
    let mut table = Table::new(std::iter::once((String::new(), Align::Left)).chain(head));
    for (name, record) in records {
        let cells = columns.iter().map(|&column| record.get(column).map_or_else(|| "-".to_owned(), plain));
        table.row(std::iter::once(name.clone()).chain(cells));
    }
    Some(table)
}

/// Every plain value under `value`, with its path.
fn leaves(value: &Value) -> Vec<(String, &Value)> {
    match value.as_object() {
        None => vec![(String::new(), value)],
        Some(object) => object
            .iter()
            .flat_map(|(name, value)| {
                let under = leaves(value).into_iter();
                under.map(move |(path, leaf)| {
                    (if path.is_empty() { name.clone() } else { format!("{name}.{path}") }, leaf)
                })
            })
            .collect(),
    }
}

fn write_lines<'a>(lines: impl Iterator<Item = (String, &'a Value)>, out: &mut dyn Write) -> io::Result<()> {
    let lines: Vec<(String, &Value)> = lines.collect();
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    lines.iter().try_for_each(|(name, value)| writeln!(out, "  {name:<width$}  {}", plain(value)))
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(figure) => figure.as_f64().map_or_else(|| figure.to_string(), number),
        value => value.to_string(),
    }
}

/// A figure without digits that say nothing.
pub(super) fn number(figure: f64) -> String {
    if figure.fract() == 0.0 && figure.abs() < 1e15 {
        return format!("{figure:.0}");
    }
    let digits = if figure.abs() >= 100.0 {
        1
    } else if figure.abs() >= 1.0 {
        2
    } else {
        4
    };
    let text = format!("{figure:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(value: &Value) -> String {
        let mut text = Vec::new();
        write(value, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn records_become_tables_and_the_rest_lines() {
        insta::assert_snapshot!(written(&json!({
            "timestamp": 1_735_689_600,
            "requests": {
                "/v1/chat/completions": {"rate": 12.345, "avg": 0.02512},
                "/v1/embeddings": {"rate": 1.0, "p99": null}
            },
            "router": {"workers": {"worker-0": {"active": 1}}, "weights": [1, 0.5], "name": "kv"},
            "latency": {}
        })));
        assert_eq!(written(&json!([1])), "[\n  1\n]\n");
    }

    #[test]
    fn figures_are_short() {
        let shown = [0.0, 3.0, 128_000.0, 2.5, 0.15, 0.000_01, 1234.56, -0.5].map(number);
        assert_eq!(shown, ["0", "3", "128000", "2.5", "0.15", "0", "1234.6", "-0.5"]);
    }
}
