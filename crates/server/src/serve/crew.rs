//! The threads that serve: each drives a runtime of its own, and a connection stays on the thread it was given to.
//!
//! A runtime that shares its tasks among threads moves them about: a request then costs a wake-up of another core and
//! its cold caches, which is a third of what a short answer costs. Connections are many and alike, so giving each to
//! the thread with the fewest spreads them well enough. Long work leaves the thread (see `generation::generate`).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use futures_util::future::join_all;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::Connections;
use super::drain::{Drain, Watcher};
use super::listener::{Accepted, Underway};
use crate::app::App;
use crate::settings::Listen;

/// A connection's place in the house: among all, and on its thread. Given back at its end.
pub(super) struct Seat {
    _slot: OwnedSemaphorePermit,
    load: Arc<AtomicUsize>,
}

impl Seat {
    fn take(slot: OwnedSemaphorePermit, load: &Arc<AtomicUsize>) -> Self {
        load.fetch_add(1, Ordering::Relaxed);
        Self { _slot: slot, load: Arc::clone(load) }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.load.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection on its way to its thread.
struct Arrival {
    stream: Underway,
    watcher: Watcher,
    seat: Seat,
}

/// The thread that accepts, which also serves, and its helpers. Each has connections, load and watch of its own: what
/// all threads wrote to would be taken out of each one's cache with every request.
pub(super) struct Crew {
    app: Arc<App>,
    connections: Arc<Connections>,
    /// Connections of the accepting thread.
    load: Arc<AtomicUsize>,
    drain: Drain,
    helpers: Vec<Helper>,
}

struct Helper {
    arrivals: UnboundedSender<Arrival>,
    load: Arc<AtomicUsize>,
    drain: Drain,
    thread: JoinHandle<()>,
}

impl Crew {
    /// The calling thread and as many helpers as make up `threads`, or as many of them as the machine allows.
    pub(super) fn assemble(app: &Arc<App>, listen: &Listen) -> Self {
        let threads = listen.threads;
        let mut crew = Self {
            app: Arc::clone(app),
            connections: Arc::new(Connections::new(app, listen)),
            load: Arc::default(),
            drain: Drain::default(),
            helpers: Vec::new(),
        };
        for number in 1..threads {
            match crew.helper(number, listen) {
                Ok(helper) => crew.helpers.push(helper),
                Err(error) => {
                    tracing::warn!(%error, threads = number, "can't start another thread; serving with fewer");
                    break;
                }
            }
        }
        crew
    }

    fn helper(&self, number: usize, listen: &Listen) -> std::io::Result<Helper> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (arrivals, receiver) = unbounded_channel();
        let (app, listen) = (Arc::clone(&self.app), listen.clone());
        let thread = std::thread::Builder::new().name(format!("fakeai-{number}"));
        let thread = thread.spawn(move || help(runtime, &app, &listen, receiver))?;
        Ok(Helper { arrivals, load: Arc::default(), drain: Drain::default(), thread })
    }

    /// Gives a connection to the thread with the fewest.
    pub(super) fn seat(&self, accepted: Accepted, slot: OwnedSemaphorePermit) {
        let count = |load: &AtomicUsize| load.load(Ordering::Relaxed);
        let helper = self.helpers.iter().min_by_key(|helper| count(&helper.load));
        let Some(helper) = helper.filter(|helper| count(&helper.load) < count(&self.load)) else {
            let seat = Seat::take(slot, &self.load);
            return self.connections.spawn(&self.app.kit.tasks, accepted, self.drain.watcher(), seat);
        };
        let (seat, watcher) = (Seat::take(slot, &helper.load), helper.drain.watcher());
        match accepted.leave() {
            // A helper that has ended takes the connection with it: the server is being torn down.
            Ok(stream) => drop(helper.arrivals.send(Arrival { stream, watcher, seat })),
            Err(error) => tracing::warn!(%error, "a connection could not change threads"),
        }
    }

    /// Tells all connections to end, and waits until they have. From now on no connection can be seated.
    pub(super) async fn finish(&mut self) {
        let helpers = self.helpers.iter_mut().map(|helper| std::mem::take(&mut helper.drain));
        let all: Vec<_> = std::iter::once(std::mem::take(&mut self.drain)).chain(helpers).collect();
        join_all(all.into_iter().map(Drain::ended)).await;
    }

    /// Waits until the helpers have gone home. What still runs on them is dropped.
    pub(super) async fn dismiss(self) {
        let threads: Vec<_> = self.helpers.into_iter().map(|helper| helper.thread).collect();
        // A panic was reported where it happened.
        let joined = tokio::task::spawn_blocking(|| threads.into_iter().for_each(|thread| drop(thread.join())));
        let _ = joined.await;
    }
}

/// What a helper does all day; it ends when nobody can send it connections any more.
fn help(runtime: Runtime, app: &Arc<App>, listen: &Listen, mut arrivals: UnboundedReceiver<Arrival>) {
    let connections = Arc::new(Connections::new(app, listen));
    runtime.block_on(async {
        if let Err(error) = app.kit.clock.join() {
            // Then the accepting thread wakes its streams.
            tracing::warn!(%error, "a thread has no timer of its own");
        }
        while let Some(Arrival { stream, watcher, seat }) = arrivals.recv().await {
            match stream.arrive() {
                Ok(accepted) => connections.spawn(&app.kit.tasks, accepted, watcher, seat),
                Err(error) => tracing::warn!(%error, "a connection could not change threads"),
            }
        }
    });
    runtime.shutdown_background();
}
