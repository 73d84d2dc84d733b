//! How containers are kept, and when they are over.

use bytes::Bytes;
use fakeai_store::{Change, Page, Retention};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::files;
use crate::context::Context;
use crate::error::ApiError;

pub(super) const KIND: &str = "container";
/// Minutes that a container stays after it was last used.
const IDLE_MINUTES: i64 = 20;

/// A container.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::api::openai) struct Container {
    pub id: String,
    pub name: String,
    created_at: i64,
    last_active_at: i64,
    /// Minutes that it stays after it was last used.
    pub minutes: i64,
    pub memory_limit: String,
    pub network_policy: Value,
}

impl Container {
    /// A new one with the defaults.
    pub(in crate::api::openai) fn new(context: &Context, id: String, name: &str) -> Self {
        let now = context.created();
        Self {
            id,
            name: name.to_owned(),
            created_at: now,
            last_active_at: now,
            minutes: IDLE_MINUTES,
            memory_limit: "1g".to_owned(),
            network_policy: json!({"type": "disabled"}),
        }
    }

    fn read(body: &Bytes) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    fn is_over(&self, now: i64) -> bool {
        now >= self.last_active_at.saturating_add(self.minutes.saturating_mul(60))
    }

    /// The container of an id, as it was when it was last used.
    pub(super) async fn find(context: &Context, id: &str) -> Result<Self, ApiError> {
        let found = context.documents().get(KIND, id).await?;
        found.and_then(|found| Self::read(&found.body)).ok_or_else(|| not_found(id))
    }

    /// Uses a container that is not over: it stays for longer.
    pub(in crate::api::openai) async fn touch(context: &Context, id: &str) -> Result<Self, ApiError> {
        let now = context.created();
        let change = |body: &Bytes| {
            let mut container = Self::read(body).ok_or_else(ApiError::internal)?;
            if container.is_over(now) {
                return Err(ApiError::invalid(format!("Container '{id}' is expired.")).code("container_expired"));
            }
            container.last_active_at = now;
            Ok((container.bytes()?, container))
        };
        let changed: Option<Self> = context.documents().update(KIND, id, change).await?;
        changed.ok_or_else(|| not_found(id))
    }

    fn bytes(&self) -> Result<Bytes, ApiError> {
        serde_json::to_vec(self).map(Bytes::from).map_err(|_| ApiError::internal())
    }

    /// Keeps it.
    pub(in crate::api::openai) async fn put(&self, context: &Context) -> Result<(), ApiError> {
        let change = Change::put(KIND, &*self.id, self.bytes()?).retained(Retention::Kept);
        context.documents().change(change).await?;
        Ok(())
    }

    /// Removes it with its files.
    pub(super) async fn delete(context: &Context, id: &str) -> Result<(), ApiError> {
        let gone = context.documents().change(Change::delete(KIND, id)).await?;
        gone.ok_or_else(|| not_found(id))?;
        let (kind, page) = (files::kind(id), Page { limit: 100, ..Page::default() });
        loop {
            let files = context.documents().list(&kind, &page).await?.documents;
            if files.is_empty() {
                return Ok(());
            }
            let gone = files.into_iter().map(|(id, _)| Change::delete(kind.clone(), id)).collect();
            context.documents().apply(gone).await?;
        }
    }

    /// As it is shown at `now`.
    pub(super) fn object(&self, now: i64) -> Value {
        json!({
            "id": self.id,
            "object": "container",
            "created_at": self.created_at,
            "status": if self.is_over(now) { "expired" } else { "running" },
            "expires_after": {"anchor": "last_active_at", "minutes": self.minutes},
            "last_active_at": self.last_active_at,
            "memory_limit": self.memory_limit,
            "network_policy": self.network_policy,
            "name": self.name,
        })
    }
}

fn not_found(id: &str) -> ApiError {
    let message = format!("Container with id '{id}' not found.");
    ApiError::invalid(message).status(http::StatusCode::NOT_FOUND)
}
