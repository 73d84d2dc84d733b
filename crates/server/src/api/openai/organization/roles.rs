//! Roles and who has them.

use serde_json::{Value, json};

use super::people::{GROUPS, USERS};
use super::projects::{PROJECT_GROUPS, PROJECT_USERS, PROJECTS};
use super::told;
use crate::api::Endpoint;
use crate::api::openai::declared::{Field, From, Identity, Kind, PLAIN, Paging, Resource, Rule, Verb};

pub(super) fn endpoints() -> Vec<Endpoint> {
    let resources = [&ROLES, &PROJECT_ROLES, &GROUP_ROLES, &USER_ROLES, &PROJECT_GROUP_ROLES, &PROJECT_USER_ROLES];
    resources.into_iter().flat_map(Resource::endpoints).collect()
}

/// The fields of a role, which is for this kind of resource.
macro_rules! role_fields {
    ($of:literal) => {
        &[
            Field("object", From::Fixed("\"role\"")),
            Field("id", From::Id),
            Field("name", From::Named("role_name", Rule::needed(Kind::Text(256)).changing())),
            Field("description", From::Given(Rule::or(Kind::Text(4096), "null").changing())),
            Field("permissions", From::Given(Rule::needed(Kind::Texts).changing())),
            Field("resource_type", From::Fixed($of)),
            Field("predefined_role", From::Fixed("false")),
        ]
    };
}

/// The fields of a role that somebody has.
macro_rules! assigned_fields {
    ($roles:ident) => {
        &[
            Field("id", From::Id),
            Field("name", From::Of(&$roles, "role_id", "name")),
            Field("permissions", From::Of(&$roles, "role_id", "permissions")),
            Field("resource_type", From::Of(&$roles, "role_id", "resource_type")),
            Field("predefined_role", From::Of(&$roles, "role_id", "predefined_role")),
            Field("description", From::Of(&$roles, "role_id", "description")),
            Field("created_at", From::Now),
            Field("updated_at", From::Fixed("null")),
            Field("created_by", From::Fixed("null")),
            Field("created_by_user_obj", From::Fixed("null")),
            Field("metadata", From::Fixed("{}")),
            Field("assignment_sources", From::Fixed("null")),
        ]
    };
}

/// What the answer to giving somebody a role shows.
macro_rules! assignment_fields {
    ($object:literal, $holder:literal, $fields:ident, $roles:ident) => {
        Some(&[
            Field("object", From::Fixed($object)),
            Field($holder, From::Nested($fields)),
            Field(
                "role",
                From::Nested(&[
                    Field("object", From::Fixed("\"role\"")),
                    Field("id", From::Id),
                    Field("name", From::Of(&$roles, "role_id", "name")),
                    Field("description", From::Of(&$roles, "role_id", "description")),
                    Field("permissions", From::Of(&$roles, "role_id", "permissions")),
                    Field("resource_type", From::Of(&$roles, "role_id", "resource_type")),
                    Field("predefined_role", From::Of(&$roles, "role_id", "predefined_role")),
                ]),
            ),
        ])
    };
}

const GROUP: &[Field] = &[
    Field("object", From::Fixed("\"group\"")),
    Field("id", From::Path("group_id")),
    Field("name", From::Of(&GROUPS, "group_id", "name")),
    Field("created_at", From::Of(&GROUPS, "group_id", "created_at")),
    Field("scim_managed", From::Fixed("false")),
];

const USER: &[Field] = &[
    Field("object", From::Fixed("\"organization.user\"")),
    Field("id", From::Path("user_id")),
    Field("name", From::Of(&USERS, "user_id", "name")),
    Field("email", From::Of(&USERS, "user_id", "email")),
    Field("role", From::Of(&USERS, "user_id", "role")),
    Field("added_at", From::Of(&USERS, "user_id", "added_at")),
];

const DELETED_ROLE: &[Field] =
    &[Field("object", From::Fixed("\"role.deleted\"")), Field("id", From::Id), Field("deleted", From::Fixed("true"))];

/// A role that every organisation or project has.
fn predefined(name: &str, of: &str) -> Value {
    json!({
        "object": "role", "id": format!("role-{}-{name}", of.replace('.', "-")), "name": name, "description": null,
        "permissions": [], "resource_type": of, "predefined_role": true,
    })
}

fn owner() -> Value {
    predefined("owner", "api.organization")
}

fn reader() -> Value {
    predefined("reader", "api.organization")
}

fn project_owner() -> Value {
    predefined("owner", "api.project")
}

fn project_member() -> Value {
    predefined("member", "api.project")
}

pub(in crate::api::openai) static ROLES: Resource = Resource {
    name: "role",
    path: "/organization/roles",
    item: "/organization/roles/{role_id}",
    identity: Identity::Made("role_", 24),
    parents: &[],
    fields: role_fields!("\"api.organization\""),
    created: None,
    deleted: DELETED_ROLE,
    paging: Paging::Next,
    verbs: &[
        (Verb::Create, "create-role"),
        (Verb::List, "list-roles"),
        (Verb::Get, "retrieve-role"),
        (Verb::Update, "update-role"),
        (Verb::Delete, "delete-role"),
    ],
    seeds: &[owner, reader],
    audit: Some(told::role),
    ..PLAIN
};

