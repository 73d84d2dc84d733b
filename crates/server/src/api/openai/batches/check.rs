//! Looking a batch's file through before the first line is answered: what is wrong with one line ends all of it.

use fakeai_store::StoreError;
use rustc_hash::FxHashSet;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_128;

use super::batch::{Checked, LineError};
use super::input::{Entry, string};
use crate::api::openai::files::{Line, LineReader};
use crate::gate::Quotas;

/// Most requests of a batch.
const MOST_REQUESTS: u64 = 50_000;
/// Mistakes that are told.
const MOST_ERRORS: usize = 100;

/// What the body of a request says of itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Head {
    model: Option<Value>,
    stream: Option<Value>,
}

/// What was seen of a file so far.
pub(super) struct Check<'a> {
    endpoint: &'a str,
    /// Says what is wrong with a model.
    model_error: &'a (dyn Fn(&str) -> Option<String> + Sync),
    requests: u64,
    /// Bytes of their bodies.
    bytes: u64,
    model: Option<String>,
    /// Hashes of the names of requests: names would take more room than they need to.
    seen: FxHashSet<u128>,
    errors: Vec<LineError>,
}

/// Whether requests to an endpoint must name a model.
fn needs_model(endpoint: &str) -> bool {
    matches!(endpoint, "/v1/responses" | "/v1/chat/completions" | "/v1/embeddings" | "/v1/completions")
}

fn mistake(code: &str, param: Option<&str>, message: impl Into<String>) -> LineError {
    LineError { code: code.to_owned(), line: None, message: message.into(), param: param.map(str::to_owned) }
}

fn missing(param: &str) -> LineError {
    mistake("missing_required_parameter", Some(param), format!("Missing required parameter: '{param}'."))
}

impl<'a> Check<'a> {
    pub(super) fn new(endpoint: &'a str, model_error: &'a (dyn Fn(&str) -> Option<String> + Sync)) -> Self {
        Self {
            endpoint,
            model_error,
            requests: 0,
            bytes: 0,
            model: None,
            seen: FxHashSet::default(),
            errors: Vec::new(),
        }
    }

    /// Looks a file through; what is wrong with it.
    pub(super) async fn run(mut self, mut lines: LineReader) -> Result<Result<Checked, Vec<LineError>>, StoreError> {
        while let Some(line) = lines.next().await? {
            self.requests += 1;
            if self.requests > MOST_REQUESTS {
                let message = format!("The input file has more than {MOST_REQUESTS} requests, the most of a batch.");
                return Ok(Err(vec![mistake("too_many_tasks", None, message)]));
            }
            if let Err(error) = self.line(&line) {
                self.errors.push(LineError { line: Some(line.number), ..error });
                if self.errors.len() >= MOST_ERRORS {
                    break;
                }
            }
        }
        if self.requests == 0 {
            let message = "The input file is empty. Please ensure that the batch contains at least one request.";
            self.errors.push(mistake("empty_file", None, message));
        }
        let Self { requests, bytes, model, errors, .. } = self;
        let tokens = Quotas::prompt_tokens(bytes);
        Ok(if errors.is_empty() { Ok(Checked { requests, model, tokens }) } else { Err(errors) })
    }

    fn line(&mut self, line: &Line) -> Result<(), LineError> {
        let entry = Entry::read(&line.text);
        let entry =
            entry.ok_or_else(|| mistake("invalid_json_line", None, "This line is not parseable as valid JSON."))?;
        self.name(entry.custom_id)?;
        let text = |field: Option<&RawValue>, param: &str| {
            let field = field.ok_or_else(|| missing(param))?;
            let wrong = || format!("Invalid type for '{param}': expected a string.");
            string(Some(field)).ok_or_else(|| mistake("invalid_type", Some(param), wrong()))
        };
        let method = text(entry.method, "method")?;
        if method != "POST" {
            let message = format!("Invalid method '{method}': only POST requests are supported.");
            return Err(mistake("invalid_method", Some("method"), message));
        }
        let url = text(entry.url, "url")?;
        if url != self.endpoint {
            let message = format!(
                "The URL provided for this request ('{url}') does not match the endpoint of the batch ('{}').",
                self.endpoint
            );
            return Err(mistake("url_mismatch", Some("url"), message));
        }
        let body = entry.body.filter(|body| body.get() != "null").ok_or_else(|| missing("body"))?;
        self.bytes += body.get().len() as u64;
        let object = body.get().starts_with('{').then(|| serde_json::from_str::<Head>(body.get()).ok()).flatten();
        let wrong = || mistake("invalid_type", Some("body"), "Invalid type for 'body': expected an object.");
        let Head { model, stream } = object.ok_or_else(wrong)?;
        if stream == Some(Value::Bool(true)) {
            let message = "Streaming is not supported in batches: leave 'stream' out or set it to false.";
            return Err(mistake("unsupported_parameter", Some("body.stream"), message));
        }
        self.model(model)
    }

    /// Every request has a name of its own.
    fn name(&mut self, field: Option<&RawValue>) -> Result<(), LineError> {
        const PARAM: &str = "custom_id";
        let field = field.filter(|field| field.get() != "null").ok_or_else(|| missing(PARAM))?;
        let wrong = || mistake("invalid_type", Some(PARAM), "Invalid type for 'custom_id': expected a string.");
        let name = string(Some(field)).ok_or_else(wrong)?;
        if name.is_empty() {
            return Err(missing(PARAM));
        }
        if !self.seen.insert(xxh3_128(name.as_bytes())) {
            let message = format!(
                "The custom_id '{name}' for this request is a duplicate of another request. The custom_id parameter \
                 must be unique for each request in a batch."
            );
            return Err(mistake("duplicate_custom_id", Some(PARAM), message));
        }
        Ok(())
    }

    /// All requests ask the same model.
    fn model(&mut self, given: Option<Value>) -> Result<(), LineError> {
        const PARAM: &str = "body.model";
        let name = match given {
            None | Some(Value::Null) if needs_model(self.endpoint) => return Err(missing(PARAM)),
            None | Some(Value::Null) => return Ok(()),
            Some(Value::String(name)) if !name.is_empty() => name,
            Some(_) => {
                let message = "Invalid type for 'body.model': expected a model's id.";
                return Err(mistake("invalid_type", Some(PARAM), message));
            }
        };
        match &self.model {
            Some(model) if *model == name => Ok(()),
            Some(model) => {
                let message = format!(
                    "The model specified for this request ('{name}') does not match the rest of the batch ('{model}')."
                );
                Err(mistake("model_mismatch", Some(PARAM), message))
            }
            None => {
                if let Some(message) = (self.model_error)(&name) {
                    return Err(mistake("model_not_found", Some(PARAM), message));
                }
                self.model = Some(name);
                Ok(())
            }
        }
    }
}
