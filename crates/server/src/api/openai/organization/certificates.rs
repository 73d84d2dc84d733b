//! Certificates: uploaded by the organisation, switched on and off in it and in its projects.

use axum::response::Response;
use axum::routing::{get, post};
use fakeai_store::{Change, Retention};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::projects::PROJECTS;
use super::told;
use super::validity::validity;
use crate::api::Endpoint;
use crate::api::openai::declared::{Field, From, Identity, Kind, Making, PLAIN, Resource, Rule, Verb};
use crate::audit;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{JsonBody, PathText, json as json_answer};

/// Most certificates that are switched at a time.
const MOST_SWITCHED: usize = 10;
const ACTIVATE: &str = "/organization/certificates/activate";
const DEACTIVATE: &str = "/organization/certificates/deactivate";
const IN_PROJECT: &str = "/organization/projects/{project_id}/certificates";
const ACTIVATE_IN_PROJECT: &str = "/organization/projects/{project_id}/certificates/activate";
const DEACTIVATE_IN_PROJECT: &str = "/organization/projects/{project_id}/certificates/deactivate";

pub(super) fn endpoints() -> Vec<Endpoint> {
    let own = [
        Endpoint::api(
            "POST",
            ACTIVATE,
            "activateOrganizationCertificates",
            post(async |body| switch(body, true).await),
        ),
        Endpoint::api(
            "POST",
            DEACTIVATE,
            "deactivateOrganizationCertificates",
            post(async |body| switch(body, false).await),
        ),
        Endpoint::api("GET", IN_PROJECT, "listProjectCertificates", get(list_in_project)),
        Endpoint::api(
            "POST",
            ACTIVATE_IN_PROJECT,
            "activateProjectCertificates",
            post(async |project, body| switch_in_project(project, body, true).await),
        ),
        Endpoint::api(
            "POST",
            DEACTIVATE_IN_PROJECT,
            "deactivateProjectCertificates",
            post(async |project, body| switch_in_project(project, body, false).await),
        ),
    ];
    CERTIFICATES.endpoints().chain(own).collect()
}

pub(in crate::api::openai) static CERTIFICATES: Resource = Resource {
    name: "certificate",
    path: "/organization/certificates",
    item: "/organization/certificates/{certificate_id}",
    identity: Identity::Made("cert_", 24),
    fields: &[
        Field("object", From::Fixed("\"organization.certificate\"")),
        Field("id", From::Id),
        Field("name", From::Given(Rule::or(Kind::Text(256), "null").changing())),
        Field("created_at", From::Now),
        Field("certificate_details", From::Made(details)),
        Field("active", From::Fixed("false")),
    ],
    deleted: &[Field("object", From::Fixed("\"certificate.deleted\"")), Field("id", From::Id)],
    verbs: &[
        (Verb::Create, "uploadCertificate"),
        (Verb::List, "listOrganizationCertificates"),
        (Verb::Get, "getCertificate"),
        (Verb::Update, "modifyCertificate"),
        (Verb::Delete, "deleteCertificate"),
    ],
    audit: Some(told::certificate),
    ..PLAIN
};

