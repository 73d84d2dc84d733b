//! Wakes tasks at absolute ticks, within tens of microseconds.
//!
//! A desk is a heap of sleepers, an alarm, and a task that wakes whoever is due. There is one for everybody, and
//! threads that serve have one each, so that a sleeper is woken by the thread it runs on: no lock is fought over and no
//! thread has to be roused by another. On Linux the alarm is a timerfd: tokio's own timers round to a millisecond,
//! which is longer than the gap between two tokens may be.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::task::Waker;
use std::time::{Duration, Instant};

use alarm::{Alarm, Bell};

use crate::Tick;

/// Wakers ordered by the tick they wait for.
#[derive(Debug, Default)]
pub(crate) struct Sleepers {
    heap: BinaryHeap<Reverse<Sleeper>>,
}

#[derive(Debug)]
struct Sleeper {
    at: Tick,
    waker: Waker,
}

impl PartialEq for Sleeper {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Sleeper {}

impl PartialOrd for Sleeper {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sleeper {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

impl Sleepers {
    pub(crate) fn add(&mut self, at: Tick, waker: Waker) {
        self.heap.push(Reverse(Sleeper { at, waker }));
    }

    pub(crate) fn next(&self) -> Option<Tick> {
        self.heap.peek().map(|Reverse(sleeper)| sleeper.at)
    }

    /// Moves the wakers that are due at `now` to the end of `due`.
    pub(crate) fn take_due(&mut self, now: Tick, due: &mut Vec<Waker>) {
        while self.next().is_some_and(|at| at <= now) {
            if let Some(Reverse(sleeper)) = self.heap.pop() {
                due.push(sleeper.waker);
            }
        }
    }
}

/// The machine's monotone time, and whoever waits for it. Clones share desks; their tasks end with the last clone.
#[derive(Clone, Debug)]
pub(crate) struct Pacer(Arc<Shared>);

/// Threads beyond this many share the common desk.
const MOST_DESKS: usize = 128;
/// The number of the desk everybody may use.
const COMMON: usize = MOST_DESKS;

thread_local! {
    /// The desk of this thread, by its number in the one pacer whose runtime this thread drives.
    static OWN: Cell<usize> = const { Cell::new(COMMON) };
}

#[derive(Debug)]
struct Shared {
    origin: Instant,
    /// The tick at the origin.
    began: Tick,
    common: Desk,
    own: Box<[OnceLock<Desk>]>,
    taken: AtomicUsize,
    /// How long before its time an alarm rings, nanoseconds; the rest is waited for without sleeping.
    spin: AtomicU64,
}

#[derive(Debug)]
struct Desk {
    state: Mutex<State>,
    alarm: Alarm,
}

#[derive(Debug, Default)]
struct State {
    sleepers: Sleepers,
    /// The tick the alarm is set to.
    armed: Option<Tick>,
}

impl Pacer {
    /// Begins at tick `began`.
    pub(crate) fn start(began: Tick) -> std::io::Result<Self> {
        let (desk, bell) = Desk::open()?;
        let own = (0..MOST_DESKS).map(|_| OnceLock::new()).collect();
        #[expect(clippy::disallowed_methods, reason = "the origin of all ticks")]
        let origin = Instant::now();
        let shared = Shared { origin, began, common: desk, own, taken: AtomicUsize::new(0), spin: AtomicU64::new(0) };
        let pacer = Self(Arc::new(shared));
        pacer.attend(COMMON, bell);
        Ok(pacer)
    }

    /// The tick it began at.
    pub(crate) fn began(&self) -> Tick {
        self.0.began
    }

