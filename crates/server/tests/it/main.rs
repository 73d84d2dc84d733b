//! The server called as a service: real router, handed-in clock, seed 42, no socket.

mod chat;
mod completions;
mod embeddings;
mod errors;
mod harness;
mod models;
mod observe;
mod stored;
mod streams;
mod workspaces;
