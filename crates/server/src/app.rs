//! The state behind every request, built once from settings and a kit of handed-in objects.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fakeai_catalog::{Catalog, ModelCard};
use fakeai_core::{Clock, Seed, Tasks};
use fakeai_engine::Engine;
use fakeai_telemetry::Ledger;
use fakeai_tokens::{CountMemo, Encoding, Tokenizer};
use fakeai_writer::Writer;

use crate::api::Hub;
use crate::driver::Drivers;
use crate::error::ApiError;
use crate::settings::Settings;
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
}

/// The state behind every request.
#[derive(Debug)]
pub struct App {
    /// What it was told at start.
    pub settings: Settings,
    /// The server's own clock and tasks; requests use their workspace's clock.
    pub kit: Kit,
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
    /// What happened.
    pub ledger: Ledger,
    /// Who watches.
    pub(crate) live: Hub,
    /// Tenants.
    pub workspaces: Workspaces,
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
        };
        Arc::new(Self {
            counts: CountMemo::default(),
            writer: Writer::new(settings.writer.clone()),
            engine: Engine::new(settings.latency.clone()),
            drivers: Drivers::new(settings.physics.clone(), settings.metrics),
            ledger: Ledger::new(settings.metrics),
            live: Hub::default(),
            workspaces: Workspaces::new(making, settings.max_workspaces, settings.workspace_idle),
            closing: AtomicBool::new(false),
            settings,
            kit,
            catalog,
        })
    }

    /// The model a request names: from the catalog, from the workspace, or made on first use. The error is OpenAI's
    /// when models are strict.
    pub fn model(&self, workspace: &Workspace, id: &str) -> Result<Arc<ModelCard>, ApiError> {
        if let Some(card) = self.known_model(workspace, id) {
            return Ok(self.counted(card));
        }
        let card = self.inferred(workspace, id)?;
        tracing::info!(model = id, workspace = &*workspace.name, "model made on first use");
        Ok(self.counted(workspace.add_model(card)))
    }

    /// The same without making it: looking at a model does not list it.
    pub fn peek_model(&self, workspace: &Workspace, id: &str) -> Result<Arc<ModelCard>, ApiError> {
        self.known_model(workspace, id).map_or_else(|| self.inferred(workspace, id).map(Arc::new), Ok)
    }

    fn known_model(&self, workspace: &Workspace, id: &str) -> Option<Arc<ModelCard>> {
        self.catalog.get(id).cloned().or_else(|| workspace.model(id))
    }

    fn inferred(&self, workspace: &Workspace, id: &str) -> Result<ModelCard, ApiError> {
        if self.settings.strict_models {
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
