//! What can be wrong with media, and the shield around decoders that were not written here.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why bytes could not be read, or sound not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// The bytes are of no format that is known here.
    #[error("the data is no {wanted} of a known format")]
    Unknown {
        /// What was looked for: "picture", "recording", "video", "document".
        wanted: &'static str,
    },
    /// The format is known, but the data does not keep to it.
    #[error("the {format} data is broken: {reason}")]
    Broken {
        /// The format's usual name.
        format: &'static str,
        /// What the decoder said.
        reason: String,
    },
    /// Reading it would take more memory or time than is given to one file.
    #[error("the {format} data is too large: {limit}")]
    TooLarge {
        /// The format's usual name.
        format: &'static str,
        /// The limit that it passes.
        limit: &'static str,
    },
    /// The data may be right, but this part of its format is not built.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
}

impl MediaError {
    /// The format's data is broken for a reason that can be told.
    pub(crate) fn broken(format: &'static str, reason: impl Into<String>) -> Self {
        Self::Broken { format, reason: reason.into() }
    }
}

/// Runs a foreign codec; its panic over hostile bytes is an error of those bytes.
///
/// The codec's state is dropped with the closure, so nothing half-done is seen afterwards.
pub(crate) fn shield<T>(format: &'static str, work: impl FnOnce() -> Result<T, MediaError>) -> Result<T, MediaError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(MediaError::broken(format, "the codec gave up")))
}
