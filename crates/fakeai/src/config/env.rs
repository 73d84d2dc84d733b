//! Values from the environment.

use fakeai_core::masked;

use super::key::{ENV_PREFIX, Key, flat_env, nested_env};
use super::keys;
use super::nearest::nearest;
use super::problem::{Problem, Source};
use super::settings::Candidate;
use super::unbuilt::{UNBUILT, UnbuiltKey};

/// The variable with the address of the server that the client commands talk to.
pub const URL: &str = "FAKEAI_URL";

/// The values of the variables that begin with our prefix.
pub(super) fn read(env: &[(String, String)], problems: &mut Vec<Problem>) -> Vec<Candidate> {
    let links = ServiceLinks::find(env);
    let mut ours: Vec<_> = env.iter().filter(|(name, _)| name.starts_with(ENV_PREFIX) && name != URL).collect();
    // The order of the environment is no order: problems come out the same on every machine.
    ours.sort();
    let mut candidates = Vec::new();
    for (name, text) in ours {
        if links.contain(name, text) {
            continue;
        }
        let source = Source::Env(name.clone());
        if let Some(key) = keys::all().find(|key| key.flat_env() == *name || key.nested_env() == *name) {
            match key.kind.parse(text) {
                Some(value) => candidates.push(Candidate { key, value, source }),
                None => problems.push(bad_value(key, source, text)),
            }
        } else if let Some(key) = UNBUILT.iter().find(|key| env_names(key).contains(name)) {
            let path = format!("{}.{}", key.section, key.name);
            problems.push(Problem::NotBuilt { key: path, source_of: source, feature: key.feature });
        } else {
            let hint = super::hint(nearest(name, known_names()));
            problems.push(Problem::UnknownKey { name: name.clone(), source_of: source, hint });
        }
    }
    candidates
}

/// A value that is not allowed.
pub(super) fn bad_value(key: &Key, source_of: Source, text: &str) -> Problem {
    let given = format!("`{}`", masked(text));
    Problem::BadValue { key: key.path(), source_of, given, allowed: key.kind.allowed() }
}

fn env_names(key: &UnbuiltKey) -> [String; 2] {
    [flat_env(key.flat_name()), nested_env(key.section, key.name)]
}

fn known_names() -> impl Iterator<Item = String> {
    keys::all().flat_map(|key| [key.flat_env(), key.nested_env()]).chain(UNBUILT.iter().flat_map(env_names))
}

/// The variables that Kubernetes sets in every container beside a Service called `fakeai`: `FAKEAI_SERVICE_HOST`,
/// `FAKEAI_PORT=tcp://10.0.0.7:8000` and more. They are no settings of ours.
struct ServiceLinks {
    present: bool,
}

impl ServiceLinks {
    fn find(env: &[(String, String)]) -> Self {
        let has = |wanted: &str| env.iter().any(|(name, _)| name == wanted);
        Self { present: has("FAKEAI_SERVICE_HOST") && has("FAKEAI_SERVICE_PORT") }
    }

    fn contain(&self, name: &str, text: &str) -> bool {
        let rest = name.strip_prefix(ENV_PREFIX).unwrap_or_default();
        let is_link = rest.starts_with("SERVICE_")
            || rest.starts_with("PORT_")
            || (rest == "PORT" && (text.starts_with("tcp://") || text.starts_with("udp://")));
        self.present && is_link
    }
}
