//! The keys, one file for each section: the one place where a key is declared.

pub(super) mod api;
pub(super) mod auth;
pub(super) mod budgets;
pub(super) mod engine;
pub(super) mod features;
pub(super) mod generation;
pub(super) mod jobs;
pub(super) mod kv_cache;
pub(super) mod kv_events;
pub(super) mod metrics;
pub(super) mod models;
pub(super) mod rate_limits;
pub(super) mod security;
pub(super) mod server;
pub(super) mod storage;
pub(super) mod workspaces;

use super::key::Key;

/// A section of the table.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Its name in the file.
    pub name: &'static str,
    /// What its keys are about.
    pub doc: &'static str,
    /// Its keys, in the order of the reference.
    pub keys: &'static [Key],
}

/// Makes the typed configuration out of its sections.
macro_rules! sections {
    ($($name:ident: $Type:ident),+ $(,)?) => {
        /// The configuration, with every value checked.
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Config {
            $(
                #[doc = concat!("Section `", stringify!($name), "`.")]
                pub $name: $name::$Type,
            )+
        }

        /// Every section, in the order of the reference.
        pub const SECTIONS: &[Section] = &[$($name::SECTION),+];
    };
}

sections! {
    server: Server,
    generation: Generation,
    engine: Engine,
    kv_cache: KvCache,
    kv_events: KvEvents,
    models: Models,
    api: Api,
    auth: Auth,
    rate_limits: RateLimits,
    budgets: Budgets,
    features: Features,
    metrics: Metrics,
    storage: Storage,
    jobs: Jobs,
    security: Security,
    workspaces: Workspaces,
}

/// Every key, in the order of the reference.
pub fn all() -> impl Iterator<Item = &'static Key> {
    SECTIONS.iter().flat_map(|section| section.keys)
}

/// The key called `name` in `section`.
pub(super) fn find(section: &str, name: &str) -> Option<&'static Key> {
    all().find(|key| key.section == section && key.name == name)
}

/// A key's default; `null` when unset.
pub(super) fn default_of(key: &Key) -> serde_json::Value {
    let mut defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    defaults[key.section][key.name].take()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::unbuilt::UNBUILT;
    use super::*;

    /// Every name stands for one thing, so that nothing can be set by accident.
    #[test]
    fn no_two_keys_share_a_name() {
        let mut flat: HashSet<String> = SECTIONS.iter().map(|section| section.name.to_owned()).collect();
        let mut flags = HashSet::from(["config-file".to_owned(), "help".to_owned(), "version".to_owned()]);
        for key in all() {
            assert!(flat.insert(key.flat_name().to_owned()), "{} twice", key.flat_name());
            assert!(!key.flat_name().contains("__"), "a flat name must not look nested");
            for flag in key.all_flags().filter(|_| !key.is_second_of_flag()) {
                assert!(flags.insert(flag.clone()), "--{flag} twice");
            }
        }
        for key in UNBUILT {
            assert!(flat.insert(key.flat_name().to_owned()), "{} twice", key.flat_name());
            assert!(find(key.section, key.name).is_none(), "{}.{} is built", key.section, key.name);
            for flag in key.flags {
                assert!(flags.insert((*flag).to_owned()), "--{flag} twice");
            }
        }
    }

    #[test]
    fn every_default_is_allowed() {
        let defaults = serde_json::to_value(Config::default()).unwrap();
        for key in all() {
            let value = &defaults[key.section][key.name];
            assert!(value.is_null() || key.kind.read(value).as_ref() == Some(value), "{}: {value}", key.path());
        }
    }
}
