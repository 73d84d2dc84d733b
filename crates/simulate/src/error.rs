//! Why a simulation cannot be made.

use fakeai_engine::EngineError;

/// Why the simulator refuses.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// A line of a trace that means nothing.
    #[error("{file}, line {line}: {reason}")]
    Line {
        /// The file, as its reader was told.
        file: String,
        /// Line number, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A trace as a whole.
    #[error("{file}: {reason}")]
    Trace {
        /// The file, as its reader was told.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A trace that could not be read to its end.
    #[error("{file}: {source}")]
    Read {
        /// The file, as its reader was told.
        file: String,
        /// What the reader says.
        source: std::io::Error,
    },
    /// The engine refuses the deployment.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A setting that cannot work.
    #[error("{what}")]
    Invalid {
        /// What is wrong, as a sentence part.
        what: String,
    },
    /// A search found nothing.
    #[error("{what}")]
    Unkept {
        /// What nothing keeps, and the nearest that was tried.
        what: String,
    },
}

impl SimulateError {
    /// A setting that cannot work.
    pub(crate) fn invalid(what: impl Into<String>) -> Self {
        Self::Invalid { what: what.into() }
    }
}
