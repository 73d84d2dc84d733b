//! Values that are right alone but wrong together, and files that have to exist.

use std::path::Path;

use serde_json::Value;

use crate::files;

use super::kind::Kind;
use super::problem::{Problem, Source};
use super::settings::Setting;

/// Adds what does not fit together in `rows`. Paths count from `directory`.
pub(super) fn check(rows: &[Setting], directory: &Path, problems: &mut Vec<Problem>) {
    let mut rows = Rows { rows, problems };
    rows.check_files(directory);
    rows.check_tls();
    rows.check_socket();
    rows.check_tokenizer();
    rows.check_latency();
    rows.check_engine();
}

struct Rows<'a> {
    rows: &'a [Setting],
    problems: &'a mut Vec<Problem>,
}

impl<'a> Rows<'a> {
    fn get(&self, path: &str) -> Option<&'a Setting> {
        self.rows.iter().find(|row| row.key.path() == path)
    }

    /// The setting, if it is neither unset, nor off, nor the default.
    fn given(&self, path: &str) -> Option<&'a Setting> {
        self.get(path)
            .filter(|row| row.source != Source::Default && !matches!(row.value, Value::Null | Value::Bool(false)))
    }

    fn push(&mut self, row: &Setting, why: String) {
        self.problems.push(Problem::Unfitting { key: row.key.path(), source_of: row.source.clone(), why });
    }

    fn check_files(&mut self, directory: &Path) {
        for row in self.rows {
            let paths: Vec<&str> = match (row.key.kind, &row.value) {
                (Kind::File, Value::String(path)) => vec![path],
                (Kind::Files, Value::Array(paths)) => paths.iter().filter_map(Value::as_str).collect(),
                _ => continue,
            };
            for path in paths.into_iter().filter(|path| !files::is_file(&directory.join(path))) {
                self.push(row, format!("there is no file `{path}`"));
            }
        }
    }

    fn check_tls(&mut self) {
        match (self.given("server.ssl_certfile"), self.given("server.ssl_keyfile")) {
            (Some(certificate), None) => self.push(certificate, needs("server.ssl_keyfile", "--ssl-keyfile")),
            (None, Some(key)) => self.push(key, needs("server.ssl_certfile", "--ssl-certfile")),
            _ => {}
        }
    }

    fn check_socket(&mut self) {
        let Some(uds) = self.given("server.uds") else { return };
        for other in ["server.host", "server.port", "server.ssl_certfile"] {
            if let Some(row) = self.given(other).filter(|row| row.source.is_same_layer(&uds.source)) {
                self.push(uds, format!("a unix socket has no use for `{other}` ({}); set one of them", row.source));
            }
        }
    }

    fn check_tokenizer(&mut self) {
        let (strict, tokenizer) = (self.given("features.strict_token_counting"), self.given("generation.tokenizer"));
        if let (Some(strict), Some(tokenizer)) = (strict, tokenizer.filter(|row| row.value == "words")) {
            self.push(
                tokenizer,
                format!("`words` does not count exactly, which `{}` ({}) asks for", strict.key.path(), strict.source),
            );
        }
    }

    /// Only the physical engine has caches to tell of and takes adapters.
    fn check_engine(&mut self) {
        if self.given("engine.kind").is_some_and(|row| row.value != "none") {
            return;
        }
        for key in
            ["kv_events.enabled", "kv_events.endpoint", "kv_events.config", "engine.enable_lora", "engine.lora_modules"]
        {
            if let Some(row) = self.given(key) {
                self.push(row, needs("engine.kind", "--engine"));
            }
        }
    }

    /// Only within one layer: `--latency instant` for one run is no quarrel with the file's `ttft_ms`.
    fn check_latency(&mut self) {
        let Some(latency) = self.given("generation.latency").filter(|row| row.value != "knobs") else { return };
        for name in ["ttft_ms", "ttft_variance_percent", "itl_ms", "itl_variance_percent"] {
            let Some(knob) = self.given(&format!("generation.{name}")) else { continue };
            if knob.source.is_same_layer(&latency.source) {
                let model = latency.value.as_str().unwrap_or_default();
                self.push(knob, format!("has no effect when `generation.latency` ({}) is {model}", latency.source));
            }
        }
    }
}

fn needs(key: &str, flag: &str) -> String {
    format!("needs `{key}` ({flag}) too")
}
