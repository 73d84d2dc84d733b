//! From flags to the cases to simulate.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use fakeai_catalog::Catalog;
use fakeai_core::Seed;
use fakeai_engine::step::{Coefficients, Noise};
use fakeai_engine::{EngineError, LatencyTable};
use fakeai_simulate::trace::{Reading, Trace};
use fakeai_simulate::{Arrivals, Case, Failure, Labels, Lengths, Load, Prefixes, Requests, Served, Source, Synthetic};
use fakeai_tokens::{Encoding, Tokenizer};

use super::axes::{combinations, numbers, words};
use super::flags::{LOAD_AXES, opposite};
use crate::deployment::{FLAGS, Options, SWITCH, deployment};
use crate::error::Error;
use crate::files;

/// What is to be simulated.
pub(super) struct Plan {
    /// The names that change from case to case.
    pub(super) axes: Vec<&'static str>,
    pub(super) cases: Vec<Case>,
    /// Cases that cannot be deployed.
    pub(super) failures: Vec<Failure>,
}

/// Axes whose values are no numbers.
const WORDS: [&str; 7] = ["model", "engine", "gpu", "quantization", "kv-cache-dtype", "scheduling-policy", "router"];

/// What all cases have in common.
struct Common<'a> {
    matches: &'a ArgMatches,
    options: Options,
    source: Source,
    table: Option<Arc<LatencyTable>>,
    catalog: Catalog,
}

/// Reads the flags and the files they name.
pub(super) fn plan(matches: &ArgMatches, directory: &Path, coefficients: Option<Coefficients>) -> Result<Plan, Error> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let mut options = Options { coefficients, seed: seed(matches), ..Options::default() };
    let mut axes = Vec::new();
    for flag in FLAGS {
        let is_off = flag.value == SWITCH && matches.get_flag(&opposite(flag.name));
        let Some(value) = text(flag.name).or(is_off.then_some("false")) else { continue };
        if flag.is_axis {
            let values = if WORDS.contains(&flag.name) { words(value) } else { numbers(flag.name, value)? };
            axes.push((flag.name, values));
        } else {
            options.set(flag.name, value).map_err(usage)?;
        }
    }
    for name in LOAD_AXES {
        if let Some(value) = text(name) {
            axes.push((name, numbers(name, value)?));
        }
    }
    let catalog = Catalog::builtin().map_err(|error| Error::Failed(error.to_string()))?;
    let table = text("latency-table").map(|file| latency_table(directory, file)).transpose()?;
    let common = Common { matches, options, source: source(matches, directory)?, table, catalog };
    let mut plan = Plan {
        axes: axes.iter().filter(|(_, values)| values.len() > 1).map(|(name, _)| *name).collect(),
        cases: Vec::new(),
        failures: Vec::new(),
    };
    for values in combinations(&axes) {
        plan.add(&common, &values)?;
    }
    Ok(plan)
}

fn usage(error: impl std::fmt::Display) -> Error {
    Error::Usage(error.to_string())
}

fn seed(matches: &ArgMatches) -> u64 {
    matches.get_one::<u64>("seed").copied().unwrap_or(42)
}

/// The text of a file that a flag names.
pub(super) fn read_text(directory: &Path, file: &str) -> Result<String, Error> {
    files::read_text(&directory.join(file)).map_err(|error| Error::Usage(format!("cannot read {file}: {error}")))
}

fn latency_table(directory: &Path, file: &str) -> Result<Arc<LatencyTable>, Error> {
    let table = LatencyTable::read_csv(&read_text(directory, file)?);
    table.map(Arc::new).map_err(|error| Error::Usage(format!("{file}, {error}")))
}

impl Plan {
    /// Adds the case of these values of the axes, or why there is none. What is wrong in every case ends the plan.
    fn add(&mut self, common: &Common<'_>, values: &[(&'static str, String)]) -> Result<(), Error> {
        let mut options = common.options.clone();
        let (mut rate, mut concurrency) = (None, None);
        for (name, value) in values {
            match *name {
                "rate" => rate = Some(positive(name, value)?),
                "concurrency" => concurrency = Some(whole(name, value)?),
                _ => options.set(name, value).map_err(usage)?,
            }
        }
        let is_axis = |(name, _): &&(&'static str, String)| self.axes.contains(name);
        let labels = values.iter().filter(is_axis).map(|(name, value)| ((*name).to_owned(), value.clone()));
        let labels = Labels(labels.collect());
        let arrivals = arrivals(common, rate, concurrency)?;
        let deployed = deployment(&options, &common.catalog).and_then(|found| found.capacity().map(|_| found));
        match deployed {
            Ok(mut deployment) => {
                if common.matches.get_flag("no-noise") {
                    deployment.settings.noise = Noise::NONE;
                }
                self.cases.push(Case {
                    labels,
                    served: Served { deployment, table: common.table.clone() },
                    load: Load {
                        source: common.source.clone(),
                        arrivals,
                        turn_pause: time(common.matches, "turn-pause"),
                        seed: Seed::new(seed(common.matches)),
                    },
                });
            }
            // In a sweep over GPUs, a model too large for one of them is a finding.
            Err(error @ EngineError::ModelTooLarge { .. }) if !self.axes.is_empty() => {
                self.failures.push(Failure { labels, reason: error.to_string(), is_finding: false });
            }
            Err(error) => return Err(usage(error)),
        }
        Ok(())
    }
}

fn time(matches: &ArgMatches, name: &str) -> Duration {
    matches.get_one::<Duration>(name).copied().unwrap_or_default()
}

