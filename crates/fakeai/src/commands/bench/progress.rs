//! How far the load is: what ends it, and the bar that shows it.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use fakeai_core::Tick;

use super::plan::{End, Plan};

/// Counts what was begun and what was done. Shared by all workers.
#[derive(Debug)]
pub(super) struct Progress {
    end: End,
    start: Tick,
    begun: AtomicU64,
    done: AtomicU64,
    stopped: AtomicBool,
}

impl Progress {
    pub(super) fn new(plan: &Plan, start: Tick) -> Self {
        Self {
            end: plan.end,
            start,
            begun: AtomicU64::new(0),
            done: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        }
    }

    /// Claims the next request at `now`; false when there are no more.
    pub(super) fn claim(&self, now: Tick) -> bool {
        let claimed = self.begun.fetch_add(1, Ordering::Relaxed);
        let is_left = match self.end {
            End::Requests(requests) => claimed < requests,
            End::After(duration) => now.since(self.start) < duration,
        };
        is_left && !self.is_stopped()
    }

    /// Counts a request as answered or failed.
    pub(super) fn count(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Lets no request begin any more.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether it was stopped before its end.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Draws the bar over the last one.
    pub(super) fn draw(&self, now: Tick, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "\r\x1b[K{}", self.bar(now))?;
        out.flush()
    }

    /// Takes the bar away.
    pub(super) fn clear(out: &mut dyn Write) -> io::Result<()> {
        write!(out, "\r\x1b[K")?;
        out.flush()
    }

    fn bar(&self, now: Tick) -> String {
        const WIDTH: usize = 30;
        let (done, elapsed) = (self.done.load(Ordering::Relaxed), now.since(self.start));
        let share = match self.end {
            End::Requests(requests) => done as f64 / requests as f64,
            End::After(duration) => elapsed.as_secs_f64() / duration.as_secs_f64(),
        };
        let filled = (share.clamp(0.0, 1.0) * WIDTH as f64) as usize;
        let rate = done as f64 / elapsed.max(Duration::from_millis(1)).as_secs_f64();
        let (full, empty) = ("#".repeat(filled), ".".repeat(WIDTH - filled));
        format!("[{full}{empty}] {:3.0} %  {done} done  {rate:.0}/s", share.min(1.0) * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(end: End) -> Progress {
        Progress { end, start: Tick::default(), begun: 0.into(), done: 0.into(), stopped: false.into() }
    }

    #[test]
    fn it_ends_after_so_many_or_so_long() {
        let (soon, late) = (Tick::from_nanos(1), Tick::from_nanos(2_000_000_000));
        let counted = progress(End::Requests(2));
        assert_eq!([0; 3].map(|_| counted.claim(late)), [true, true, false]);
        let timed = progress(End::After(Duration::from_secs(1)));
        assert_eq!([soon, late].map(|now| timed.claim(now)), [true, false]);
        timed.stop();
        assert!(!timed.claim(soon));
    }

    #[test]
    fn the_bar_fills() {
        let progress = progress(End::Requests(4));
        progress.count();
        let bar = progress.bar(Tick::from_nanos(500_000_000));
        assert_eq!(bar, "[#######.......................]  25 %  1 done  2/s");
    }
}
