//! Keys, and the service accounts that get some. A key is shown once; what is kept has its middle left out.

use std::sync::Arc;

use axum::response::Response;
use axum::routing::post;
use serde_json::{Map, Value, json};

use super::people::USERS;
use super::projects::PROJECTS;
use super::told;
use crate::api::Endpoint;
use crate::api::openai::declared::{Field, From, Identity, Kind, Making, PLAIN, Resource, Rule, Verb};
use crate::context::Context;
use crate::error::ApiError;
use crate::gate::{Bearer, Entry, Owner, enter_key};
use crate::wire::{JsonBody, PathText, json as json_answer};

/// What a key may be used for, if it says: OpenAI's page has them for all keys, the document for those of accounts.
const SCOPES: Rule = Rule::or(Kind::Texts, "");

pub(super) fn endpoints() -> Vec<Endpoint> {
    const ADMIN: &str = "/organization/admin_api_keys";
    const ACCOUNTS: &str = "/organization/projects/{project_id}/service_accounts";
    const KEYS: &str = "/organization/projects/{project_id}/service_accounts/{service_account_id}/api_keys";
    let declared = [&ADMIN_KEYS, &PROJECT_KEYS, &SERVICE_ACCOUNTS].into_iter().flat_map(Resource::endpoints);
    let own = [
        Endpoint::api("POST", ADMIN, "admin-api-keys-create", post(create_admin_key)),
        Endpoint::api("POST", ACCOUNTS, "create-project-service-account", post(create_account)),
        Endpoint::api("POST", KEYS, "CreateanAPIkeyforaserviceaccount", post(create_key)),
    ];
    declared.chain(own).collect()
}

pub(in crate::api::openai) static ADMIN_KEYS: Resource = Resource {
    name: "admin api key",
    path: "/organization/admin_api_keys",
    item: "/organization/admin_api_keys/{key_id}",
    identity: Identity::Made("key_", 24),
    fields: &[
        Field("object", From::Fixed("\"organization.admin_api_key\"")),
        Field("id", From::Id),
        Field("name", From::Given(Rule::needed(Kind::Text(256)))),
        Field("redacted_value", From::Masked),
        Field("created_at", From::Now),
        Field("expires_at", From::Made(key_ends)),
        Field("last_used_at", From::Fixed("null")),
        Field("owner", From::Made(key_owner)),
        Field("scopes", From::Given(SCOPES)),
    ],
    created: Some(&[
        Field("object", From::Fixed("\"organization.admin_api_key\"")),
        Field("id", From::Id),
        Field("name", From::Given(Rule::needed(Kind::Text(256)))),
        Field("redacted_value", From::Masked),
        Field("value", From::Secret),
        Field("created_at", From::Now),
        Field("expires_at", From::Made(key_ends)),
        Field("last_used_at", From::Fixed("null")),
        Field("owner", From::Made(key_owner)),
        Field("scopes", From::Given(SCOPES)),
    ]),
    deleted: &[
        Field("id", From::Id),
        Field("object", From::Fixed("\"organization.admin_api_key.deleted\"")),
        Field("deleted", From::Fixed("true")),
    ],
    verbs: &[
        (Verb::List, "admin-api-keys-list"),
        (Verb::Get, "admin-api-keys-get"),
        (Verb::Delete, "admin-api-keys-delete"),
    ],
    audit: Some(told::api_key),
    ..PLAIN
};

/// Whoever makes it, or the owner that every organisation has.
#[expect(clippy::unnecessary_wraps, reason = "what makes a value may fail")]
fn key_owner(making: &Making<'_>) -> Result<Value, ApiError> {
    let id = maker(making.context).0;
    let user = USERS.need(making.context, &[], &id).unwrap_or_default();
    let of = |name: &str, otherwise: Value| user.get(name).cloned().unwrap_or(otherwise);
    Ok(json!({
        "type": "user", "object": "organization.user", "id": id, "name": of("name", "Owner".into()),
        "created_at": of("added_at", making.context.created().into()), "role": of("role", "owner".into()),
    }))
}

/// The user whose key asks, by id and address.
fn maker(context: &Context) -> (String, String) {
    match context.note().bearer.as_deref() {
        Some(Bearer { owner: Owner::User { id, email }, .. }) => (id.to_string(), email.clone()),
        _ => (Owner::FIRST.0.to_owned(), Owner::FIRST.1.to_owned()),
    }
}

fn key_ends(making: &Making<'_>) -> Result<Value, ApiError> {
    let seconds = making.given("expires_in_seconds", Rule::or(Kind::Integer(1, 31_536_000), "null"))?;
    Ok(seconds.as_i64().map_or(Value::Null, |seconds| (making.context.created() + seconds).into()))
}

/// They are made with service accounts: the API has no other way.
pub(in crate::api::openai) static PROJECT_KEYS: Resource = Resource {
    name: "api key",
    path: "/organization/projects/{project_id}/api_keys",
    item: "/organization/projects/{project_id}/api_keys/{api_key_id}",
    identity: Identity::Made("key_", 24),
    parents: &[("project_id", &PROJECTS)],
    fields: &[
        Field("object", From::Fixed("\"organization.project.api_key\"")),
        Field("redacted_value", From::Masked),
        Field("name", From::Given(Rule::or(Kind::Text(256), "\"Secret Key\""))),
        Field("created_at", From::Now),
        Field("last_used_at", From::Fixed("null")),
        Field("id", From::Id),
        Field("owner_project_access", From::Fixed("\"active\"")),
        Field("owner", From::Given(Rule::needed(Kind::Object))),
        Field("scopes", From::Given(SCOPES)),
    ],
    created: Some(&[
        Field("object", From::Fixed("\"organization.project.service_account.api_key\"")),
        Field("value", From::Secret),
        Field("name", From::Given(Rule::or(Kind::Text(256), "\"Secret Key\""))),
        Field("created_at", From::Now),
        Field("id", From::Id),
    ]),
    deleted: &[
        Field("object", From::Fixed("\"organization.project.api_key.deleted\"")),
        Field("id", From::Id),
        Field("deleted", From::Fixed("true")),
    ],
    verbs: &[
        (Verb::List, "list-project-api-keys"),
        (Verb::Get, "retrieve-project-api-key"),
        (Verb::Delete, "delete-project-api-key"),
    ],
    audit: Some(told::api_key),
    ..PLAIN
};