pub(in crate::api::openai) static PROJECT_ROLES: Resource = Resource {
    name: "project role",
    path: "/projects/{project_id}/roles",
    item: "/projects/{project_id}/roles/{role_id}",
    identity: Identity::Made("role_", 24),
    parents: &[("project_id", &PROJECTS)],
    fields: role_fields!("\"api.project\""),
    created: None,
    deleted: DELETED_ROLE,
    paging: Paging::Next,
    verbs: &[
        (Verb::Create, "create-project-role"),
        (Verb::List, "list-project-roles"),
        (Verb::Get, "retrieve-project-role"),
        (Verb::Update, "update-project-role"),
        (Verb::Delete, "delete-project-role"),
    ],
    seeds: &[project_owner, project_member],
    audit: Some(told::role),
    ..PLAIN
};

pub(in crate::api::openai) static GROUP_ROLES: Resource = Resource {
    name: "group role",
    path: "/organization/groups/{group_id}/roles",
    item: "/organization/groups/{group_id}/roles/{role_id}",
    identity: Identity::Other("role_id", &ROLES),
    parents: &[("group_id", &GROUPS)],
    fields: assigned_fields!(ROLES),
    created: assignment_fields!("\"group.role\"", "group", GROUP, ROLES),
    deleted: &[Field("object", From::Fixed("\"group.role.deleted\"")), Field("deleted", From::Fixed("true"))],
    paging: Paging::Next,
    verbs: &[
        (Verb::Create, "assign-group-role"),
        (Verb::List, "list-group-role-assignments"),
        (Verb::Get, "retrieve-group-role"),
        (Verb::Delete, "unassign-group-role"),
    ],
    seeds: &[],
    audit: Some(told::assignment),
    ..PLAIN
};

pub(in crate::api::openai) static USER_ROLES: Resource = Resource {
    name: "user role",
    path: "/organization/users/{user_id}/roles",
    item: "/organization/users/{user_id}/roles/{role_id}",
    identity: Identity::Other("role_id", &ROLES),
    parents: &[("user_id", &USERS)],
    fields: assigned_fields!(ROLES),
    created: assignment_fields!("\"user.role\"", "user", USER, ROLES),
    deleted: &[Field("object", From::Fixed("\"user.role.deleted\"")), Field("deleted", From::Fixed("true"))],
    paging: Paging::Next,
    verbs: &[
        (Verb::Create, "assign-user-role"),
        (Verb::List, "list-user-role-assignments"),
        (Verb::Get, "retrieve-user-role"),
        (Verb::Delete, "unassign-user-role"),
    ],
    seeds: &[],
    audit: Some(told::assignment),
    ..PLAIN
};

pub(in crate::api::openai) static PROJECT_GROUP_ROLES: Resource = Resource {
    name: "project group role",
    path: "/projects/{project_id}/groups/{group_id}/roles",
    item: "/projects/{project_id}/groups/{group_id}/roles/{role_id}",
    identity: Identity::Other("role_id", &PROJECT_ROLES),
    parents: &[("project_id", &PROJECTS), ("group_id", &PROJECT_GROUPS)],
    fields: assigned_fields!(PROJECT_ROLES),
    created: assignment_fields!("\"group.role\"", "group", GROUP, PROJECT_ROLES),
    deleted: &[Field("object", From::Fixed("\"group.role.deleted\"")), Field("deleted", From::Fixed("true"))],
    paging: Paging::Next,
    verbs: &[
        (Verb::Create, "assign-project-group-role"),
        (Verb::List, "list-project-group-role-assignments"),
        (Verb::Get, "retrieve-project-group-role"),
        (Verb::Delete, "unassign-project-group-role"),
    ],
    seeds: &[],
    audit: Some(told::assignment),
    ..PLAIN
};

pub(in crate::api::openai) static PROJECT_USER_ROLES: Resource = Resource {
    name: "project user role",
    path: "/projects/{project_id}/users/{user_id}/roles",
    item: "/projects/{project_id}/users/{user_id}/roles/{role_id}",
    identity: Identity::Other("role_id", &PROJECT_ROLES),
    parents: &[("project_id", &PROJECTS), ("user_id", &PROJECT_USERS)],
    fields: assigned_fields!(PROJECT_ROLES),
    created: assignment_fields!("\"user.role\"", "user", USER, PROJECT_ROLES),
    deleted: &[Field("object", From::Fixed("\"user.role.deleted\"")), Field("deleted", From::Fixed("true"))],
    paging: Paging::Next,
    verbs: &[
        (Verb::Create, "assign-project-user-role"),
        (Verb::List, "list-project-user-role-assignments"),
        (Verb::Get, "retrieve-project-user-role"),
        (Verb::Delete, "unassign-project-user-role"),
    ],
    seeds: &[],
    audit: Some(told::assignment),
    ..PLAIN
};
