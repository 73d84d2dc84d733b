//! Projects and who is in them.

use serde_json::{Value, json};

use super::people::{GROUPS, USERS};
use super::told;
use crate::api::Endpoint;
use crate::api::openai::declared::{Field, From, Hidden, Identity, Kind, PLAIN, Paging, Resource, Rule, Verb};

const RESIDENCIES: &[&str] = &[
    "GLOBAL",
    "US_STORAGE_PROCESSING",
    "EU_STORAGE_PROCESSING",
    "JP_STORAGE",
    "KR_STORAGE",
    "CA_STORAGE",
    "SG_STORAGE",
    "IN_STORAGE",
    "AU_STORAGE",
    "GB_STORAGE",
    "AE_STORAGE",
    "AE_STORAGE_PROCESSING",
];

pub(super) fn endpoints() -> Vec<Endpoint> {
    [&PROJECTS, &PROJECT_USERS, &PROJECT_GROUPS].into_iter().flat_map(Resource::endpoints).collect()
}

pub(in crate::api::openai) static PROJECTS: Resource = Resource {
    name: "project",
    path: "/organization/projects",
    item: "/organization/projects/{project_id}",
    identity: Identity::Made("proj_", 24),
    fields: &[
        Field("id", From::Id),
        Field("object", From::Fixed("\"organization.project\"")),
        Field("name", From::Given(Rule::needed(Kind::Text(256)).changing())),
        Field("created_at", From::Now),
        Field("archived_at", From::Fixed("null")),
        Field("status", From::Fixed("\"active\"")),
        Field("external_key_id", From::Given(Rule::or(Kind::Text(256), "null").changing())),
        Field("residency", From::Given(Rule::or(Kind::Words(RESIDENCIES), ""))),
    ],
    verbs: &[
        (Verb::Create, "create-project"),
        (Verb::List, "list-projects"),
        (Verb::Get, "retrieve-project"),
        (Verb::Update, "modify-project"),
        (
            Verb::Set(
                "/organization/projects/{project_id}/archive",
                &[Field("status", From::Fixed("\"archived\"")), Field("archived_at", From::Now)],
            ),
            "archive-project",
        ),
    ],
    hidden: Some(Hidden { field: "status", word: "archived", unless: "include_archived" }),
    seeds: &[default_project],
    audit: Some(told::project),
    ..PLAIN
};

/// The project that every organisation has.
fn default_project() -> Value {
    json!({
        "id": "proj_fakeai_default", "object": "organization.project", "name": "Default project", "created_at": "now",
        "archived_at": null, "status": "active", "external_key_id": null,
    })
}

pub(in crate::api::openai) static PROJECT_USERS: Resource = Resource {
    name: "project user",
    path: "/organization/projects/{project_id}/users",
    item: "/organization/projects/{project_id}/users/{user_id}",
    identity: Identity::Other("user_id", &USERS),
    parents: &[("project_id", &PROJECTS)],
    fields: &[
        Field("object", From::Fixed("\"organization.project.user\"")),
        Field("id", From::Id),
        Field("name", From::Of(&USERS, "user_id", "name")),
        Field("email", From::Of(&USERS, "user_id", "email")),
        Field("role", From::Given(Rule::needed(Kind::Text(64)).changing())),
        Field("added_at", From::Now),
    ],
    deleted: &[
        Field("object", From::Fixed("\"organization.project.user.deleted\"")),
        Field("id", From::Id),
        Field("deleted", From::Fixed("true")),
    ],
    verbs: &[
        (Verb::Create, "create-project-user"),
        (Verb::List, "list-project-users"),
        (Verb::Get, "retrieve-project-user"),
        (Verb::Update, "modify-project-user"),
        (Verb::Delete, "delete-project-user"),
    ],
    audit: Some(told::user),
    ..PLAIN
};

pub(in crate::api::openai) static PROJECT_GROUPS: Resource = Resource {
    name: "project group",
    path: "/organization/projects/{project_id}/groups",
    item: "/organization/projects/{project_id}/groups/{group_id}",
    identity: Identity::Other("group_id", &GROUPS),
    parents: &[("project_id", &PROJECTS)],
    fields: &[
        Field("object", From::Fixed("\"project.group\"")),
        Field("project_id", From::Path("project_id")),
        Field("group_id", From::Id),
        Field("group_name", From::Of(&GROUPS, "group_id", "name")),
        Field("group_type", From::Fixed("\"group\"")),
        Field("created_at", From::Now),
    ],
    deleted: &[Field("object", From::Fixed("\"project.group.deleted\"")), Field("deleted", From::Fixed("true"))],
    paging: Paging::Next,
    verbs: &[
        (Verb::Create, "add-project-group"),
        (Verb::List, "list-project-groups"),
        (Verb::Get, "retrieve-project-group"),
        (Verb::Delete, "remove-project-group"),
    ],
    audit: Some(told::project_group),
    ..PLAIN
};
