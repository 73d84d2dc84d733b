//! `--seed-data FILE`: requests that are made at start, so that what they make is there for the first client.
//!
//! They go through the server's own door, so every endpoint can be used and every mistake is told as a client is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fakeai_server::{App, Door};
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use serde::Deserialize;
use serde_json::Value;

use crate::files;
use crate::start_error::StartError;

/// What stands between the parts of a body.
const BOUNDARY: &str = "fakeai-seed-data-boundary";
/// Longest part of an error's answer that is shown.
const MOST_SHOWN: usize = 500;

/// One request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    #[serde(default = "post")]
    method: String,
    path: String,
    #[serde(default)]
    body: Option<Value>,
    #[serde(default)]
    multipart: Option<BTreeMap<String, Part>>,
    /// The name that later requests know the answer by.
    #[serde(default)]
    save_as: Option<String>,
}

fn post() -> String {
    "POST".to_owned()
}

/// A part of a body.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Part {
    Text(String),
    File(FilePart),
}

/// A file: from disk, or as it stands here.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePart {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    path: Option<PathBuf>,
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    base64: Option<String>,
}

/// Answers by the names they were saved under.
type Saved = BTreeMap<String, Value>;

/// Makes the requests of the file at `path`, unless what the server stores has seen them: a file of the same content is
/// used once.
pub(crate) async fn sow(app: &Arc<App>, path: &Path) -> Result<(), StartError> {
    let failed = |reason: String| StartError::SeedData { path: path.to_owned(), reason };
    let text = files::read_text(path).map_err(|error| failed(error.to_string()))?;
    let steps = read(&text).map_err(failed)?;
    let counter = format!("seed-data-{:016x}", fingerprint(&text));
    let space = app.workspaces.default().space().clone();
    let count = |by| space.home().add(space.name(), &counter, by);
    if count(0).await.map_err(|error| failed(error.to_string()))? > 0 {
        tracing::info!(path = %path.display(), "the store has this seed data already");
        return Ok(());
    }
    let door = Door::new(Arc::clone(app));
    let mut saved = Saved::new();
    for (number, step) in steps.into_iter().enumerate() {
        let told = format!("request {} ({} {})", number + 1, step.method, step.path);
        let name = step.save_as.clone();
        let answer = make(&door, step, path.parent(), &saved).await;
        let answer = answer.map_err(|reason| failed(format!("{told}: {reason}")))?;
        if let Some(name) = name {
            saved.insert(name, answer);
        }
    }
    count(1).await.map_err(|error| failed(error.to_string()))?;
    // Tests look there for what they have sent themselves.
    for name in app.workspaces.names() {
        if let Some(workspace) = app.workspaces.find(&name) {
            workspace.clear_journal();
        }
    }
    Ok(())
}

/// The requests of a file: a list, as JSON or YAML.
fn read(text: &str) -> Result<Vec<Step>, String> {
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text).map_err(|error| error.to_string());
    }
    serde_saphyr::from_str(text).map_err(|error| error.to_string())
}

/// FNV-1a.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Makes one request; its answer, or what went wrong.
async fn make(door: &Door, step: Step, folder: Option<&Path>, saved: &Saved) -> Result<Value, String> {
    let Step { method, path, body, multipart, save_as: _ } = step;
    let method = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
    let request = Request::builder().method(method).uri(filled(&path, saved)?);
    let (kind, body) = match (body, multipart) {
        (Some(_), Some(_)) => return Err("it has either a body or parts".to_owned()),
        (Some(mut body), None) => {
            fill(&mut body, saved)?;
            ("application/json".to_owned(), body.to_string().into_bytes())
        }
        (None, Some(parts)) => (format!("multipart/form-data; boundary={BOUNDARY}"), encode(parts, folder, saved)?),
        (None, None) => ("application/json".to_owned(), Vec::new()),
    };
    let request = request.header(header::CONTENT_TYPE, kind).body(Full::new(Bytes::from(body)));
    let Ok(response) = door.enter(request.map_err(|error| error.to_string())?).await;
    let status = response.status();
    let answer = response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
    if !status.is_success() {
        let told: String = String::from_utf8_lossy(&answer).chars().take(MOST_SHOWN).collect();
        return Err(format!("the answer is {status}: {told}"));
    }
    // What is no JSON has nothing that could be referred to.
    Ok(serde_json::from_slice(&answer).unwrap_or(Value::Null))
}

