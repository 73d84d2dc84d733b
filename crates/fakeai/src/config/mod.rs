//! Configuration: defaults, then a file, then the environment, then flags.
//!
//! Each key is declared once, in [`keys`]. From that follow the typed [`Config`], the flags of `fakeai server`, the names
//! in files and in the environment, the JSON Schema and the reference. Whatever is wrong is reported together
//! ([`Problems`]), with its place, what is allowed and the nearest right name; nothing is accepted and ignored.

mod checks;
mod env;
mod file;
mod flags;
mod key;
mod keys;
mod kind;
mod nearest;
mod problem;
mod reference;
mod reload;
mod schema;
mod section;
mod settings;
#[cfg(test)]
mod tests;
mod unbuilt;
mod values;

use serde_json::Value;

pub use env::URL as URL_ENV;
pub use fakeai_core::masked;
pub use flags::{CONFIG_FILE as CONFIG_FILE_FLAG, args, given, take_unknown};
pub(crate) use key::ENV_PREFIX;
pub use key::Key;
pub use keys::api::Api;
pub use keys::auth::Auth;
pub use keys::budgets::Budgets;
pub use keys::engine::Engine;
pub use keys::features::Features;
pub use keys::generation::Generation;
pub use keys::kv_cache::KvCache;
pub use keys::kv_events::KvEvents;
pub use keys::metrics::Metrics;
pub use keys::models::Models;
pub use keys::rate_limits::RateLimits;
pub use keys::security::Security;
pub use keys::server::Server;
pub use keys::workspaces::Workspaces;
pub use keys::{Config, SECTIONS, Section, all};
pub use kind::Kind;
pub use problem::{Problem, Problems, Source};
pub use reference::markdown;
pub use schema::schema;
pub use settings::{Inputs, Setting, Settings};
pub use unbuilt::{UNBUILT, UnbuiltKey};
pub use values::{
    EngineChoice, HashForm, Latency, LogFormat, LogLevel, MetricsFlavor, NotAllowed, OutputTokens, Reply, StructForm,
    TokenizerChoice,
};

/// A value as a flag takes it; `-` when unset.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => {
            let text = number.to_string();
            text.strip_suffix(".0").unwrap_or(&text).to_owned()
        }
        value => value.to_string(),
    }
}

/// The end of a message about an unknown name.
fn hint(nearest: Option<String>) -> String {
    match nearest {
        Some(name) => format!("did you mean `{name}`?"),
        None => "`fakeai config` lists every key".to_owned(),
    }
}
