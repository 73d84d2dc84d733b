//! The state behind every request, built once from settings and a kit of handed-in objects.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use fakeai_catalog::{Catalog, ModelCard};
use fakeai_core::{Clock, Seed, Tasks};
use fakeai_engine::Engine;
use fakeai_store::Home;
use fakeai_telemetry::Ledger;
use fakeai_tokens::{CountMemo, Encoding, Tokenizer};
use fakeai_writer::Writer;

use crate::adapters::Loaded;
use crate::api::{Desk, Hub, Shelves};
use crate::driver::Drivers;
use crate::error::ApiError;
use crate::gate::Gate;
use crate::persistence::{self, Reports};
use crate::settings::{Address, Settings};
use crate::tuned;
use crate::workspace::{Making, Workspace, Workspaces};

/// What the server may not make for itself: time, chance, background work.
#[derive(Clone, Debug)]
pub struct Kit {
    /// Time.
    pub clock: Clock,
    /// Decides what is said and how timings jitter.
    pub seed: Seed,
    /// Decides ids, unless the server is deterministic; from the operating system.
    pub entropy: Seed,
    /// Background work.
    pub tasks: Tasks,
    /// Where what clients store is kept.
    pub home: Arc<dyn Home>,
}

/// The state behind every request.
#[derive(Debug)]
pub struct App {
    /// What it was told at start.
    pub settings: Settings,
    /// The server's own clock and tasks; requests use their workspace's clock.
    pub kit: Kit,
    /// Who is let in, how much they may use, and what goes wrong on purpose.
    pub(crate) gate: Gate,
    /// Known models.
    pub catalog: Catalog,
    /// How many tokens prompts had.
    pub counts: CountMemo,
    /// What is said.
    pub writer: Writer,
    /// When it is said.
    pub engine: Engine,
    /// When it is said, if a physical engine decides it.
    pub(crate) drivers: Drivers,
    /// Adapters that can be asked for; `None` if the engine takes none.
    pub(crate) adapters: Option<Loaded>,
    /// What happened.
    pub ledger: Ledger,
    /// How keeping it on disk goes.
    pub(crate) persistence: Reports,
    /// Who watches.
    pub(crate) live: Hub,
    /// Who works on batches.
    pub(crate) batches: Desk,
    /// Vector stores as they are searched.
    pub(crate) shelves: Shelves,
    /// Tenants.
    pub workspaces: Workspaces,
    /// Where it listens, once it does.
    address: OnceLock<(String, u16)>,
    /// Set when the grace after a signal to stop is over: streams end now.
    closing: AtomicBool,
}

impl App {
    /// Puts the parts together. `catalog` already holds the user's own models.
    pub fn new(settings: Settings, kit: Kit, catalog: Catalog) -> Arc<Self> {
        let making = Making {
            clock: kit.clock.clone(),
            seed: kit.seed,
            entropy: kit.entropy,
            deterministic: settings.deterministic,
            journal_entries: settings.journal_entries,
            home: Arc::clone(&kit.home),
        };
        let app = Self {
            counts: CountMemo::default(),
            writer: Writer::new(settings.writer.clone()),
            engine: Engine::new(settings.latency.clone()),
            drivers: Drivers::new(
                settings.physics.clone(),
                (settings.kv_events.as_ref(), kit.clock.clone()),
                settings.metrics,
            ),
            adapters: settings.adapters.as_ref().map(|adapters| Loaded::new(adapters, &catalog)),
            gate: Gate::new(&settings.gate, kit.entropy, kit.seed),
            ledger: Ledger::new(settings.metrics).beginning_at(kit.clock.began()),
            persistence: Reports::default(),
            live: Hub::default(),
            batches: Desk::default(),
            shelves: Shelves::default(),
            workspaces: Workspaces::new(making, settings.max_workspaces, settings.workspace_idle),
            address: OnceLock::new(),
            closing: AtomicBool::new(false),
            settings,
            kit,
            catalog,
        };
        persistence::restore(&app);
        Arc::new(app)
    }

