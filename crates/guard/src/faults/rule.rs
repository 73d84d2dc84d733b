//! One rule, and how it is written: `stall=5s;after=10;rate=0.1;endpoint=chat/*`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::kind::{Fault, FaultKind};
use crate::GuardError;

/// After how many events a fault inside a stream happens unless the rule says so.
const AFTER: u32 = 3;
/// How long something lasts unless the rule says so.
const LASTS: Duration = Duration::from_secs(2);
/// Longest time a fault lasts: a day.
const LONGEST: Duration = Duration::from_secs(86_400);

/// Which requests are broken, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultRule {
    /// What happens.
    pub fault: Fault,
    /// To which share of the requests it fits, 0 to 1.
    pub rate: f64,
    /// To the first so many only.
    pub first: Option<u64>,
    /// Not to the first so many.
    pub skip: u64,
    /// To this endpoint (`chat/completions`), `*` stands for anything.
    pub endpoint: Option<String>,
    /// To this model, `*` stands for anything.
    pub model: Option<String>,
    /// To who sends this key or has this fingerprint.
    pub key: Option<String>,
}

impl FaultRule {
    /// A rule that breaks every request.
    pub fn new(kind: FaultKind) -> Self {
        let after = (kind.is_inside() && kind != FaultKind::Reset).then_some(AFTER);
        let lasts = if kind.lasts() { LASTS } else { Duration::ZERO };
        let fault = Fault { kind, lasts, after };
        Self { fault, rate: 1.0, first: None, skip: 0, endpoint: None, model: None, key: None }
    }

    /// Whether it is about a request of this endpoint, model and key.
    pub(super) fn fits(&self, endpoint: &str, model: Option<&str>, key: Option<&str>) -> bool {
        let is = |wanted: &Option<String>, given: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| given.is_some_and(|given| matches(wanted, given)))
        };
        is(&self.endpoint, Some(endpoint)) && is(&self.model, model) && is(&self.key, key)
    }

    fn set(&mut self, part: &str) -> Result<(), GuardError> {
        let bad = |why: &str| GuardError::BadFault { part: part.to_owned(), why: why.to_owned() };
        let (name, value) = part.split_once('=').ok_or_else(|| bad("write name=value"))?;
        let (name, value) = (name.trim(), value.trim());
        let text = || if value.is_empty() { Err(bad("it is empty")) } else { Ok(Some(value.to_owned())) };
        match name {
            "rate" => self.rate = read_rate(value).ok_or_else(|| bad("a rate is 0 to 1, or 0% to 100%"))?,
            "first" => self.first = Some(value.parse().map_err(|_| bad("a number of requests"))?),
            "skip" => self.skip = value.parse().map_err(|_| bad("a number of requests"))?,
            "after" if self.fault.kind.is_inside() => {
                self.fault.after = Some(value.parse().map_err(|_| bad("a number of events"))?);
            }
            "after" => return Err(bad("it does not happen inside a stream")),
            "endpoint" => {
                let path = text()?.map(|path| path.trim_start_matches("/v1").trim_start_matches('/').to_owned());
                let is_none = |path: &String| path.is_empty() || path.contains(char::is_whitespace);
                if path.as_ref().is_some_and(is_none) {
                    return Err(bad("a path behind /v1, with * for anything"));
                }
                self.endpoint = path;
            }
            "model" => self.model = text()?,
            "key" => self.key = text()?,
            _ => return Err(bad("rate, first, skip, after, endpoint, model, key")),
        }
        Ok(())
    }
}

impl FromStr for FaultRule {
    type Err = GuardError;

    fn from_str(text: &str) -> Result<Self, GuardError> {
        let mut parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
        let head = parts.next().unwrap_or_default();
        let (word, lasts) =
            head.split_once('=').map_or((head, None), |(word, lasts)| (word.trim(), Some(lasts.trim())));
        let mut rule = Self::new(read_kind(word)?);
        if let Some(lasts) = lasts {
            let bad = |why: &str| GuardError::BadFault { part: head.to_owned(), why: why.to_owned() };
            if !rule.fault.kind.lasts() {
                return Err(bad("it has no length"));
            }
            rule.fault.lasts =
                read_duration(lasts).ok_or_else(|| bad("a time such as 250ms, 2s or 1m, a day at most"))?;
        }
        for part in parts {
            rule.set(part)?;
        }
        Ok(rule)
    }
}

