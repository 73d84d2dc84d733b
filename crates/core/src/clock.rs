//! Time as an object. [`Tick`]s pace (monotone), [`Clock::unix`] dates (wall clock); a clock can be real, real with
//! a frozen date, or moved by hand.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::pacer::{Pacer, Sleepers};

/// A point in monotone time: nanoseconds on a line that the clock begins at zero, or where it was told to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(u64);

impl Tick {
    /// The tick `nanoseconds` after the beginning of the line.
    pub const fn from_nanos(nanoseconds: u64) -> Self {
        Self(nanoseconds)
    }

    /// Nanoseconds since the beginning of the line.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Time since `earlier`; zero when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl std::ops::Add<Duration> for Tick {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// A handed-in clock. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ticks: Ticks,
    wall: Wall,
}

#[derive(Debug)]
enum Ticks {
    Real(Pacer),
    Manual(Mutex<Manual>),
}

#[derive(Debug)]
enum Wall {
    /// The machine's date.
    Real,
    /// Stands still until moved; Unix nanoseconds.
    Fixed(AtomicI64),
}

impl Wall {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's date")]
    fn unix_nanos(&self) -> i64 {
        match self {
            Self::Real => std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |since| since.as_nanos() as i64),
            Self::Fixed(nanos) => nanos.load(Ordering::Relaxed),
        }
    }
}

#[derive(Debug, Default)]
struct Manual {
    now: Tick,
    sleepers: Sleepers,
}

impl Clock {
    /// The machine's clock. Must be called inside a tokio runtime, whose workers then do the waking.
    pub fn system() -> std::io::Result<Self> {
        Self::system_from(Tick::default())
    }

    /// The same with ticks for what was before it: they begin `past` after zero, and a little more, so that hours of
    /// ticks are hours of the day.
    pub fn system_with_past(past: Duration) -> std::io::Result<Self> {
        const HOUR: i64 = 3600 * NANOS;
        let into_hour = Duration::from_nanos(Wall::Real.unix_nanos().rem_euclid(HOUR).unsigned_abs());
        Self::system_from(Tick::default() + past + into_hour)
    }

    fn system_from(began: Tick) -> std::io::Result<Self> {
        Ok(Self(Arc::new(Inner { ticks: Ticks::Real(Pacer::start(began)?), wall: Wall::Real })))
    }

    /// The tick at which it was made.
    pub fn began(&self) -> Tick {
        match &self.0.ticks {
            Ticks::Real(pacer) => pacer.began(),
            Ticks::Manual(_) => Tick::default(),
        }
    }

    /// From now on the last `spin` before each deadline is waited for without sleeping, which makes wakers more punctual
    /// and keeps processors busy. A manual clock stays as it is.
    pub fn spin(&self, spin: Duration) {
        if let Ticks::Real(pacer) = &self.0.ticks {
            pacer.spin(spin);
        }
    }

    /// From now on whoever waits on the thread this is called on is woken by that thread, which must drive a tokio
    /// runtime by itself and be inside it. A manual clock is moved by whoever moves it.
    pub fn join(&self) -> std::io::Result<()> {
        match &self.0.ticks {
            Ticks::Real(pacer) => pacer.join(),
            Ticks::Manual(_) => Ok(()),
        }
    }

    /// Ticks of the machine, but a date that stands still at `unix_seconds` until [`Clock::advance`]:
    /// two runs of one script then see the same timestamps. A manual clock stays the one it is.
    pub fn with_fixed_date(&self, unix_seconds: i64) -> Self {
        let wall = Wall::Fixed(AtomicI64::new(unix_seconds.saturating_mul(NANOS)));
        match &self.0.ticks {
            Ticks::Real(pacer) => Self(Arc::new(Inner { ticks: Ticks::Real(pacer.clone()), wall })),
            Ticks::Manual(_) => self.clone(),
        }
    }

