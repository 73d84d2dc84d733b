//! Users, invites and groups.

use serde_json::{Value, json};

use super::told;
use crate::api::Endpoint;
use crate::api::openai::declared::{Ending, Field, From, Identity, Kind, Making, PLAIN, Paging, Resource, Rule, Verb};
use crate::error::ApiError;

/// How long an invite can be accepted, seconds.
const INVITED: i64 = 7 * 24 * 3600;

pub(super) fn endpoints() -> Vec<Endpoint> {
    [&USERS, &INVITES, &GROUPS, &GROUP_USERS].into_iter().flat_map(Resource::endpoints).collect()
}

pub(in crate::api::openai) static USERS: Resource = Resource {
    name: "user",
    path: "/organization/users",
    item: "/organization/users/{user_id}",
    fields: &[
        Field("role", From::Given(Rule::or(Kind::Text(64), "null").changing())),
        Field("technical_level", From::Given(Rule::or(Kind::Text(64), "null").changing())),
        Field("developer_persona", From::Given(Rule::or(Kind::Text(64), "null").changing())),
    ],
    deleted: &[
        Field("object", From::Fixed("\"organization.user.deleted\"")),
        Field("id", From::Id),
        Field("deleted", From::Fixed("true")),
    ],
    verbs: &[
        (Verb::List, "list-users"),
        (Verb::Get, "retrieve-user"),
        (Verb::Update, "modify-user"),
        (Verb::Delete, "delete-user"),
    ],
    seeds: &[owner],
    audit: Some(told::user),
    ..PLAIN
};

/// The user that every organisation has.
fn owner() -> Value {
    json!({
        "object": "organization.user", "id": "user-fakeai-owner", "name": "Owner", "email": "owner@example.com",
        "role": "owner", "added_at": "now",
    })
}

pub(in crate::api::openai) static INVITES: Resource = Resource {
    name: "invite",
    path: "/organization/invites",
    item: "/organization/invites/{invite_id}",
    identity: Identity::Made("invite-", 24),
    fields: &[
        Field("object", From::Fixed("\"organization.invite\"")),
        Field("id", From::Id),
        Field("email", From::Given(Rule::needed(Kind::Text(320)))),
        Field("role", From::Given(Rule::needed(Kind::Words(&["reader", "owner"])))),
        Field("status", From::Fixed("\"pending\"")),
        Field("created_at", From::Now),
        Field("expires_at", From::Made(invite_ends)),
        Field("accepted_at", From::Fixed("null")),
        Field("projects", From::Given(Rule::or(Kind::Objects, "[]"))),
    ],
    deleted: &[
        Field("object", From::Fixed("\"organization.invite.deleted\"")),
        Field("id", From::Id),
        Field("deleted", From::Fixed("true")),
    ],
    verbs: &[
        (Verb::Create, "inviteUser"),
        (Verb::List, "list-invites"),
        (Verb::Get, "retrieve-invite"),
        (Verb::Delete, "delete-invite"),
    ],
    ending: Some(Ending { at: "expires_at", from: "pending", to: "expired" }),
    audit: Some(told::invite),
    ..PLAIN
};

#[expect(clippy::unnecessary_wraps, reason = "what makes a value may fail")]
fn invite_ends(making: &Making<'_>) -> Result<Value, ApiError> {
    Ok((making.context.created() + INVITED).into())
}

pub(in crate::api::openai) static GROUPS: Resource = Resource {
    name: "group",
    path: "/organization/groups",
    item: "/organization/groups/{group_id}",
    identity: Identity::Made("group_", 32),
    fields: &[
        Field("id", From::Id),
        Field("name", From::Given(Rule::needed(Kind::Text(255)).changing())),
        Field("created_at", From::Now),
        Field("is_scim_managed", From::Fixed("false")),
        Field("group_type", From::Fixed("\"group\"")),
    ],
    deleted: &[
        Field("object", From::Fixed("\"group.deleted\"")),
        Field("id", From::Id),
        Field("deleted", From::Fixed("true")),
    ],
    paging: Paging::Next,
    verbs: &[
        (Verb::Create, "create-group"),
        (Verb::List, "list-groups"),
        (Verb::Get, "retrieve-group"),
        (Verb::Update, "update-group"),
        (Verb::Delete, "delete-group"),
    ],
    audit: Some(told::group),
    ..PLAIN
};

pub(in crate::api::openai) static GROUP_USERS: Resource = Resource {
    name: "group user",
    path: "/organization/groups/{group_id}/users",
    item: "/organization/groups/{group_id}/users/{user_id}",
    identity: Identity::Other("user_id", &USERS),
    parents: &[("group_id", &GROUPS)],
    fields: &[
        Field("id", From::Id),
        Field("name", From::Of(&USERS, "user_id", "name")),
        Field("email", From::Of(&USERS, "user_id", "email")),
        Field("picture", From::Fixed("null")),
        Field("is_service_account", From::Fixed("false")),
        Field("user_type", From::Fixed("\"user\"")),
    ],
    created: Some(&[
        Field("object", From::Fixed("\"group.user\"")),
        Field("user_id", From::Id),
        Field("group_id", From::Path("group_id")),
    ]),
    deleted: &[Field("object", From::Fixed("\"group.user.deleted\"")), Field("deleted", From::Fixed("true"))],
    paging: Paging::Next,
    verbs: &[
        (Verb::Create, "add-group-user"),
        (Verb::List, "list-group-users"),
        (Verb::Get, "retrieve-group-user"),
        (Verb::Delete, "remove-group-user"),
    ],
    audit: Some(told::group_user),
    ..PLAIN
};
