//! Files of lines, one request each.

use std::io::BufRead;

use serde_json::value::RawValue;

use super::{Collected, Format, mooncake, sharegpt};
use crate::SimulateError;

/// Calls `each` with every line that is not blank and its number, until it is full.
pub(super) fn each_line(
    mut reader: impl BufRead,
    collected: &mut Collected<'_>,
    mut each: impl FnMut(&mut Collected<'_>, usize, &str) -> Result<(), SimulateError>,
) -> Result<(), SimulateError> {
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        let read = reader.read_until(b'\n', &mut bytes).map_err(|source| collected.broken(source))?;
        if read == 0 || collected.is_full() {
            break;
        }
        let line = bytes.strip_prefix(b"\xEF\xBB\xBF").filter(|_| number == 1).unwrap_or(&bytes);
        match std::str::from_utf8(line.trim_ascii()) {
            Ok("") => {}
            Ok(line) => each(collected, number, line)?,
            Err(_) => collected.bad(number, "this is no UTF-8")?,
        }
    }
    Ok(())
}

/// Reads JSON lines: Mooncake's, or a conversation each.
pub(super) fn read_json(reader: impl BufRead, collected: &mut Collected<'_>) -> Result<(), SimulateError> {
    let mut is_conversations = None;
    each_line(reader, collected, |collected, number, line| {
        let is_conversations = *is_conversations.get_or_insert_with(|| {
            let found = line.contains("\"conversations\"") || line.contains("\"messages\"");
            (collected.format, collected.is_timed) =
                if found { (Format::ShareGpt, false) } else { (Format::Mooncake, true) };
            found
        });
        if !is_conversations {
            return mooncake::add(line, number, collected);
        }
        match serde_json::from_str::<&RawValue>(line) {
            Ok(value) => sharegpt::add(value.get(), number, collected),
            Err(error) => collected.bad(number, super::lines::words(&error)),
        }
    })
}

/// What is wrong with JSON, without the place in it, which the line number tells.
pub(super) fn words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(words, _)| words.to_owned())
}
