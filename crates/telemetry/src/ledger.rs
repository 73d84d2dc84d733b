//! Where records go.
//!
//! A request pushes its record on a list that its thread has for itself, and is done. A long list goes into an archive
//! that is the thread's own as well, so that no thread takes memory out of another's caches. Whoever looks puts the
//! threads' archives into the one of all and empties them; looking holds no thread up that serves: one that finds its own
//! archive in use lets its list grow.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use fakeai_core::{Sharded, Tick};

use crate::active::Active;
use crate::archive::{Archive, window_seconds};
use crate::histogram::Pacing;
use crate::open::{OpenStream, OpenStreams, Ticket};
use crate::record::Record;
use crate::totals::{Key, Totals};

/// A list of a multiple of this length is put into the thread's archive, if nobody is there.
const LONG: usize = 64;

/// What a thread keeps.
#[derive(Debug, Default)]
struct Shelf {
    list: Mutex<Vec<Record>>,
    archive: Mutex<Archive>,
}

/// One record per request.
#[derive(Debug)]
pub struct Ledger {
    shelves: Sharded<Shelf>,
    active: Active,
    archive: Mutex<Archive>,
    streams: OpenStreams,
    pacing: Pacing,
    began: Tick,
    enabled: bool,
}

impl Ledger {
    /// An empty ledger; a disabled one keeps nothing.
    pub fn new(enabled: bool) -> Self {
        Self {
            shelves: Sharded::default(),
            active: Active::default(),
            archive: Mutex::default(),
            streams: OpenStreams::default(),
            pacing: Pacing::default(),
            began: Tick::default(),
            enabled,
        }
    }

    /// The same with a line of ticks that the server begins at `began`: what lies before is of an earlier life.
    #[must_use]
    pub fn beginning_at(mut self, began: Tick) -> Self {
        self.began = began;
        lock(&self.archive).begin_at(began);
        self
    }

    /// The tick at which the server began.
    pub const fn began(&self) -> Tick {
        self.began
    }

    /// Seconds that the last minute has had at `now`: a server younger than it is measured over its age.
    pub fn window_seconds(&self, now: Tick) -> f64 {
        window_seconds(self.began, now)
    }

    /// Whether it keeps anything.
    pub const fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Writes one request down.
    pub fn add(&self, record: Record) {
        if !self.enabled {
            return;
        }
        if let Some(model) = record.model.as_ref().filter(|_| record.has_begun) {
            self.active.end(model);
        }
        let own = self.shelves.own();
        let length = {
            let mut list = lock(&own.list);
            list.push(record);
            list.len()
        };
        if length.is_multiple_of(LONG) {
            match own.archive.try_lock() {
                Ok(mut archive) => collect(&own.list, &mut archive),
                Err(TryLockError::Poisoned(poisoned)) => collect(&own.list, &mut poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => {}
            }
        }
    }

    /// Counts a request in whose answer is being written; its record counts it out.
    pub fn begin(&self, model: &Arc<str>) {
        if self.enabled {
            self.active.begin(model);
        }
    }

    /// Requests being answered now, by model.
    pub fn active(&self) -> BTreeMap<Arc<str>, u64> {
        self.active.counts()
    }

    /// Looks at everything that was written down so far.
    pub fn look<T>(&self, look: impl FnOnce(&Archive) -> T) -> T {
        look(&self.archive())
    }

    /// Totals since the start, copied out, in a stable order.
    pub fn totals(&self) -> Vec<(Key, Totals)> {
        let mut all: Vec<(Key, Totals)> =
            self.look(|archive| archive.each_total().map(|(key, totals)| (key.clone(), totals.clone())).collect());
        all.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        all
    }

    /// Adds what was kept of an earlier life.
    pub fn restore(&self, kept: Archive) {
        self.archive().absorb(vec![kept]);
    }

    /// Forgets everything that was written down so far.
    pub fn clear(&self) {
        self.archive().clear();
        self.pacing.clear();
    }

    /// The archive with everything in it. Whoever holds the archive of all may wait for a thread's, and whoever holds
    /// that for its list, never the other way round.
    fn archive(&self) -> MutexGuard<'_, Archive> {
        let mut archive = lock(&self.archive);
        let parts = self.shelves.iter().map(|shelf| {
            let mut part = lock(&shelf.archive);
            collect(&shelf.list, &mut part);
            part.take()
        });
        archive.absorb(parts.collect());
        archive
    }

