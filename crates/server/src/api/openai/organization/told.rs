//! What the organisation's log says of what is done to its resources: which of OpenAI's events it is, with what details.
//! Where they have no event for it, it is a change of the project, the group or the organisation it belongs to.

use serde_json::{Map, Value, json};

use crate::api::openai::declared::{Act, Deed};
use crate::audit::Event;

/// The organisation, as answers call it.
const ORGANIZATION: &str = "fakeai";

/// The first of these words whose act it is.
fn by(act: Act, [created, updated, deleted]: [&'static str; 3]) -> &'static str {
    match act {
        Act::Created => created,
        Act::Updated => updated,
        Act::Deleted => deleted,
    }
}

fn event(kind: &'static str, deed: &Deed<'_>, details: Value) -> Event {
    Event { kind, project: deed.param("project_id").map(str::to_owned), details }
}

/// `{"id"}` with `data` of what was made, or `changes_requested` of what was changed: of these fields, which log and body
/// may call differently.
fn usual(kind: [&'static str; 3], deed: &Deed<'_>, fields: &[(&str, &str)]) -> Event {
    let source = if deed.act == Act::Created { deed.object } else { deed.given };
    let named = fields.iter().filter_map(|(shown, name)| Some(((*shown).to_owned(), source.get(*name)?.clone())));
    let shown: Map<String, Value> = named.collect();
    let mut details = json!({"id": deed.id});
    match deed.act {
        Act::Created => details["data"] = shown.into(),
        Act::Updated => details["changes_requested"] = shown.into(),
        Act::Deleted => {}
    }
    event(by(deed.act, kind), deed, details)
}

/// A change of the larger thing of this id, told as what became of one of its parts.
fn part(kind: &'static str, whole: &str, deed: &Deed<'_>, name: &str) -> Event {
    let shown = match deed.act {
        Act::Deleted => json!({"id": deed.id, "deleted": true}),
        _ => deed.object.clone().into(),
    };
    event(kind, deed, json!({"id": whole, "changes_requested": {name: shown}}))
}

/// A change of the organisation.
#[expect(clippy::unnecessary_wraps, reason = "some deeds are not told")]
fn of_organization(deed: &Deed<'_>, name: &str) -> Option<Event> {
    Some(part("organization.updated", ORGANIZATION, deed, name))
}

/// A change of the project that the path names.
fn of_project(deed: &Deed<'_>, name: &str) -> Option<Event> {
    deed.param("project_id").map(|project| part("project.updated", project, deed, name))
}

pub(super) fn retention(deed: &Deed<'_>) -> Option<Event> {
    of_organization(deed, "data_retention")
}

pub(super) fn spend_alert(deed: &Deed<'_>) -> Option<Event> {
    of_organization(deed, "spend_alert")
}

pub(super) fn spend_limit(deed: &Deed<'_>) -> Option<Event> {
    of_organization(deed, "spend_limit")
}

pub(super) fn project_retention(deed: &Deed<'_>) -> Option<Event> {
    of_project(deed, "data_retention")
}

pub(super) fn project_spend_alert(deed: &Deed<'_>) -> Option<Event> {
    of_project(deed, "spend_alert")
}

pub(super) fn project_spend_limit(deed: &Deed<'_>) -> Option<Event> {
    of_project(deed, "spend_limit")
}

pub(super) fn project_tools(deed: &Deed<'_>) -> Option<Event> {
    of_project(deed, "hosted_tool_permissions")
}

pub(super) fn project_models(deed: &Deed<'_>) -> Option<Event> {
    of_project(deed, "model_permissions")
}

pub(super) fn project_group(deed: &Deed<'_>) -> Option<Event> {
    of_project(deed, "group")
}

#[expect(clippy::unnecessary_wraps, reason = "some deeds are not told")]
pub(super) fn user(deed: &Deed<'_>) -> Option<Event> {
    let kinds = ["user.added", "user.updated", "user.deleted"];
    Some(usual(kinds, deed, &[("role", "role")]))
}

#[expect(clippy::unnecessary_wraps, reason = "some deeds are not told")]
pub(super) fn invite(deed: &Deed<'_>) -> Option<Event> {
    let kinds = ["invite.sent", "invite.sent", "invite.deleted"];
    Some(usual(kinds, deed, &[("email", "email"), ("role", "role")]))
}

#[expect(clippy::unnecessary_wraps, reason = "some deeds are not told")]
pub(super) fn group(deed: &Deed<'_>) -> Option<Event> {
    let kinds = ["group.created", "group.updated", "group.deleted"];
    Some(usual(kinds, deed, &[("group_name", "name")]))
}

#[expect(clippy::unnecessary_wraps, reason = "some deeds are not told")]
pub(super) fn api_key(deed: &Deed<'_>) -> Option<Event> {
    let kinds = ["api_key.created", "api_key.updated", "api_key.deleted"];
    Some(usual(kinds, deed, &[("scopes", "scopes")]))
}

#[expect(clippy::unnecessary_wraps, reason = "some deeds are not told")]
pub(super) fn service_account(deed: &Deed<'_>) -> Option<Event> {
    let kinds = ["service_account.created", "service_account.updated", "service_account.deleted"];
    Some(usual(kinds, deed, &[("role", "role"), ("name", "name")]))
}

#[expect(clippy::unnecessary_wraps, reason = "some deeds are not told")]
pub(super) fn project(deed: &Deed<'_>) -> Option<Event> {
    let mut told = usual(
        ["project.created", "project.updated", "project.deleted"],
        deed,
        &[("name", "name"), ("title", "name"), ("external_key_id", "external_key_id")],
    );
    told.project = Some(deed.id.to_owned());
    if deed.given.get("status").is_some_and(|status| status == "archived") {
        (told.kind, told.details) = ("project.archived", json!({"id": deed.id}));
    }
    Some(told)
}

pub(super) fn group_user(deed: &Deed<'_>) -> Option<Event> {
    let list = if deed.act == Act::Deleted { "users_removed" } else { "users_added" };
    let group = deed.param("group_id")?;
    Some(event("group.updated", deed, json!({"id": group, "changes_requested": {list: [deed.id]}})))
}

#[expect(clippy::unnecessary_wraps, reason = "some deeds are not told")]
pub(super) fn certificate(deed: &Deed<'_>) -> Option<Event> {
    let name = deed.object.get("name").cloned().unwrap_or_default();
    let name = if name.is_null() { "".into() } else { name };
    let kind = by(deed.act, ["certificate.created", "certificate.updated", "certificate.deleted"]);
    Some(event(kind, deed, json!({"id": deed.id, "name": name})))
}

/// Where a role counts: of a project, or of the organisation.
fn resource(deed: &Deed<'_>) -> (&'static str, String) {
    match deed.param("project_id") {
        Some(project) => ("api.project", project.to_owned()),
        None => ("api.organization", ORGANIZATION.to_owned()),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "some deeds are not told")]
pub(super) fn role(deed: &Deed<'_>) -> Option<Event> {
    let (resource_type, resource_id) = resource(deed);
    let of = |name: &str| deed.object.get(name).cloned().unwrap_or_default();
    let (kind, details) = match deed.act {
        Act::Created => (
            "role.created",
            json!({
                "id": deed.id, "role_name": of("name"), "permissions": of("permissions"),
                "resource_type": resource_type, "resource_id": resource_id,
            }),
        ),
        Act::Updated => {
            let mut changes = json!({"resource_type": resource_type, "resource_id": resource_id});
            // What was there before is not known any more; these are the role's permissions from now on.
            for (shown, given) in
                [("role_name", "role_name"), ("description", "description"), ("permissions_added", "permissions")]
            {
                if let Some(value) = deed.given.get(given) {
                    changes[shown] = value.clone();
                }
            }
            ("role.updated", json!({"id": deed.id, "changes_requested": changes}))
        }
        Act::Deleted => ("role.deleted", json!({"id": deed.id})),
    };
    Some(event(kind, deed, details))
}

pub(super) fn assignment(deed: &Deed<'_>) -> Option<Event> {
    let (resource_type, resource_id) = resource(deed);
    let user = deed.param("user_id").map(|id| ("user", id));
    let (principal_type, principal_id) = user.or_else(|| deed.param("group_id").map(|id| ("group", id)))?;
    let kind = by(deed.act, ["role.assignment.created", "role.assignment.created", "role.assignment.deleted"]);
    let details = json!({
        "id": deed.id, "principal_id": principal_id, "principal_type": principal_type,
        "resource_id": resource_id, "resource_type": resource_type,
    });
    Some(event(kind, deed, details))
}

/// Certificates that were switched on or off, in a project or in all of the organisation.
pub(super) fn certificates(active: bool, project: Option<&str>, switched: &[Value]) -> Event {
    let kind = if active { "certificates.activated" } else { "certificates.deactivated" };
    let text = |certificate: &Value, name: &str| certificate[name].as_str().unwrap_or_default().to_owned();
    let shown: Vec<Value> = switched
        .iter()
        .map(|certificate| json!({"id": text(certificate, "id"), "name": text(certificate, "name")}))
        .collect();
    Event { kind, project: project.map(str::to_owned), details: json!({"certificates": shown}) }
}

/// Limits of a model that were changed.
pub(super) fn rate_limit(project: &str, id: &str, changes: &Map<String, Value>) -> Event {
    let details = json!({"id": id, "changes_requested": changes});
    Event { kind: "rate_limit.updated", project: Some(project.to_owned()), details }
}
