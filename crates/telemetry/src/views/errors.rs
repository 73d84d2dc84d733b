//! The view of errors: what went wrong, where, and how quickly it uses up what may go wrong.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::dates::Dates;
use super::models::{is_error, percent};
use crate::archive::Archive;
use crate::ledger::Ledger;
use crate::record::{Outcome, Record};
use crate::series::Resolution;

/// The share of requests without a fault that is promised unless the asker says otherwise.
pub const OBJECTIVE: f64 = 0.999;

/// Windows of burn rates, as Google's SRE workbook has them for alerts.
const WINDOWS: [(&str, Duration); 3] =
    [("5m", Duration::from_secs(300)), ("1h", Duration::from_secs(3600)), ("6h", Duration::from_secs(6 * 3600))];

/// `GET /metrics/errors`.
#[derive(Debug, Serialize)]
pub struct Errors {
    /// Requests since the start.
    pub total_requests: u64,
    /// Of those, refused or failed.
    pub total_errors: u64,
    /// Errors of a hundred requests.
    pub error_rate_percent: f64,
    /// Requests left by their clients, which are no errors.
    pub client_closed: u64,
    /// By code, or by type where there is no code.
    pub by_type: BTreeMap<&'static str, u64>,
    /// By status.
    pub by_status: BTreeMap<u16, u64>,
    /// By endpoint.
    pub by_endpoint: BTreeMap<&'static str, ErrorShare>,
    /// By model.
    pub by_model: BTreeMap<Arc<str>, ErrorShare>,
    /// How quickly the server's own faults use up what may fail.
    pub slo: Slo,
    /// The last hundred, newest first.
    pub recent: Vec<ErrorEntry>,
}

/// Errors among requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ErrorShare {
    /// Requests.
    pub requests: u64,
    /// Of those, refused or failed.
    pub errors: u64,
    /// Errors of a hundred requests.
    pub error_rate_percent: f64,
}

impl ErrorShare {
    fn add(&mut self, requests: u64, is_error: bool) {
        self.requests += requests;
        self.errors += if is_error { requests } else { 0 };
        self.error_rate_percent = percent(self.errors, self.requests);
    }
}

/// A service level and how it is kept. Only faults of the server count: a client's mistakes do not.
#[derive(Debug, Serialize)]
pub struct Slo {
    /// The share of requests that must go well.
    pub objective: f64,
    /// By length of the window.
    pub windows: BTreeMap<&'static str, Burn>,
}

/// How quickly faults use up what may fail.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Burn {
    /// Requests in the window.
    pub requests: u64,
    /// Of those, failed by fault of the server.
    pub faults: u64,
    /// Faults among requests.
    pub fault_rate: f64,
    /// The fault rate over the share that may fail: 1 uses it up exactly.
    pub burn_rate: f64,
}

/// One error in full.
#[derive(Debug, Serialize)]
pub struct ErrorEntry {
    /// When it was told.
    pub timestamp: String,
    /// The request.
    pub request_id: Box<str>,
    /// The endpoint's path.
    pub endpoint: &'static str,
    /// The model asked.
    pub model: Option<Arc<str>>,
    /// The HTTP status; 200 for a stream that broke.
    pub status: u16,
    /// The code, or the type where there is no code.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What the client was told, without secrets.
    pub message: Option<Box<str>>,
    /// Whether the server is at fault.
    pub is_fault: bool,
    /// Whether it was a stream.
    pub stream: bool,
    /// The workspace.
    pub workspace: Arc<str>,
    /// Fingerprint of the key.
    pub key: Option<Arc<str>>,
    /// From arrival to the error.
    pub latency_ms: f64,
}

impl ErrorEntry {
    fn of(record: Record, dates: Dates) -> Self {
        Self {
            timestamp: dates.text(record.at),
            endpoint: record.endpoint,
            status: record.status,
            kind: if let Outcome::Error(kind) = record.outcome { kind } else { "" },
            is_fault: record.is_fault(),
            stream: record.stream,
            key: record.caller.as_ref().and_then(|caller| caller.key.clone()),
            latency_ms: record.latency_seconds() * 1e3,
            request_id: record.request,
            model: record.model,
            message: record.detail,
            workspace: record.workspace,
        }
    }
}

