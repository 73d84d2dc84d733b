//! Metrics that stay: what the ledger knows is written to a directory now and then, and read from it at start.
//!
//! A disk that fails or is full costs what would have been written, is warned of and told by `GET /metrics/persistence`;
//! the server goes on.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fakeai_core::Tick;
use fakeai_telemetry::{
    CoreMetrics, Costs, Dates, Directory, Kept, KeptError, Ledger, MOST_HISTORY_BYTES, ModelMetrics, influx, prometheus,
};
use serde::Serialize;

use crate::app::App;

/// Where metrics are kept, and how.
#[derive(Clone, Debug)]
pub struct Persistence {
    /// The directory, which this server has to itself.
    pub directory: Arc<Directory>,
    /// From one write to the next.
    pub interval: Duration,
    /// How long snapshots are kept.
    pub retention: Duration,
}

/// How it went so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// Requests that an earlier server had counted.
    pub(crate) restored: u64,
    /// Times it was written.
    pub(crate) writes: u64,
    /// When it was last written, Unix nanoseconds, and how long that took.
    pub(crate) last: Option<(i64, Duration)>,
    /// Times it failed.
    pub(crate) errors: u64,
    /// When it last failed, Unix nanoseconds, and why.
    pub(crate) last_error: Option<(i64, String)>,
}

/// The report of a server.
#[derive(Debug, Default)]
pub(crate) struct Reports(Mutex<Report>);

impl Reports {
    pub(crate) fn get(&self) -> Report {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, note: impl FnOnce(&mut Report)) {
        note(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn fail(&self, unix: i64, error: &KeptError, what: &str) {
        tracing::warn!(%error, "{what}");
        self.note(|report| {
            report.errors += 1;
            report.last_error = Some((unix, error.to_string()));
        });
    }
}

/// Puts what an earlier server kept into the ledger.
pub(crate) fn restore(app: &App) {
    let Some(Persistence { directory, .. }) = &app.settings.persistence else { return };
    let dates = Dates::of(&app.kit.clock);
    match directory.read() {
        Ok(None) => {}
        Ok(Some(kept)) => {
            app.persistence.note(|report| report.restored = kept.requests());
            app.ledger.restore(kept.into_archive(dates));
        }
        Err(error) => app.persistence.fail(
            app.kit.clock.unix_nanos(),
            &error,
            "the metrics that were kept can't be used: counting begins anew",
        ),
    }
}

/// Writes now and then until the server stops.
pub(crate) async fn run(app: Arc<App>) {
    let Some(Persistence { interval, .. }) = app.settings.persistence else { return };
    let mut next = app.kit.clock.now();
    loop {
        next = later(next, interval, app.kit.clock.now());
        tokio::select! {
            () = app.kit.tasks.stopping() => return,
            () = app.kit.clock.sleep_until(next) => {}
        }
        write(&app).await;
    }
}

/// The next time; those that were missed are left out.
fn later(last: Tick, interval: Duration, now: Tick) -> Tick {
    (last + interval).max(now)
}

/// Writes what is known now, beside the threads that serve.
pub(crate) async fn write(app: &Arc<App>) {
    if app.settings.persistence.is_some() {
        let own = Arc::clone(app);
        app.kit.tasks.compute(move || write_now(&own)).await;
    }
}

fn write_now(app: &App) {
    let Some(Persistence { directory, retention, .. }) = &app.settings.persistence else { return };
    let clock = &app.kit.clock;
    let (dates, began) = (Dates::of(clock), clock.now());
    let kept = app.ledger.look(|archive| Kept::of(archive, dates));
    let exports = exports(&app.ledger, dates);
    let unix = clock.unix();
    let written = directory.write(&kept, &exports, unix).and_then(|()| {
        directory.thin(unix, *retention, MOST_HISTORY_BYTES)?;
        Ok(())
    });
    let now = clock.unix_nanos();
    match written {
        Ok(()) => app.persistence.note(|report| {
            report.writes += 1;
            report.last = Some((now, clock.now().since(began)));
        }),
        Err(error) => app.persistence.fail(now, &error, "metrics could not be written"),
    }
}

/// What is known, in each format, by the ending of its name.
fn exports(ledger: &Ledger, dates: Dates) -> Vec<(&'static str, String)> {
    #[derive(Serialize)]
    struct Export {
        time: String,
        core: CoreMetrics,
        models: std::collections::BTreeMap<Arc<str>, ModelMetrics>,
        costs: Costs,
    }
    let core = CoreMetrics::of(ledger, dates.now());
    let csv = core.to_csv();
    let (models, costs) = (ModelMetrics::all(ledger, dates), Costs::of(ledger, dates));
    let export = Export { time: dates.text(dates.now()), core, models, costs };
    let mut all =
        vec![("csv", csv), ("prom", prometheus::render(ledger, dates.now())), ("influx", influx(ledger, dates))];
    match serde_json::to_string(&export) {
        Ok(text) => all.push(("json", text)),
        Err(error) => tracing::error!(%error, "metrics could not be written as JSON"),
    }
    all
}
