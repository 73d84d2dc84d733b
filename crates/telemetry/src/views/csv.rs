//! The core view as comma-separated values, with the original system's columns.

use std::fmt::Write;

use super::core::CoreMetrics;

/// Content type of the text.
pub const CSV_CONTENT_TYPE: &str = "text/csv; charset=utf-8";

const HEADER: &str =
    "metric_type,endpoint,rate,avg_latency,min_latency,max_latency,p50_latency,p90_latency,p99_latency";

impl CoreMetrics {
    /// One line for each kind of metric and endpoint. Columns are called by latency, as the original's; of requests,
    /// responses, tokens and errors they hold the counts of a request, of latency and streaming seconds.
    pub fn to_csv(&self) -> String {
        let mut text = String::from(HEADER);
        text.push_str("\r\n");
        let kinds = [
            ("requests", &self.requests),
            ("responses", &self.responses),
            ("tokens", &self.tokens),
            ("errors", &self.errors),
            ("latency", &self.latency),
            ("streaming", &self.streaming),
        ];
        for (kind, by_endpoint) in kinds {
            for (endpoint, of) in by_endpoint {
                // Writing to a String cannot fail. Endpoints are a fixed set without commas and quotes.
                let _ = write!(
                    text,
                    "{kind},{endpoint},{},{},{},{},{},{},{}\r\n",
                    of.rate, of.avg, of.min, of.max, of.p50, of.p90, of.p99
                );
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use fakeai_core::Tick;

    use super::*;
    use crate::ledger::Ledger;
    use crate::ledger::tests::record;

    #[test]
    fn every_line_has_as_many_columns() {
        let ledger = Ledger::new(true);
        (0..10).for_each(|second| ledger.add(record("/v1/chat/completions", second)));
        let text = CoreMetrics::of(&ledger, Tick::from_nanos(10_000_000_000)).to_csv();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines[0], lines.len()), (HEADER, 6));
        assert!(lines.iter().all(|line| line.split(',').count() == 9), "{text}");
        assert_eq!(lines[1], "requests,/v1/chat/completions,1,1,1,1,1,1,1");
    }
}