impl Errors {
    /// Since the start, with burn rates against `objective` (above 0 and below 1).
    pub fn of(ledger: &Ledger, dates: Dates, objective: f64) -> Self {
        let (mut errors, recent) = ledger.look(|archive| {
            let recent: Vec<Record> = archive.errors().rev().cloned().collect();
            (Self::within(archive, dates, objective), recent)
        });
        errors.recent = recent.into_iter().map(|record| ErrorEntry::of(record, dates)).collect();
        errors
    }

    fn within(archive: &Archive, dates: Dates, objective: f64) -> Self {
        let windows = WINDOWS.into_iter().map(|(name, back)| (name, burn(archive, dates, back, objective)));
        let mut errors = Self {
            total_requests: 0,
            total_errors: 0,
            error_rate_percent: 0.0,
            client_closed: 0,
            by_type: BTreeMap::new(),
            by_status: BTreeMap::new(),
            by_endpoint: BTreeMap::new(),
            by_model: BTreeMap::new(),
            slo: Slo { objective, windows: windows.collect() },
            recent: Vec::new(),
        };
        for (key, totals) in archive.totals() {
            errors.total_requests += totals.requests;
            errors.client_closed += totals.client_closed;
            let is_error = is_error(key);
            errors.by_endpoint.entry(key.endpoint).or_default().add(totals.requests, is_error);
            if !key.model.is_empty() {
                errors.by_model.entry(Arc::clone(&key.model)).or_default().add(totals.requests, is_error);
            }
            if is_error {
                errors.total_errors += totals.requests;
                *errors.by_type.entry(key.error).or_default() += totals.requests;
                *errors.by_status.entry(key.status).or_default() += totals.requests;
            }
        }
        errors.error_rate_percent = percent(errors.total_errors, errors.total_requests);
        errors
    }
}

fn burn(archive: &Archive, dates: Dates, back: Duration, objective: f64) -> Burn {
    let ring = archive.series().ring(Resolution::reaching(back));
    let (requests, faults) = ring
        .spans(dates.ago(back), dates.now())
        .fold((0, 0), |(requests, faults), (_, sums)| (requests + sums.requests, faults + sums.faults));
    let fault_rate = faults as f64 / requests.max(1) as f64;
    Burn { requests, faults, fault_rate, burn_rate: fault_rate / (1.0 - objective) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::record;

    fn failed(second: u64, kind: &'static str, status: u16) -> Record {
        let mut failed = record("/v1/chat/completions", second);
        (failed.outcome, failed.status) = (Outcome::Error(kind), status);
        failed.detail = Some("It broke.".into());
        failed
    }

    #[test]
    fn known_errors_burn_a_known_budget() {
        let ledger = Ledger::new(true);
        ledger.add(failed(1000, "server_error", 500));
        (0..99).for_each(|second| ledger.add(record("/v1/models", 7000 + second)));
        ledger.add(failed(7100, "server_error", 500));
        ledger.add(failed(7101, "invalid_request_error", 400));
        let clock = fakeai_core::Clock::manual(0);
        clock.advance(Duration::from_secs(7200));
        let errors = Errors::of(&ledger, Dates::of(&clock), 0.99);
        assert_eq!((errors.total_requests, errors.total_errors, errors.client_closed), (102, 3, 0));
        assert_eq!((errors.by_type["server_error"], errors.by_status[&400]), (2, 1));
        assert_eq!(errors.by_endpoint["/v1/models"].errors, 0);
        assert_eq!(errors.by_model["gpt-4o"].errors, 3);
        let near = |left: f64, right: f64| (left - right).abs() < 1e-9;
        let [five_minutes, hour, six_hours] = ["5m", "1h", "6h"].map(|name| errors.slo.windows[name]);
        assert_eq!((five_minutes.requests, five_minutes.faults), (101, 1));
        assert!(near(five_minutes.burn_rate, 1.0 / 101.0 / 0.01) && near(hour.burn_rate, five_minutes.burn_rate));
        assert_eq!((six_hours.requests, six_hours.faults), (102, 2));
        let newest = &errors.recent[0];
        assert_eq!((newest.kind, newest.status, newest.is_fault), ("invalid_request_error", 400, false));
        assert_eq!((newest.message.as_deref(), errors.recent.len()), (Some("It broke."), 3));
    }

    #[test]
    fn only_the_last_hundred_are_kept() {
        let ledger = Ledger::new(true);
        (0..150).for_each(|second| ledger.add(failed(second, "server_error", 503)));
        let errors = Errors::of(&ledger, Dates::of(&fakeai_core::Clock::manual(0)), OBJECTIVE);
        assert_eq!((errors.recent.len(), errors.total_errors), (100, 150));
    }
}
