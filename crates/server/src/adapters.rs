//! The adapters (`LoRA`) that requests may name instead of a model. Nothing is read from their files: what they change is
//! the engine's batches, caches and times.

use std::sync::{Arc, PoisonError, RwLock};

use fakeai_catalog::{Catalog, ModelCard};
use fakeai_events::Adapter;

use crate::settings::Adapters;

/// Adapters that can be loaded at a time: a client could go on for ever.
const MOST: usize = 10_000;

/// The adapters that are loaded.
#[derive(Debug)]
pub(crate) struct Loaded {
    base: ModelCard,
    all: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    entries: Vec<Entry>,
    /// The number of the last one.
    last: u64,
}

/// One adapter.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its number and name.
    pub(crate) adapter: Adapter,
    /// Where it is said to be.
    pub(crate) path: String,
    /// What it is as a model.
    pub(crate) card: Arc<ModelCard>,
}

/// Why an adapter was not loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotLoaded {
    /// One of that name is.
    Already,
    /// There are too many.
    TooMany,
}

impl Loaded {
    /// Those of the settings.
    pub(crate) fn new(settings: &Adapters, catalog: &Catalog) -> Self {
        let known = catalog.get(&settings.base_model).map(|card| ModelCard::clone(card));
        let base = known.unwrap_or_else(|| catalog.infer(&settings.base_model));
        let loaded = Self { base, all: RwLock::default() };
        for (name, path) in &settings.modules {
            // A name that comes twice was refused where the settings are made.
            let _ = loaded.load(name, path, loaded.base.created);
        }
        loaded
    }

    /// Adds an adapter, made at `created`.
    pub(crate) fn load(&self, name: &str, path: &str, created: i64) -> Result<(), NotLoaded> {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        if all.entries.iter().any(|entry| &*entry.adapter.name == name) {
            return Err(NotLoaded::Already);
        }
        if all.entries.len() >= MOST {
            return Err(NotLoaded::TooMany);
        }
        all.last += 1;
        let card = ModelCard {
            id: name.to_owned(),
            name: name.to_owned(),
            base: Some(self.base.id.clone()),
            aliases: Vec::new(),
            created,
            ..self.base.clone()
        };
        let adapter = Adapter { id: all.last, name: Arc::from(name) };
        all.entries.push(Entry { adapter, path: path.to_owned(), card: Arc::new(card) });
        Ok(())
    }

    /// Takes an adapter away. `false` if there is none of that name.
    pub(crate) fn unload(&self, name: &str) -> bool {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        let before = all.entries.len();
        all.entries.retain(|entry| &*entry.adapter.name != name);
        all.entries.len() < before
    }

    /// All, in the order they came.
    pub(crate) fn list(&self) -> Vec<Entry> {
        self.all.read().unwrap_or_else(PoisonError::into_inner).entries.clone()
    }

    /// The adapter of that name as a model.
    pub(crate) fn card(&self, name: &str) -> Option<Arc<ModelCard>> {
        self.find(name).map(|entry| entry.card)
    }

    /// The adapter of that name.
    pub(crate) fn find(&self, name: &str) -> Option<Entry> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.entries.iter().find(|entry| &*entry.adapter.name == name).cloned()
    }
}
