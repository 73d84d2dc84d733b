//! Limits of spending and alerts about it, which the gate holds against the ledger.

use serde_json::{Map, Value, json};

use super::projects::PROJECTS;
use super::told;
use crate::api::Endpoint;
use crate::api::openai::declared::{Field, From, Identity, Kind, PLAIN, Resource, Rule, Verb};
use crate::context::Context;
use crate::gate::enforces;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let resources = [&ALERTS, &PROJECT_ALERTS, &LIMIT, &PROJECT_LIMIT];
    resources.into_iter().flat_map(Resource::endpoints).collect()
}

/// Whether a limit is reached.
fn enforcement(context: &Context, params: &[(String, String)], limit: &mut Map<String, Value>) {
    let Some(cents) = limit.get("threshold_amount").and_then(Value::as_u64) else { return };
    let project = params.iter().find_map(|(name, id)| (name == "project_id").then_some(id.as_str()));
    let status = if enforces(context, project, cents as f64 / 100.0) { "enforcing" } else { "inactive" };
    limit.insert("enforcement".to_owned(), json!({"status": status}));
}

const CURRENCY: Rule = Rule::needed(Kind::Words(&["USD"])).changing();
const INTERVAL: Rule = Rule::needed(Kind::Words(&["month"])).changing();

pub(in crate::api::openai) static ALERTS: Resource = Resource {
    name: "spend alert",
    path: "/organization/spend_alerts",
    item: "/organization/spend_alerts/{alert_id}",
    identity: Identity::Made("alert_", 24),
    parents: &[],
    fields: &[
        Field("id", From::Id),
        Field("object", From::Fixed("\"organization.spend_alert\"")),
        Field("threshold_amount", From::Given(Rule::needed(Kind::Integer(0, i64::MAX)).changing())),
        Field("currency", From::Given(CURRENCY)),
        Field("interval", From::Given(INTERVAL)),
        Field("notification_channel", From::Given(Rule::needed(Kind::Object).changing())),
    ],
    deleted: &[
        Field("id", From::Id),
        Field("object", From::Fixed("\"organization.spend_alert.deleted\"")),
        Field("deleted", From::Fixed("true")),
    ],
    verbs: &[
        (Verb::Create, "create-organization-spend-alert"),
        (Verb::List, "list-organization-spend-alerts"),
        (Verb::Get, "retrieve-organization-spend-alert"),
        (Verb::Update, "update-organization-spend-alert"),
        (Verb::Delete, "delete-organization-spend-alert"),
    ],
    audit: Some(told::spend_alert),
    ..PLAIN
};

pub(in crate::api::openai) static PROJECT_ALERTS: Resource = Resource {
    name: "project spend alert",
    path: "/organization/projects/{project_id}/spend_alerts",
    item: "/organization/projects/{project_id}/spend_alerts/{alert_id}",
    identity: Identity::Made("alert_", 24),
    parents: &[("project_id", &PROJECTS)],
    fields: &[
        Field("id", From::Id),
        Field("object", From::Fixed("\"project.spend_alert\"")),
        Field("threshold_amount", From::Given(Rule::needed(Kind::Integer(0, i64::MAX)).changing())),
        Field("currency", From::Given(CURRENCY)),
        Field("interval", From::Given(INTERVAL)),
        Field("notification_channel", From::Given(Rule::needed(Kind::Object).changing())),
    ],
    deleted: &[
        Field("id", From::Id),
        Field("object", From::Fixed("\"project.spend_alert.deleted\"")),
        Field("deleted", From::Fixed("true")),
    ],
    verbs: &[
        (Verb::Create, "create-project-spend-alert"),
        (Verb::List, "list-project-spend-alerts"),
        (Verb::Get, "retrieve-project-spend-alert"),
        (Verb::Update, "update-project-spend-alert"),
        (Verb::Delete, "delete-project-spend-alert"),
    ],
    audit: Some(told::project_spend_alert),
    ..PLAIN
};

static LIMIT: Resource = Resource {
    name: "spend limit",
    path: "/organization/spend_limit",
    identity: Identity::Single,
    parents: &[],
    fields: &[
        Field("object", From::Fixed("\"organization.spend_limit\"")),
        Field("threshold_amount", From::Given(Rule::needed(Kind::Integer(1, i64::MAX)).changing())),
        Field("currency", From::Given(CURRENCY)),
        Field("interval", From::Given(INTERVAL)),
        Field("enforcement", From::Fixed("{\"status\": \"inactive\"}")),
    ],
    deleted: &[
        Field("object", From::Fixed("\"organization.spend_limit.deleted\"")),
        Field("deleted", From::Fixed("true")),
    ],
    verbs: &[
        (Verb::Get, "Getorganizationspendlimit"),
        (Verb::Update, "Updateorganizationspendlimit"),
        (Verb::Delete, "Deleteorganizationspendlimit"),
    ],
    refresh: Some(enforcement),
    audit: Some(told::spend_limit),
    ..PLAIN
};

static PROJECT_LIMIT: Resource = Resource {
    name: "project spend limit",
    path: "/organization/projects/{project_id}/spend_limit",
    identity: Identity::Single,
    parents: &[("project_id", &PROJECTS)],
    fields: &[
        Field("object", From::Fixed("\"project.spend_limit\"")),
        Field("threshold_amount", From::Given(Rule::needed(Kind::Integer(1, i64::MAX)).changing())),
        Field("currency", From::Given(CURRENCY)),
        Field("interval", From::Given(INTERVAL)),
        Field("enforcement", From::Fixed("{\"status\": \"inactive\"}")),
    ],
    deleted: &[Field("object", From::Fixed("\"project.spend_limit.deleted\"")), Field("deleted", From::Fixed("true"))],
    verbs: &[
        (Verb::Get, "Getprojectspendlimit"),
        (Verb::Update, "Updateprojectspendlimit"),
        (Verb::Delete, "Deleteprojectspendlimit"),
    ],
    refresh: Some(enforcement),
    audit: Some(told::project_spend_limit),
    ..PLAIN
};
