//! Families of metrics as tables: what a family is called, and where its numbers come from. Documents and exposition are
//! written from the same table.

use crate::engine::bounds::Bounds;
use crate::exposition::{Family, Labels, Manner, head};
use crate::histogram::Buckets;

/// What a family is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Takes the samples of a family: labels beside those all families of the set have, and the value.
pub(super) type Samples<'a> = &'a mut dyn FnMut(&Labels<'_>, f64);

/// One family of a set whose subjects are `S`.
pub(super) struct Metric<S: 'static> {
    /// As in the text.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) help: &'static str,
    /// Labels beside those of the set.
    pub(super) labels: &'static [&'static str],
    read: Read<S>,
}

enum Read<S> {
    One(fn(&S) -> Option<f64>),
    Split(fn(&S, Samples<'_>)),
    Distribution(fn(&S) -> Option<&Buckets>, fn(&S) -> Bounds),
}

/// A number that only rises.
pub(super) const fn counter<S>(name: &'static str, help: &'static str, read: fn(&S) -> Option<f64>) -> Metric<S> {
    Metric { name, kind: Kind::Counter, help, labels: &[], read: Read::One(read) }
}

/// A number that is as it is.
pub(super) const fn gauge<S>(name: &'static str, help: &'static str, read: fn(&S) -> Option<f64>) -> Metric<S> {
    Metric { name, kind: Kind::Gauge, help, labels: &[], read: Read::One(read) }
}

/// Counters apart by labels.
pub(super) const fn counters<S>(
    name: &'static str,
    help: &'static str,
    labels: &'static [&'static str],
    read: fn(&S, Samples<'_>),
) -> Metric<S> {
    Metric { name, kind: Kind::Counter, help, labels, read: Read::Split(read) }
}

/// Gauges apart by labels.
pub(super) const fn gauges<S>(
    name: &'static str,
    help: &'static str,
    labels: &'static [&'static str],
    read: fn(&S, Samples<'_>),
) -> Metric<S> {
    Metric { name, kind: Kind::Gauge, help, labels, read: Read::Split(read) }
}

/// A histogram.
pub(super) const fn histogram<S>(
    name: &'static str,
    help: &'static str,
    bounds: fn(&S) -> Bounds,
    read: fn(&S) -> Option<&Buckets>,
) -> Metric<S> {
    Metric { name, kind: Kind::Histogram, help, labels: &[], read: Read::Distribution(read, bounds) }
}

/// Families that one program shows of subjects `S`.
pub(super) struct Table<S: 'static> {
    pub(super) metrics: &'static [Metric<S>],
    pub(super) manner: Manner,
    /// The labels every sample has.
    pub(super) labels: fn(&S) -> Vec<(&'static str, String)>,
}

impl<S> Table<S> {
    /// Adds the families to the text. A family nobody knows anything of is left out.
    pub(super) fn write(&self, text: &mut String, subjects: &[S]) {
        let labels: Vec<Vec<(&str, String)>> = subjects.iter().map(self.labels).collect();
        for metric in self.metrics {
            let mut samples = String::new();
            let mut family = Family::bare(&mut samples, metric.name, self.manner);
            for (subject, labels) in subjects.iter().zip(&labels) {
                let labels: Vec<(&str, &str)> = labels.iter().map(|(name, value)| (*name, value.as_str())).collect();
                metric.read.write(subject, &labels, &mut family);
            }
            if !samples.is_empty() {
                head(text, metric.name, metric.kind.name(), metric.help);
                text.push_str(&samples);
            }
        }
    }
}

impl<S> Metric<S> {
    /// Whether anything is known of it.
    pub(super) fn is_known(&self, subject: &S) -> bool {
        let mut samples = String::new();
        self.read.write(subject, &[], &mut Family::bare(&mut samples, self.name, Manner::Plain));
        !samples.is_empty()
    }
}

impl<S> Read<S> {
    fn write(&self, subject: &S, labels: &Labels<'_>, family: &mut Family<'_>) {
        match self {
            Self::One(read) => {
                if let Some(value) = read(subject) {
                    family.number("", labels, value);
                }
            }
            Self::Split(read) => read(subject, &mut |own, value| {
                family.number("", &[labels, own].concat(), value);
            }),
            Self::Distribution(read, bounds) => {
                if let Some(buckets) = read(subject) {
                    family.histogram_within(labels, buckets, bounds(subject));
                }
            }
        }
    }
}
