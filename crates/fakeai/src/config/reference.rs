//! The Markdown reference of all keys, `docs/configuration.md`.

use std::fmt::Write;

use serde_json::Value;

use super::key::Key;
use super::keys;
use super::kind::Kind;
use super::unbuilt::UNBUILT;

const HEAD: &str = "\
# Configuration

<!-- Made from the table of keys in crates/fakeai/src/config/keys; `UPDATE_DOCS=1 cargo test -p fakeai` rewrites it. -->

Each key has a default. A configuration file overrides it, the environment overrides the file, and flags of
`fakeai server` override both.

* **File**: `fakeai.toml`, `fakeai.yaml`, `fakeai.yml` or `fakeai.json` in the working directory, or the one named by
  `--config-file`. Keys stand in their section (`[generation]`, `ttft_ms = 50`) or at the top by their flat name
  (`ttft_ms = 50`).
* **Environment**: the flat name (`FAKEAI_TTFT_MS`) or section and name (`FAKEAI_GENERATION__TTFT_MS`).
* **Flags**: `--ttft 50`.

`FAKEAI_URL` is no key: it names the server that `fakeai status`, `models`, `chat`, `metrics`, `cache-stats` and `bench`
talk to.

`fakeai config` shows every effective value and where it comes from; `fakeai config schema` prints the JSON Schema of
the file. Unknown keys and values that are not allowed stop the start (exit code 2), each with its place and what is
allowed.
";

/// The whole document.
pub fn markdown() -> String {
    let mut text = HEAD.to_owned();
    for section in keys::SECTIONS {
        let rows: String = section.keys.iter().map(row).collect();
        let _ = write!(
            text,
            "\n## {}\n\n{}\n\n| key | default | allowed | what it does | environment | flag |\n|---|---|---|---|---|---|\n{rows}",
            section.name, section.doc
        );
    }
    text.push_str(
        "\n## Not built yet\n\nThese keys of the original system are refused until their feature is built.\n\n",
    );
    text.push_str("| key | waits for |\n|---|---|\n");
    for key in UNBUILT {
        let feature = key.feature.rsplit_once(' ').map_or(key.feature, |(feature, _verb)| feature);
        let _ = writeln!(text, "| `{}.{}` | {feature} |", key.section, key.name);
    }
    text
}

/// A key's row.
fn row(key: &Key) -> String {
    let default = match keys::default_of(key) {
        Value::Null => "–".to_owned(),
        value => format!("`{}`", super::shown(&value)),
    };
    let allowed = key.kind.allowed().replace('|', "\\|");
    let (doc, env) = (key.doc.replace('|', "\\|"), key.flat_env());
    format!("| `{}` | {default} | {allowed} | {doc} | `{env}`, `{}` | {} |\n", key.path(), key.nested_env(), flags(key))
}

fn flags(key: &Key) -> String {
    if key.is_second_of_flag() {
        return format!("after the colon of `--{}`", key.flag_name());
    }
    let names = key.all_flags();
    let shown: Vec<String> = match key.kind {
        Kind::Switch => names.chain(key.off_flags().into_iter().take(1)).map(|name| format!("`--{name}`")).collect(),
        _ => names.map(|name| format!("`--{name} {}`", key.value_name().replace('|', "\\|"))).collect(),
    };
    shown.join(", ")
}
