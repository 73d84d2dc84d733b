//! What the bearer of a key made through the API may do: what its owner's roles grant, and of that what the key's own
//! scopes say. Keys of the server's own list may do everything.

use fakeai_guard::Scope;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use super::directory::{Bearer, Owner};
use super::{endpoint, records};
use crate::context::Context;
use crate::error::ApiError;

/// What answers call the organisation.
const ORGANIZATION: &str = "fakeai";
const ALL: &str = "all";
const READ_ONLY: &str = "read_only";
/// What keys are for that are not of the organisation's: asking models.
const REQUEST: &str = "model.request";

/// Refuses what the bearer may not do, and what is sent in the name of another project or organisation.
pub(super) fn check(context: &Context, head: &Parts, bearer: &Bearer) -> Result<(), ApiError> {
    belongs(head, bearer)?;
    let path = endpoint(context.path());
    let looks = (head.method == Method::GET || head.method == Method::HEAD)
        && !head.headers.contains_key(header::SEC_WEBSOCKET_KEY);
    let Some(scope) = Scope::needed(path, looks) else { return Ok(()) };
    let administers = bearer.project.is_none();
    let covers = |granted: &[String]| scope.is_covered(granted.iter().map(String::as_str), administers);
    let is_own = match &bearer.project {
        Some(project) if scope.is_administrative => path.split('/').any(|part| part == &**project),
        _ => true,
    };
    if is_own && bearer.scopes.as_deref().is_none_or(covers) && covers(&granted(context, bearer)?) {
        return Ok(());
    }
    Err(missing(scope.name))
}

/// OpenAI's 403.
fn missing(scope: &str) -> ApiError {
    ApiError::invalid(format!(
        "You have insufficient permissions for this operation. Missing scopes: {scope}. Check that you have the correct \
         role in your organization (Reader, Writer, Owner) and project (Member, Owner), and if you're using a restricted \
         API key, that it has the necessary scopes."
    ))
    .status(StatusCode::FORBIDDEN)
    .code("missing_scope")
}

/// Whether the headers name what the key belongs to.
fn belongs(head: &Parts, bearer: &Bearer) -> Result<(), ApiError> {
    let named = |name: &'static str| head.headers.get(HeaderName::from_static(name)).map(HeaderValue::as_bytes);
    let refused = |what: &str, word: &str, code| {
        let message = format!("OpenAI-{what} header should match {word} for API key");
        Err(ApiError::invalid(message).status(StatusCode::UNAUTHORIZED).code(code))
    };
    if named("openai-organization").is_some_and(|organization| organization != ORGANIZATION.as_bytes()) {
        return refused("Organization", "organization", "mismatched_organization");
    }
    match (&bearer.project, named("openai-project")) {
        (Some(own), Some(project)) if own.as_bytes() != project => refused("Project", "project", "mismatched_project"),
        _ => Ok(()),
    }
}

/// What the roles of a key's owner grant.
fn granted(context: &Context, bearer: &Bearer) -> Result<Vec<String>, ApiError> {
    match (&bearer.owner, &bearer.project) {
        (Owner::ServiceAccount { .. }, _) => Ok(vec![ALL.to_owned()]),
        (Owner::Server, _) => Ok(vec![REQUEST.to_owned()]),
        (Owner::User { id, .. }, None) => of_organization(context, id),
        (Owner::User { id, .. }, Some(project)) => of_project(context, project, id),
    }
}

/// What a user may do as an administrator: by its own role, by those it was given, and by those of its groups.
fn of_organization(context: &Context, user: &str) -> Result<Vec<String>, ApiError> {
    let Some(record) = records::one(context, "user", &[], user)? else {
        // The owner that every organisation has is there before anybody has asked for it.
        return Ok(if user == Owner::FIRST.0 { vec![ALL.to_owned()] } else { Vec::new() });
    };
    let mut roles: Vec<String> = record["role"].as_str().map(str::to_owned).into_iter().collect();
    roles.extend(records::ids(context, "user role", &[user])?);
    for group in groups_of(context, records::ids(context, "group", &[])?, user)? {
        roles.extend(records::ids(context, "group role", &[&group])?);
    }
    permissions(context, "role", &[], &roles)
}

/// The same in a project.
fn of_project(context: &Context, project: &str, user: &str) -> Result<Vec<String>, ApiError> {
    let record = records::one(context, "project user", &[project], user)?;
    let mut roles: Vec<String> =
        record.and_then(|record| record["role"].as_str().map(str::to_owned)).into_iter().collect();
    roles.extend(records::ids(context, "project user role", &[project, user])?);
    for group in groups_of(context, records::ids(context, "project group", &[project])?, user)? {
        roles.extend(records::ids(context, "project group role", &[project, &group])?);
    }
    permissions(context, "project role", &[project], &roles)
}

/// Of `groups` those that a user is in.
fn groups_of(context: &Context, groups: Vec<String>, user: &str) -> Result<Vec<String>, ApiError> {
    let mut own = Vec::new();
    for group in groups {
        if records::one(context, "group user", &[&group], user)?.is_some() {
            own.push(group);
        }
    }
    Ok(own)
}

/// What roles grant, each named by a word that every organisation knows or by its id.
fn permissions(context: &Context, resource: &str, parents: &[&str], roles: &[String]) -> Result<Vec<String>, ApiError> {
    let mut all = Vec::new();
    for role in roles {
        // Predefined ones are called `role-api-project-member`.
        let word = role.strip_prefix("role-api-").and_then(|rest| rest.rsplit('-').next()).unwrap_or(role);
        match word {
            "owner" | "member" => all.push(ALL.to_owned()),
            "reader" | "viewer" => all.push(READ_ONLY.to_owned()),
            _ => {
                let record = records::one(context, resource, parents, role)?.unwrap_or_default();
                let granted = record["permissions"].as_array().into_iter().flatten();
                all.extend(granted.filter_map(Value::as_str).map(str::to_owned));
            }
        }
    }
    Ok(all)
}
