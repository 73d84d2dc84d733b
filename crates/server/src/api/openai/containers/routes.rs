//! `/containers`.

use axum::response::Response;
use axum::routing::{delete, get, post};
use bytes::Bytes;
use fakeai_store::Document;
use serde::Deserialize;
use serde_json::{Value, json};

use super::files;
use super::stored::{Container, KIND};
use crate::api::Endpoint;
use crate::api::openai::files::File;
use crate::api::openai::listing::List;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{JsonBody, PathText, Query, Range, integer, json as json_answer};

const MEMORY: [&str; 4] = ["1g", "4g", "16g", "64g"];
/// Longest that an idle container may stay, minutes.
const MOST_MINUTES: i64 = 24 * 60;
const LONGEST_NAME: usize = 256;
const MOST_FILES: usize = 50;

pub(in crate::api::openai) fn endpoints() -> Vec<Endpoint> {
    const ONE: &str = "/containers/{container_id}";
    const FILES: &str = "/containers/{container_id}/files";
    const FILE: &str = "/containers/{container_id}/files/{file_id}";
    const CONTENT: &str = "/containers/{container_id}/files/{file_id}/content";
    vec![
        Endpoint::api("POST", "/containers", "CreateContainer", post(create)),
        Endpoint::api("GET", "/containers", "ListContainers", get(list)),
        Endpoint::api("GET", ONE, "RetrieveContainer", get(get_one)),
        Endpoint::api("DELETE", ONE, "DeleteContainer", delete(delete_one)),
        Endpoint::api("POST", FILES, "CreateContainerFile", post(files::create)),
        Endpoint::api("GET", FILES, "ListContainerFiles", get(files::list)),
        Endpoint::api("GET", FILE, "RetrieveContainerFile", get(files::get_one)),
        Endpoint::api("DELETE", FILE, "DeleteContainerFile", delete(files::delete_one)),
        Endpoint::api("GET", CONTENT, "RetrieveContainerFileContent", get(files::download)),
    ]
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContainerWire {
    name: Option<String>,
    file_ids: Option<Vec<String>>,
    expires_after: Option<ExpiryWire>,
    memory_limit: Option<String>,
    network_policy: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ExpiryWire {
    anchor: Option<String>,
    minutes: Option<i64>,
}

async fn create(JsonBody(context, wire): JsonBody<ContainerWire>) -> Result<Response, ApiError> {
    let container = checked(&context, &wire).map_err(|error| context.validation(error))?;
    let mut copied = Vec::new();
    for id in wire.file_ids.unwrap_or_default() {
        copied.push(File::find(&context, &id).await?);
    }
    container.put(&context).await?;
    context.note().units.code_sessions += 1;
    for file in &copied {
        files::copy(&context, &container.id, file).await?;
    }
    Ok(json_answer(&container.object(context.created())))
}

fn checked(context: &Context, wire: &ContainerWire) -> Result<Container, ApiError> {
    let name = wire.name.as_deref().ok_or_else(|| ApiError::missing("name"))?;
    if name.chars().count() > LONGEST_NAME {
        return Err(ApiError::too_long("name", LONGEST_NAME, name.chars().count()));
    }
    if let Some(files) = wire.file_ids.as_ref().filter(|files| files.len() > MOST_FILES) {
        return Err(ApiError::too_many("file_ids", MOST_FILES, files.len()));
    }
    let mut container = Container::new(context, context.hex_id("cntr_", 48), name);
    if let Some(expiry) = &wire.expires_after {
        match expiry.anchor.as_deref() {
            None => return Err(ApiError::missing("expires_after.anchor")),
            Some("last_active_at") => {}
            Some(other) => {
                return Err(ApiError::unsupported_value("expires_after.anchor", other, &["last_active_at"]));
            }
        }
        let minutes = integer("expires_after.minutes", expiry.minutes, Range::new(1, MOST_MINUTES))?;
        container.minutes = minutes.ok_or_else(|| ApiError::missing("expires_after.minutes"))?;
    }
    if let Some(memory) = &wire.memory_limit {
        if !MEMORY.contains(&memory.as_str()) {
            return Err(ApiError::unsupported_value("memory_limit", memory, &MEMORY));
        }
        container.memory_limit.clone_from(memory);
    }
    match wire.network_policy.as_ref().map(|policy| (policy, policy["type"].as_str())) {
        None | Some((_, Some("disabled"))) => {}
        Some((policy, Some("allowlist"))) => {
            let domains = policy["allowed_domains"].as_array();
            let domains = domains.ok_or_else(|| ApiError::missing("network_policy.allowed_domains"))?;
            container.network_policy = json!({"type": "allowlist", "allowed_domains": domains});
        }
        Some((_, Some(other))) => {
            return Err(ApiError::unsupported_value("network_policy.type", other, &["disabled", "allowlist"]));
        }
        Some((_, None)) => return Err(ApiError::missing("network_policy.type")),
    }
    Ok(container)
}

async fn list(context: Context) -> Result<Response, ApiError> {
    let query = Query::of(context.path());
    let page = query.page(true).map_err(|error| context.validation(error))?;
    let name = query.get("name");
    let wanted = |body: &Bytes| {
        name.is_none_or(|name| serde_json::from_slice::<Container>(body).is_ok_and(|one| one.name == name))
    };
    let listing = context.documents().find(KIND, &page, wanted).await?;
    let shown = |(_, document): (String, Document)| {
        let container: Container = serde_json::from_slice(&document.body).ok()?;
        Some(container.object(context.created()))
    };
    Ok(json_answer(&List::new(listing.documents.into_iter().filter_map(shown).collect(), listing.has_more)))
}

/// Looking at a container uses it, unless it is over.
async fn get_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let found = Container::find(&context, &id).await?;
    let container = Container::touch(&context, &id).await.unwrap_or(found);
    Ok(json_answer(&container.object(context.created())))
}

async fn delete_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    Container::delete(&context, &id).await?;
    Ok(json_answer(&json!({"id": id, "object": "container.deleted", "deleted": true})))
}
