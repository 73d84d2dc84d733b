//! CSV with a time and two counts of tokens: Azure's LLM inference traces
//! (`TIMESTAMP,ContextTokens,GeneratedTokens`), `BurstGPT`'s (`Timestamp,…,Request tokens,Response tokens,…`), and
//! whatever names its columns like Mooncake's fields.

use std::io::BufRead;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::lines::each_line;
use super::{Collected, lone, seconds, tokens};
use crate::SimulateError;

const TIME: [&str; 2] = ["timestamp", "arrival_s"];
const PROMPT: [&str; 4] = ["contexttokens", "requesttokens", "inputlength", "prompttokens"];
const OUTPUT: [&str; 4] = ["generatedtokens", "responsetokens", "outputlength", "outputtokens"];

/// Places of the columns.
struct Columns {
    time: usize,
    prompt: usize,
    output: usize,
}

/// Reads all lines; the first one names the columns.
pub(super) fn read(reader: impl BufRead, collected: &mut Collected<'_>) -> Result<(), SimulateError> {
    let mut columns = None;
    each_line(reader, collected, |collected, number, line| {
        let Some(columns) = &columns else {
            columns = Some(Columns::of(line).ok_or_else(|| collected.wrong(super::UNKNOWN_FORMAT))?);
            return Ok(());
        };
        match columns.request(line) {
            Ok((arrival, prompt, output)) => {
                collected.add(arrival, [lone(prompt, output)]);
                Ok(())
            }
            Err(reason) => collected.bad(number, reason),
        }
    })
}

impl Columns {
    fn of(header: &str) -> Option<Self> {
        let fold =
            |name: &str| name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        let names: Vec<String> = header.split(',').map(fold).collect();
        let place = |known: &[&str]| names.iter().position(|name| known.iter().any(|known| fold(known) == *name));
        Some(Self { time: place(&TIME)?, prompt: place(&PROMPT)?, output: place(&OUTPUT)? })
    }

    fn request(&self, line: &str) -> Result<(Duration, u32, u32), String> {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let field = |place: usize| fields.get(place).copied().ok_or_else(|| "a field is missing".to_owned());
        let count =
            |text: &str| text.parse::<u64>().map_err(|_| format!("`{text}` is no count of tokens")).and_then(tokens);
        Ok((time(field(self.time)?)?, count(field(self.prompt)?)?, count(field(self.output)?)?))
    }
}

/// A time: seconds, or a date with a time of day, in UTC unless it says otherwise.
fn time(text: &str) -> Result<Duration, String> {
    if let Ok(number) = text.parse::<f64>() {
        return seconds(number);
    }
    let timestamp = match text.parse::<jiff::Timestamp>() {
        Ok(timestamp) => Some(timestamp),
        Err(_) => text
            .parse::<DateTime>()
            .ok()
            .and_then(|date| date.to_zoned(TimeZone::UTC).ok())
            .map(|zoned| zoned.timestamp()),
    };
    let nanoseconds =
        timestamp.map(jiff::Timestamp::as_nanosecond).and_then(|nanoseconds| u64::try_from(nanoseconds).ok());
    nanoseconds.map(Duration::from_nanos).ok_or_else(|| format!("`{text}` is no time"))
}