impl fmt::Display for FaultRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.fault.kind.name())?;
        if self.fault.kind.lasts() {
            write!(formatter, "={}ms", self.fault.lasts.as_millis())?;
        }
        let after = self.fault.after.map(|after| format!(";after={after}"));
        let first = self.first.map(|first| format!(";first={first}"));
        let skip = (self.skip > 0).then(|| format!(";skip={}", self.skip));
        let rate = (self.rate < 1.0).then(|| format!(";rate={}", self.rate));
        let named = |name, value: &Option<String>| value.as_ref().map(|value| format!(";{name}={value}"));
        let texts = [named("endpoint", &self.endpoint), named("model", &self.model), named("key", &self.key)];
        for part in [after, rate, first, skip].into_iter().chain(texts).flatten() {
            formatter.write_str(&part)?;
        }
        Ok(())
    }
}

fn read_kind(word: &str) -> Result<FaultKind, GuardError> {
    let wanted = word.to_ascii_lowercase().replace('-', "_");
    if let Some(kind) = FaultKind::ALL.into_iter().find(|kind| kind.name() == wanted) {
        return Ok(kind);
    }
    let by_status = match wanted.as_str() {
        "500" => Some(FaultKind::InternalError),
        "502" => Some(FaultKind::BadGateway),
        "503" => Some(FaultKind::ServiceUnavailable),
        "504" => Some(FaultKind::GatewayTimeout),
        "429" => Some(FaultKind::RateLimit),
        "400" => Some(FaultKind::ContextLengthExceeded),
        _ => None,
    };
    by_status.ok_or_else(|| {
        let known = FaultKind::ALL.map(FaultKind::name);
        let near =
            known.into_iter().find(|name| !wanted.is_empty() && (name.contains(&wanted) || wanted.contains(name)));
        let hint = near.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default();
        GuardError::UnknownFault { word: word.chars().take(40).collect(), hint, known: known.join(", ") }
    })
}

fn read_rate(text: &str) -> Option<f64> {
    let rate = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
        None => text.parse().ok()?,
    };
    (0.0..=1.0).contains(&rate).then_some(rate)
}

/// `250ms`, `2s`, `1.5m`, or a number of seconds.
fn read_duration(text: &str) -> Option<Duration> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => match text.strip_suffix('m') {
            Some(number) => (number, 60.0),
            None => (text.strip_suffix('s').unwrap_or(text), 1.0),
        },
    };
    let seconds = number.trim().parse::<f64>().ok()? * unit;
    let duration = Duration::try_from_secs_f64(seconds).ok()?;
    (duration <= LONGEST).then_some(duration)
}

/// Whether `text` is what `pattern` says, where `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(end) = parts.pop() else { return rest.is_empty() };
    let mut rest = rest;
    for part in parts {
        let Some(place) = rest.find(part) else { return false };
        rest = &rest[place + part.len()..];
    }
    rest.ends_with(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rules_are_read_and_written_back() {
        for text in [
            "internal_error",
            "service_unavailable;rate=0.25;endpoint=chat/completions",
            "stall=5000ms;after=10;model=gpt-4o*",
            "reset;after=4;first=3",
            "slow_first_byte=250ms;skip=2",
            "rate_limit=1000ms;key=sk-1",
        ] {
            assert_eq!(text.parse::<FaultRule>().unwrap().to_string(), text);
        }
        let rule: FaultRule = "503; rate = 10%; endpoint=/v1/chat/*".parse().unwrap();
        assert_eq!((rule.fault.kind, rule.rate), (FaultKind::ServiceUnavailable, 0.1));
        assert!(rule.fits("chat/completions", None, None) && !rule.fits("embeddings", None, None));
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for text in [
            "",
            "explode",
            "stall=x",
            "reset=3s",
            "cut;rate=2",
            "cut;after=x",
            "500;after=3",
            "cut;x=1",
            "cut;model=",
            "cut;endpoint=/v1/",
            "cut;endpoint=/\r\nv1/*",
        ] {
            assert!(text.parse::<FaultRule>().is_err(), "{text}");
        }
        let error = "service".parse::<FaultRule>().unwrap_err().to_string();
        assert!(error.contains("did you mean `service_unavailable`"), "{error}");
    }

    #[test]
    fn stars_stand_for_anything() {
        let cases = [
            ("gpt-4o", "gpt-4o", true),
            ("gpt-4o", "gpt-4o-mini", false),
            ("gpt*", "gpt-4o", true),
            ("*mini", "gpt-4o-mini", true),
            ("g*4*i", "gpt-4o-mini", true),
            ("g*5*i", "gpt-4o-mini", false),
            ("*", "", true),
            ("a*a", "a", false),
        ];
        for (pattern, text, fits) in cases {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn anything_is_read_without_a_panic(text in ".{0,80}") {
            if let Ok(rule) = text.parse::<FaultRule>() {
                prop_assert!((0.0..=1.0).contains(&rule.rate));
            }
        }

        #[test]
        fn stars_never_panic(pattern in "[a*é]{0,8}", text in "[aé]{0,8}") {
            let whole = format!("*{pattern}*");
            prop_assert!(!matches(&pattern, &text) || matches(&whole, &text));
        }
    }
}
