//! The HTTP house: one commented stack of layers, bodies that pace themselves, one generation pipeline, and a room for
//! each resource.
//!
//! It must not read the environment or files of its own accord, nor make time or chance: [`App`] is built from
//! [`Settings`] and a [`Kit`] that are handed in. [`Door`] is the whole server as one service, which tests call
//! without a socket; [`serve`] puts it on one.

mod access;
mod adapters;
pub mod api;
mod app;
mod audit;
mod body;
mod caller;
mod context;
mod driver;
mod error;
mod gate;
mod generation;
mod jobs;
mod layers;
mod persistence;
pub mod serve;
pub mod settings;
mod snapshot;
mod station;
mod tuned;
mod wire;
mod workspace;

pub use app::{App, Kit};
pub use error::ApiError;
pub use layers::{Door, Passing};
pub use settings::Settings;
pub use workspace::{DETERMINISTIC_DATE, JournalEntry, Workspace};