    /// The model a request names: from the catalog, from the workspace, or made on first use. The error is OpenAI's
    /// when models are strict.
    /// `request` is who asked, for the log.
    pub(crate) fn model(&self, workspace: &Workspace, id: &str, request: &str) -> Result<Arc<ModelCard>, ApiError> {
        if let Some(card) = self.known_model(workspace, id) {
            return Ok(self.counted(card));
        }
        let card = self.inferred(workspace, id)?;
        tracing::info!(id = request, model = id, workspace = &*workspace.name, "model made on first use");
        Ok(self.counted(workspace.add_model(card)))
    }

    /// The same without making it: looking at a model does not list it.
    pub fn peek_model(&self, workspace: &Workspace, id: &str) -> Result<Arc<ModelCard>, ApiError> {
        self.known_model(workspace, id).map_or_else(|| self.inferred(workspace, id).map(Arc::new), Ok)
    }

    fn known_model(&self, workspace: &Workspace, id: &str) -> Option<Arc<ModelCard>> {
        let adapter = || self.adapters.as_ref().and_then(|adapters| adapters.card(id));
        let tuned = || {
            let model = tuned::find(workspace, id).filter(|model| !model.deleted);
            model.map(|model| model.card(&self.catalog))
        };
        self.catalog.get(id).cloned().or_else(adapter).or_else(tuned).or_else(|| workspace.model(id))
    }

    fn inferred(&self, workspace: &Workspace, id: &str) -> Result<ModelCard, ApiError> {
        let is_deleted = tuned::find(workspace, id).is_some_and(|model| model.deleted);
        if self.settings.strict_models || is_deleted {
            return Err(ApiError::model_not_found(id));
        }
        Ok(ModelCard { created: workspace.clock().unix(), ..self.catalog.infer(id) })
    }

    /// The card with the tokenizer the server was told to count by.
    fn counted(&self, card: Arc<ModelCard>) -> Arc<ModelCard> {
        match self.settings.tokenizer {
            Some(tokenizer) if tokenizer != card.tokenizer => {
                Arc::new(ModelCard { tokenizer, tokenizer_is_exact: false, ..ModelCard::clone(&card) })
            }
            _ => card,
        }
    }

    /// Loads the vocabulary of today's models and the lexicon of embeddings, so that no request waits for it. Takes some 50 ms: call it on a thread
    /// of its own. The older one is loaded by the first request that needs it.
    pub fn warm(&self) {
        match self.settings.tokenizer {
            Some(Tokenizer::Words) => {}
            Some(Tokenizer::Bpe(encoding)) => encoding.warm(),
            None => Encoding::O200k.warm(),
        }
        // The lexicon of embeddings is read at the first one.
        fakeai_writer::embed("warm", 1, 0);
    }

    /// Says where it listens; the first time counts.
    pub(crate) fn set_address(&self, host: String, port: u16) {
        // A server that is bound twice is known by its first address.
        let _ = self.address.set((host, port));
    }

    /// Host and port it listens on; those of the settings before it does, and for a unix socket none.
    pub(crate) fn address(&self) -> (String, u16) {
        let told = || match &self.settings.listen.address {
            Address::Tcp(host, port) => (host.clone(), *port),
            Address::Unix(_) => (String::new(), 0),
        };
        self.address.get().cloned().unwrap_or_else(told)
    }

    /// What this server's engine is called among others.
    pub(crate) fn engine_id(&self) -> String {
        let seed = if self.settings.deterministic { self.kit.seed } else { self.kit.entropy };
        let mut rng = seed.derive("engine id").rng();
        let (high, low) = (rng.bits(), rng.bits());
        let group = |bits: u64, shift: u32, mask: u64| bits >> shift & mask;
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            group(high, 32, 0xffff_ffff),
            group(high, 16, 0xffff),
            group(high, 0, 0xfff),
            group(low, 48, 0xfff),
            group(low, 0, 0xffff_ffff_ffff)
        )
    }

    /// Writes metrics to disk, if they are kept, and lets go of what other servers may use then.
    pub async fn close(self: &Arc<Self>) {
        persistence::write(self).await;
        if let Some(persistence) = &self.settings.persistence {
            persistence.directory.close();
        }
        self.kit.home.close();
    }

    /// Ends all streams with an error event.
    pub fn close_streams(&self) {
        self.closing.store(true, Ordering::Relaxed);
        self.kit.clock.wake_all();
    }

    /// Whether streams must end now.
    pub fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }
}
