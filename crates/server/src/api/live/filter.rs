//! What a subscriber wants to see, and how often.

use std::time::Duration;

use fakeai_telemetry::live::{Choice, Points};
use serde_json::{Map, Value, json};

use crate::wire::Query;

/// Names in one list.
const MOST_NAMES: usize = 16;
/// Longest name.
const LONGEST_NAME: usize = 256;
/// How often updates come, seconds: what is asked beyond is brought within.
const INTERVAL: std::ops::RangeInclusive<f64> = 0.25..=3600.0;
/// How far back history reaches, seconds.
const TIME_RANGE: std::ops::RangeInclusive<f64> = 60.0..=2_592_000.0;

/// A part of what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Throughput,
    Latency,
    Cache,
    Queue,
    Streaming,
    Error,
    Cost,
    Totals,
    Models,
    Series,
    Requests,
    Streams,
    Pacing,
}

impl Kind {
    const NAMED: [(&'static str, Self); 13] = [
        ("throughput", Self::Throughput),
        ("latency", Self::Latency),
        ("cache", Self::Cache),
        ("queue", Self::Queue),
        ("streaming", Self::Streaming),
        ("error", Self::Error),
        ("cost", Self::Cost),
        ("totals", Self::Totals),
        ("models", Self::Models),
        ("series", Self::Series),
        ("requests", Self::Requests),
        ("streams", Self::Streams),
        ("pacing", Self::Pacing),
    ];
    /// What `all` means: the kinds of the original system. The others are asked for by name.
    const ALL: [Self; 6] = [Self::Throughput, Self::Latency, Self::Cache, Self::Queue, Self::Streaming, Self::Error];

    pub(super) fn name(self) -> &'static str {
        Self::NAMED.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// What a subscriber wants to see. Equal ones share one computation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Filter {
    pub(super) choice: Choice,
    /// Sorted, each once.
    pub(super) kinds: Vec<Kind>,
    pub(super) interval: Duration,
    pub(super) time_range: Duration,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            choice: Choice::default(),
            kinds: Kind::ALL.to_vec(),
            interval: Duration::from_secs(1),
            time_range: Duration::from_secs(60),
        }
    }
}

impl Filter {
    /// Reads `filters`: `endpoint`, `model` and `metric_type` are a name or a list of names, `interval` and
    /// `time_range` are seconds, the latter also as `15m`. What is missing has its default, and unknown fields are left.
    pub(super) fn read(filters: Option<&Value>) -> Result<Self, String> {
        let empty = Map::new();
        let filters = match filters {
            None | Some(Value::Null) => &empty,
            Some(Value::Object(filters)) => filters,
            Some(_) => return Err("Invalid 'filters': expected an object.".to_owned()),
        };
        let either = |one: &'static str, many: &'static str| match filters.get(one) {
            None | Some(Value::Null) => (many, filters.get(many)),
            found => (one, found),
        };
        let list = |(name, value)| names(name, value);
        let choice =
            Choice { endpoints: list(either("endpoint", "endpoints"))?, models: list(either("model", "models"))? };
        let default = Self::default();
        Ok(Self {
            choice,
            kinds: kinds(&list(either("metric_type", "metric_types"))?)?,
            interval: seconds("interval", filters.get("interval"), INTERVAL)?.unwrap_or(default.interval),
            time_range: seconds("time_range", filters.get("time_range"), TIME_RANGE)?.unwrap_or(default.time_range),
        })
    }

    /// The same from a query; lists have commas.
    pub(super) fn of_query(query: &Query) -> Result<Self, String> {
        let mut filters = Map::new();
        for (name, value) in query.pairs() {
            let value = match name {
                "interval" | "time_range" => Value::from(value),
                _ => value.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
            };
            filters.insert(name.to_owned(), value);
        }
        Self::read(Some(&Value::Object(filters)))
    }

    pub(super) fn has(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    /// Its points over time.
    pub(super) fn points(&self) -> Points {
        Points::new(&self.choice, self.time_range)
    }

    /// As a subscriber is told: with what was brought within limits.
    pub(super) fn to_value(&self) -> Value {
        let points = self.points();
        json!({
            "endpoints": self.choice.endpoints,
            "models": self.choice.models,
            "metric_types": self.kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
            "interval": self.interval.as_secs_f64(),
            "time_range": points.range.as_secs_f64(),
            "step": points.step.as_secs_f64(),
        })
    }
}

fn names(name: &str, value: Option<&Value>) -> Result<Vec<String>, String> {
    let wrong = || format!("Invalid '{name}': expected a string or a list of at most {MOST_NAMES} strings.");
    let values = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(values)) => values.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    let text = |value: &Value| value.as_str().filter(|text| text.len() <= LONGEST_NAME).map(str::to_owned);
    let mut names = values.iter().map(|value| text(value).ok_or_else(wrong)).collect::<Result<Vec<_>, _>>()?;
    if names.len() > MOST_NAMES {
        return Err(wrong());
    }
    names.sort();
    names.dedup();
    Ok(names)
}

