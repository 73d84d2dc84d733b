//! `fakeai status`: how a running server does.

use clap::{ArgMatches, Command};
use serde_json::Value;

use super::World;
use super::outline::number;
use crate::error::Error;

pub(super) fn command() -> Command {
    Command::new("status")
        .about("Show how a running server does")
        .arg(super::url_arg())
        .arg(super::json_arg())
        .after_help(
            "\
Exit code 0: a healthy server answers; 1: none answers, or it is not healthy.

Examples:
  fakeai status
  fakeai status --url http://127.0.0.1:9000 --json",
        )
}

pub(super) async fn run(matches: &ArgMatches, world: &mut World<'_, '_>) -> Result<(), Error> {
    let mut client = super::client(matches, &world.env)?;
    let health = client.get_json("/health/detailed").await?;
    let out = &mut *world.terminal.out;
    if matches.get_flag("json") {
        writeln!(out, "{health:#}")?;
    } else {
        writeln!(out, "{:<16}{}", "url", client.url())?;
        for (label, pointer, unit) in LINES {
            match health.pointer(pointer) {
                None | Some(Value::Null) => {}
                Some(value) => writeln!(out, "{label:<16}{}{unit}", shown(label, value))?,
            }
        }
    }
    match health["status"].as_str() {
        Some("healthy" | "starting") => Ok(()),
        Some(status) => Err(Error::Failed(format!("the server is {status}"))),
        None => Err(Error::Answer("it does not say a status".to_owned())),
    }
}

/// What is shown, where it stands in the answer, and its unit. What a server does not say is left out.
const LINES: [(&str, &str, &str); 8] = [
    ("status", "/status", ""),
    ("version", "/version", ""),
    (UPTIME, "/uptime_seconds", ""),
    ("requests", "/metrics_summary/total_requests", ""),
    ("request rate", "/metrics_summary/total_requests_per_second", " per second"),
    ("error rate", "/metrics_summary/error_rate_percentage", " %"),
    ("latency", "/metrics_summary/average_latency_seconds", " s on average"),
    ("active streams", "/metrics_summary/active_streams", ""),
];

const UPTIME: &str = "uptime";

fn shown(label: &str, value: &Value) -> String {
    match (value.as_f64(), label) {
        (Some(seconds), UPTIME) => duration(seconds),
        (Some(figure), _) => number(figure),
        (None, _) => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    }
}

/// `2d 3h`, `5m 7s`, `12.3s`.
fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    match whole {
        0..60 => format!("{seconds:.1}s"),
        60..3600 => format!("{}m {}s", whole / 60, whole % 60),
        3600..86_400 => format!("{}h {}m", whole / 3600, whole / 60 % 60),
        _ => format!("{}d {}h", whole / 86_400, whole / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_keep_two_units() {
        let shown = [0.25, 59.9, 61.0, 3725.0, 200_000.0].map(duration);
        assert_eq!(shown, ["0.2s", "59.9s", "1m 1s", "1h 2m", "2d 7h"]);
    }
}
