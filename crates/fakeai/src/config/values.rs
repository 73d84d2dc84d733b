//! The values that are more than a number or a switch.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::kind::milliseconds;
use super::section::words;

words! {
    /// How much is logged.
    LogLevel {
        /// Every step.
        Trace = "trace",
        /// What helps to find a fault.
        Debug = "debug",
        /// One line for each request that is more than a look at the server.
        Info = "info",
        /// What may be wrong.
        Warning = "warning",
        /// What is wrong.
        Error = "error",
        /// Only what ends the server.
        Critical = "critical",
    }
}

words! {
    /// How lines of the log are written.
    LogFormat {
        /// For people: time, level, and what happened.
        Human = "human",
        /// A JSON object a line.
        Json = "json",
    }
}

words! {
    /// Which model of time decides when a token is ready.
    Latency {
        /// `ttft_ms` and `itl_ms`, the same for every model.
        Knobs = "knobs",
        /// The model card's own speed.
        Profile = "profile",
        /// At once.
        Instant = "instant",
    }
}

words! {
    /// Which physical engine times the tokens.
    EngineChoice {
        /// None: they are timed by a model that knows no load.
        None = "none",
        /// vLLM.
        Vllm = "vllm",
        /// `SGLang`.
        Sglang = "sglang",
        /// TensorRT-LLM.
        Trtllm = "trtllm",
    }
}

words! {
    /// Whose names metrics have at `/metrics`.
    MetricsFlavor {
        /// This server's own.
        Fakeai = "fakeai",
        /// vLLM's.
        Vllm = "vllm",
        /// `SGLang`'s.
        Sglang = "sglang",
        /// TensorRT-LLM's.
        Trtllm = "trtllm",
        /// NIM's.
        Nim = "nim",
        /// Dynamo's.
        Dynamo = "dynamo",
    }
}

words! {
    /// How text is cut into tokens.
    TokenizerChoice {
        /// As the model card says.
        Auto = "auto",
        /// Each word and punctuation mark is a token, as the original system counted.
        Words = "words",
        /// The vocabulary of GPT-4o and later.
        O200k = "o200k_base",
        /// The vocabulary of GPT-4 and GPT-3.5.
        Cl100k = "cl100k_base",
    }
}

words! {
    /// How structs of KV events are written.
    StructForm {
        /// By position.
        Arrays = "arrays",
        /// By name.
        Maps = "maps",
    }
}

words! {
    /// How hashes of KV events are written.
    HashForm {
        /// As numbers of 64 bits.
        Integers = "integers",
        /// As bytes.
        Bytes = "bytes",
    }
}

/// How long answers are when the request does not end them first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OutputTokens {
    /// As long as such an answer usually is.
    Auto,
    /// Always this many tokens.
    Exactly(u32),
    /// Tokens drawn from a log-normal distribution.
    LogNormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Tokens drawn evenly, both ends included.
    Uniform {
        /// The fewest.
        min: u32,
        /// The most.
        max: u32,
    },
}

impl OutputTokens {
    pub(super) const ALLOWED: &'static str = "auto, a number of tokens, lognormal:MU,SIGMA or uniform:MIN,MAX";
}

/// A text that is no value of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct NotAllowed(&'static str);

impl FromStr for OutputTokens {
    type Err = NotAllowed;

    fn from_str(text: &str) -> Result<Self, NotAllowed> {
        let parsed = match text.split_once(':') {
            None if text == "auto" => Some(Self::Auto),
            None => text.parse().ok().filter(|&tokens| tokens > 0).map(Self::Exactly),
            Some(("lognormal", pair)) => parse_pair::<f64>(pair)
                .filter(|(mu, sigma)| (0.0..=20.0).contains(mu) && (0.0..=10.0).contains(sigma))
                .map(|(mu, sigma)| Self::LogNormal { mu, sigma }),
            Some(("uniform", pair)) => parse_pair::<u32>(pair)
                .filter(|(min, max)| 0 < *min && min <= max)
                .map(|(min, max)| Self::Uniform { min, max }),
            Some(_) => None,
        };
        parsed.ok_or(NotAllowed(Self::ALLOWED))
    }
}

/// Two numbers with a comma between.
fn parse_pair<T: FromStr>(text: &str) -> Option<(T, T)> {
    let (first, second) = text.split_once(',')?;
    Some((first.trim().parse().ok()?, second.trim().parse().ok()?))
}

