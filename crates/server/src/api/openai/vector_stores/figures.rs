//! How stores stand and how they are searched, as metrics show it.

use std::sync::Arc;
use std::time::Duration;

use fakeai_store::Page;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::file::Counts;
use super::ingest::now_ms;
use super::shelf::Summary;
use super::store::{KIND, VectorStore};
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;

/// Latencies that are remembered, the latest.
const MOST_LATENCIES: usize = 1000;
/// Stores that are shown one by one; all are counted.
const MOST_SHOWN: usize = 100;

/// Searches of a store.
#[derive(Clone, Debug, Default)]
pub(super) struct Searches {
    count: u64,
    /// Chunks they found.
    results: u64,
    /// Searches that found none.
    empty: u64,
    latencies: Vec<Duration>,
}

impl Searches {
    pub(super) fn add(&mut self, took: Duration, found: usize) {
        if self.latencies.len() < MOST_LATENCIES {
            self.latencies.push(took);
        } else {
            self.latencies[self.count as usize % MOST_LATENCIES] = took;
        }
        self.count += 1;
        self.results += found as u64;
        self.empty += u64::from(found == 0);
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.results += other.results;
        self.empty += other.empty;
        self.latencies.extend(&other.latencies);
    }

    fn shown(mut self) -> Value {
        self.latencies.sort_unstable();
        let milliseconds = |took: Duration| took.as_secs_f64() * 1000.0;
        let at = |share: f64| {
            let place = (share * self.latencies.len() as f64).ceil() as usize;
            self.latencies.get(place.saturating_sub(1)).copied().map_or(0.0, milliseconds)
        };
        let sum: f64 = self.latencies.iter().copied().map(milliseconds).sum();
        let average = |sum: f64, count: f64| if count > 0.0 { sum / count } else { 0.0 };
        json!({
            "searches": self.count,
            "results": self.results,
            "empty_searches": self.empty,
            "average_results": average(self.results as f64, self.count as f64),
            "hit_rate": average((self.count - self.empty) as f64, self.count as f64),
            "latency_ms": {
                "average": average(sum, self.latencies.len() as f64),
                "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "max": at(1.0),
            },
        })
    }
}

#[derive(Serialize)]
struct Totals {
    vector_stores: usize,
    files: Counts,
    chunks: u64,
    usage_bytes: u64,
    /// Memory of the indexes that are there now.
    index_bytes: usize,
    search: Value,
}

/// Bytes that the stores of the asker's workspace take.
pub(in crate::api::openai) fn usage_bytes(context: &Context) -> Result<u64, ApiError> {
    let found = figures(context)?;
    Ok(found["totals"]["usage_bytes"].as_u64().unwrap_or_default())
}

/// How the stores of the asker's workspace stand: all together, and the newest one by one.
pub(in crate::api) fn figures(context: &Context) -> Result<Value, ApiError> {
    let (now, now_ms) = (Moment::now(context.clock()), now_ms(context));
    let shelves = &context.app().shelves;
    let (mut all, mut searches, mut count) = (Summary::default(), Searches::default(), 0);
    let mut stores = Map::new();
    let mut page = Page { limit: 1000, descending: true, ..Page::default() };
    loop {
        let listing = context.documents().list(KIND, &page).wait()?;
        page.after = listing.last_id().map(str::to_owned);
        for store in listing.documents.iter().filter_map(|(_, document)| VectorStore::read(document)) {
            let summary = shelves.look(context, &store.id, false, |shelf| shelf.summary(now, now_ms))?;
            let own = shelves.searches(&(Arc::clone(context.workspace_name()), store.id.clone()));
            all.counts = all.counts.and(summary.counts);
            all.usage_bytes += summary.usage_bytes;
            all.chunks += summary.chunks;
            searches.merge(&own);
            count += 1;
            if stores.len() < MOST_SHOWN {
                let shown = json!({
                    "name": store.object(context, &summary)["name"],
                    "files": summary.counts,
                    "chunks": summary.chunks,
                    "usage_bytes": summary.usage_bytes,
                    "search": own.shown(),
                });
                stores.insert(store.id, shown);
            }
        }
        if !listing.has_more {
            break;
        }
    }
    let totals = Totals {
        vector_stores: count,
        files: all.counts,
        chunks: all.chunks,
        usage_bytes: all.usage_bytes,
        index_bytes: shelves.bytes(),
        search: searches.shown(),
    };
    Ok(json!({"totals": totals, "vector_stores": stores}))
}
