//! Solido's retrieval-augmented generation: a question is answered with what a set of documents says about it.

mod library;
mod prompt;

pub use library::{Library, LibraryError};

use super::Endpoint;

pub(super) fn endpoints() -> Vec<Endpoint> {
    prompt::endpoints()
}
