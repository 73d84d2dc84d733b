//! How metrics are kept on disk.

use axum::response::Response;
use axum::routing::get;
use fakeai_core::Clock;
use serde::Serialize;

use crate::api::Endpoint;
use crate::context::Context;
use crate::wire::json;

/// Files that are listed, the newest of them.
const MOST_FILES: usize = 100;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::own("GET", "/metrics/persistence", "getMetricsPersistence", get(persistence))]
}

#[derive(Default, Serialize)]
struct View {
    enabled: bool,
    directory: Option<String>,
    interval_seconds: Option<f64>,
    retention_hours: Option<f64>,
    /// Requests that an earlier server had counted.
    restored_requests: u64,
    writes: u64,
    last_write: Option<String>,
    last_write_ms: Option<f64>,
    errors: u64,
    last_error: Option<Failure>,
    total_files: usize,
    total_bytes: u64,
    /// At most a hundred: those that are replaced, and the newest snapshots.
    files: Vec<File>,
}

#[derive(Serialize)]
struct Failure {
    time: String,
    message: String,
}

#[derive(Serialize)]
struct File {
    name: String,
    bytes: u64,
}

async fn persistence(context: Context) -> Response {
    let app = context.app();
    let Some(persistence) = &app.settings.persistence else { return json(&View::default()) };
    let report = app.persistence.get();
    let directory = std::sync::Arc::clone(&persistence.directory);
    let found = app.kit.tasks.compute(move || directory.files()).await;
    let mut files = found.and_then(Result::ok).unwrap_or_default();
    let (total_files, total_bytes) = (files.len(), files.iter().map(|file| file.bytes).sum());
    // `metrics.*` and `state.json` come first by name, then snapshots, the oldest first.
    let replaced = files.iter().filter(|file| !file.name.contains('/')).count();
    let surplus = files.len().saturating_sub(MOST_FILES.max(replaced));
    let snapshots = files.iter().position(|file| file.name.contains('/')).unwrap_or(0);
    files.drain(snapshots..(snapshots + surplus).min(files.len()));
    json(&View {
        enabled: true,
        directory: Some(persistence.directory.path().display().to_string()),
        interval_seconds: Some(persistence.interval.as_secs_f64()),
        retention_hours: Some(persistence.retention.as_secs_f64() / 3600.0),
        restored_requests: report.restored,
        writes: report.writes,
        last_write: report.last.map(|(at, _)| date(at)),
        last_write_ms: report.last.map(|(_, took)| took.as_secs_f64() * 1e3),
        errors: report.errors,
        last_error: report.last_error.map(|(at, message)| Failure { time: date(at), message }),
        total_files,
        total_bytes,
        files: files.into_iter().map(|file| File { name: file.name, bytes: file.bytes }).collect(),
    })
}

/// RFC 3339, to the second.
fn date(unix_nanos: i64) -> String {
    Clock::manual(unix_nanos.div_euclid(1_000_000_000)).timestamp().to_string()
}
