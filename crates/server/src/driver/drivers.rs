//! The drivers of a server: one for each clock, because an engine lives in one time.

use std::sync::{Arc, Mutex, PoisonError};

use fakeai_core::{Clock, Tasks};
use fakeai_engine::EngineError;
use fakeai_events::Feed;

use super::{Driver, Physics};
use crate::settings::KvEvents;

/// Drivers beyond this many are dropped once nobody uses them.
const MOST_IDLE: usize = 64;

/// The physical engine on every clock it is used with; none if the server has no physical engine.
#[derive(Debug)]
pub(crate) struct Drivers {
    physics: Option<Physics>,
    /// Changes of the caches on the server's own clock, for each rank of each worker; `None` if nobody is told.
    feeds: Option<Arc<[Arc<Feed>]>>,
    /// The server's own clock.
    clock: Clock,
    is_watched: bool,
    started: Mutex<Vec<Arc<Driver>>>,
}

impl Drivers {
    /// Nothing runs yet. What runs later is counted if `is_watched`, and tells `events` on the server's own clock.
    pub(crate) fn new(physics: Option<Physics>, (events, clock): (Option<&KvEvents>, Clock), is_watched: bool) -> Self {
        let feeds = physics.as_ref().zip(events).map(|(physics, events)| {
            let ranks = 0..physics.deployment.all_replicas() * physics.deployment.data_parallel;
            ranks.map(|rank| Arc::new(Feed::new(rank, events.feed))).collect()
        });
        Self { physics, feeds, clock, is_watched, started: Mutex::default() }
    }

    /// Changes of the caches on the server's own clock, for each rank of each worker; none if nobody is told.
    pub(crate) fn feeds(&self) -> &[Arc<Feed>] {
        self.feeds.as_deref().unwrap_or_default()
    }

    /// Whether there is a physical engine.
    pub(crate) const fn is_physical(&self) -> bool {
        self.physics.is_some()
    }

    /// The driver on `clock`, started at its first use; `None` without a physical engine.
    pub(crate) fn on(&self, clock: &Clock, tasks: &Tasks) -> Option<Result<Arc<Driver>, EngineError>> {
        let physics = self.physics.as_ref()?;
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(driver) = started.iter().find(|driver| driver.clock().shares_ticks(clock)) {
            return Some(Ok(Arc::clone(driver)));
        }
        if started.len() >= MOST_IDLE {
            started.retain(|driver| Arc::strong_count(driver) > 1);
        }
        let feeds = self.feeds.clone().filter(|_| self.clock.shares_ticks(clock));
        let driver = Driver::start(physics, clock, tasks, (feeds, self.is_watched));
        if let Ok(driver) = &driver {
            started.push(Arc::clone(driver));
        }
        Some(driver)
    }
}
