//! `/skills`.

use axum::response::Response;
use axum::routing::{delete, get, post};
use fakeai_store::Document;
use serde::Deserialize;
use serde_json::{Value, json};

use super::bundle::Bundle;
use super::stored::{KIND, Kept, Skill, VERSION, Version};
use crate::api::Endpoint;
use crate::api::openai::files::stored_content;
use crate::api::openai::listing::{List, page};
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{JsonBody, PartsBody, PathText, Query, json as json_answer};

pub(in crate::api::openai) fn endpoints() -> Vec<Endpoint> {
    const ONE: &str = "/skills/{skill_id}";
    const VERSIONS: &str = "/skills/{skill_id}/versions";
    const ONE_VERSION: &str = "/skills/{skill_id}/versions/{version}";
    vec![
        Endpoint::api("POST", "/skills", "CreateSkill", post(create)),
        Endpoint::api("GET", "/skills", "ListSkills", get(list)),
        Endpoint::api("GET", ONE, "GetSkill", get(get_one)),
        Endpoint::api("POST", ONE, "UpdateSkillDefaultVersion", post(update)),
        Endpoint::api("DELETE", ONE, "DeleteSkill", delete(delete_one)),
        Endpoint::api("GET", "/skills/{skill_id}/content", "GetSkillContent", get(content)),
        Endpoint::api("POST", VERSIONS, "CreateSkillVersion", post(create_version)),
        Endpoint::api("GET", VERSIONS, "ListSkillVersions", get(list_versions)),
        Endpoint::api("GET", ONE_VERSION, "GetSkillVersion", get(get_version)),
        Endpoint::api("DELETE", ONE_VERSION, "DeleteSkillVersion", delete(delete_version)),
        Endpoint::api("GET", "/skills/{skill_id}/versions/{version}/content", "GetSkillVersionContent", get(download)),
    ]
}

async fn create(PartsBody(context, parts): PartsBody) -> Result<Response, ApiError> {
    let bundle = Bundle::read(parts).await.map_err(|error| context.validation(error))?;
    let kept = Kept::take(&context, bundle).await?;
    Ok(json_answer(&Skill::create(&context, kept).await?.object()))
}

async fn list(context: Context) -> Result<Response, ApiError> {
    let page = Query::of(context.path()).page(true).map_err(|error| context.validation(error))?;
    let listing = context.documents().list(KIND, &page).await?;
    let shown = |(_, document): (String, Document)| {
        serde_json::from_slice::<Skill>(&document.body).ok().map(|skill| skill.object())
    };
    Ok(json_answer(&List::new(listing.documents.into_iter().filter_map(shown).collect(), listing.has_more)))
}

async fn get_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    Ok(json_answer(&Skill::find(&context, &id).await?.0.object()))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Update {
    default_version: Option<String>,
}

async fn update(PathText(id): PathText, JsonBody(context, wire): JsonBody<Update>) -> Result<Response, ApiError> {
    let version = wire.default_version.ok_or_else(|| context.validation(ApiError::missing("default_version")))?;
    Ok(json_answer(&Skill::prefer(&context, &id, &version).await?.object()))
}

async fn delete_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    Skill::delete(&context, &id).await?;
    Ok(json_answer(&json!({"object": "skill.deleted", "deleted": true, "id": id})))
}

async fn create_version(PathText(id): PathText, PartsBody(context, parts): PartsBody) -> Result<Response, ApiError> {
    Skill::find(&context, &id).await?;
    let bundle = Bundle::read(parts).await.map_err(|error| context.validation(error))?;
    let is_default = bundle.becomes_default;
    let kept = Kept::take(&context, bundle).await?;
    Ok(json_answer(&Skill::add(&context, &id, kept, is_default).await?.object(&id)))
}

async fn list_versions(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let (skill, _) = Skill::find(&context, &id).await?;
    let (versions, has_more) = page(skill.versions, |version| &version.id, &Query::of(context.path()))
        .map_err(|error| context.validation(error))?;
    let shown: Vec<Value> = versions.iter().map(|version: &Version| version.object(&id)).collect();
    Ok(json_answer(&List::new(shown, has_more)))
}

type VersionPath = PathText<(String, String)>;

async fn get_version(context: Context, PathText((id, version)): VersionPath) -> Result<Response, ApiError> {
    Ok(json_answer(&Skill::find(&context, &id).await?.0.version(&version)?.object(&id)))
}

async fn delete_version(context: Context, PathText((id, version)): VersionPath) -> Result<Response, ApiError> {
    let gone = Skill::remove(&context, &id, &version).await.map_err(|error| context.validation(error))?;
    let number = gone.number.to_string();
    Ok(json_answer(&json!({"object": "skill.version.deleted", "deleted": true, "id": gone.id, "version": number})))
}

async fn content(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let (skill, _) = Skill::find(&context, &id).await?;
    archive(&context, &skill, &skill.default_version.to_string()).await
}

async fn download(context: Context, PathText((id, version)): VersionPath) -> Result<Response, ApiError> {
    let (skill, _) = Skill::find(&context, &id).await?;
    archive(&context, &skill, &version).await
}

async fn archive(context: &Context, skill: &Skill, version: &str) -> Result<Response, ApiError> {
    let version = skill.version(version)?;
    let name = format!("{}-{}.zip", skill.id, version.number);
    stored_content(context, VERSION, &version.id, "application/zip", &name).await
}
