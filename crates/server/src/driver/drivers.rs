//! The drivers of a server: one for each clock, because an engine lives in one time.

use std::sync::{Arc, Mutex, PoisonError};

use fakeai_core::{Clock, Tasks};
use fakeai_engine::EngineError;

use super::{Driver, Physics};

/// Drivers beyond this many are dropped once nobody uses them.
const MOST_IDLE: usize = 64;

/// The physical engine on every clock it is used with; none if the server has no physical engine.
#[derive(Debug)]
pub(crate) struct Drivers {
    physics: Option<Physics>,
    is_watched: bool,
    started: Mutex<Vec<Arc<Driver>>>,
}

impl Drivers {
    /// Nothing runs yet. What runs later is counted if `is_watched`.
    pub(crate) fn new(physics: Option<Physics>, is_watched: bool) -> Self {
        Self { physics, is_watched, started: Mutex::default() }
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
        let driver = Driver::start(physics, clock, tasks, self.is_watched);
        if let Ok(driver) = &driver {
            started.push(Arc::clone(driver));
        }
        Some(driver)
    }
}