    /// A clock that only moves by [`Clock::advance`], starting at tick zero and at `unix_seconds`.
    pub fn manual(unix_seconds: i64) -> Self {
        let wall = Wall::Fixed(AtomicI64::new(unix_seconds.saturating_mul(NANOS)));
        Self(Arc::new(Inner { ticks: Ticks::Manual(Mutex::default()), wall }))
    }

    /// Monotone time.
    pub fn now(&self) -> Tick {
        match &self.0.ticks {
            Ticks::Real(pacer) => pacer.now(),
            Ticks::Manual(manual) => manual.lock().unwrap_or_else(PoisonError::into_inner).now,
        }
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub fn unix_nanos(&self) -> i64 {
        self.0.wall.unix_nanos()
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, as the API's `created` fields show them.
    pub fn unix(&self) -> i64 {
        self.unix_nanos().div_euclid(NANOS)
    }

    /// The date as a [`jiff::Timestamp`].
    pub fn timestamp(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_nanosecond(i128::from(self.unix_nanos())).unwrap_or_default()
    }

    /// True when the date does not follow the machine's.
    pub fn has_fixed_date(&self) -> bool {
        matches!(self.0.wall, Wall::Fixed(_))
    }

    /// True when ticks move only by [`Clock::advance`].
    pub fn is_manual(&self) -> bool {
        matches!(self.0.ticks, Ticks::Manual(_))
    }

    /// Whether ticks of the one mean the same on the other.
    pub fn shares_ticks(&self, other: &Self) -> bool {
        match (&self.0.ticks, &other.0.ticks) {
            (Ticks::Real(one), Ticks::Real(other)) => one.is(other),
            (Ticks::Manual(_), Ticks::Manual(_)) => Arc::ptr_eq(&self.0, &other.0),
            _ => false,
        }
    }

    /// Moves a fixed date forward, and on a manual clock the ticks too, waking whoever waited for them.
    /// No effect on the machine's own time.
    pub fn advance(&self, by: Duration) {
        if let Wall::Fixed(nanos) = &self.0.wall {
            nanos.fetch_add(i64::try_from(by.as_nanos()).unwrap_or(i64::MAX), Ordering::Relaxed);
        }
        if let Ticks::Manual(manual) = &self.0.ticks {
            let mut due = Vec::new();
            {
                let mut manual = manual.lock().unwrap_or_else(PoisonError::into_inner);
                manual.now = manual.now + by;
                let now = manual.now;
                manual.sleepers.take_due(now, &mut due);
            }
            due.into_iter().for_each(Waker::wake);
        }
    }

    /// The next tick somebody waits for on a manual clock; lets a test jump from event to event.
    pub fn next_wake(&self) -> Option<Tick> {
        match &self.0.ticks {
            Ticks::Manual(manual) => manual.lock().unwrap_or_else(PoisonError::into_inner).sleepers.next(),
            Ticks::Real(_) => None,
        }
    }

    /// Wakes `waker` once `at` has come. Deadlines are absolute, so that pacing never drifts.
    pub fn wake_at(&self, at: Tick, waker: &Waker) {
        match &self.0.ticks {
            Ticks::Real(pacer) => pacer.wake_at(at, waker),
            Ticks::Manual(manual) => {
                let mut manual = manual.lock().unwrap_or_else(PoisonError::into_inner);
                if manual.now >= at {
                    drop(manual);
                    waker.wake_by_ref();
                } else {
                    manual.sleepers.add(at, waker.clone());
                }
            }
        }
    }

    /// Wakes everybody who waits, due or not: they look around and see what has changed.
    pub fn wake_all(&self) {
        match &self.0.ticks {
            Ticks::Real(pacer) => pacer.wake_all(),
            Ticks::Manual(manual) => {
                let mut all = Vec::new();
                manual.lock().unwrap_or_else(PoisonError::into_inner).sleepers.take_due(Tick(u64::MAX), &mut all);
                all.into_iter().for_each(Waker::wake);
            }
        }
    }

    /// Waits until `at`.
    pub fn sleep_until(&self, at: Tick) -> Sleep {
        Sleep { clock: self.clone(), at }
    }

    /// Waits for `duration` from now.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.now() + duration)
    }
}

const NANOS: i64 = 1_000_000_000;

/// Future of [`Clock::sleep_until`].
#[derive(Debug)]
pub struct Sleep {
    clock: Clock,
    at: Tick,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.clock.now() >= self.at {
            return Poll::Ready(());
        }
        self.clock.wake_at(self.at, context.waker());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_wakes_only_when_moved() {
        let clock = Clock::manual(1_735_689_600);
        let mut sleep = Box::pin(clock.sleep(Duration::from_millis(10)));
        assert!(futures_poll(sleep.as_mut()).is_pending());
        assert_eq!(clock.next_wake(), Some(Tick::from_nanos(10_000_000)));
        clock.advance(Duration::from_millis(9));
        assert!(futures_poll(sleep.as_mut()).is_pending());
        clock.advance(Duration::from_millis(1));
        sleep.await;
        assert_eq!(clock.unix_nanos(), 1_735_689_600_010_000_000);
    }

