//! `--fabricate`: ids that nobody made answer with an object of their kind, as a contract mock would, so that clients can
//! be tested without making anything first. What is fabricated follows from its id, and a header says so.

use std::sync::LazyLock;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderName, HeaderValue, Method};
use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};

use super::declared::{self, Resource};
use crate::context::Context;
use crate::wire::json as json_answer;

/// Says that an answer was made up.
const MARK: HeaderName = HeaderName::from_static("x-fakeai-fabricated");
/// What a `POST` may end with that changes an object.
const ACTIONS: [&str; 4] = ["cancel", "complete", "archive", "pause"];
/// 2025-01-01T00:00:00Z: what is fabricated was made in the year before.
const LATEST: i64 = 1_735_689_600;
const YEAR: u64 = 365 * 24 * 3600;

/// What rooms with behaviour answer, by the path of one of theirs.
static SHAPES: LazyLock<FxHashMap<String, Shape>> =
    LazyLock::new(|| serde_json::from_str(include_str!("shapes.json")).unwrap_or_default());

#[derive(Debug, serde::Deserialize)]
struct Shape {
    object: Value,
    deleted: Option<Value>,
}

/// An answer in place of one that said that there is no such object; `None` where nothing can be made up: what is made
/// anew is made of things that are there.
pub(crate) fn answer(context: &Context) -> Option<Response<Body>> {
    let label = context.note().endpoint;
    let label = label.strip_prefix("/v1").unwrap_or(label);
    let asked = Asked::new(label, context.path())?;
    let value = match *context.method() {
        Method::GET | Method::POST if label.ends_with('}') => asked.object(label)?,
        Method::GET if label.ends_with("/content") => json!({"data": [], "object": "list", "has_more": false}),
        Method::GET => json!({"object": "list", "data": [], "first_id": null, "last_id": null, "has_more": false}),
        Method::DELETE => asked.deleted(label)?,
        Method::POST => {
            let (item, action) = label.rsplit_once('/')?;
            asked.object(item).filter(|_| ACTIONS.contains(&action))?
        }
        _ => return None,
    };
    let mut response = json_answer(&value);
    response.headers_mut().insert(MARK, HeaderValue::from_static("true"));
    Some(response)
}

/// What a path names.
struct Asked {
    params: Vec<(String, String)>,
    created: i64,
}

impl Asked {
    /// The parameters of `path` by the names that `label` has for them; `None` if it has none.
    fn new(label: &str, path: &str) -> Option<Self> {
        let path = path.split('?').next().unwrap_or_default();
        let path = path.strip_prefix("/v1").unwrap_or(path);
        let pairs = label.split('/').zip(path.split('/'));
        let named = pairs.filter_map(|(name, value)| Some((name.strip_prefix('{')?.strip_suffix('}')?, value)));
        let params: Vec<(String, String)> = named.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let (_, id) = params.last()?;
        let ago = fakeai_core::Seed::new(0).derive(id).value() % YEAR;
        Some(Self { created: LATEST - i64::try_from(ago).unwrap_or_default(), params })
    }

    fn id(&self) -> &str {
        self.params.last().map_or("", |(_, id)| id)
    }

    fn object(&self, label: &str) -> Option<Value> {
        if let Some(shape) = SHAPES.get(label) {
            return Some(self.filled(&shape.object));
        }
        let found = super::declared_resources().find(|resource| resource.item == label)?;
        Some(declared::fabricated(found, &self.params, self.id(), self.created).into())
    }

    fn deleted(&self, label: &str) -> Option<Value> {
        if let Some(shape) = SHAPES.get(label) {
            return shape.deleted.as_ref().map(|deleted| self.filled(deleted));
        }
        let found: &Resource = super::declared_resources().find(|resource| resource.item == label)?;
        Some(declared::fabricated_end(found, &self.params, self.id(), self.created).into())
    }

    /// A shape with its places filled: `$id`, `$now`, `$later`, and `$` with the name of a parameter.
    fn filled(&self, shape: &Value) -> Value {
        match shape {
            Value::String(text) => match text.strip_prefix('$') {
                None => shape.clone(),
                Some("id") => self.id().into(),
                Some("now") => self.created.into(),
                Some("later") => (self.created + 24 * 3600).into(),
                Some(name) => {
                    let found = self.params.iter().find(|(known, _)| known == name);
                    found.map_or(Value::Null, |(_, value)| value.as_str().into())
                }
            },
            Value::Array(values) => values.iter().map(|value| self.filled(value)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (name.clone(), self.filled(value))).collect::<Map<_, _>>().into()
            }
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_and_filled() {
        assert!(SHAPES.len() > 10);
        let label = "/evals/{eval_id}/runs/{run_id}";
        let asked = Asked::new(label, "/v1/evals/eval_1/runs/evalrun_2?x=y").unwrap();
        let run = asked.object(label).unwrap();
        assert_eq!((&run["id"], &run["eval_id"]), (&json!("evalrun_2"), &json!("eval_1")));
        assert_eq!(asked.object(label), Some(run), "the same every time");
        assert!(Asked::new("/files", "/v1/files").is_none());
    }
}
