//! The composition root: configuration and the command line.
//!
//! This is the only crate that reads the environment and files and that writes to the terminal. What it reads it hands
//! down as checked values; the crates below know neither flags nor file names.

mod card;
pub mod config;
mod embed;
mod files;
pub mod launch;
mod reload;
mod start_error;
mod wiring;

pub use embed::{Builder, FakeAi};
pub use start_error::StartError;
