//! Results as JSON: six digits of each number, one line for each list of numbers.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};
use serde_json::{Map, Number, Value};

use crate::Results;

/// The document. The samples of a series stand in columns: a list for each figure.
///
/// # Errors
/// None that these results could cause.
pub fn document(results: &Results) -> serde_json::Result<String> {
    let mut value = serde_json::to_value(results)?;
    for point in value["points"].as_array_mut().into_iter().flatten() {
        if let Some(samples) = point["series"]["samples"].as_array() {
            let columns = columns(samples);
            point["series"]["samples"] = columns;
        }
    }
    round(&mut value);
    let mut text = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut text, Readable::default()))?;
    text.push(b'\n');
    String::from_utf8(text).map_err(serde::ser::Error::custom)
}

/// Objects of the same names as one object of lists.
fn columns(samples: &[Value]) -> Value {
    let mut columns = Map::new();
    for sample in samples.iter().filter_map(Value::as_object) {
        for (name, value) in sample {
            let column = columns.entry(name).or_insert_with(|| Value::Array(Vec::new()));
            if let Some(column) = column.as_array_mut() {
                column.push(value.clone());
            }
        }
    }
    Value::Object(columns)
}

fn round(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(round),
        Value::Object(values) => values.values_mut().for_each(round),
        Value::Number(number) if number.is_f64() => {
            let rounded = number.as_f64().map(six_digits).and_then(Number::from_f64);
            *value = rounded.map_or(Value::Null, Value::Number);
        }
        _ => {}
    }
}

/// The number with six digits.
pub(crate) fn six_digits(number: f64) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return number;
    }
    let scale = 10_f64.powi(5 - number.abs().log10().floor() as i32);
    let rounded = (number * scale).round() / scale;
    if rounded.is_finite() { rounded } else { number }
}

/// Objects on lines of their own, lists on one.
#[derive(Default)]
struct Readable {
    pretty: PrettyFormatter<'static>,
}

impl Formatter for Readable {
    fn begin_array_value<W: Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object(writer)
    }

    fn end_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_object(writer)
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_object_key(writer, first)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(writer)
    }

    fn end_object_value<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_six_digits() {
        for (number, rounded) in [(1.0 / 3.0, 0.333_333), (123_456_789.0, 123_457_000.0), (0.1 + 0.2, 0.3), (0.0, 0.0)]
        {
            assert!((six_digits(number) - rounded).abs() <= f64::EPSILON * rounded, "{number}");
        }
    }
}