fn positive(name: &str, value: &str) -> Result<f64, Error> {
    let number = value.parse::<f64>().ok().filter(|number| *number > 0.0 && *number <= 1e6);
    number.ok_or_else(|| Error::Usage(format!("--{name} expects a number above 0 and up to a million, not `{value}`")))
}

fn whole(name: &str, value: &str) -> Result<u32, Error> {
    let number = value.parse::<u32>().ok().filter(|number| (1..=1_000_000).contains(number));
    number.ok_or_else(|| Error::Usage(format!("--{name} expects a count from 1 to a million, not `{value}`")))
}

fn arrivals(common: &Common<'_>, rate: Option<f64>, concurrency: Option<u32>) -> Result<Arrivals, Error> {
    let matches = common.matches;
    let pattern = matches.get_one::<String>("arrivals").map(String::as_str);
    if let Some(concurrency) = concurrency {
        return match pattern {
            None => Ok(Arrivals::Closed { concurrency, think: time(matches, "think-time") }),
            Some(_) => {
                Err(usage("--arrivals and --concurrency exclude each other: a closed loop has no arrivals of its own"))
            }
        };
    }
    if matches.contains_id("think-time") {
        return Err(usage("--think-time is for a closed loop: --concurrency"));
    }
    let is_timed = matches!(&common.source, Source::Trace(trace) if trace.is_timed);
    let steady = rate.unwrap_or(1.0);
    let (name, argument) = match pattern {
        None if is_timed => ("recorded", None),
        None => ("poisson", None),
        Some(pattern) => pattern.split_once(':').map_or((pattern, None), |(name, argument)| (name, Some(argument))),
    };
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let arrivals = match (name, argument) {
        ("recorded", None) => Some(match rate {
            Some(rate) => Arrivals::RecordedAt { rate },
            None => Arrivals::Recorded { speed: speed(matches)? },
        }),
        ("poisson", None) => Some(Arrivals::Poisson { rate: steady }),
        ("constant", None) => Some(Arrivals::Constant { rate: steady }),
        ("gamma", Some(text)) => number(text).map(|variation| Arrivals::Gamma { rate: steady, variation }),
        ("burst", Some(text)) => text.parse().ok().map(|size| Arrivals::Burst { rate: steady, size }),
        ("ramp", Some(text)) => {
            let ends = text.split_once('-').and_then(|(from, to)| number(from).zip(number(to)));
            ends.map(|(from, to)| Arrivals::Ramp { from, to })
        }
        _ => None,
    };
    let arrivals = arrivals.ok_or_else(|| {
        Error::Usage(format!(
            "`{}` are no arrivals; say poisson, gamma:VARIATION, constant, burst:SIZE, ramp:FROM-TO or recorded",
            pattern.unwrap_or_default()
        ))
    })?;
    arrivals.check().map_err(usage)?;
    Ok(arrivals)
}

fn speed(matches: &ArgMatches) -> Result<f64, Error> {
    let number = |name: &str| matches.get_one::<f64>(name).copied();
    let speed = number("speed").or(number("trace-scale").map(|scale| 1.0 / scale)).unwrap_or(1.0);
    if speed > 0.0 && speed.is_finite() { Ok(speed) } else { Err(usage("--speed and --trace-scale are above 0")) }
}

fn source(matches: &ArgMatches, directory: &Path) -> Result<Source, Error> {
    let Some(file) = matches.get_one::<String>("trace") else { return synthetic(matches).map(Source::Synthetic) };
    let reader =
        files::open(&directory.join(file)).map_err(|error| Error::Usage(format!("cannot read {file}: {error}")))?;
    let count_tokens = |text: &str| Tokenizer::Bpe(Encoding::O200k).count(text) as u32;
    let reading = Reading {
        file,
        skip_bad: matches.get_flag("skip-bad"),
        limit: matches.get_one::<u64>("limit").map(|limit| *limit as usize),
        count_tokens: &count_tokens,
    };
    Ok(Source::Trace(Arc::new(Trace::read(reader, &reading).map_err(usage)?)))
}

fn synthetic(matches: &ArgMatches) -> Result<Synthetic, Error> {
    let lengths = |name: &str, usual: Lengths| {
        matches.get_one::<String>(name).map_or(Ok(usual), |text| text.parse::<Lengths>()).map_err(usage)
    };
    let requests = match (matches.get_one::<u32>("requests"), matches.get_one::<Duration>("duration")) {
        (Some(count), _) => Requests::Count(*count),
        (None, Some(duration)) => Requests::For(*duration),
        (None, None) => Requests::Enough,
    };
    let prefixes = matches.get_one::<String>("shared-prefixes").map(|text| {
        let parts = text.split_once(['x', '×']);
        let parts = parts.and_then(|(groups, tokens)| groups.trim().parse().ok().zip(tokens.trim().parse().ok()));
        let (groups, tokens) = parts
            .filter(|(groups, tokens)| *groups > 0 && (1..=10_000_000).contains(tokens))
            .ok_or_else(|| Error::Usage(format!("`{text}` are no shared prefixes; say 8x1024: groups and tokens")))?;
        Ok::<_, Error>(Prefixes { groups, tokens })
    });
    Ok(Synthetic {
        requests,
        prompt: lengths("input-tokens", Lengths::PROMPTS)?,
        output: lengths("output-tokens", Lengths::ANSWERS)?,
        prefixes: prefixes.transpose()?,
        turns: matches.get_one::<u32>("turns").copied().unwrap_or(1),
        turn_pause: time(matches, "turn-pause"),
    })
}
