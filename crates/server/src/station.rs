//! What a serving thread has at hand.
//!
//! Every request needs the server, the default workspace's clock and its model's card. Were they counted where all
//! threads count, each count would be taken out of another core's cache, dozens of times a request. A station holds
//! them once for its thread; requests count on the station's own.

use std::sync::{Arc, Mutex, PoisonError};

use fakeai_catalog::ModelCard;
use fakeai_core::Clock;
use fakeai_telemetry::Caller;
use http::HeaderMap;
use rustc_hash::FxHashMap;

use crate::app::App;
use crate::caller::Callers;
use crate::error::ApiError;
use crate::workspace::Workspace;

/// Cards a station keeps.
const MOST_CARDS: usize = 1000;

/// One thread's hold on the server. It may be used from any thread; it is quick on its own.
#[derive(Debug)]
pub(crate) struct Station {
    app: Arc<App>,
    /// The default workspace's name.
    name: Arc<str>,
    /// The default workspace's clock and its version.
    clock: Mutex<(u64, Arc<Clock>)>,
    /// Who asked before.
    callers: Callers,
    /// Copies of the catalog's cards that were asked for.
    cards: Mutex<FxHashMap<String, Arc<ModelCard>>>,
}

impl Station {
    pub(crate) fn new(app: Arc<App>) -> Arc<Self> {
        let workspace = app.workspaces.default();
        let name = Arc::from(&*workspace.name);
        let clock = Mutex::new((workspace.clock_version(), Arc::new(workspace.clock())));
        Arc::new(Self { app, name, clock, callers: Callers::default(), cards: Mutex::default() })
    }

    pub(crate) const fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Who sent these headers, if they say.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Option<Arc<Caller>> {
        self.callers.of(headers)
    }

    /// The default workspace's name.
    pub(crate) const fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The default workspace's clock.
    pub(crate) fn clock(&self) -> Arc<Clock> {
        let workspace = self.app.workspaces.default();
        let mut kept = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        // Read before the clock: one that is exchanged in between is then taken for old.
        let version = workspace.clock_version();
        if kept.0 != version {
            *kept = (version, Arc::new(workspace.clock()));
        }
        Arc::clone(&kept.1)
    }

    /// [`App::model`].
    pub(crate) fn model(&self, workspace: &Workspace, id: &str, request: &str) -> Result<Arc<ModelCard>, ApiError> {
        if let Some(card) = self.cards.lock().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(Arc::clone(card));
        }
        let card = self.app.model(workspace, id, request)?;
        // The catalog never changes, and what it knows it knows for every workspace.
        if self.app.catalog.get(id).is_some() {
            let mut cards = self.cards.lock().unwrap_or_else(PoisonError::into_inner);
            if cards.len() < MOST_CARDS {
                cards.insert(id.to_owned(), Arc::new(ModelCard::clone(&card)));
            }
        }
        Ok(card)
    }
}
