//! How skills and their versions are kept: a document with all versions, and a blob for each.

use bytes::Bytes;
use fakeai_store::{Change, Expected, Retention, content_id};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::bundle::Bundle;
use crate::context::Context;
use crate::error::ApiError;

pub(super) const KIND: &str = "skill";
/// The kind of versions, whose archives belong to them.
pub(super) const VERSION: &str = "skill.version";
/// Most versions of a skill.
const MOST_VERSIONS: usize = 1000;

/// A skill.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Skill {
    pub id: String,
    created_at: i64,
    pub default_version: u64,
    /// The number of the next version: numbers do not come again.
    next: u64,
    pub versions: Vec<Version>,
}

/// A version of a skill.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Version {
    pub id: String,
    pub number: u64,
    created_at: i64,
    name: String,
    description: String,
}

/// Archives as they are kept.
#[derive(Debug)]
pub(super) struct Kept(Version);

impl Kept {
    /// Takes a bundle's archive in as a version that has no number yet.
    pub(super) async fn take(context: &Context, bundle: Bundle) -> Result<Self, ApiError> {
        let (id, space) = (context.hex_id("skillver_", 48), context.workspace().space());
        let mut writer = space.home().create(space.name(), &content_id(VERSION, &id));
        writer.write(Bytes::from(bundle.archive)).await?;
        writer.finish().await?;
        let (name, description) = (bundle.name, bundle.description);
        Ok(Self(Version { id, number: 0, created_at: context.created(), name, description }))
    }
}

impl Skill {
    /// A new one with its first version, which is kept with it.
    pub(super) async fn create(context: &Context, Kept(version): Kept) -> Result<Self, ApiError> {
        let version = Version { number: 1, ..version };
        let mut skill = Self {
            id: context.hex_id("skill_", 48),
            created_at: context.created(),
            default_version: 1,
            next: 2,
            versions: Vec::new(),
        };
        let holds = version.change()?;
        skill.versions.push(version);
        context.documents().apply(vec![holds, skill.change(Expected::Absent)?]).await?;
        Ok(skill)
    }

    pub(super) async fn find(context: &Context, id: &str) -> Result<(Self, u64), ApiError> {
        let found = context.documents().get(KIND, id).await?;
        let read = |found: fakeai_store::Document| Some((serde_json::from_slice(&found.body).ok()?, found.version));
        found.and_then(read).ok_or_else(|| ApiError::no_such("skill", id))
    }

    /// Adds a version.
    pub(super) async fn add(context: &Context, id: &str, kept: Kept, is_default: bool) -> Result<Version, ApiError> {
        let _turn = context.workspace().space().alone(id).await;
        let (mut skill, version) = Self::find(context, id).await?;
        if skill.versions.len() >= MOST_VERSIONS {
            return Err(ApiError::invalid(format!("A skill has at most {MOST_VERSIONS} versions.")));
        }
        let added = Version { number: skill.next, ..kept.0 };
        skill.next += 1;
        if is_default {
            skill.default_version = added.number;
        }
        skill.versions.push(added.clone());
        context.documents().apply(vec![added.change()?, skill.change(Expected::Version(version))?]).await?;
        Ok(added)
    }

    /// Makes another version the one that is used.
    pub(super) async fn prefer(context: &Context, id: &str, number: &str) -> Result<Self, ApiError> {
        let _turn = context.workspace().space().alone(id).await;
        let (mut skill, version) = Self::find(context, id).await?;
        skill.default_version = skill.version(number)?.number;
        context.documents().change(skill.change(Expected::Version(version))?).await?;
        Ok(skill)
    }

    /// Removes a version that is not the one used.
    pub(super) async fn remove(context: &Context, id: &str, number: &str) -> Result<Version, ApiError> {
        let _turn = context.workspace().space().alone(id).await;
        let (mut skill, version) = Self::find(context, id).await?;
        let gone = skill.version(number)?.clone();
        if gone.number == skill.default_version {
            let message = format!("Version {number} is the default version of the skill: set another one first.");
            return Err(ApiError::invalid(message).param("version").code("default_version"));
        }
        skill.versions.retain(|version| version.id != gone.id);
        let changes = vec![Change::delete(VERSION, &*gone.id), skill.change(Expected::Version(version))?];
        context.documents().apply(changes).await?;
        Ok(gone)
    }

    /// Removes it with all versions.
    pub(super) async fn delete(context: &Context, id: &str) -> Result<(), ApiError> {
        let _turn = context.workspace().space().alone(id).await;
        let (skill, _) = Self::find(context, id).await?;
        let mut changes = vec![Change::delete(KIND, id)];
        changes.extend(skill.versions.iter().map(|version| Change::delete(VERSION, &*version.id)));
        context.documents().apply(changes).await?;
        Ok(())
    }

    /// The version of a number, or the `latest`.
    pub(super) fn version(&self, number: &str) -> Result<&Version, ApiError> {
        let wanted = if number == "latest" { self.versions.last() } else { self.numbered(number.parse().ok()) };
        wanted.ok_or_else(|| {
            let message = format!("No version '{number}' of skill '{}'.", self.id);
            ApiError::invalid(message).status(StatusCode::NOT_FOUND)
        })
    }

    fn numbered(&self, number: Option<u64>) -> Option<&Version> {
        self.versions.iter().find(|version| Some(version.number) == number)
    }

    fn change(&self, expected: Expected) -> Result<Change, ApiError> {
        let body = serde_json::to_vec(self).map_err(|_| ApiError::internal())?;
        Ok(Change::put(KIND, &*self.id, body).expecting(expected).retained(Retention::Kept))
    }

    /// As it is shown: name and description are those of the version that is used.
    pub(super) fn object(&self) -> Value {
        let used = self.numbered(Some(self.default_version));
        json!({
            "id": self.id,
            "object": "skill",
            "name": used.map(|version| &version.name),
            "description": used.map(|version| &version.description),
            "created_at": self.created_at,
            "default_version": self.default_version.to_string(),
            "latest_version": self.versions.last().map_or(0, |version| version.number).to_string(),
        })
    }
}

impl Version {
    fn change(&self) -> Result<Change, ApiError> {
        let body = serde_json::to_vec(self).map_err(|_| ApiError::internal())?;
        Ok(Change::put(VERSION, &*self.id, body).retained(Retention::Kept))
    }

    /// As it is shown.
    pub(super) fn object(&self, skill: &str) -> Value {
        json!({
            "object": "skill.version",
            "id": self.id,
            "skill_id": skill,
            "version": self.number.to_string(),
            "created_at": self.created_at,
            "name": self.name,
            "description": self.description,
        })
    }
}
