//! The composition root: configuration and the command line.
//!
//! This is the only crate that reads the environment and files and that writes to the terminal. What it reads it hands
//! down as checked values; the crates below know neither flags nor file names.

mod client;
pub mod commands;
pub mod config;
mod environment;
mod error;
mod files;
mod table;
mod terminal;

pub use error::Error;
pub use terminal::Terminal;
