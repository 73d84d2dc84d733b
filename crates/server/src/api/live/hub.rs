//! Who watches, and the one task that works out what they see.
//!
//! Subscribers with equal filters share a channel. When a channel is due its data is worked out once, on a thread beside
//! those that serve, and written once; subscribers get the same bytes. A channel keeps a few updates for those who are
//! slow; who falls behind them is let go. There is no task while nobody watches.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axum::extract::ws::Utf8Bytes;
use fakeai_core::{Clock, Tick};
use fakeai_telemetry::live::Window;
use serde_json::{Value, json};
use tokio::sync::{Notify, broadcast};

use super::filter::Filter;
use super::update::{self, Dates, Since};
use crate::app::App;

/// Different filters at a time.
const MOST_CHANNELS: usize = 256;
/// Updates a subscriber may fall behind.
const MOST_UNREAD: usize = 16;

/// Who watches.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    subscribers: AtomicUsize,
    state: Mutex<State>,
    /// Told when a channel is new, which may be due before those the task knows of.
    changed: Notify,
    window: Mutex<Window>,
    dates: OnceLock<Dates>,
}

#[derive(Debug, Default)]
struct State {
    channels: Vec<Arc<Channel>>,
    is_running: bool,
}

/// Everybody who wants to see the same.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) filter: Filter,
    sender: broadcast::Sender<Arc<Update>>,
    /// The tick of the next update.
    due: AtomicU64,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    since: Since,
    data: Value,
    /// What newcomers get until the next update.
    history: Option<Arc<Update>>,
}

/// A message and what is in it.
#[derive(Debug)]
pub(super) struct Update {
    pub(super) text: Utf8Bytes,
    pub(super) data: Value,
    pub(super) timestamp: f64,
}

/// Why somebody can't watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoSubscription {
    #[error("Too many subscribers: at most {0} watch at a time (metrics.stream_clients).")]
    Subscribers(usize),
    #[error("Too many different filters: at most {MOST_CHANNELS} are watched at a time.")]
    Filters,
}

/// One who watches; counted until dropped.
#[derive(Debug)]
pub(super) struct Seat(Arc<App>);

impl Seat {
    pub(super) fn take(app: &Arc<App>) -> Result<Self, NoSubscription> {
        let (count, most) = (&app.live.subscribers, app.settings.stream_clients);
        let taken =
            count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| (taken < most).then_some(taken + 1));
        taken.map(|_| Self(Arc::clone(app))).map_err(|_| NoSubscription::Subscribers(most))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.live.subscribers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a subscriber holds.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) channel: Arc<Channel>,
    pub(super) updates: broadcast::Receiver<Arc<Update>>,
}

impl Hub {
    /// Subscribes to the channel of a filter, which is opened if it is new.
    pub(super) fn subscribe(&self, app: &Arc<App>, filter: Filter) -> Result<Subscription, NoSubscription> {
        let mut state = lock(&self.state);
        if let Some(channel) = state.channels.iter().find(|channel| channel.filter == filter) {
            return Ok(Subscription { updates: channel.sender.subscribe(), channel: Arc::clone(channel) });
        }
        if state.channels.len() >= MOST_CHANNELS {
            state.channels.retain(|channel| channel.sender.receiver_count() > 0);
        }
        if state.channels.len() >= MOST_CHANNELS {
            return Err(NoSubscription::Filters);
        }
        let now = app.kit.clock.now();
        let (sender, updates) = broadcast::channel(MOST_UNREAD);
        let progress = Progress { since: Since { tick: now, number: None }, data: Value::Null, history: None };
        let channel = Arc::new(Channel {
            due: AtomicU64::new((now + filter.interval).as_nanos()),
            filter,
            sender,
            progress: Mutex::new(progress),
        });
        state.channels.push(Arc::clone(&channel));
        if !std::mem::replace(&mut state.is_running, true) {
            app.kit.tasks.spawn(run(Arc::clone(app)));
        }
        self.changed.notify_one();
        Ok(Subscription { channel, updates })
    }

    /// How ticks are dated.
    pub(super) fn dates(&self, clock: &Clock) -> Dates {
        *self.dates.get_or_init(|| Dates::new(clock))
    }

    /// When the next channel is due. `None` ends the task: nobody watches.
    fn next_due(&self) -> Option<Tick> {
        let mut state = lock(&self.state);
        state.channels.retain(|channel| channel.sender.receiver_count() > 0);
        let next = state.channels.iter().map(|channel| channel.due()).min();
        if next.is_none() {
            state.is_running = false;
            *lock(&self.window) = Window::default();
        }
        next
    }

    fn due(&self, now: Tick) -> Vec<Arc<Channel>> {
        let state = lock(&self.state);
        state.channels.iter().filter(|channel| channel.due() <= now).cloned().collect()
    }
}

impl Channel {
    fn due(&self) -> Tick {
        Tick::from_nanos(self.due.load(Ordering::Relaxed))
    }

    /// Works out what has happened since the last time, and tells.
    fn publish(&self, app: &App) {
        let now = app.kit.clock.now();
        let mut progress = lock(&self.progress);
        let mut window = lock(&app.live.window);
        let data = update::data(app, &mut window, &self.filter, progress.since, now);
        progress.since = Since { tick: now, number: Some(window.seen()) };
        drop(window);
        // From now on and not from when it was due: who is late does not hurry.
        self.due.store((now + self.filter.interval).as_nanos(), Ordering::Relaxed);
        progress.history = None;
        let deltas = update::deltas(&progress.data, &data);
        let timestamp = update::timestamp(&app.kit.clock);
        let text = update::message("metrics_update", timestamp, json!({"data": data, "deltas": deltas}));
        progress.data.clone_from(&data);
        drop(progress);
        let _ = self.sender.send(Arc::new(Update { text: text.into(), data, timestamp }));
    }

    /// What a newcomer should know: as much as the filter's time range has. Worked out once between two updates.
    pub(super) fn history(&self, app: &App) -> Arc<Update> {
        let now = app.kit.clock.now();
        let mut progress = lock(&self.progress);
        if let Some(history) = &progress.history {
            return Arc::clone(history);
        }
        let range = self.filter.points().range;
        let since =
            Since { tick: Tick::from_nanos(now.as_nanos().saturating_sub(range.as_nanos() as u64)), number: None };
        let mut window = lock(&app.live.window);
        let data = update::data(app, &mut window, &self.filter, since, now);
        if progress.data.is_null() {
            progress.data.clone_from(&data);
            progress.since = Since { tick: now, number: Some(window.seen()) };
        }
        drop(window);
        let timestamp = update::timestamp(&app.kit.clock);
        let text = update::message("historical_data", timestamp, json!({"data": data})).into();
        let history = Arc::new(Update { text, data, timestamp });
        progress.history = Some(Arc::clone(&history));
        history
    }
}

/// The task, as long as somebody watches.
async fn run(app: Arc<App>) {
    let (clock, tasks) = (&app.kit.clock, &app.kit.tasks);
    while let Some(due) = app.live.next_due() {
        tokio::select! {
            () = tasks.stopping() => return,
            () = app.live.changed.notified() => continue,
            () = clock.sleep_until(due) => {}
        }
        let channels = app.live.due(clock.now());
        let published = Arc::clone(&app);
        // Beside the threads that serve: it may take milliseconds.
        tasks.compute(move || channels.iter().for_each(|channel| channel.publish(&published))).await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
