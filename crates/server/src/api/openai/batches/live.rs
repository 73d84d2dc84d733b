//! Batches that are being worked on by this process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fakeai_core::Clock;
use rustc_hash::FxHashMap;
use tokio::sync::{Notify, Semaphore, watch};

use crate::jobs::Moment;

/// Slices that are worked on at a time, whosever they are: batches yield to those who wait for an answer.
const BENCHES: usize = 2;

/// The workers of this process.
#[derive(Debug)]
pub(crate) struct Desk {
    live: Mutex<FxHashMap<Key, Arc<Live>>>,
    benches: Semaphore,
}

/// Workspace and id of a batch.
type Key = (Arc<str>, String);

/// One worker, as others see it.
#[derive(Debug)]
pub(super) struct Live {
    state: watch::Sender<State>,
    poke: Notify,
    cancelled: AtomicBool,
}

/// What a worker does.
#[derive(Clone, Copy, Debug)]
enum State {
    Working,
    /// Nothing, up to this moment.
    Resting(Moment),
    Gone,
}

impl Default for Desk {
    fn default() -> Self {
        Self { live: Mutex::default(), benches: Semaphore::new(BENCHES) }
    }
}

impl Desk {
    /// The worker of a batch; `start` is called with one that is new.
    pub(super) fn worker(&self, workspace: &Arc<str>, id: &str, start: impl FnOnce(Arc<Live>)) -> Arc<Live> {
        let mut workers = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (Arc::clone(workspace), id.to_owned());
        if let Some(live) = workers.get(&key) {
            return Arc::clone(live);
        }
        let (state, _) = watch::channel(State::Working);
        let live = Arc::new(Live { state, poke: Notify::new(), cancelled: AtomicBool::new(false) });
        workers.insert(key, Arc::clone(&live));
        drop(workers);
        start(Arc::clone(&live));
        live
    }

    /// Lets go of a worker that has ended.
    pub(super) fn leave(&self, workspace: &Arc<str>, id: &str, live: &Live) {
        let mut workers = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        workers.remove(&(Arc::clone(workspace), id.to_owned()));
        drop(workers);
        live.state.send_replace(State::Gone);
    }

    /// Where slices are worked on.
    pub(super) const fn benches(&self) -> &Semaphore {
        &self.benches
    }
}

impl Live {
    /// Says that it rests up to a moment.
    pub(super) fn rest(&self, until: Moment) {
        self.state.send_replace(State::Resting(until));
    }

    /// Says that it works.
    pub(super) fn work(&self) {
        self.state.send_replace(State::Working);
    }

    /// Waits until somebody wants it to look around.
    pub(super) async fn poked(&self) {
        self.poke.notified().await;
    }

    /// Stops it at the next line.
    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
        // Whatever it rests for is not what it has to do next.
        self.work();
        self.poke.notify_one();
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Waits until it has done all that is due by now, wherever the clock goes meanwhile.
    pub(super) async fn caught_up(&self, clock: &Clock) {
        let now = Moment::now(clock);
        let mut state = self.state.subscribe();
        loop {
            let seen = *state.borrow_and_update();
            match seen {
                State::Gone => return,
                State::Resting(until) if until > now => return,
                // Its clock was exchanged, or it has not woken yet.
                State::Resting(_) => self.poke.notify_one(),
                State::Working => {}
            }
            if state.changed().await.is_err() {
                return;
            }
        }
    }
}
