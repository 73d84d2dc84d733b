//! Places for sequences that run at the same time, where every end is known when a sequence begins.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use fakeai_core::Tick;

/// Slots and when their sequences end; sequences that wait have theirs already.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    ends: BinaryHeap<Reverse<Tick>>,
    /// When sequences that were taken in begin, those that have begun included until they are forgotten.
    starts: BinaryHeap<Reverse<Tick>>,
}

impl Slots {
    /// Sequences that wait at `now`.
    pub(crate) fn waiting(&mut self, now: Tick) -> usize {
        while self.starts.peek().is_some_and(|Reverse(start)| *start <= now) {
            self.starts.pop();
        }
        self.starts.len()
    }

    /// When one more sequence may begin, and how many run then, itself included. Its end is told to [`Self::fill`].
    pub(crate) fn next(&mut self, slots: u32, now: Tick) -> (Tick, u32) {
        while self.ends.peek().is_some_and(|Reverse(end)| *end <= now) {
            self.ends.pop();
        }
        let mut start = now;
        if self.ends.len() >= slots.max(1) as usize {
            // The one that ends first makes room; whoever waits longer waits for a later one.
            start = self.ends.pop().map_or(now, |Reverse(end)| end.max(now));
            self.starts.push(Reverse(start));
        }
        (start, self.ends.len() as u32 + 1)
    }

    /// The sequence ends at `end`.
    pub(crate) fn fill(&mut self, end: Tick) {
        self.ends.push(Reverse(end));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn never_more_run_than_there_are_slots(slots in 1_u32..5, jobs in prop::collection::vec((0_u64..50, 1_u64..100), 1..60)) {
            let (mut table, mut now) = (Slots::default(), 0);
            let mut spans: Vec<(u64, u64)> = Vec::new();
            for (pause, length) in jobs {
                now += pause;
                let (start, running) = table.next(slots, Tick::from_nanos(now));
                prop_assert!(running <= slots && start.as_nanos() >= now);
                let end = start.as_nanos() + length;
                table.fill(Tick::from_nanos(end));
                spans.push((start.as_nanos(), end));
                let at = |tick: u64| spans.iter().filter(|(start, end)| *start <= tick && tick < *end).count();
                prop_assert!(spans.iter().all(|(start, _)| at(*start) <= slots as usize));
                let waiting = spans.iter().filter(|(start, _)| *start > now).count();
                prop_assert_eq!(table.waiting(Tick::from_nanos(now)), waiting);
            }
        }
    }
}
