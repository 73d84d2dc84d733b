//! Things that each thread has for itself, so that threads do not take them out of each other's caches.
//!
//! A word that two cores write in turns costs each of them a hundred nanoseconds and more every time, whether a lock
//! guards it or not. What is only put together when somebody looks is therefore kept once for each thread that writes.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads that have a place of their own; more share places.
const PLACES: usize = 16;

/// Numbers given to threads. It decides where things are kept and nothing that anybody sees.
static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static PLACE: usize = NEXT.fetch_add(1, Ordering::Relaxed) % PLACES;
}

/// A value that shares its cache lines with nothing else. Two lines, because processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Apart<T>(T);

impl<T> Apart<T> {
    /// Keeps a value apart.
    pub const fn new(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Apart<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// One value for each thread, as far as there are places. It can be reached from any thread, so it needs its own lock
/// or be atomic.
#[derive(Debug)]
pub struct Sharded<T> {
    places: Box<[Apart<T>]>,
}

impl<T: Default> Default for Sharded<T> {
    fn default() -> Self {
        Self { places: (0..PLACES).map(|_| Apart::default()).collect() }
    }
}

impl<T> Sharded<T> {
    /// The value of the thread this is called on.
    pub fn own(&self) -> &T {
        self.own_numbered().1
    }

    /// The same with the number of its place.
    pub fn own_numbered(&self) -> (usize, &T) {
        let place = PLACE.with(|place| *place);
        (place, &self.places[place])
    }

    /// The values of all threads, always in the same order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.places.iter().map(|place| &**place)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    use super::*;

    #[test]
    fn nothing_that_many_threads_count_is_lost() {
        let counts: Arc<Sharded<AtomicU64>> = Arc::default();
        let threads: Vec<_> = (0..2 * PLACES)
            .map(|_| {
                let counts = Arc::clone(&counts);
                std::thread::spawn(move || (0..100).for_each(|_| _ = counts.own().fetch_add(1, Ordering::Relaxed)))
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        let places: Vec<u64> = counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        assert_eq!(places.iter().sum::<u64>(), 200 * PLACES as u64);
        assert!(places.iter().filter(|count| **count > 0).count() > 1, "{places:?}");
    }
}
