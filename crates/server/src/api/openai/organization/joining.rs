//! How an invited person comes in. On OpenAI's platform somebody reads a mail and follows its link; here somebody calls
//! `POST /fakeai/invites/{invite}/accept`. The person becomes a user, is put into the invite's projects, and gets a key
//! for each of them, which does what the person's roles allow.

use std::sync::Arc;

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::keys::PROJECT_KEYS;
use super::people::{INVITES, USERS};
use super::projects::{PROJECT_USERS, PROJECTS};
use crate::api::openai::declared::{Kind, Rule};
use crate::audit::{self, Event};
use crate::context::Context;
use crate::error::ApiError;
use crate::gate::{Bearer, Entry, Owner, enter_key};
use crate::wire::{JsonBody, PathText, json as json_answer};

/// Where somebody is put who was invited to no project.
const DEFAULT_PROJECT: &str = "proj_fakeai_default";

/// `POST /fakeai/invites/{invite}/accept`.
pub(in crate::api) async fn accept(
    PathText(id): PathText,
    JsonBody(context, body): JsonBody<Map<String, Value>>,
) -> Result<Response, ApiError> {
    let name = Rule::or(Kind::Text(256), "null").read(&body, "name")?.unwrap_or_default();
    let invite = INVITES.need(&context, &[], &id)?;
    if invite.get("status") != Some(&"pending".into()) {
        let status = text(&invite, "status");
        return Err(ApiError::invalid(format!("Invite '{id}' can't be accepted: it is {status}.")).code("invite_over"));
    }
    let user = join(&context, &invite, name).await?;
    let accepted = Map::from_iter([
        ("status".to_owned(), "accepted".into()),
        ("accepted_at".to_owned(), context.created().into()),
    ]);
    let invite = INVITES.change(&context, &[("invite_id".to_owned(), id.clone())], accepted).await?;
    audit::note(&context, Some(Event { kind: "invite.accepted", project: None, details: json!({"id": id}) })).await?;
    let mut keys = Vec::new();
    for (project, role) in projects(&invite) {
        keys.push(enter_project(&context, &user, &project, &role).await?);
    }
    Ok(json_answer(&json!({"object": "fakeai.accepted_invite", "invite": invite, "user": user, "api_keys": keys})))
}

fn text(object: &Map<String, Value>, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Makes the user.
async fn join(context: &Context, invite: &Map<String, Value>, name: Value) -> Result<Map<String, Value>, ApiError> {
    let (id, email) = (context.id("user-", 24), text(invite, "email"));
    let name = if name.is_null() { email.split('@').next().unwrap_or_default().into() } else { name };
    let user = Map::from_iter([
        ("object".to_owned(), "organization.user".into()),
        ("id".to_owned(), id.as_str().into()),
        ("name".to_owned(), name),
        ("email".to_owned(), email.into()),
        ("role".to_owned(), text(invite, "role").into()),
        ("added_at".to_owned(), context.created().into()),
    ]);
    let details = json!({"id": id, "data": {"role": user["role"]}});
    let event = Event { kind: "user.added", project: None, details };
    audit::apply(context, vec![USERS.kept(&[], &id, &user)?], Some(event)).await?;
    Ok(user)
}

/// The projects of an invite and the roles in them.
fn projects(invite: &Map<String, Value>) -> Vec<(String, String)> {
    let named = invite.get("projects").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    let all: Vec<(String, String)> = named.map(|project| (text(project, "id"), text(project, "role"))).collect();
    if all.is_empty() { vec![(DEFAULT_PROJECT.to_owned(), "member".to_owned())] } else { all }
}

/// Puts a user into a project, with a key for it.
async fn enter_project(
    context: &Context,
    user: &Map<String, Value>,
    project: &str,
    role: &str,
) -> Result<Value, ApiError> {
    let params = [("project_id".to_owned(), project.to_owned())];
    let (id, email) = (text(user, "id"), text(user, "email"));
    let role = if role.is_empty() { "member" } else { role };
    let member = Map::from_iter([("user_id".to_owned(), id.as_str().into()), ("role".to_owned(), role.into())]);
    PROJECT_USERS.create(context, &params, &member).await?;
    let owner = json!({"type": "user", "user": {
        "id": id, "email": email, "name": user["name"], "created_at": user["added_at"], "role": role,
    }});
    let body = Map::from_iter([("owner".to_owned(), owner)]);
    let key = PROJECT_KEYS.create(context, &params, &body).await?;
    let stands_on = vec![
        (PROJECT_KEYS.kind(&params), text(&key, "id")),
        (PROJECTS.kind(&[]), project.to_owned()),
        (USERS.kind(&[]), id.clone()),
        (PROJECT_USERS.kind(&params), id.clone()),
    ];
    let owner = Owner::User { id: id.into(), email };
    let bearer = Bearer { id: text(&key, "id"), project: Some(Arc::from(project)), owner, scopes: None };
    enter_key(context, &text(&key, "value"), &Entry { stands_on, ends: None, area: None, bearer: Arc::new(bearer) })
        .await?;
    Ok(json!({"project_id": project, "id": key["id"], "name": key["name"], "value": key["value"]}))
}
