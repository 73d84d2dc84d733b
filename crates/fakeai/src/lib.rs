//! The composition root: configuration and the command line.
//!
//! This is the only crate that reads the environment and files and that writes to the terminal. What it reads it hands
//! down as checked values; the crates below know neither flags nor file names.

mod adapters;
mod card;
mod client;
pub mod commands;
pub mod config;
pub mod deployment;
mod embed;
mod environment;
mod error;
mod files;
mod kv_events;
pub mod launch;
mod seed_data;
mod start_error;
mod table;
mod terminal;
mod wiring;

pub use embed::{Builder, FakeAi};
pub use error::Error;
pub use start_error::StartError;
pub use terminal::Terminal;
