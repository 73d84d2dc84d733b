//! Views of the ledger: the same records, asked different questions.

pub(crate) mod core;
pub(crate) mod health;
pub mod prometheus;
