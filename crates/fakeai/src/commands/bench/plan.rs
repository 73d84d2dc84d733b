//! What the load is made of.

use std::time::Duration;

use bytes::Bytes;
use clap::ArgMatches;
use serde_json::json;

use crate::client::ServerUrl;
use crate::error::Error;

/// What the load is made of.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) url: ServerUrl,
    /// Requests at a time.
    pub(super) concurrency: u32,
    pub(super) end: End,
    pub(super) is_streaming: bool,
    pub(super) model: String,
    /// The request's body, the same for all.
    pub(super) body: Bytes,
    /// The longest wait for an answer.
    pub(super) timeout: Duration,
}

/// When the load ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// After so many requests.
    Requests(u64),
    /// After so much time. Requests that are running then are waited for.
    After(Duration),
}

const DEFAULT_REQUESTS: u64 = 1000;

impl Plan {
    /// The plan that the flags make.
    pub(super) fn of(matches: &ArgMatches, url: ServerUrl) -> Self {
        let count = |name: &str| matches.get_one::<u32>(name).copied().unwrap_or(1);
        let duration = |name: &str| matches.get_one::<Duration>(name).copied();
        let requests = matches.get_one::<u64>("requests").copied().unwrap_or(DEFAULT_REQUESTS);
        let is_streaming = !matches.get_flag("no-stream");
        let model = matches.get_one::<String>("model").cloned().unwrap_or_default();
        let mut request = json!({
            "model": model,
            "messages": [{"role": "user", "content": prompt(count("prompt-tokens"))}],
            "max_tokens": count("max-tokens"),
            "stream": is_streaming,
        });
        if is_streaming {
            request["stream_options"] = json!({"include_usage": true});
        }
        Self {
            url,
            concurrency: count("concurrency"),
            end: duration("duration").map_or(End::Requests(requests), End::After),
            is_streaming,
            model,
            body: request.to_string().into(),
            timeout: duration("timeout").unwrap_or(Duration::MAX),
        }
    }

    /// Refuses a server that is away, and one on another machine unless that is `allowed`: load is an attack on those
    /// who did not ask for it.
    pub(super) async fn check_target(&self, allowed: bool) -> Result<(), Error> {
        let (url, target) = (&self.url, (self.url.host(), self.url.port()));
        let no_server = |source| Error::NoServer { url: url.to_string(), source };
        let mut addresses = tokio::net::lookup_host(target).await.map_err(no_server)?;
        if !allowed && !addresses.all(|address| address.ip().is_loopback()) {
            let why = "is not on this machine; --allow-remote allows it, if its owner does";
            return Err(Error::Usage(format!("{url} {why}")));
        }
        tokio::net::TcpStream::connect(target).await.map_err(no_server)?;
        Ok(())
    }
}

/// Text of about so many tokens: common words, each of which is one token.
fn prompt(tokens: u32) -> String {
    const WORDS: [&str; 24] = [
        "the", "a", "river", "house", "and", "small", "light", "over", "time", "with", "green", "stone", "to", "open",
        "under", "bright", "of", "people", "in", "morning", "by", "quiet", "from", "water",
    ];
    // The wrapping of a chat message takes some seven tokens itself.
    let words = tokens.saturating_sub(7).max(1) as usize;
    (0..words).map(|at| WORDS[(at * 7 + at / WORDS.len()) % WORDS.len()]).collect::<Vec<_>>().join(" ")
}

/// `500ms`, `10s`, `2m`; a bare number is seconds.
pub(in crate::commands) fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (figure, unit) = text.split_at(digits);
    let unit_seconds = match unit.trim() {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => 0.0,
    };
    let seconds = figure.parse::<f64>().unwrap_or(0.0) * unit_seconds;
    let duration = Duration::try_from_secs_f64(seconds).ok().filter(|duration| !duration.is_zero());
    duration.ok_or_else(|| "expected a time such as 500ms, 10s or 2m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        let parsed = ["500ms", "10s", "10", "1.5m", "1h"].map(|text| parse_duration(text).unwrap().as_millis());
        assert_eq!(parsed, [500, 10_000, 10_000, 90_000, 3_600_000]);
        for text in ["", "0s", "-1s", "10x", "s", "1.2.3s", "1e9"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn prompts_have_about_the_length_asked_for() {
        assert_eq!(prompt(200).split(' ').count(), 193);
        assert_eq!(prompt(1).split(' ').count(), 1);
    }
}
