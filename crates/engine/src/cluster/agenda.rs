//! What is to happen when: steps of workers, and everything else.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use fakeai_core::Tick;

/// When each worker has something to do next; the soonest is found without asking all.
#[derive(Debug)]
pub(super) struct Due {
    next: Vec<Option<Tick>>,
    /// Some are outdated; the first never is.
    soonest: BinaryHeap<Reverse<(Tick, usize)>>,
}

impl Due {
    pub(super) fn new(workers: usize) -> Self {
        Self { next: vec![None; workers], soonest: BinaryHeap::new() }
    }

    pub(super) fn set(&mut self, worker: usize, at: Option<Tick>) {
        if self.next[worker] == at {
            return;
        }
        self.next[worker] = at;
        if let Some(at) = at {
            self.soonest.push(Reverse((at, worker)));
        }
        while let Some(Reverse((at, worker))) = self.soonest.peek() {
            if self.next[*worker] == Some(*at) {
                break;
            }
            self.soonest.pop();
        }
    }

    pub(super) fn first(&self) -> Option<(Tick, usize)> {
        self.soonest.peek().map(|Reverse(first)| *first)
    }
}

/// Things to do at ticks, in the order of ticks and then of their making.
#[derive(Debug)]
pub(super) struct Agenda<T> {
    entries: BinaryHeap<Reverse<Entry<T>>>,
    made: u64,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry<T> {
    at: Tick,
    number: u64,
    what: T,
}

impl<T: Ord + Copy> Agenda<T> {
    pub(super) const fn new() -> Self {
        Self { entries: BinaryHeap::new(), made: 0 }
    }

    pub(super) fn add(&mut self, at: Tick, what: T) {
        self.made += 1;
        self.entries.push(Reverse(Entry { at, number: self.made, what }));
    }

    pub(super) fn next(&self) -> Option<Tick> {
        self.entries.peek().map(|Reverse(entry)| entry.at)
    }

    pub(super) fn pop_due(&mut self, now: Tick) -> Option<(Tick, T)> {
        self.next().filter(|at| *at <= now)?;
        self.entries.pop().map(|Reverse(entry)| (entry.at, entry.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soonest_worker_is_known_after_every_change() {
        let tick = Tick::from_nanos;
        let mut due = Due::new(3);
        due.set(0, Some(tick(5)));
        due.set(1, Some(tick(3)));
        due.set(2, Some(tick(4)));
        assert_eq!(due.first(), Some((tick(3), 1)));
        due.set(1, Some(tick(9)));
        due.set(2, None);
        assert_eq!(due.first(), Some((tick(5), 0)));
        due.set(0, None);
        due.set(1, None);
        assert_eq!(due.first(), None);
    }

    #[test]
    fn what_is_due_comes_in_order() {
        let mut agenda = Agenda::new();
        for (at, what) in [(5, 'c'), (1, 'b'), (1, 'a')] {
            agenda.add(Tick::from_nanos(at), what);
        }
        let due: Vec<char> = std::iter::from_fn(|| agenda.pop_due(Tick::from_nanos(4))).map(|(_, what)| what).collect();
        assert_eq!(due, ['b', 'a']);
    }
}
