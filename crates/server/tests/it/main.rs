//! The server called as a service: real router, handed-in clock, seed 42, no socket.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    unreachable_pub,
    reason = "a test; clippy only knows functions marked #[test], and a test crate has no outside"
)]

mod assistants;
mod assistants_bad;
mod assistants_streams;
mod audio;
mod audit_logs;
mod azure;
mod background;
mod batches;
mod budgets;
mod chat;
mod completions;
mod containers;
mod conversations;
mod dashboard;
mod declared;
mod embeddings;
mod engines;
mod errors;
mod evals;
mod fabricate;
mod file_search;
mod files;
mod fine_tuning;
mod gate;
mod graders;
mod harness;
mod images;
mod kv_events;
mod live;
mod media;
mod models;
mod moderations;
mod moderations_inline;
mod nim;
mod nim_ranking;
mod observe;
mod organization_effects;
mod persistence;
mod physics;
mod provenance;
mod rag;
mod rate_limits;
mod realtime;
mod realtime_audio;
mod realtime_rest;
mod recall;
mod responses;
mod responses_tools;
mod screening;
mod state;
mod stored;
mod streams;
mod tools;
mod totals;
mod usage;
mod vector_stores;
mod videos;
mod views;
mod vllm;
mod workspaces;
