//! What an organisation and its projects keep and allow: one object each, which has a value from the start.

use serde_json::{Value, json};

use super::projects::PROJECTS;
use super::told;
use crate::api::Endpoint;
use crate::api::openai::declared::{Field, From, Identity, Kind, PLAIN, Resource, Rule, Verb};

pub(super) fn endpoints() -> Vec<Endpoint> {
    let resources = [&RETENTION, &PROJECT_RETENTION, &HOSTED_TOOLS, &MODELS];
    resources.into_iter().flat_map(Resource::endpoints).collect()
}

static RETENTION: Resource = Resource {
    name: "data retention",
    path: "/organization/data_retention",
    identity: Identity::Single,
    fields: &[Field(
        "type",
        From::Named(
            "retention_type",
            Rule::needed(Kind::Words(&[
                "zero_data_retention",
                "modified_abuse_monitoring",
                "enhanced_zero_data_retention",
                "enhanced_modified_abuse_monitoring",
            ]))
            .changing(),
        ),
    )],
    verbs: &[(Verb::Get, "retrieve-organization-data-retention"), (Verb::Update, "update-organization-data-retention")],
    seeds: &[monitored],
    audit: Some(told::retention),
    ..PLAIN
};

fn monitored() -> Value {
    json!({"object": "organization.data_retention", "type": "modified_abuse_monitoring"})
}

static PROJECT_RETENTION: Resource = Resource {
    name: "project data retention",
    path: "/organization/projects/{project_id}/data_retention",
    identity: Identity::Single,
    parents: &[("project_id", &PROJECTS)],
    fields: &[Field(
        "type",
        From::Named(
            "retention_type",
            Rule::needed(Kind::Words(&[
                "organization_default",
                "none",
                "zero_data_retention",
                "modified_abuse_monitoring",
                "enhanced_zero_data_retention",
                "enhanced_modified_abuse_monitoring",
            ]))
            .changing(),
        ),
    )],
    verbs: &[(Verb::Get, "retrieve-project-data-retention"), (Verb::Update, "update-project-data-retention")],
    seeds: &[as_the_organization],
    audit: Some(told::project_retention),
    ..PLAIN
};

fn as_the_organization() -> Value {
    json!({"object": "project.data_retention", "type": "organization_default"})
}

/// A tool that may be switched off.
const SWITCH: Rule = Rule::or(Kind::Object, "").changing();

static HOSTED_TOOLS: Resource = Resource {
    name: "hosted tool permissions",
    path: "/organization/projects/{project_id}/hosted_tool_permissions",
    identity: Identity::Single,
    parents: &[("project_id", &PROJECTS)],
    fields: &[
        Field("file_search", From::Given(SWITCH)),
        Field("web_search", From::Given(SWITCH)),
        Field("image_generation", From::Given(SWITCH)),
        Field("mcp", From::Given(SWITCH)),
        Field("code_interpreter", From::Given(SWITCH)),
    ],
    verbs: &[
        (Verb::Get, "retrieve-project-hosted-tool-permissions"),
        (Verb::Update, "update-project-hosted-tool-permissions"),
    ],
    seeds: &[all_tools],
    audit: Some(told::project_tools),
    ..PLAIN
};

fn all_tools() -> Value {
    json!({
        "file_search": {"enabled": true}, "web_search": {"enabled": true}, "image_generation": {"enabled": true},
        "mcp": {"enabled": true}, "code_interpreter": {"enabled": true},
    })
}

static MODELS: Resource = Resource {
    name: "model permissions",
    path: "/organization/projects/{project_id}/model_permissions",
    identity: Identity::Single,
    parents: &[("project_id", &PROJECTS)],
    fields: &[
        Field("mode", From::Given(Rule::needed(Kind::Words(&["allow_list", "deny_list"])).changing())),
        Field("model_ids", From::Given(Rule::needed(Kind::Texts).changing())),
    ],
    deleted: &[
        Field("object", From::Fixed("\"project.model_permissions.deleted\"")),
        Field("deleted", From::Fixed("true")),
    ],
    verbs: &[
        (Verb::Get, "retrieve-project-model-permissions"),
        (Verb::Update, "update-project-model-permissions"),
        (Verb::Delete, "delete-project-model-permissions"),
    ],
    seeds: &[all_models],
    audit: Some(told::project_models),
    ..PLAIN
};

fn all_models() -> Value {
    json!({"object": "project.model_permissions", "mode": "deny_list", "model_ids": []})
}