    /// Whether both show the same time.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// From now on the last `spin` before each deadline is waited for without sleeping: an operating system wakes a
    /// sleeper some tens of microseconds late. It costs processor time in each thread with deadlines.
    pub(crate) fn spin(&self, spin: Duration) {
        self.0.spin.store(u64::try_from(spin.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Gives the thread this is called on a desk of its own. It must drive a runtime by itself and be inside it.
    pub(crate) fn join(&self) -> std::io::Result<()> {
        let number = self.0.taken.fetch_add(1, Ordering::Relaxed);
        let Some(place) = self.0.own.get(number) else { return Ok(()) };
        let (desk, bell) = Desk::open()?;
        if place.set(desk).is_ok() {
            self.attend(number, bell);
            OWN.set(number);
        }
        Ok(())
    }

    #[expect(clippy::disallowed_methods, reason = "the pacer outlives shutdown's drain, so it is no tracked task")]
    fn attend(&self, number: usize, bell: Bell) {
        tokio::spawn(ring(bell, number, Arc::downgrade(&self.0)));
    }

    pub(crate) fn now(&self) -> Tick {
        self.0.now()
    }

    pub(crate) fn wake_at(&self, at: Tick, waker: &Waker) {
        let now = self.now();
        if at <= now {
            waker.wake_by_ref();
            return;
        }
        let desk = self.0.desk(OWN.get());
        let mut state = desk.lock();
        state.sleepers.add(at, waker.clone());
        if state.armed.is_none_or(|armed| at < armed) {
            state.armed = Some(at);
            desk.alarm.set(self.0.asleep(at, now));
        }
    }

    pub(crate) fn wake_all(&self) {
        let mut all = Vec::new();
        for desk in self.0.desks() {
            desk.lock().sleepers.take_due(Tick::from_nanos(u64::MAX), &mut all);
        }
        all.into_iter().for_each(Waker::wake);
    }
}

impl Shared {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's monotone clock")]
    fn now(&self) -> Tick {
        self.began + Instant::now().duration_since(self.origin)
    }

    /// The desk of that number; the common one if there is none, as on a thread that joined another pacer.
    fn desk(&self, number: usize) -> &Desk {
        self.own.get(number).and_then(OnceLock::get).unwrap_or(&self.common)
    }

    fn desks(&self) -> impl Iterator<Item = &Desk> {
        std::iter::once(&self.common).chain(self.own.iter().filter_map(OnceLock::get))
    }

    /// How long to sleep for a deadline.
    fn asleep(&self, at: Tick, now: Tick) -> Duration {
        at.since(now).saturating_sub(Duration::from_nanos(self.spin.load(Ordering::Relaxed)))
    }

    /// Waits for the next deadline of a desk without sleeping, if it is so near.
    fn linger(&self, desk: &Desk) {
        let spin = Duration::from_nanos(self.spin.load(Ordering::Relaxed));
        if spin.is_zero() {
            return;
        }
        let next = desk.lock().sleepers.next();
        if let Some(next) = next.filter(|next| next.since(self.now()) <= spin) {
            while self.now() < next {
                std::hint::spin_loop();
            }
        }
    }

    /// Wakes whoever is due at a desk and sets its alarm for the next.
    fn rang(&self, number: usize, due: &mut Vec<Waker>) {
        {
            let desk = self.desk(number);
            self.linger(desk);
            let mut state = desk.lock();
            let now = self.now();
            state.sleepers.take_due(now, due);
            state.armed = state.sleepers.next();
            if let Some(next) = state.armed {
                desk.alarm.set(self.asleep(next, now));
            }
        }
        due.drain(..).for_each(Waker::wake);
    }
}

impl Desk {
    fn open() -> std::io::Result<(Self, Bell)> {
        let (alarm, bell) = alarm::new()?;
        Ok((Self { state: Mutex::default(), alarm }, bell))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // Rings once more, so that the task sees that nobody is left.
        self.alarm.set(SOON);
    }
}

/// An alarm of zero would be an alarm switched off.
const SOON: Duration = Duration::from_nanos(1);

async fn ring(mut bell: Bell, number: usize, shared: Weak<Shared>) {
    let mut due = Vec::new();
    while bell.rings().await {
        match shared.upgrade() {
            Some(shared) => shared.rang(number, &mut due),
            None => return,
        }
    }
}

#[cfg(target_os = "linux")]
mod alarm {
    use std::os::fd::OwnedFd;
    use std::sync::Arc;
    use std::time::Duration;

    use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// Sets the timerfd.
    #[derive(Debug)]
    pub(super) struct Alarm(Arc<OwnedFd>);

    /// Hears the timerfd.
    #[derive(Debug)]
    pub(super) struct Bell(AsyncFd<Arc<OwnedFd>>);

    #[expect(deprecated, reason = "its unsafe twin asks for what Arc<OwnedFd> gives: one live descriptor throughout")]
    pub(super) fn new() -> std::io::Result<(Alarm, Bell)> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let fd = Arc::new(rustix::time::timerfd_create(TimerfdClockId::Monotonic, flags)?);
        Ok((Alarm(Arc::clone(&fd)), Bell(AsyncFd::with_interest(fd, Interest::READABLE)?)))
    }

    impl Alarm {
        pub(super) fn set(&self, after: Duration) {
            let after = after.max(super::SOON);
            let value = Timespec { tv_sec: after.as_secs().cast_signed(), tv_nsec: i64::from(after.subsec_nanos()) };
            let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
            // Cannot fail: the descriptor is a timerfd of ours and the time is in range.
            let _ = rustix::time::timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once);
        }
    }

    impl Bell {
        /// Waits for the alarm; false when it can ring no more.
        pub(super) async fn rings(&mut self) -> bool {
            loop {
                let Ok(mut guard) = self.0.readable().await else { return false };
                let mut count = [0; 8];
                let read = guard.try_io(|fd| Ok(rustix::io::read(fd.get_ref(), &mut count)?));
                if let Ok(read) = read {
                    return read.is_ok();
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod alarm {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::sync::watch;

    /// Sets the deadline. A millisecond late at worst: the price of portability.
    #[derive(Debug)]
    pub(super) struct Alarm(Arc<watch::Sender<Option<tokio::time::Instant>>>);

    /// Waits for the deadline.
    #[derive(Debug)]
    pub(super) struct Bell(watch::Receiver<Option<tokio::time::Instant>>);

    #[expect(clippy::unnecessary_wraps, reason = "the Linux twin can fail")]
    pub(super) fn new() -> std::io::Result<(Alarm, Bell)> {
        let (sender, receiver) = watch::channel(None);
        Ok((Alarm(Arc::new(sender)), Bell(receiver)))
    }

    impl Alarm {
        pub(super) fn set(&self, after: Duration) {
            self.0.send_replace(Some(tokio::time::Instant::now() + after));
        }
    }

    impl Bell {
        pub(super) async fn rings(&mut self) -> bool {
            loop {
                let deadline = *self.0.borrow_and_update();
                let Some(deadline) = deadline else {
                    if self.0.changed().await.is_err() {
                        return false;
                    }
                    continue;
                };
                tokio::select! {
                    () = tokio::time::sleep_until(deadline) => return true,
                    changed = self.0.changed() => if changed.is_err() { return false },
                }
            }
        }
    }
}
