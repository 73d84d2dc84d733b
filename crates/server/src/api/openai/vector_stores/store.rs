//! A vector store: as it is kept, as clients describe it, as it is shown.

use fakeai_store::{Change, Document, Expected, Retention};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use super::shelf::Summary;
use super::strategy::StrategyWire;
use crate::api::openai::chat::metadata;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{Range, integer};

/// The kind of its documents.
pub(super) const KIND: &str = "vector_store";
/// Seconds of a day.
const DAY: i64 = 24 * 3600;
/// Longest name and description, characters.
const LONGEST_NAME: usize = 256;
const LONGEST_DESCRIPTION: usize = 512;
/// How often a change is tried that others keep getting before.
const MOST_TRIES: usize = 20;

/// A vector store.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::api::openai) struct VectorStore {
    pub id: String,
    created_at: i64,
    name: Option<String>,
    description: Option<String>,
    /// How long after it was last used it expires.
    expires_days: Option<i64>,
    last_active_at: i64,
    metadata: Map<String, Value>,
    /// Of its document, if it has one.
    #[serde(skip)]
    version: Option<u64>,
}

/// The body that makes a store.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CreateWire {
    pub file_ids: Option<Vec<String>>,
    pub chunking_strategy: Option<StrategyWire>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub expires_after: Option<ExpiryWire>,
    pub metadata: Option<Map<String, Value>>,
}

/// The body that changes a store: what is absent stays as it is, `null` takes away.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::option_option, reason = "what is absent stays, what is null goes")]
pub(super) struct UpdateWire {
    #[serde(deserialize_with = "given")]
    name: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    expires_after: Option<Option<ExpiryWire>>,
    #[serde(deserialize_with = "given")]
    metadata: Option<Option<Map<String, Value>>>,
}

fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExpiryWire {
    pub anchor: Option<String>,
    pub days: Option<i64>,
}

impl ExpiryWire {
    /// The days after the store was last used.
    fn days(&self) -> Result<i64, ApiError> {
        const DAYS: &str = "expires_after.days";
        match self.anchor.as_deref() {
            None => return Err(ApiError::missing("expires_after.anchor")),
            Some("last_active_at") => {}
            Some(other) => return Err(ApiError::unsupported_value("expires_after.anchor", other, &["last_active_at"])),
        }
        integer(DAYS, self.days, Range::new(1, 365))?.ok_or_else(|| ApiError::missing(DAYS))
    }
}

fn short(param: &str, text: Option<&str>, most: usize) -> Result<(), ApiError> {
    match text.map_or(0, |text| text.chars().count()) {
        length if length > most => Err(ApiError::too_long(param, most, length)),
        _ => Ok(()),
    }
}

impl VectorStore {
    /// A new one, if the description is right.
    pub(super) fn new(context: &Context, wire: CreateWire) -> Result<Self, ApiError> {
        let CreateWire { name, description, expires_after, metadata: pairs, .. } = wire;
        short("name", name.as_deref(), LONGEST_NAME)?;
        short("description", description.as_deref(), LONGEST_DESCRIPTION)?;
        metadata(pairs.as_ref())?;
        let expires_days = expires_after.map(|expiry| expiry.days()).transpose()?;
        let created_at = context.created();
        Ok(Self {
            id: context.id("vs_", 32),
            created_at,
            name,
            description,
            expires_days,
            last_active_at: created_at,
            metadata: pairs.unwrap_or_default(),
            version: None,
        })
    }

    /// Takes over what `wire` gives, if all of it is right.
    pub(super) fn change(&mut self, wire: &UpdateWire) -> Result<(), ApiError> {
        let UpdateWire { name, expires_after, metadata: pairs } = wire;
        if let Some(name) = name {
            short("name", name.as_deref(), LONGEST_NAME)?;
            self.name.clone_from(name);
        }
        if let Some(expiry) = expires_after {
            self.expires_days = expiry.as_ref().map(ExpiryWire::days).transpose()?;
        }
        if let Some(pairs) = pairs {
            metadata(pairs.as_ref())?;
            self.metadata = pairs.clone().unwrap_or_default();
        }
        Ok(())
    }

    /// The store of an id. Reads do not wait.
    pub(in crate::api::openai) fn find(context: &Context, id: &str) -> Result<Self, ApiError> {
        let found = context.documents().get(KIND, id).wait()?;
        found.as_ref().and_then(Self::read).ok_or_else(|| ApiError::no_such("vector store", id))
    }

    pub(super) fn read(document: &Document) -> Option<Self> {
        let store: Self = serde_json::from_slice(&document.body).ok()?;
        Some(Self { version: Some(document.version), ..store })
    }

    /// The change that puts it away.
    pub(super) fn put(&self) -> Result<Change, ApiError> {
        let body = serde_json::to_vec(self).map_err(|_| ApiError::internal())?;
        let expected = self.version.map_or(Expected::Any, Expected::Version);
        Ok(Change::put(KIND, &*self.id, body).expecting(expected).retained(Retention::Kept))
    }

    /// Changes the store of an id, whoever else does meanwhile, and notes that it was used.
    pub(super) async fn update(
        context: &Context,
        id: &str,
        mut change: impl FnMut(&mut Self) -> Result<(), ApiError>,
    ) -> Result<Self, ApiError> {
        for _ in 0..MOST_TRIES {
            let mut store = Self::find(context, id)?;
            change(&mut store)?;
            store.last_active_at = context.created();
            match context.documents().change(store.put()?).await {
                Ok(version) => return Ok(Self { version, ..store }),
                Err(fakeai_store::StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(fakeai_store::StoreError::Conflict { kind: KIND.to_owned(), id: id.to_owned() }.into())
    }

    /// Notes that it was used, if that was not noted this second. Who comes second may lose: the other noted the same.
    pub(super) fn touch(&mut self, context: &Context) -> Result<(), ApiError> {
        if self.last_active_at == context.created() {
            return Ok(());
        }
        self.last_active_at = context.created();
        match context.documents().apply(vec![self.put()?]).wait() {
            Ok(_) | Err(fakeai_store::StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn expires_at(&self) -> Option<i64> {
        self.expires_days.map(|days| self.last_active_at.saturating_add(days * DAY))
    }

    pub(super) fn has_expired(&self, context: &Context) -> bool {
        self.expires_at().is_some_and(|at| at <= context.created())
    }

    /// Refuses a store that has expired.
    pub(in crate::api::openai) fn alive(self, context: &Context) -> Result<Self, ApiError> {
        if self.has_expired(context) {
            let message = format!("Vector store '{}' has expired.", self.id);
            return Err(ApiError::invalid(message).code("vector_store_expired"));
        }
        Ok(self)
    }

    /// As it is shown.
    pub(super) fn object(&self, context: &Context, summary: &Summary) -> Value {
        let status = match () {
            () if self.has_expired(context) => "expired",
            () if summary.counts.is_busy() => "in_progress",
            () => "completed",
        };
        let mut object = json!({
            "id": self.id,
            "object": "vector_store",
            "created_at": self.created_at,
            // OpenAI's document says it is a text.
            "name": self.name.as_deref().unwrap_or_default(),
            "description": self.description,
            "usage_bytes": summary.usage_bytes,
            "file_counts": summary.counts,
            "status": status,
        });
        if let Some(days) = self.expires_days {
            object["expires_after"] = json!({"anchor": "last_active_at", "days": days});
        }
        object["expires_at"] = json!(self.expires_at());
        object["last_active_at"] = json!(self.last_active_at);
        object["metadata"] = json!(self.metadata);
        object
    }
}
