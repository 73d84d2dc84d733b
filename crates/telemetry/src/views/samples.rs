//! Short copies of records, so that views compute outside the archive's lock.

use std::collections::BTreeMap;
use std::sync::Arc;

use fakeai_core::Tick;
use rustc_hash::FxHashMap;

use crate::archive::Archive;
use crate::record::{Outcome, Record};

/// What views of the last minute look at.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) endpoint: &'static str,
    pub(super) model: Option<Arc<str>>,
    pub(super) ended: Ended,
    pub(super) stream: bool,
    pub(super) at: Tick,
    pub(super) latency: f64,
    pub(super) ttft: Option<f64>,
    pub(super) itl: Option<f64>,
    pub(super) prompt_tokens: u32,
    pub(super) completion_tokens: u32,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Well,
    Refused,
    Faulty,
    Left,
}

impl Sample {
    fn of(record: &Record) -> Self {
        Self {
            endpoint: record.endpoint,
            model: record.model.clone(),
            ended: match record.outcome {
                Outcome::Success => Ended::Well,
                Outcome::ClientClosed => Ended::Left,
                Outcome::Error(_) if record.is_fault() => Ended::Faulty,
                Outcome::Error(_) => Ended::Refused,
            },
            stream: record.stream,
            at: record.at,
            latency: record.latency_seconds(),
            ttft: record.ttft_seconds(),
            itl: record.itl_seconds(),
            prompt_tokens: record.tokens.prompt,
            completion_tokens: record.tokens.completion,
        }
    }

    /// The last minute of `archive`.
    pub(super) fn within(archive: &Archive, now: Tick) -> Vec<Self> {
        archive.recent(now).map(Self::of).collect()
    }

    /// Tokens a second, from the first to the last.
    pub(super) fn tokens_per_second(&self) -> Option<f64> {
        self.itl.filter(|itl| *itl > 0.0).map(|itl| 1.0 / itl)
    }
}

/// Samples by a name that they have; those without are left out. There are many samples and few names, most of which lie
/// in one place: they are told apart by it first, and what is the same comes together at the end.
pub(super) fn grouped<'a>(
    samples: impl Iterator<Item = &'a Sample>,
    name: impl Fn(&'a Sample) -> Option<&'a str>,
) -> BTreeMap<&'a str, Vec<&'a Sample>> {
    let mut places: FxHashMap<*const str, (&str, Vec<&Sample>)> = FxHashMap::default();
    for sample in samples {
        if let Some(name) = name(sample) {
            places.entry(std::ptr::from_ref(name)).or_insert_with(|| (name, Vec::new())).1.push(sample);
        }
    }
    let mut groups: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
    for (name, samples) in places.into_values() {
        let group = groups.entry(name).or_default();
        if group.is_empty() { *group = samples } else { group.extend(samples) }
    }
    groups
}
