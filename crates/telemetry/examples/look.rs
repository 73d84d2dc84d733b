//! How long a look at a full ledger takes: a million requests of a hundred models at twenty endpoints.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement at a terminal")]

use std::sync::Arc;
use std::time::Instant;

use fakeai_core::Tick;
use fakeai_telemetry::{
    CoreMetrics, Costs, Dates, Dimensions, Errors, Gaps, LatencyMetrics, Ledger, ModelMetrics, Outcome, Record,
    Requests, Streaming, Tokens, Units, Wanted, openmetrics, prometheus,
};

const REQUESTS: u64 = 1_000_000;

fn record(number: u64, models: &[Arc<str>], endpoints: &[&'static str]) -> Record {
    // A hundred seconds in all, so that the last minute is full.
    let at = |nanos: u64| Tick::from_nanos(number * 100_000 + nanos);
    Record {
        request: Box::from("req_0123456789abcdef"),
        endpoint: endpoints[(number % 20) as usize],
        model: Some(Arc::clone(&models[(number / 20 % 100) as usize])),
        workspace: Arc::clone(&models[0]),
        caller: None,
        grade: None,
        batch: None,
        worker: None,
        status: 200,
        outcome: Outcome::Success,
        detail: None,
        stream: true,
        arrived: at(0),
        admitted: None,
        first_token: Some(at(number % 1000 * 20_000)),
        ended: at(number % 1000 * 50_000),
        at: at(number % 1000 * 50_000),
        date: (number / 10_000) as i64,
        units: Units::default(),
        tokens: Tokens { prompt: 10, completion: 11, delivered: 11, ..Tokens::default() },
        is_cut: false,
        has_begun: false,
        gaps: Gaps::default(),
        bytes_in: 100,
        bytes_out: 1000,
        cost_usd: 0.001,
    }
}

fn timed<T>(name: &str, mut look: impl FnMut() -> T) -> T {
    let mut result = look();
    let begun = Instant::now();
    for _ in 0..5 {
        result = look();
    }
    println!("{name:>20} {:8.2} ms", begun.elapsed().as_secs_f64() * 1e3 / 5.0);
    result
}

fn main() {
    let models: Vec<Arc<str>> = (0..100).map(|model| Arc::from(format!("provider/model-{model}"))).collect();
    let endpoints: Vec<&'static str> = (0..20).map(|path| &*format!("/v1/resource/{path}").leak()).collect();
    let ledger = Ledger::new(true);
    let records: Vec<Record> = (0..REQUESTS).map(|number| record(number, &models, &endpoints)).collect();
    let now = Tick::from_nanos(REQUESTS * 100_000);
    let begun = Instant::now();
    for record in records {
        ledger.add(record);
    }
    ledger.look(|_| ());
    println!("{:>20} {:8.0} ns", "a record", begun.elapsed().as_secs_f64() * 1e9 / REQUESTS as f64);
    let dates = Dates::new(now, 1_735_689_600_000_000_000);
    timed("/metrics", || CoreMetrics::of(&ledger, now));
    let text = timed("/metrics/prometheus", || prometheus::render(&ledger, now));
    println!("{:>20} {:8.1} MB", "", text.len() as f64 / 1e6);
    timed("as OpenMetrics", || openmetrics(&text));
    timed("/metrics/by-model", || ModelMetrics::all(&ledger, dates));
    timed("/metrics/costs", || Costs::of(&ledger, dates));
    timed("/metrics/errors", || Errors::of(&ledger, dates, 0.999));
    timed("/metrics/streaming", || Streaming::of(&ledger, dates));
    timed("/metrics/latency", || LatencyMetrics::of(&ledger, dates));
    timed("multi-dimensional", || Dimensions::of(&ledger, dates));
    timed("/metrics/requests", || Requests::of(&ledger, dates, &Wanted::default(), 100));
}