/// Parts as a body.
fn encode(parts: BTreeMap<String, Part>, folder: Option<&Path>, saved: &Saved) -> Result<Vec<u8>, String> {
    let quoted = |text: &str| text.replace(['"', '\r', '\n', '\\'], "_");
    let mut body = Vec::new();
    for (name, part) in parts {
        let (head, content) = match part {
            Part::Text(text) => (String::new(), filled(&text, saved)?.into_bytes()),
            Part::File(file) => {
                let (name, content) = contents(file, folder)?;
                (format!("; filename=\"{}\"\r\nContent-Type: application/octet-stream", quoted(&name)), content)
            }
        };
        let disposition =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"{head}\r\n\r\n", quoted(&name));
        body.extend_from_slice(disposition.as_bytes());
        body.extend_from_slice(&content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    Ok(body)
}

/// A file's name and bytes. Paths are seen from where the file of requests lies.
fn contents(
    FilePart { name, path, content, base64 }: FilePart,
    folder: Option<&Path>,
) -> Result<(String, Vec<u8>), String> {
    let own = path.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let bytes = match (path, content, base64) {
        (Some(path), None, None) => {
            let path = folder.map_or_else(|| path.clone(), |folder| folder.join(&path));
            let mut bytes = Vec::new();
            let read = files::open(&path).and_then(|mut file| std::io::Read::read_to_end(&mut file, &mut bytes));
            read.map_err(|error| format!("can't read {}: {error}", path.display()))?;
            bytes
        }
        (None, Some(content), None) => content.into_bytes(),
        (None, None, Some(base64)) => STANDARD.decode(base64).map_err(|error| error.to_string())?,
        _ => return Err("a file has one of 'path', 'content' and 'base64'".to_owned()),
    };
    let name = name.or(own).ok_or("a file without 'path' has a 'name'")?;
    Ok((name, bytes))
}

/// Fills in what was saved, in every text of a body.
fn fill(value: &mut Value, saved: &Saved) -> Result<(), String> {
    match value {
        Value::String(text) => *text = filled(text, saved)?,
        Value::Array(values) => values.iter_mut().try_for_each(|value| fill(value, saved))?,
        Value::Object(fields) => fields.values_mut().try_for_each(|value| fill(value, saved))?,
        _ => {}
    }
    Ok(())
}

/// `${name}` is the id of the answer saved as `name`, `${name.field.field}` a field of it; `$${` is `${`.
fn filled(text: &str, saved: &Saved) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        if rest[..start].ends_with('$') {
            out.push_str(&rest[..start]);
            out.push('{');
            rest = &rest[start + 2..];
            continue;
        }
        out.push_str(&rest[..start]);
        let (path, after) =
            rest[start + 2..].split_once('}').ok_or_else(|| format!("'{text}' has ${{ without an end"))?;
        let mut names = path.split('.');
        let answer = names.next().and_then(|name| saved.get(name));
        let answer = answer.ok_or_else(|| format!("nothing was saved as '{path}'"))?;
        let fields: Vec<&str> = names.collect();
        let fields = if fields.is_empty() { vec!["id"] } else { fields };
        let found = fields.iter().try_fold(answer, |value, name| match value {
            Value::Array(values) => values.get(name.parse::<usize>().ok()?),
            value => value.get(name),
        });
        match found {
            Some(Value::String(text)) => out.push_str(text),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => out.push_str(&value.to_string()),
            _ => return Err(format!("the answer has no text or number at '{path}'")),
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_saved_is_filled_in() {
        let saved = Saved::from([("file".to_owned(), json!({"id": "file-1", "bytes": 7, "data": [{"id": "x"}]}))]);
        let filled = |text: &str| filled(text, &saved);
        assert_eq!(filled("/v1/files/${file}/content?n=${file.bytes}").unwrap(), "/v1/files/file-1/content?n=7");
        assert_eq!(filled("${file.data.0.id} $${file} $5").unwrap(), "x ${file} $5");
        for wrong in ["${other}", "${file", "${file.none}", "${file.data}", "${}"] {
            assert!(filled(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lists_are_json_or_yaml() {
        let yaml = "- path: /v1/files\n  multipart:\n    purpose: user_data\n    file: {name: a.txt, content: hello}\n  save_as: a\n";
        let steps = read(yaml).unwrap();
        assert_eq!((&*steps[0].method, &*steps[0].path, steps[0].save_as.as_deref()), ("POST", "/v1/files", Some("a")));
        assert_eq!(read(r#" [{"method": "GET", "path": "/x"}]"#).unwrap()[0].method, "GET");
        for wrong in ["{}", "- method: POST", "- path: /x\n  colour: red", "[{]"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = (read(&text), filled(&text, &Saved::new()));
        }
    }
}
