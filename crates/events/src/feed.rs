//! The batches of one worker: numbered, kept for those who missed them, queued for those who send them.
//!
//! The engine puts batches in and never waits: if nobody takes them from a full queue, the oldest is dropped, which is
//! counted and shows as a gap in the numbers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fakeai_core::Tick;
use tokio::sync::Notify;

use crate::batch::{Batch, CacheEvent};
use crate::status::Status;

/// How batches are made and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedSettings {
    /// Batches that can be asked for again (vLLM's `buffer_steps`).
    pub buffer_steps: usize,
    /// Batches that may wait to be sent (vLLM's `max_queue_size`).
    pub max_queue_size: usize,
    /// Events of a batch at least, unless the oldest has waited for a second; 1 makes a batch of each step, as vLLM
    /// does, more is llm-d's `event-batch-size`.
    pub batch_size: usize,
}

impl Default for FeedSettings {
    fn default() -> Self {
        Self { buffer_steps: 10_000, max_queue_size: 100_000, batch_size: 1 }
    }
}

/// How long an event may wait for its batch to be full: llm-d's simulator waits a second.
const MOST_WAIT: Duration = Duration::from_secs(1);

/// The batches of one worker.
#[derive(Debug)]
pub struct Feed {
    rank: u32,
    settings: FeedSettings,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    /// Events of all batches so far.
    events: u64,
    kept: VecDeque<Arc<Batch>>,
    queue: VecDeque<Arc<Batch>>,
    /// Whether somebody sends.
    has_sender: bool,
    dropped: u64,
    /// Events that wait for their batch to be full: since when, and the date.
    open: Vec<CacheEvent>,
    since: Tick,
    unix_seconds: f64,
    endpoint: Option<String>,
    replay_endpoint: Option<String>,
}

impl Feed {
    /// The feed of the worker of that number.
    pub fn new(rank: u32, settings: FeedSettings) -> Self {
        Self { rank, settings, state: Mutex::default(), changed: Notify::new() }
    }

    /// What happened in one step that ended at `now`. Never waits.
    pub fn publish(&self, events: Vec<CacheEvent>, now: Tick, unix_seconds: f64) {
        if events.is_empty() {
            return;
        }
        let mut state = self.lock();
        if state.open.is_empty() {
            state.since = now;
        }
        state.unix_seconds = unix_seconds;
        state.open.extend(events);
        if state.open.len() >= self.settings.batch_size {
            self.close(&mut state);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Closes the batch that waits to be full, if it has waited long enough by `now`; otherwise when it will have.
    pub fn flush(&self, now: Tick) -> Option<Tick> {
        let mut state = self.lock();
        if state.open.is_empty() {
            return None;
        }
        let due = state.since + MOST_WAIT;
        if now < due {
            return Some(due);
        }
        self.close(&mut state);
        None
    }

    fn close(&self, state: &mut State) {
        let events = std::mem::take(&mut state.open);
        let (sequence, first_event, unix_seconds) = (state.next, state.events, state.unix_seconds);
        state.next += 1;
        state.events += events.len() as u64;
        let batch = Arc::new(Batch { sequence, first_event, unix_seconds, rank: self.rank, events });
        if state.has_sender {
            if state.queue.len() >= self.settings.max_queue_size {
                state.queue.pop_front();
                state.dropped += 1;
            }
            state.queue.push_back(Arc::clone(&batch));
        }
        state.kept.push_back(batch);
        while state.kept.len() > self.settings.buffer_steps {
            state.kept.pop_front();
        }
    }

    /// From now on batches are queued for one who sends them.
    pub fn begin_sending(&self) {
        self.lock().has_sender = true;
    }

    /// The batches that wait to be sent, at most `most` of them.
    pub fn take_queued(&self, most: usize) -> Vec<Arc<Batch>> {
        let mut state = self.lock();
        let count = state.queue.len().min(most);
        state.queue.drain(..count).collect()
    }

    /// The batches from number `start` on that are kept, at most `most` of them.
    pub fn kept_from(&self, start: u64, most: usize) -> Vec<Arc<Batch>> {
        let state = self.lock();
        let first = state.kept.partition_point(|batch| batch.sequence < start);
        state.kept.iter().skip(first).take(most).cloned().collect()
    }

    /// The number of the next batch.
    pub fn next_sequence(&self) -> u64 {
        self.lock().next
    }

    /// Says where its sockets are.
    pub fn set_endpoints(&self, endpoint: Option<String>, replay_endpoint: Option<String>) {
        let mut state = self.lock();
        (state.endpoint, state.replay_endpoint) = (endpoint, replay_endpoint);
    }

    /// Is told at each change; the future must be made before looking.
    pub fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }

    /// Its worker's number.
    pub const fn rank(&self) -> u32 {
        self.rank
    }

    /// How it stands.
    pub fn status(&self) -> Status {
        let state = self.lock();
        Status {
            rank: self.rank,
            endpoint: state.endpoint.clone(),
            replay_endpoint: state.replay_endpoint.clone(),
            batches: state.next,
            dropped_batches: state.dropped,
            kept_batches: state.kept.len(),
            queued_batches: state.queue.len(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn removed(hash: u64) -> Vec<CacheEvent> {
        vec![CacheEvent::Removed { block_hashes: vec![hash] }]
    }

    fn numbers(batches: &[Arc<Batch>]) -> Vec<u64> {
        batches.iter().map(|batch| batch.sequence).collect()
    }

    #[test]
    fn what_is_dropped_is_counted_and_missing() {
        let feed = Feed::new(0, FeedSettings { buffer_steps: 3, max_queue_size: 2, batch_size: 1 });
        feed.begin_sending();
        (0..5).for_each(|hash| feed.publish(removed(hash), Tick::default(), 0.0));
        assert_eq!(feed.status().dropped_batches, 3);
        assert_eq!(numbers(&feed.take_queued(9)), [3, 4]);
        assert_eq!(numbers(&feed.kept_from(0, 9)), [2, 3, 4]);
        assert_eq!(numbers(&feed.kept_from(3, 1)), [3]);
        assert!(feed.kept_from(5, 9).is_empty());
    }

    #[test]
    fn without_a_sender_nothing_is_queued() {
        let feed = Feed::new(0, FeedSettings::default());
        feed.publish(removed(1), Tick::default(), 0.0);
        assert_eq!((feed.status().queued_batches, feed.status().kept_batches), (0, 1));
    }

    #[test]
    fn small_batches_wait_a_second_for_more() {
        let feed = Feed::new(0, FeedSettings { batch_size: 3, ..FeedSettings::default() });
        let at = |seconds| Tick::default() + Duration::from_secs(seconds);
        feed.publish(removed(1), at(0), 0.0);
        assert_eq!((feed.next_sequence(), feed.flush(at(0))), (0, Some(at(1))));
        assert_eq!((feed.flush(at(1)), feed.next_sequence()), (None, 1));
        (0..3).for_each(|hash| feed.publish(removed(hash), at(2), 0.0));
        assert_eq!((feed.next_sequence(), feed.kept_from(1, 1)[0].events.len()), (2, 3));
    }
}