/// When it is valid. The document names the field `certificate`, the SDKs `content`.
fn details(making: &Making<'_>) -> Result<Value, ApiError> {
    let name = if making.body.contains_key("content") { "content" } else { "certificate" };
    let pem = making.given(name, Rule::needed(Kind::Text(1 << 20)))?;
    let dates = validity(pem.as_str().unwrap_or_default());
    let (valid_at, expires_at) = dates.ok_or_else(|| {
        let message = format!("Invalid '{name}': expected a certificate in PEM format.");
        ApiError::invalid(message).param(name).code("invalid_certificate")
    })?;
    Ok(json!({"valid_at": valid_at, "expires_at": expires_at}))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Switched {
    certificate_ids: Option<Vec<String>>,
}

impl Switched {
    fn ids(self) -> Result<Vec<String>, ApiError> {
        let ids = self.certificate_ids.ok_or_else(|| ApiError::missing("certificate_ids"))?;
        match ids.len() {
            0 => Err(ApiError::invalid("Invalid 'certificate_ids': empty array.")
                .param("certificate_ids")
                .code("empty_array")),
            count if count > MOST_SWITCHED => Err(ApiError::too_many("certificate_ids", MOST_SWITCHED, count)),
            _ => Ok(ids),
        }
    }
}

fn named(id: &str) -> [(String, String); 1] {
    [("certificate_id".to_owned(), id.to_owned())]
}

async fn switch(JsonBody(context, body): JsonBody<Switched>, active: bool) -> Result<Response, ApiError> {
    let ids = body.ids().map_err(|error| context.validation(error))?;
    // All of them or none.
    for id in &ids {
        CERTIFICATES.need(&context, &[], id)?;
    }
    let mut changed = Vec::new();
    for id in &ids {
        let active = Map::from_iter([("active".to_owned(), active.into())]);
        changed.push(CERTIFICATES.change(&context, &named(id), active).await?);
    }
    let changed: Vec<Value> = changed.into_iter().map(Value::Object).collect();
    audit::note(&context, Some(told::certificates(active, None, &changed))).await?;
    let word = if active { "activation" } else { "deactivation" };
    Ok(json_answer(&json!({"object": format!("organization.certificate.{word}"), "data": changed})))
}

/// The kind of what says which certificates are on in a project.
fn kind(project: &str) -> String {
    format!("active certificate/{project}")
}

/// A certificate as its project sees it.
fn in_project(context: &Context, project: &str, mut certificate: Map<String, Value>) -> Result<Value, ApiError> {
    let id = certificate.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let active = context.documents().get(&kind(project), &id).wait()?.is_some();
    certificate.insert("object".to_owned(), "organization.project.certificate".into());
    certificate.insert("active".to_owned(), active.into());
    Ok(certificate.into())
}

async fn list_in_project(context: Context, PathText(project): PathText) -> Result<Response, ApiError> {
    PROJECTS.need(&context, &[], &project)?;
    let mut list = CERTIFICATES.list(&context, &[]).await.map_err(|error| context.validation(error))?;
    if let Some(certificates) = list["data"].as_array_mut() {
        for certificate in certificates {
            let Value::Object(own) = certificate.take() else { continue };
            *certificate = in_project(&context, &project, own)?;
        }
    }
    Ok(json_answer(&list))
}

async fn switch_in_project(
    PathText(project): PathText,
    JsonBody(context, body): JsonBody<Switched>,
    active: bool,
) -> Result<Response, ApiError> {
    PROJECTS.need(&context, &[], &project)?;
    let ids = body.ids().map_err(|error| context.validation(error))?;
    let (mut changes, mut certificates) = (Vec::new(), Vec::new());
    for id in &ids {
        let certificate = CERTIFICATES.need(&context, &[], id)?;
        if active && certificate.get("active") != Some(&Value::Bool(true)) {
            let message = format!("Certificate '{id}' is not active in the organization.");
            return Err(ApiError::invalid(message).param("certificate_ids").status(StatusCode::BAD_REQUEST));
        }
        certificates.push(certificate);
        changes.push(if active {
            Change::put(kind(&project), &**id, "1").retained(Retention::Kept)
        } else {
            Change::delete(kind(&project), &**id)
        });
    }
    let switched: Vec<Value> = certificates.iter().cloned().map(Value::Object).collect();
    audit::apply(&context, changes, Some(told::certificates(active, Some(&project), &switched))).await?;
    let shown: Result<Vec<Value>, ApiError> =
        certificates.into_iter().map(|certificate| in_project(&context, &project, certificate)).collect();
    let word = if active { "activation" } else { "deactivation" };
    Ok(json_answer(&json!({"object": format!("organization.project.certificate.{word}"), "data": shown?})))
}
