//! The layers put on top of each other: each key's value, and where it comes from.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::key::Key;
use super::keys::{self, Config};
use super::problem::{Problem, Problems, Source};
use super::{checks, env, file, flags};

/// Where values come from, besides the defaults.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// The directory in which a configuration file is looked for and from which paths count.
    pub directory: PathBuf,
    /// The configuration file, when one is named.
    pub config_file: Option<PathBuf>,
    /// The environment. Names that do not begin with `FAKEAI_` are passed over.
    pub env: Vec<(String, String)>,
    /// The flags in the order given, without dashes.
    pub flags: Vec<(String, String)>,
}

/// A value that a layer gives a key.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) key: &'static Key,
    pub(super) value: Value,
    pub(super) source: Source,
}

/// A key's effective value.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The key.
    pub key: &'static Key,
    /// Its value; `null` when unset.
    pub value: Value,
    /// Where the value comes from.
    pub source: Source,
}

/// A configuration together with where it comes from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The values.
    pub config: Config,
    /// Each key's value and source, in the order of the reference.
    pub rows: Vec<Setting>,
    /// The configuration file that was read.
    pub file: Option<PathBuf>,
    /// What it was read from.
    pub inputs: Inputs,
}

impl Settings {
    /// Reads all layers. Every problem is reported, not just the first.
    pub fn load(inputs: &Inputs) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let file = file::find(&inputs.directory, inputs.config_file.as_deref(), &mut problems);
        let mut rows = defaults();
        if let Some(path) = &file {
            let candidates = file::read(path, &shown(path, inputs), &mut problems);
            put(candidates, &mut rows, &mut problems);
        }
        put(env::read(&inputs.env, &mut problems), &mut rows, &mut problems);
        put(flags::read(&inputs.flags, &mut problems), &mut rows, &mut problems);
        checks::check(&rows, &inputs.directory, &mut problems);
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        let config = typed(&rows).map_err(|problem| Problems(vec![problem]))?;
        Ok(Self { config, rows, file, inputs: inputs.clone() })
    }
}

/// The file's name as the user knows it.
fn shown(path: &Path, inputs: &Inputs) -> String {
    let relative = path.strip_prefix(&inputs.directory).unwrap_or(path);
    inputs.config_file.as_deref().unwrap_or(relative).display().to_string()
}

/// Each key's default.
fn defaults() -> Vec<Setting> {
    keys::all().map(|key| Setting { key, value: keys::default_of(key), source: Source::Default }).collect()
}

/// Puts a layer on top. Two values for one key in one layer are refused: neither is the stronger.
fn put(layer: Vec<Candidate>, rows: &mut [Setting], problems: &mut Vec<Problem>) {
    for Candidate { key, value, source } in layer {
        let Some(row) = rows.iter_mut().find(|row| row.key.is(key)) else { continue };
        if row.source.is_same_layer(&source) && row.value != value {
            let (first, second) = (row.source.clone(), source);
            problems.push(Problem::Ambiguous { key: key.path(), first, second });
        } else {
            row.value = value;
            row.source = source;
        }
    }
}

/// The typed form of `rows`.
fn typed(rows: &[Setting]) -> Result<Config, Problem> {
    let mut sections = Map::new();
    for Setting { key, value, .. } in rows {
        let section = sections.entry(key.section).or_insert_with(|| Value::Object(Map::new()));
        section[key.name] = value.clone();
    }
    // A whole number may be too large for the machine's own integers.
    serde_json::from_value(Value::Object(sections))
        .map_err(|error| Problem::File { file: "configuration".to_owned(), why: error.to_string() })
}
