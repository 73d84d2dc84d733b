//! Attacks in the texts of a body.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use fakeai_guard::{Screen, Threat};
use serde_json::Value;

use super::settings::{Screening, ScreeningMode};
use crate::context::Context;
use crate::error::ApiError;

/// Members that hold a value and no text, with all that is in them.
const VALUES: [&str; 7] = ["user", "safety_identifier", "prompt_cache_key", "metadata", "name", "title", "email"];
/// Members whose strings are no text anybody reads: bytes, patterns, addresses.
const SKIPPED: [&str; 9] =
    ["data", "file_data", "b64_json", "encrypted_content", "pattern", "model", "url", "image_url", "file_url"];
/// What `regex` and `lark` grammars stand in.
const GRAMMARS: [&str; 2] = ["guided_regex", "definition"];
/// Deeper than serde reads JSON.
const DEEPEST: usize = 128;

/// Looks for attacks, and counts them.
#[derive(Debug)]
pub(crate) struct Screener {
    screen: Arc<Screen>,
    mode: ScreeningMode,
    counts: [AtomicU64; Threat::ALL.len()],
}

/// What was found in a body, the first of it by its place.
#[derive(Debug)]
struct Found {
    threat: Threat,
    param: String,
}

impl Screener {
    pub(super) fn new(screening: &Screening) -> Self {
        Self { screen: Arc::clone(&screening.screen), mode: screening.mode, counts: Default::default() }
    }

    /// What is done with what is found.
    pub(crate) const fn mode(&self) -> ScreeningMode {
        self.mode
    }

    /// Strings in which attacks were found, by kind.
    pub(crate) fn counts(&self) -> Vec<(&'static str, u64)> {
        let counts = Threat::ALL.iter().zip(&self.counts);
        counts.map(|(threat, count)| (threat.name(), count.load(Ordering::Relaxed))).collect()
    }

    /// Looks at a JSON body: the error it is refused with, or the body without what was found. What is no JSON passes;
    /// the room refuses it.
    pub(super) fn look(&self, context: &Context, body: Bytes) -> Result<Bytes, ApiError> {
        let Ok(mut value) = serde_json::from_slice::<Value>(&body) else { return Ok(body) };
        let mut walk = Walk { screener: self, found: None, path: String::new() };
        walk.visit(&mut value, false, 0);
        let Some(Found { threat, param }) = walk.found else { return Ok(body) };
        tracing::warn!(
            id = context.request_id(),
            kind = threat.name(),
            param,
            mode = self.mode.name(),
            "an attack was found in a text"
        );
        match self.mode {
            ScreeningMode::Report => Ok(body),
            ScreeningMode::Sanitize => Ok(serde_json::to_vec(&value).map_or(body, Bytes::from)),
            ScreeningMode::Reject => Err(refused(threat, param)),
        }
    }
}

/// The way through a body.
struct Walk<'a> {
    screener: &'a Screener,
    found: Option<Found>,
    path: String,
}

impl Walk<'_> {
    fn visit(&mut self, value: &mut Value, is_value: bool, depth: usize) {
        if depth > DEEPEST || (self.found.is_some() && self.screener.mode == ScreeningMode::Reject) {
            return;
        }
        let length = self.path.len();
        match value {
            Value::String(text) => self.look(text, is_value),
            Value::Array(elements) => {
                for (place, element) in elements.iter_mut().enumerate() {
                    self.path.extend(["[", &place.to_string(), "]"]);
                    self.visit(element, is_value, depth + 1);
                    self.path.truncate(length);
                }
            }
            Value::Object(members) => {
                for (name, member) in members.iter_mut() {
                    let is_skipped = SKIPPED.contains(&name.as_str()) || GRAMMARS.contains(&name.as_str());
                    if is_skipped && !member.is_object() {
                        continue;
                    }
                    if length > 0 {
                        self.path.push('.');
                    }
                    self.path.push_str(name);
                    self.visit(member, is_value || VALUES.contains(&name.as_str()), depth + 1);
                    self.path.truncate(length);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn look(&mut self, text: &mut String, is_value: bool) {
        if text.starts_with("data:") && text.contains(";base64,") {
            return;
        }
        let screen = &self.screener.screen;
        let finding = if is_value { screen.find_in_value(text) } else { screen.find(text) };
        let Some(finding) = finding else { return };
        self.screener.counts[finding.threat as usize].fetch_add(1, Ordering::Relaxed);
        if self.screener.mode == ScreeningMode::Sanitize {
            let clean = if is_value { screen.sanitize_value(text) } else { screen.sanitize(text) };
            *text = clean.into_owned();
        }
        if self.found.is_none() {
            self.found = Some(Found { threat: finding.threat, param: self.path.clone() });
        }
    }
}

/// 400, with the original's code and type.
fn refused(threat: Threat, param: String) -> ApiError {
    let what = match threat {
        Threat::Sql => "an SQL injection",
        Threat::Xss => "a cross-site script",
        Threat::Command => "a command injection",
        Threat::Path => "a path traversal",
        Threat::Ldap => "an LDAP injection",
        Threat::Xxe => "an XML external entity",
        Threat::Own => "what this server does not accept",
    };
    let message = format!("Invalid '{param}': the text looks like {what}.");
    ApiError { kind: "security_error", ..ApiError::invalid(message) }.param(param).code("injection_detected")
}