fn kinds(names: &[String]) -> Result<Vec<Kind>, String> {
    let mut kinds = Vec::new();
    for name in names {
        if name == "all" {
            kinds.extend(Kind::ALL);
            continue;
        }
        let found = Kind::NAMED.iter().find(|(known, _)| known == name);
        let (_, kind) = found.ok_or_else(|| {
            let known: Vec<&str> = Kind::NAMED.iter().map(|(known, _)| *known).chain(["all"]).collect();
            format!("Invalid 'metric_type': '{name}' is none of {}.", known.join(", "))
        })?;
        kinds.push(*kind);
    }
    if kinds.is_empty() {
        kinds.extend(Kind::ALL);
    }
    kinds.sort_unstable();
    kinds.dedup();
    Ok(kinds)
}

/// Seconds above 0, as a number or as text, with a unit if it likes; brought within `limits`.
fn seconds(
    name: &str,
    value: Option<&Value>,
    limits: std::ops::RangeInclusive<f64>,
) -> Result<Option<Duration>, String> {
    let wrong = || format!("Invalid '{name}': expected a number of seconds above 0.");
    let number = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => spoken(text).ok_or_else(wrong)?,
        Some(value) => value.as_f64().ok_or_else(wrong)?,
    };
    if !number.is_finite() || number <= 0.0 {
        return Err(wrong());
    }
    // Whole milliseconds, so that equal filters are.
    let milliseconds = (number.clamp(*limits.start(), *limits.end()) * 1e3).round();
    Ok(Some(Duration::from_millis(milliseconds as u64)))
}

/// `90`, `90s`, `15m`, `6h`, `7d` as seconds.
fn spoken(text: &str) -> Option<f64> {
    const UNITS: [(char, f64); 4] = [('s', 1.0), ('m', 60.0), ('h', 3600.0), ('d', 86_400.0)];
    let text = text.trim();
    let unit = UNITS.iter().find_map(|(letter, scale)| Some((text.strip_suffix(*letter)?, *scale)));
    let (number, scale) = unit.unwrap_or((text, 1.0));
    number.parse::<f64>().ok().map(|number| number * scale)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_asked_beyond_limits_is_brought_within() {
        let read = |filters: Value| Filter::read(Some(&filters)).unwrap();
        assert_eq!(read(json!({"interval": 1e-9})).interval, Duration::from_millis(250));
        assert_eq!(read(json!({"interval": 1e300})).interval, Duration::from_secs(3600));
        assert_eq!(read(json!({"time_range": "15m"})).time_range, Duration::from_secs(900));
        assert_eq!(read(json!({"endpoint": "/v1/models", "model": ["b", "a", "b"]})).choice.models, ["a", "b"]);
        assert_eq!(read(json!({})), Filter::default());
        assert_eq!(read(json!({"metric_type": ["all", "cost"]})).kinds.len(), 7);
        let query = Query::of("/metrics/stream?metric_type=latency,error&interval=2.5&model=a");
        let filter = Filter::of_query(&query).unwrap();
        assert_eq!((filter.kinds.len(), filter.interval), (2, Duration::from_millis(2500)));
    }

    #[test]
    fn nonsense_is_refused() {
        for filters in [
            json!([]),
            json!({"interval": 0}),
            json!({"interval": -1}),
            json!({"interval": "NaN"}),
            json!({"interval": "inf"}),
            json!({"interval": []}),
            json!({"time_range": "soon"}),
            json!({"metric_type": "weather"}),
            json!({"model": 7}),
            json!({"model": "x".repeat(300)}),
            json!({"endpoint": vec!["x"; 17]}),
        ] {
            assert!(Filter::read(Some(&filters)).is_err(), "{filters}");
        }
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(text in any::<String>()) {
            if let Ok(filter) = Filter::of_query(&Query::of(&format!("/x?{text}"))) {
                prop_assert!(filter.interval >= Duration::from_millis(250) && !filter.kinds.is_empty());
            }
        }

        #[test]
        fn any_interval_is_within_limits_or_refused(number in any::<f64>()) {
            if let Ok(filter) = Filter::read(Some(&json!({"interval": number, "time_range": number}))) {
                prop_assert!(filter.interval <= Duration::from_secs(3600));
                prop_assert!(filter.time_range >= Duration::from_secs(60));
            }
        }
    }
}