    /// A stream begins; it is to be closed with the ticket.
    pub fn open(&self, stream: Arc<OpenStream>) -> Ticket {
        self.streams.open(stream)
    }

    /// A stream has ended.
    pub fn close(&self, ticket: Ticket) {
        self.streams.close(ticket);
    }

    /// Streams being written now.
    pub fn active_streams(&self) -> usize {
        self.streams.count()
    }

    /// The streams being written now, the oldest first.
    pub fn streams(&self) -> Vec<Arc<OpenStream>> {
        self.streams.all()
    }

    /// How late tokens leave.
    pub const fn pacing(&self) -> &Pacing {
        &self.pacing
    }
}

fn collect(list: &Mutex<Vec<Record>>, archive: &mut Archive) {
    // Taken out first, so that the thread that writes the list waits no longer than it takes to swap two of them.
    let mut records = std::mem::take(&mut *lock(list));
    archive.add(&mut records);
    // The memory serves the next records.
    let mut list = lock(list);
    if list.is_empty() {
        *list = records;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::archive::WINDOW;
    use crate::record::{Gaps, Outcome, Tokens, Units};

    pub(crate) fn record(endpoint: &'static str, seconds: u64) -> Record {
        let at = |nanos: u64| Tick::from_nanos(seconds * 1_000_000_000 + nanos);
        Record {
            request: Box::from("req_1"),
            endpoint,
            model: Some(Arc::from("gpt-4o")),
            workspace: Arc::from("default"),
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
            first_token: Some(at(20_000_000)),
            ended: at(70_000_000),
            at: at(70_000_000),
            date: i64::try_from(seconds).unwrap(),
            units: Units::default(),
            tokens: Tokens { prompt: 10, completion: 11, delivered: 11, ..Tokens::default() },
            gaps: Gaps::default(),
            bytes_in: 100,
            bytes_out: 1000,
            is_cut: false,
            has_begun: false,
            cost_usd: 0.001,
        }
    }

    #[test]
    fn totals_stay_and_records_go() {
        let ledger = Ledger::new(true);
        for seconds in 0..100 {
            ledger.add(record("/v1/chat/completions", seconds));
        }
        ledger.look(|archive| {
            let totals = archive.totals();
            assert_eq!((totals.len(), totals[0].1.requests, totals[0].1.completion_tokens), (1, 100, 1100));
            let now = Tick::from_nanos(100_000_000_000);
            assert_eq!(archive.recent(now).count() as u64, WINDOW.as_secs());
            assert!(archive.recent(now).all(|record| record.itl_seconds() == Some(0.005)));
        });
    }

    #[test]
    fn invented_models_do_not_grow_it_without_end() {
        let ledger = Ledger::new(true);
        for number in 0..20_000 {
            let mut record = record("/v1/chat/completions", 1);
            record.model = Some(Arc::from(format!("invented-{number}")));
            ledger.add(record);
        }
        ledger.look(|archive| {
            assert!(archive.totals().len() <= 4001);
            assert_eq!(archive.totals().iter().map(|(_, totals)| totals.requests).sum::<u64>(), 20_000);
        });
    }

    #[test]
    fn a_disabled_ledger_keeps_nothing() {
        let ledger = Ledger::new(false);
        ledger.add(record("/v1/models", 1));
        assert!(ledger.look(|archive| archive.totals().is_empty()));
    }

    #[test]
    fn nothing_is_lost_between_threads_and_readers() {
        let ledger = Arc::new(Ledger::new(true));
        let writers: Vec<_> = (0..4)
            .map(|_| {
                let ledger = Arc::clone(&ledger);
                std::thread::spawn(move || (0..5000).for_each(|_| ledger.add(record("/v1/models", 1))))
            })
            .collect();
        let mut seen = 0;
        while seen < 20_000 {
            let now = ledger.look(Archive::added);
            assert!(now >= seen);
            seen = now;
        }
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(ledger.look(Archive::added), 20_000);
    }
}