impl fmt::Display for OutputTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Exactly(tokens) => write!(formatter, "{tokens}"),
            Self::LogNormal { mu, sigma } => write!(formatter, "lognormal:{mu},{sigma}"),
            Self::Uniform { min, max } => write!(formatter, "uniform:{min},{max}"),
        }
    }
}

/// What answers say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Text that fits the request.
    Auto,
    /// The last user message.
    Echo,
    /// Lorem ipsum.
    Lorem,
    /// Always this text.
    Fixed(String),
}

impl Reply {
    pub(super) const ALLOWED: &'static str = "auto, echo, lorem or fixed:TEXT";
}

impl FromStr for Reply {
    type Err = NotAllowed;

    fn from_str(text: &str) -> Result<Self, NotAllowed> {
        match text {
            "auto" => Ok(Self::Auto),
            "echo" => Ok(Self::Echo),
            "lorem" => Ok(Self::Lorem),
            _ => text.strip_prefix("fixed:").map(|text| Self::Fixed(text.to_owned())).ok_or(NotAllowed(Self::ALLOWED)),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Echo => formatter.write_str("echo"),
            Self::Lorem => formatter.write_str("lorem"),
            Self::Fixed(text) => write!(formatter, "fixed:{text}"),
        }
    }
}

/// How long something takes; zero is at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Takes(pub Duration);

impl Takes {
    pub(super) const ALLOWED: &'static str = "instant, or a time of at most 30 days such as 1.5s, 10m or 24h";
    const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);
    const UNITS: [(u128, &'static str); 5] =
        [(3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"), (1_000_000, "ms"), (1, "ns")];
}

impl FromStr for Takes {
    type Err = NotAllowed;

    fn from_str(text: &str) -> Result<Self, NotAllowed> {
        let text = text.trim();
        // A bare number would be milliseconds elsewhere and seconds to most people.
        let has_unit = text.ends_with(|last: char| last.is_ascii_alphabetic());
        let time = match text {
            "instant" => Some(Duration::ZERO),
            _ if !has_unit => None,
            _ => milliseconds(text).and_then(|time| Duration::try_from_secs_f64(time / 1e3).ok()),
        };
        time.filter(|time| *time <= Self::LONGEST).map(Self).ok_or(NotAllowed(Self::ALLOWED))
    }
}

impl fmt::Display for Takes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        match Self::UNITS.iter().find(|(unit, _)| nanos.is_multiple_of(*unit)) {
            Some((unit, name)) if nanos > 0 => write!(formatter, "{}{name}", nanos / unit),
            _ => formatter.write_str("instant"),
        }
    }
}

/// Serialises a type as the text it is written as.
macro_rules! as_text {
    ($($Type:ty),+) => { $(
        impl Serialize for $Type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $Type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )+ };
}

as_text!(OutputTokens, Reply, Takes);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_tokens_read_back_as_written() {
        for text in ["auto", "128", "lognormal:4.9,1", "uniform:10,200"] {
            assert_eq!(text.parse::<OutputTokens>().unwrap().to_string(), text);
        }
        for text in ["", "0", "-1", "1.5", "normal:1,2", "lognormal:1", "lognormal:NaN,1", "uniform:9,8", "uniform:0,8"]
        {
            assert!(text.parse::<OutputTokens>().is_err(), "{text}");
        }
    }

    #[test]
    fn times_read_back_as_written() {
        for text in ["instant", "1s", "1500ms", "10m", "24h", "720h", "7ns"] {
            assert_eq!(text.parse::<Takes>().unwrap().to_string(), text);
        }
        assert_eq!("1.5s".parse::<Takes>().unwrap().to_string(), "1500ms");
        for text in ["", "10", "-1s", "1d", "721h", "s", "nans", "infh", "quick"] {
            assert!(text.parse::<Takes>().is_err(), "{text}");
        }
    }

    #[test]
    fn replies_read_back_as_written() {
        for text in ["auto", "echo", "lorem", "fixed:Hello: world", "fixed:"] {
            assert_eq!(text.parse::<Reply>().unwrap().to_string(), text);
        }
        assert!("fixed".parse::<Reply>().is_err());
    }
}
