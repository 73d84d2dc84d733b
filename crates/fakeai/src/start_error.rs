//! Why a server could not start.

use std::path::PathBuf;

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A model file is no model file.
    #[error("can't use the models: {0}")]
    Catalog(#[from] fakeai_catalog::CatalogError),
    /// A model file can't be read.
    #[error("can't read {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The deployment of the physical engine can't be.
    #[error("can't deploy `{model}`: {source}")]
    Deployment {
        /// The model.
        model: String,
        /// Why not.
        source: fakeai_engine::EngineError,
    },
    /// A table of latencies is none.
    #[error("can't use the latencies in {}, {source}", path.display())]
    Measurements {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        source: fakeai_engine::EngineError,
    },
    /// A profile of the step model is none.
    #[error("can't use the profile {}: {reason}", path.display())]
    Profile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file that keeps what clients store can't be used.
    #[error(transparent)]
    Store(#[from] fakeai_store::OpenError),
    /// A key, a limit or a fault means nothing.
    #[error(transparent)]
    Guard(#[from] fakeai_guard::GuardError),
    /// The directory of metrics can't be used.
    #[error("can't keep metrics in {}: {source}", path.display())]
    Metrics {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: fakeai_server::settings::KeptError,
    },
    /// The documents to retrieve can't be read.
    #[error("can't use the documents to retrieve: {0}")]
    Library(#[from] fakeai_server::settings::LibraryError),
    /// What should be made at start can't be.
    #[error("can't use the seed data in {}: {reason}", path.display())]
    SeedData {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        reason: String,
    },
    /// The operating system gave no threads or timers.
    #[error("can't start: {0}")]
    Runtime(#[from] std::io::Error),
    /// The address or the certificates can't be used.
    #[error(transparent)]
    Serve(#[from] fakeai_server::serve::ServeError),
}
