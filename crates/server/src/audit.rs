//! The organisation's audit log: who changed what of it, from where. Each workspace has its own, among its documents.
//!
//! A change and its entry are made together where the change is handed in whole. What was refused at the gate is noted
//! too, apart and bounded, so that nobody can push the log out by guessing keys.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use fakeai_core::{Ids, Seed};
use fakeai_store::{Change, Page, Retention};
use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::error::ApiError;
use crate::gate::{Bearer, Owner};

/// Entries of changes, and entries of refused keys, as they are called in the store; with them, how many are kept.
const SHELVES: [(&str, i64); 2] = [("audit log", 10_000), ("audit log of refusals", 1000)];
/// The oldest are forgotten so many at a time.
const FORGOTTEN: usize = 100;
/// Refused keys that are noted in an hour, and seconds in which an address is noted once.
const MOST_REFUSALS: usize = 60;
const REFUSAL_APART: i64 = 60;
const HOUR: i64 = 3600;
/// Characters of a client's name that are kept.
const LONGEST_AGENT: usize = 200;

/// Something that was done.
#[derive(Debug)]
pub(crate) struct Event {
    /// Its type in OpenAI's document: `project.created`.
    pub kind: &'static str,
    /// The project whose matter it is.
    pub project: Option<String>,
    /// What the document shows of it.
    pub details: Value,
}

/// Where a request came from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sender {
    pub address: Option<String>,
    /// `User-Agent`.
    pub agent: Option<String>,
}

impl Sender {
    pub(crate) fn new(address: Option<String>, agent: Option<&str>) -> Self {
        Self { address, agent: agent.map(|agent| agent.chars().take(LONGEST_AGENT).collect()) }
    }
}

/// Whether a request changes the organisation, so that it has to be known where it comes from.
pub(crate) fn concerns(method: &http::Method, path: &str) -> bool {
    if method == http::Method::GET {
        return false;
    }
    let path = path.strip_prefix("/v1").unwrap_or(path);
    ["/organization/", "/projects/", "/fine_tuning/checkpoints/", "/fakeai/invites/"]
        .iter()
        .any(|start| path.starts_with(start))
}

/// Makes `changes` and writes down what they are, all or nothing. Gives what [`fakeai_store::Documents::apply`] gives.
pub(crate) async fn apply(
    context: &Context,
    mut changes: Vec<Change>,
    event: Option<Event>,
) -> Result<Vec<Option<u64>>, ApiError> {
    let made = changes.len();
    let notes = event.is_some();
    changes.extend(event.map(|event| entry(context, &event)).transpose()?);
    let mut versions = context.documents().apply(changes).await?;
    versions.truncate(made);
    if notes {
        forget(context, 0).await?;
    }
    Ok(versions)
}

/// Writes down what was done already.
pub(crate) async fn note(context: &Context, event: Option<Event>) -> Result<(), ApiError> {
    if event.is_some() {
        apply(context, Vec::new(), event).await?;
    }
    Ok(())
}

/// All entries, oldest first.
pub(crate) async fn entries(
    context: &Context,
    wanted: impl Fn(&Value) -> bool + Send + Sync,
) -> Result<Vec<Value>, ApiError> {
    let read = |body: &Bytes| serde_json::from_slice::<Value>(body).ok();
    let mut all = Vec::new();
    for (kind, most) in SHELVES {
        let page = Page { limit: most as usize + FORGOTTEN, ..Page::default() };
        let found =
            context.documents().find(kind, &page, |body| read(body).is_some_and(|entry| wanted(&entry))).await?;
        all.extend(found.documents.into_iter().filter_map(|(_, document)| read(&document.body)));
    }
    all.sort_by_key(|entry: &Value| entry["effective_at"].as_i64());
    Ok(all)
}

/// The change that writes an event down.
fn entry(context: &Context, event: &Event) -> Result<Change, ApiError> {
    let (bearer, sender, caller) = {
        let note = context.note();
        (note.bearer.clone(), note.sender.clone(), note.caller.clone())
    };
    let key = caller.as_ref().and_then(|caller| caller.key.as_deref());
    let actor = actor(bearer.as_deref(), key, sender.as_deref());
    put(context, 0, event, actor)
}

fn put(context: &Context, shelf: usize, event: &Event, actor: Value) -> Result<Change, ApiError> {
    let Event { kind, project, details } = event;
    // Not drawn from the request's own, so that answers have the ids they have without a log.
    let seed = Seed::new(0).derive("audit log").derive(context.request_id()).derive(kind);
    let id = Ids::new(seed.derive(&details.to_string())).next("audit_log-", 24);
    let mut shown = json!({"id": id, "type": kind, "effective_at": context.created()});
    if let Some(project) = project {
        let name = context.documents().get("declared.project", project).wait()?;
        let record = name.and_then(|found| serde_json::from_slice::<Value>(&found.body).ok());
        // A project that is being made is not there yet.
        let name = record.map_or_else(|| details["data"]["name"].clone(), |mut record| record["name"].take());
        shown["project"] = json!({"id": project});
        if name.is_string() {
            shown["project"]["name"] = name;
        }
    }
    shown["actor"] = actor;
    if !details.is_null() {
        shown[*kind] = details.clone();
    }
    let body = serde_json::to_vec(&shown).map_err(|_| ApiError::internal())?;
    Ok(Change::put(SHELVES[shelf].0, id, body).retained(Retention::Kept))
}