pub(in crate::api::openai) static SERVICE_ACCOUNTS: Resource = Resource {
    name: "service account",
    path: "/organization/projects/{project_id}/service_accounts",
    item: "/organization/projects/{project_id}/service_accounts/{service_account_id}",
    identity: Identity::Made("svc_acct_", 24),
    parents: &[("project_id", &PROJECTS)],
    fields: &[
        Field("object", From::Fixed("\"organization.project.service_account\"")),
        Field("id", From::Id),
        Field("name", From::Given(Rule::needed(Kind::Text(256)).changing())),
        Field("role", From::Given(Rule::or(Kind::Words(&["member", "owner"]), "\"member\"").changing())),
        Field("created_at", From::Now),
    ],
    deleted: &[
        Field("object", From::Fixed("\"organization.project.service_account.deleted\"")),
        Field("id", From::Id),
        Field("deleted", From::Fixed("true")),
    ],
    verbs: &[
        (Verb::List, "list-project-service-accounts"),
        (Verb::Get, "retrieve-project-service-account"),
        (Verb::Update, "update-project-service-account"),
        (Verb::Delete, "delete-project-service-account"),
    ],
    audit: Some(told::service_account),
    ..PLAIN
};

type Params = PathText<Vec<(String, String)>>;
type Body = JsonBody<Map<String, Value>>;

async fn create_admin_key(PathText(params): Params, JsonBody(context, body): Body) -> Result<Response, ApiError> {
    let made = ADMIN_KEYS.create(&context, &params, &body).await;
    let key = made.map_err(|error| context.validation(error))?;
    let stands_on = vec![(ADMIN_KEYS.kind(&params), text(&key, "id"))];
    let (id, email) = maker(&context);
    let bearer = Bearer {
        id: text(&key, "id"),
        project: None,
        owner: Owner::User { id: id.into(), email },
        scopes: scopes(&body)?,
    };
    let ends = key.get("expires_at").and_then(Value::as_i64);
    let entry = Entry { stands_on, area: None, ends, bearer: Arc::new(bearer) };
    enter_key(&context, &text(&key, "value"), &entry).await?;
    Ok(json_answer(&key))
}

/// The scopes that a body gives.
fn scopes(body: &Map<String, Value>) -> Result<Option<Vec<String>>, ApiError> {
    let given = SCOPES.read(body, "scopes")?;
    Ok(given.and_then(|given| serde_json::from_value(given).ok()))
}

fn text(object: &Map<String, Value>, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

async fn create_account(PathText(params): Params, JsonBody(context, body): Body) -> Result<Response, ApiError> {
    let alone = body.get("create_service_account_only").is_some_and(|alone| *alone == true);
    // A new account is a member, whatever is said.
    let named = body.get("name").map(|name| ("name".to_owned(), name.clone()));
    let made = SERVICE_ACCOUNTS.create(&context, &params, &Map::from_iter(named)).await;
    let mut account = made.map_err(|error| context.validation(error))?;
    let key = if alone { Value::Null } else { key_of(&context, &params, &account, &Map::new()).await?.into() };
    account.insert("api_key".to_owned(), key);
    Ok(json_answer(&account))
}

async fn create_key(PathText(params): Params, JsonBody(context, body): Body) -> Result<Response, ApiError> {
    let account = SERVICE_ACCOUNTS.get(&context, &params)?;
    let key = key_of(&context, &params, &account, &body).await;
    Ok(json_answer(&key.map_err(|error| context.validation(error))?))
}

/// A new key of a service account.
async fn key_of(
    context: &Context,
    params: &[(String, String)],
    account: &Map<String, Value>,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, ApiError> {
    let mut service_account = account.clone();
    service_account.remove("object");
    let owner = json!({"type": "service_account", "service_account": service_account});
    let mut body = Map::from_iter([("owner".to_owned(), owner)]);
    body.extend(["name", "scopes"].into_iter().filter_map(|name| Some((name.to_owned(), given.get(name)?.clone()))));
    let scopes = scopes(&body)?;
    let key = PROJECT_KEYS.create(context, params, &body).await?;
    let project = params.iter().find(|(name, _)| name == "project_id").map(|(_, id)| id.as_str());
    let mut stands_on =
        vec![(PROJECT_KEYS.kind(params), text(&key, "id")), (SERVICE_ACCOUNTS.kind(params), text(account, "id"))];
    stands_on.extend(project.map(|id| (PROJECTS.kind(&[]), id.to_owned())));
    let owner = Owner::ServiceAccount { id: text(account, "id").into() };
    let bearer = Bearer { id: text(&key, "id"), project: project.map(Arc::from), owner, scopes };
    let entry = Entry { stands_on, area: None, ends: None, bearer: Arc::new(bearer) };
    enter_key(context, &text(&key, "value"), &entry).await?;
    Ok(key)
}