    #[tokio::test]
    async fn a_real_clock_never_wakes_early() {
        let clock = Clock::system().unwrap();
        for spin in [0, 200] {
            clock.spin(Duration::from_micros(spin));
            for micros in [0, 50, 700, 3_000] {
                let at = clock.now() + Duration::from_micros(micros);
                clock.sleep_until(at).await;
                assert!(clock.now() >= at);
            }
        }
    }

    #[test]
    fn threads_that_join_wake_their_own_sleepers_and_hear_when_all_are_woken() {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let home = runtime();
        let clock = home.block_on(async { Clock::system().unwrap() });
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let clock = clock.clone();
                // Nobody drives the first runtime meanwhile.
                std::thread::spawn(move || {
                    runtime().block_on(async {
                        clock.join().unwrap();
                        let at = clock.now() + Duration::from_micros(500);
                        clock.sleep_until(at).await;
                        assert!(clock.now() >= at);
                        let mut long = Box::pin(clock.sleep(Duration::from_secs(3600)));
                        std::future::poll_fn(|context| {
                            assert!(long.as_mut().poll(context).is_pending());
                            Poll::Ready(())
                        })
                        .await;
                        clock.wake_all();
                        // Woken, it looks at the time and waits on.
                        assert!(long.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
                    });
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    }

    #[tokio::test]
    async fn ticks_begin_where_they_are_told_to() {
        let past = Duration::from_secs(7200);
        let clock = Clock::system_with_past(past).unwrap();
        let began = clock.began();
        assert!(began.since(Tick::default()) >= past && clock.now() >= began);
        let hours = |nanos: u64| nanos / 3_600_000_000_000 * 3600;
        let zero = clock.unix_nanos() as u64 - clock.now().as_nanos();
        // Where ticks begin, an hour begins, but for the time between two looks and what corrects the machine's clock.
        assert_eq!(hours(zero + 1_800_000_000_000), (zero + 500_000_000) / 1_000_000_000);
        clock.sleep(Duration::from_micros(300)).await;
        assert!(clock.now() > began);
    }

    #[tokio::test]
    async fn a_fixed_date_stands_still_while_ticks_run() {
        let clock = Clock::system().unwrap().with_fixed_date(100);
        clock.sleep(Duration::from_micros(300)).await;
        assert_eq!(clock.unix(), 100);
        clock.advance(Duration::from_secs(5));
        assert_eq!(clock.unix(), 105);
        assert_eq!(clock.timestamp().to_string(), "1970-01-01T00:01:45Z");
    }

    fn futures_poll(future: Pin<&mut Sleep>) -> Poll<()> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }
}
