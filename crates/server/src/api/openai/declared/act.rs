//! Making, listing, showing, changing and removing declared resources.

use bytes::Bytes;
use fakeai_store::{Change, Document, Expected, Retention};
use serde_json::{Map, Value, json};

use super::make::{Making, parameter};
use super::{Act, Deed, Ending, Field, Hidden, Identity, Paging, Resource};
use crate::api::openai::listing::List;
use crate::audit;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::Query;

/// The id of the only object of its resource.
const ONLY: &str = "only";
/// Objects of a page.
const USUAL: i64 = 20;
const MOST: i64 = 100;

type Params<'a> = &'a [(String, String)];

impl Resource {
    /// The kind of its documents below these parents.
    pub(in crate::api::openai) fn kind(&self, params: Params<'_>) -> String {
        let mut kind = format!("declared.{}", self.name);
        for (parent, _) in self.parents {
            kind.push('/');
            kind.push_str(parameter(params, parent).unwrap_or_default());
        }
        kind
    }

    fn no_such(&self, id: &str) -> ApiError {
        ApiError::no_such(&self.name.replace(['_', '.'], " "), id)
    }

    /// The object of an id; 404 if there is none.
    pub(in crate::api::openai) fn need(
        &self,
        context: &Context,
        params: Params<'_>,
        id: &str,
    ) -> Result<Map<String, Value>, ApiError> {
        self.sow(context, params)?;
        let found = context.documents().get(&self.kind(params), id).wait()?;
        let object = found.and_then(|found| read(&found.body)).ok_or_else(|| self.no_such(id))?;
        Ok(self.now(context, params, object))
    }

    /// Whether what the path names before it is there.
    fn below(&self, context: &Context, params: Params<'_>) -> Result<(), ApiError> {
        for (name, parent) in self.parents {
            parent.need(context, params, parameter(params, name).unwrap_or_default())?;
        }
        Ok(())
    }

    /// The kind of marks of what was made without anybody having asked.
    fn sown(&self) -> String {
        format!("sown.{}", self.name)
    }

    /// Makes what is there without anybody having made it, once: waits for the store then.
    fn sow(&self, context: &Context, params: Params<'_>) -> Result<(), ApiError> {
        if self.seeds.is_empty() {
            return Ok(());
        }
        let (kind, mark) = (self.kind(params), self.sown());
        if context.documents().get(&mark, &kind).wait()?.is_some() {
            return Ok(());
        }
        let mut changes = vec![Change::put(mark, kind.as_str(), "1").expecting(Expected::Absent)];
        for seed in self.seeds {
            let Value::Object(mut object) = seed() else { continue };
            for (_, value) in object.iter_mut().filter(|(_, value)| *value == "now") {
                *value = context.created().into();
            }
            changes.push(put(&kind, &id_of(&object), &object, Expected::Any)?);
        }
        match context.documents().apply(changes).wait() {
            // Another request was quicker.
            Ok(_) | Err(fakeai_store::StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The object as it is now: some are over after a while.
    fn now(&self, context: &Context, params: Params<'_>, mut object: Map<String, Value>) -> Map<String, Value> {
        if let Some(refresh) = self.refresh {
            refresh(context, params, &mut object);
        }
        if let Some(Ending { at, from, to }) = self.ending
            && object.get(at).and_then(Value::as_i64).is_some_and(|at| at <= context.created())
            && object.get("status").is_some_and(|status| status == from)
        {
            object.insert("status".to_owned(), to.into());
        }
        object
    }

    /// Makes one and keeps it. Gives what the answer shows.
    pub(in crate::api::openai) async fn create(
        &self,
        context: &Context,
        params: Params<'_>,
        body: &Map<String, Value>,
    ) -> Result<Map<String, Value>, ApiError> {
        self.below(context, params)?;
        let (kind, shown, id, object) = {
            let making = Making::new(context, self, params, body)?;
            let object = making.object(self.fields)?;
            let shown = self.created.map_or_else(|| Ok(object.clone()), |fields| making.object(fields))?;
            let id = if matches!(self.identity, Identity::Single) { ONLY.to_owned() } else { making.id };
            (self.kind(params), shown, id, object)
        };
        let event = self.told(Act::Created, params, &id, (&object, body));
        audit::apply(context, vec![put(&kind, &id, &object, Expected::Any)?], event).await?;
        Ok(shown)
    }

    /// What the organisation's log says of a deed: the object, and what was asked for.
    fn told(
        &self,
        act: Act,
        params: Params<'_>,
        id: &str,
        (object, given): (&Map<String, Value>, &Map<String, Value>),
    ) -> Option<audit::Event> {
        self.audit.and_then(|tell| tell(&Deed { act, params, id, object, given }))
    }

    /// A page of them.
    pub(in crate::api::openai) async fn list(&self, context: &Context, params: Params<'_>) -> Result<Value, ApiError> {
        self.below(context, params)?;
        self.sow(context, params)?;
        let query = Query::of(context.path());
        let page = query.page_of(true, USUAL, MOST)?;
        let hidden = self.hidden.filter(|hidden| query.get(hidden.unless) != Some("true"));
        let listing = match hidden {
            None => context.documents().list(&self.kind(params), &page).await?,
            Some(Hidden { field, word, .. }) => {
                let shown = |body: &Bytes| read(body).is_some_and(|object| object.get(field) != Some(&word.into()));
                context.documents().find(&self.kind(params), &page, shown).await?
            }
        };
        let next = listing.has_more.then(|| listing.last_id().map(str::to_owned)).flatten();
        let shown = |(_, document): (String, Document)| {
            read(&document.body).map(|object| Value::Object(self.now(context, params, object)))
        };
        let data: Vec<Value> = listing.documents.into_iter().filter_map(shown).collect();
        Ok(match self.paging {
            Paging::Ids => json!(List::new(data, listing.has_more)),
            Paging::Next => json!({"object": "list", "data": data, "has_more": listing.has_more, "next": next}),
        })
    }

    /// The object; the only one of its kind is what it is without anybody having changed it.
    pub(in crate::api::openai) fn get(
        &self,
        context: &Context,
        params: Params<'_>,
    ) -> Result<Map<String, Value>, ApiError> {
        self.below(context, params)?;
        self.need(context, params, self.id_in(params))
    }

    /// The id that the path ends with.
    fn id_in<'a>(&self, params: Params<'a>) -> &'a str {
        if matches!(self.identity, Identity::Single) {
            return ONLY;
        }
        let name = self.item.rsplit_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(name, _)| name);
        name.and_then(|name| parameter(params, name)).unwrap_or_default()
    }

