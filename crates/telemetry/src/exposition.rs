//! The Prometheus text format 0.0.4, written.

use std::fmt::{Display, Write};

use crate::histogram::Buckets;

/// Content type of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How the client library of the imitated program writes numbers and labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Numbers as short as they go, labels as they come.
    #[default]
    Plain,
    /// As Python's client library: numbers with a decimal point, labels in order of their names.
    Python,
}

impl Manner {
    fn number(self, number: f64) -> String {
        match self {
            _ if number == f64::INFINITY => "+Inf".to_owned(),
            Self::Plain => number.to_string(),
            Self::Python => format!("{number:?}"),
        }
    }
}

/// Labels of a sample, name and value.
pub(crate) type Labels<'a> = [(&'a str, &'a str)];

/// Writes what stands before a family's samples.
pub(crate) fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let help = help.replace('\\', "\\\\").replace('\n', "\\n");
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// One family's text under construction.
pub(crate) struct Family<'a> {
    text: &'a mut String,
    name: &'a str,
    manner: Manner,
    /// Bounds as they were written last: the histograms of a family have the same.
    bounds: Vec<(f64, String)>,
}

/// Writes labels in braces; nothing if there are none.
fn write_labels(text: &mut String, labels: &Labels<'_>) {
    for (number, (name, value)) in labels.iter().enumerate() {
        text.push(if number == 0 { '{' } else { ',' });
        text.push_str(name);
        text.push_str("=\"");
        if value.contains(['\\', '"', '\n']) {
            text.push_str(&value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"));
        } else {
            text.push_str(value);
        }
        text.push('"');
    }
    if !labels.is_empty() {
        text.push('}');
    }
}

impl<'a> Family<'a> {
    /// Begins a family: `kind` is `counter`, `gauge` or `histogram`.
    pub(crate) fn new(text: &'a mut String, name: &'a str, kind: &str, help: &str) -> Self {
        head(text, name, kind, help);
        Self::bare(text, name, Manner::Plain)
    }

    /// The samples of a family, whose head is written elsewhere.
    pub(crate) const fn bare(text: &'a mut String, name: &'a str, manner: Manner) -> Self {
        Self { text, name, manner, bounds: Vec::new() }
    }

    /// One sample of any number.
    pub(crate) fn sample(&mut self, suffix: &str, labels: &Labels<'_>, value: impl Display) {
        self.text.push_str(self.name);
        self.text.push_str(suffix);
        if self.manner == Manner::Python {
            let mut labels = labels.to_vec();
            labels.sort_unstable();
            write_labels(self.text, &labels);
        } else {
            write_labels(self.text, labels);
        }
        let _ = writeln!(self.text, " {value}");
    }

    /// One sample, the number as the client library writes it.
    pub(crate) fn number(&mut self, suffix: &str, labels: &Labels<'_>, value: f64) {
        self.sample(suffix, labels, self.manner.number(value));
    }

    /// A histogram with all its bounds.
    pub(crate) fn histogram(&mut self, labels: &Labels<'_>, buckets: &Buckets) {
        self.histogram_within(labels, buckets, buckets.bounds());
    }

    /// A histogram with these of its bounds.
    pub(crate) fn histogram_within(&mut self, labels: &Labels<'_>, buckets: &Buckets, bounds: &[f64]) {
        // What stands before and after the bound is the same on every line, and there are many lines.
        let mut around = labels.to_vec();
        around.push(("le", ""));
        if self.manner == Manner::Python {
            around.sort_unstable();
        }
        let own = around.iter().position(|(name, _)| *name == "le").unwrap_or_default();
        let mut before = format!("{}_bucket", self.name);
        write_labels(&mut before, &around[..own]);
        let is_first = own == 0;
        if !is_first {
            before.pop();
        }
        before.push_str(if is_first { "{le=\"" } else { ",le=\"" });
        let mut after = String::new();
        write_labels(&mut after, &around[own + 1..]);
        let after = if after.is_empty() { "\"} ".to_owned() } else { format!("\",{} ", &after[1..]) };
        let mut digits = itoa::Buffer::new();
        for (place, (bound, count)) in buckets.cumulative_at(bounds).enumerate() {
            // Compared as they are: the same bound is the same bits.
            if self.bounds.get(place).is_none_or(|(written, _)| written.to_bits() != bound.to_bits()) {
                self.bounds.truncate(place);
                self.bounds.push((bound, self.manner.number(bound)));
            }
            let bound = &self.bounds[place].1;
            // In one piece: there are a hundred thousand such lines.
            let end = if self.manner == Manner::Python { ".0\n" } else { "\n" };
            for piece in [&before, bound, &after, digits.format(count), end] {
                self.text.push_str(piece);
            }
        }
        self.number("_sum", labels, buckets.sum());
        self.number("_count", labels, buckets.count() as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_numbers_follow_the_manner() {
        let mut text = String::new();
        let mut buckets = Buckets::new(&[0.5, 1.0]);
        buckets.observe(0.7);
        head(&mut text, "a:b", "histogram", "One\nhelp.");
        Family::bare(&mut text, "a:b", Manner::Python).histogram(&[("model", "x\"\\\n")], &buckets);
        Family::new(&mut text, "c", "gauge", "Two.").number("", &[], 2.0);
        let expected = "# HELP a:b One\\nhelp.\n# TYPE a:b histogram\n\
                        a:b_bucket{le=\"0.5\",model=\"x\\\"\\\\\\n\"} 0.0\n\
                        a:b_bucket{le=\"1.0\",model=\"x\\\"\\\\\\n\"} 1.0\n\
                        a:b_bucket{le=\"+Inf\",model=\"x\\\"\\\\\\n\"} 1.0\n\
                        a:b_sum{model=\"x\\\"\\\\\\n\"} 0.7\na:b_count{model=\"x\\\"\\\\\\n\"} 1.0\n\
                        # HELP c Two.\n# TYPE c gauge\nc 2\n";
        assert_eq!(text, expected);
    }
}