/// Who did it, as the document shows an actor. Where it came from is told for keys too.
fn actor(bearer: Option<&Bearer>, key: Option<&str>, sender: Option<&Sender>) -> Value {
    let user = |id: &str, email: &str| json!({"id": id, "email": email});
    let owner = user(Owner::FIRST.0, Owner::FIRST.1);
    let (kind, mut actor) = match (bearer, key) {
        (Some(Bearer { id, owner: Owner::ServiceAccount { id: account }, .. }), _) => {
            ("api_key", json!({"id": id, "type": "service_account", "service_account": {"id": account}}))
        }
        (Some(Bearer { id, owner: Owner::User { id: own, email }, .. }), _) => {
            ("api_key", json!({"id": id, "type": "user", "user": user(own, email)}))
        }
        (_, Some(key)) => ("api_key", json!({"id": key, "type": "user", "user": owner})),
        (_, None) => ("session", json!({"user": owner})),
    };
    locate(&mut actor, sender);
    Value::Object(Map::from_iter([("type".to_owned(), kind.into()), (kind.to_owned(), actor)]))
}

fn locate(actor: &mut Value, sender: Option<&Sender>) {
    let Some(Sender { address, agent }) = sender else { return };
    for (name, value) in [("ip_address", address), ("user_agent", agent)] {
        if let Some(value) = value {
            actor[name] = value.as_str().into();
        }
    }
}

/// Forgets the oldest entries of a shelf that has too many.
async fn forget(context: &Context, shelf: usize) -> Result<(), ApiError> {
    let (kind, most) = SHELVES[shelf];
    let space = context.workspace().space();
    let count = space.home().add(space.name(), kind, 1).await?;
    if count < most + FORGOTTEN as i64 {
        return Ok(());
    }
    let oldest = context.documents().list(kind, &Page { limit: FORGOTTEN, ..Page::default() }).await?;
    let gone: Vec<Change> = oldest.documents.into_iter().map(|(id, _)| Change::delete(kind, id)).collect();
    let count = gone.len() as i64;
    context.documents().apply(gone).await?;
    space.home().add(space.name(), kind, -count).await?;
    Ok(())
}

/// Who was refused lately: how many this hour, and each address when.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<(i64, FxHashMap<String, i64>)>);

impl Refusals {
    /// Whether a refusal of `address` is to be noted.
    fn takes(&self, address: &str, now: i64) -> bool {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (hour, seen) = &mut *held;
        if *hour != now.div_euclid(HOUR) {
            (*hour, *seen) = (now.div_euclid(HOUR), FxHashMap::default());
        }
        let takes = match seen.get(address) {
            Some(last) => now.saturating_sub(*last) >= REFUSAL_APART,
            None => seen.len() < MOST_REFUSALS,
        };
        if takes {
            seen.insert(address.to_owned(), now);
        }
        takes
    }

    /// Writes down that a key was refused, unless the same address was noted a moment ago or too many were. A store that
    /// has no room for it does not change the refusal.
    pub(crate) fn note(&self, context: &Context, sender: &Sender, error: &ApiError) {
        if !self.takes(sender.address.as_deref().unwrap_or_default(), context.created()) {
            return;
        }
        let details = json!({"error_code": error.code, "error_message": error.message});
        let event = Event { kind: "login.failed", project: None, details };
        let mut session = json!({});
        locate(&mut session, Some(sender));
        let written = put(context, 1, &event, json!({"type": "session", "session": session}))
            .and_then(|change| Ok(context.documents().apply(vec![change]).wait()?));
        if let Err(error) = written {
            tracing::warn!(%error, "a refused key was not written down");
            return;
        }
        let context = context.clone();
        drop(context.app().clone().kit.tasks.spawn(async move {
            if let Err(error) = forget(&context, 1).await {
                tracing::warn!(%error, "old refusals were not forgotten");
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_noted_once_a_minute_and_not_without_end() {
        let refusals = Refusals::default();
        assert!(refusals.takes("192.0.2.1", 7200) && !refusals.takes("192.0.2.1", 7259));
        assert!(refusals.takes("192.0.2.1", 7260));
        let noted = (0..1000).filter(|number| refusals.takes(&number.to_string(), 7261)).count();
        assert_eq!(noted, MOST_REFUSALS - 1);
        assert!(refusals.takes("192.0.2.9", 10_800));
    }
}