    /// Changes the fields that the body gives and that can be changed.
    pub(in crate::api::openai) async fn update(
        &self,
        context: &Context,
        params: Params<'_>,
        body: &Map<String, Value>,
    ) -> Result<Map<String, Value>, ApiError> {
        self.below(context, params)?;
        if matches!(self.identity, Identity::Single) && self.need(context, params, ONLY).is_err() {
            return self.create(context, params, body).await;
        }
        let changes = self.changes(body)?;
        let changed = self.change(context, params, changes).await?;
        audit::note(context, self.told(Act::Updated, params, self.id_in(params), (&changed, body))).await?;
        Ok(changed)
    }

    /// Sets fields to what they become by this verb.
    pub(super) async fn set(
        &self,
        context: &Context,
        params: Params<'_>,
        fields: &[Field],
    ) -> Result<Map<String, Value>, ApiError> {
        self.below(context, params)?;
        let changes = {
            let body = Map::new();
            let making = Making { context, params, body: &body, id: String::new(), secret: String::new() };
            making.object(fields)?
        };
        let changed = self.change(context, params, changes.clone()).await?;
        audit::note(context, self.told(Act::Updated, params, self.id_in(params), (&changed, &changes))).await?;
        Ok(changed)
    }

    /// The change that keeps an object that code has made.
    pub(in crate::api::openai) fn kept(
        &self,
        params: Params<'_>,
        id: &str,
        object: &Map<String, Value>,
    ) -> Result<Change, ApiError> {
        put(&self.kind(params), id, object, Expected::Any)
    }

    /// Changes the object that the path names, untold.
    pub(in crate::api::openai) async fn change(
        &self,
        context: &Context,
        params: Params<'_>,
        changes: Map<String, Value>,
    ) -> Result<Map<String, Value>, ApiError> {
        self.sow(context, params)?;
        let id = self.id_in(params);
        let change = |body: &Bytes| {
            let mut object = read(body).ok_or_else(ApiError::internal)?;
            object.extend(changes.clone());
            let bytes = serde_json::to_vec(&object).map_err(|_| ApiError::internal())?;
            Ok::<_, ApiError>((bytes.into(), object))
        };
        let changed = context.documents().update(self.kind(params), id, change).await?;
        Ok(self.now(context, params, changed.ok_or_else(|| self.no_such(id))?))
    }

    /// Removes the object that the path names. Gives what the answer shows.
    pub(in crate::api::openai) async fn delete(
        &self,
        context: &Context,
        params: Params<'_>,
    ) -> Result<Map<String, Value>, ApiError> {
        self.below(context, params)?;
        self.sow(context, params)?;
        let id = self.id_in(params);
        let before = if self.audit.is_some() { self.need(context, params, id)? } else { Map::new() };
        let event = self.told(Act::Deleted, params, id, (&before, &Map::new()));
        let mut changes = vec![Change::delete(self.kind(params), id)];
        if matches!(self.identity, Identity::Single) {
            // It goes back to what it was before anybody changed it.
            changes.push(Change::delete(self.sown(), self.kind(params)));
        }
        let gone = audit::apply(context, changes, event).await?;
        if gone.first().is_none_or(Option::is_none) {
            return Err(self.no_such(id));
        }
        let body = Map::new();
        let making = Making { context, params, body: &body, id: id.to_owned(), secret: String::new() };
        making.object(self.deleted)
    }
}

/// The id of an object that is there without anybody having made it.
fn id_of(object: &Map<String, Value>) -> String {
    object.get("id").and_then(Value::as_str).unwrap_or(ONLY).to_owned()
}

fn put(kind: &str, id: &str, object: &Map<String, Value>, expected: Expected) -> Result<Change, ApiError> {
    let body = serde_json::to_vec(object).map_err(|_| ApiError::internal())?;
    Ok(Change::put(kind.to_owned(), id, body).expecting(expected).retained(Retention::Kept))
}

fn read(body: &Bytes) -> Option<Map<String, Value>> {
    serde_json::from_slice(body).ok()
}
