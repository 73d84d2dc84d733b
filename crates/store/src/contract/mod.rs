//! What every home keeps, as tests. A home's own tests call [`check`] with a way to make an empty one.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests of homes; a failure is a panic")]

mod blobs;
mod concurrency;
mod documents;
mod model;
mod shared;

use std::sync::Arc;

use crate::Home;

/// Makes an empty home.
pub type Make<'a> = &'a (dyn Fn() -> Arc<dyn Home> + Sync);

/// Checks a home against the whole contract. `cases` is the number of random histories that are compared with a model.
pub fn check(make: Make<'_>, cases: u32) {
    documents::check(make);
    blobs::check(make);
    shared::check(make);
    concurrency::check(make);
    model::check(make, cases);
}
