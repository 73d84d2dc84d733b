//! The organisation: people, projects, keys, roles, limits, certificates.

use anyhow::Result;
use serde_json::{Value, json};

use crate::trial::Trial;

/// A certificate of nobody's, valid from 2025 to 2035.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
    MDQwMqADAgECAgEBMAAwADAgFw0yNTAxMDEwMDAwMDBaGA8yMDM1MDEwMTAwMDAwMFowADAA\n\
    -----END CERTIFICATE-----\n";

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    let users = trial.list("list-users", &[], "").await?;
    let user = users["data"][0]["id"].clone();
    trial.call("modify-user", &[&user], json!({"role": "owner"})).await?;
    trial.list("retrieve-user", &[&user], "").await?;
    invites(trial).await?;
    admin_keys(trial).await?;
    let group = groups(trial, &user).await?;
    let project = projects(trial, &user, &group).await?;
    service_accounts(trial, &project).await?;
    roles(trial, &user, &group, &project).await?;
    spending(trial, &project).await?;
    policies(trial, &project).await?;
    certificates(trial, &project).await?;
    trial.name("what goes last");
    trial.list("remove-project-group", &[&project, &group], "").await?;
    trial.list("delete-project-user", &[&project, &user], "").await?;
    trial.list("remove-group-user", &[&group, &user], "").await?;
    trial.list("delete-group", &[&group], "").await?;
    trial.call("archive-project", &[&project], json!({})).await?;
    trial.list("delete-user", &[&user], "").await?;
    trial.refuse("retrieve-user", &[&user], Value::Null, 404).await?;
    audit_logs(trial, &project).await
}

async fn audit_logs(trial: &mut Trial<'_, '_>, project: &Value) -> Result<()> {
    trial.name("audit logs");
    let all = trial.list("list-audit-logs", &[], "limit=100").await?;
    let last = all["data"][0]["type"] == "user.deleted" && all["data"].as_array().is_some_and(|all| all.len() > 50);
    trial.hold("list-audit-logs", all.is_null() || last, "what was changed is not told")?;
    let of_project = format!("project_ids[]={}&event_types[]=project.archived", project.as_str().unwrap_or_default());
    let archived = trial.list("list-audit-logs", &[], &of_project).await?;
    let one = archived["data"].as_array().is_some_and(|found| found.len() == 1);
    trial.hold("list-audit-logs", archived.is_null() || one, "the project's end is not found")
}

async fn invites(trial: &mut Trial<'_, '_>) -> Result<()> {
    trial.name("invites");
    let made = trial.call("inviteUser", &[], json!({"email": "a@example.com", "role": "reader"})).await?;
    trial.list("retrieve-invite", &[&made["id"]], "").await?;
    trial.list("list-invites", &[], "").await?;
    trial.list("delete-invite", &[&made["id"]], "").await?;
    trial.refuse("inviteUser", &[], json!({"email": "a@example.com", "role": "king"}), 400).await
}

async fn admin_keys(trial: &mut Trial<'_, '_>) -> Result<()> {
    trial.name("admin keys");
    let made = trial.call("admin-api-keys-create", &[], json!({"name": "main", "expires_in_seconds": 3600})).await?;
    trial.list("admin-api-keys-get", &[&made["id"]], "").await?;
    let list = trial.list("admin-api-keys-list", &[], "").await?;
    let shown = list["data"][0]["value"].is_null() && list["data"][0]["redacted_value"] != made["value"];
    trial.hold("admin-api-keys-list", list.is_null() || shown, "a key is shown again")?;
    trial.list("admin-api-keys-delete", &[&made["id"]], "").await?;
    Ok(())
}

async fn groups(trial: &mut Trial<'_, '_>, user: &Value) -> Result<Value> {
    trial.name("groups");
    let group = trial.call("create-group", &[], json!({"name": "writers"})).await?["id"].clone();
    trial.call("update-group", &[&group], json!({"name": "editors"})).await?;
    trial.list("retrieve-group", &[&group], "").await?;
    trial.list("list-groups", &[], "").await?;
    trial.call("add-group-user", &[&group], json!({"user_id": user})).await?;
    trial.list("list-group-users", &[&group], "").await?;
    trial.list("retrieve-group-user", &[&group, user], "").await?;
    Ok(group)
}

async fn projects(trial: &mut Trial<'_, '_>, user: &Value, group: &Value) -> Result<Value> {
    trial.name("projects");
    let project = trial.call("create-project", &[], json!({"name": "Book"})).await?["id"].clone();
    trial.call("modify-project", &[&project], json!({"name": "Books"})).await?;
    trial.list("retrieve-project", &[&project], "").await?;
    trial.list("list-projects", &[], "include_archived=true").await?;
    trial.call("create-project-user", &[&project], json!({"user_id": user, "role": "member"})).await?;
    trial.call("modify-project-user", &[&project, user], json!({"role": "owner"})).await?;
    trial.list("retrieve-project-user", &[&project, user], "").await?;
    trial.list("list-project-users", &[&project], "").await?;
    trial.call("add-project-group", &[&project], json!({"group_id": group, "role": "member"})).await?;
    trial.list("retrieve-project-group", &[&project, group], "").await?;
    trial.list("list-project-groups", &[&project], "").await?;
    let limits = trial.list("list-project-rate-limits", &[&project], "limit=2").await?;
    let limit = &limits["data"][0]["id"];
    trial.call("update-project-rate-limits", &[&project, limit], json!({"max_requests_per_1_minute": 9})).await?;
    Ok(project)
}

async fn service_accounts(trial: &mut Trial<'_, '_>, project: &Value) -> Result<()> {
    trial.name("service accounts");
    let made = trial.call("create-project-service-account", &[project], json!({"name": "robot"})).await?;
    let (account, key) = (&made["id"], &made["api_key"]["id"]);
    trial.call("update-project-service-account", &[project, account], json!({"name": "robot 2"})).await?;
    trial.list("retrieve-project-service-account", &[project, account], "").await?;
    trial.list("list-project-service-accounts", &[project], "").await?;
    trial.call("CreateanAPIkeyforaserviceaccount", &[project, account], json!({"name": "second"})).await?;
    trial.list("list-project-api-keys", &[project], "").await?;
    trial.list("retrieve-project-api-key", &[project, key], "").await?;
    trial.list("delete-project-api-key", &[project, key], "").await?;
    trial.list("delete-project-service-account", &[project, account], "").await?;
    Ok(())
}

async fn roles(trial: &mut Trial<'_, '_>, user: &Value, group: &Value, project: &Value) -> Result<()> {
    trial.name("roles");
    let body = json!({"role_name": "auditor", "permissions": ["api.usage.read"]});
    let role = trial.call("create-role", &[], body.clone()).await?["id"].clone();
    trial.call("update-role", &[&role], json!({"role_name": "reviewer"})).await?;
    trial.list("retrieve-role", &[&role], "").await?;
    trial.list("list-roles", &[], "").await?;
    let own = trial.call("create-project-role", &[project], body).await?["id"].clone();
    trial.call("update-project-role", &[project, &own], json!({"permissions": []})).await?;
    trial.list("retrieve-project-role", &[project, &own], "").await?;
    trial.list("list-project-roles", &[project], "").await?;
    let holders: [(&str, &[&Value], &Value); 4] = [
        ("group-role", &[group], &role),
        ("user-role", &[user], &role),
        ("project-group-role", &[project, group], &own),
        ("project-user-role", &[project, user], &own),
    ];
    for (what, path, role) in holders {
        trial.call(&format!("assign-{what}"), path, json!({"role_id": role})).await?;
        trial.list(&format!("list-{what}-assignments"), path, "").await?;
        let path = [path, &[role]].concat();
        trial.list(&format!("retrieve-{what}"), &path, "").await?;
        trial.list(&format!("unassign-{what}"), &path, "").await?;
    }
    trial.list("delete-project-role", &[project, &own], "").await?;
    trial.list("delete-role", &[&role], "").await?;
    Ok(())
}

async fn spending(trial: &mut Trial<'_, '_>, project: &Value) -> Result<()> {
    trial.name("spending");
    let channel = json!({"type": "email", "recipients": ["a@example.com"], "subject_prefix": null});
    let alert =
        json!({"threshold_amount": 100, "currency": "USD", "interval": "month", "notification_channel": channel});
    let limit = json!({"threshold_amount": 100, "currency": "USD", "interval": "month"});
    let of: [(&str, &[&Value]); 2] = [("organization", &[]), ("project", &[project])];
    for (what, path) in of {
        let made = trial.call(&format!("create-{what}-spend-alert"), path, alert.clone()).await?;
        let one = [path, &[&made["id"]]].concat();
        trial.call(&format!("update-{what}-spend-alert"), &one, alert.clone()).await?;
        trial.list(&format!("retrieve-{what}-spend-alert"), &one, "").await?;
        trial.list(&format!("list-{what}-spend-alerts"), path, "").await?;
        trial.list(&format!("delete-{what}-spend-alert"), &one, "").await?;
        trial.refuse(&format!("Get{what}spendlimit"), path, Value::Null, 404).await?;
        trial.call(&format!("Update{what}spendlimit"), path, limit.clone()).await?;
        trial.list(&format!("Get{what}spendlimit"), path, "").await?;
        trial.list(&format!("Delete{what}spendlimit"), path, "").await?;
    }
    Ok(())
}

async fn policies(trial: &mut Trial<'_, '_>, project: &Value) -> Result<()> {
    trial.name("policies");
    let of: [(&str, &[&Value]); 2] = [("organization", &[]), ("project", &[project])];
    for (what, path) in of {
        let kept = json!({"retention_type": "zero_data_retention"});
        trial.call(&format!("update-{what}-data-retention"), path, kept).await?;
        trial.list(&format!("retrieve-{what}-data-retention"), path, "").await?;
    }
    trial.list("retrieve-project-hosted-tool-permissions", &[project], "").await?;
    let off = json!({"mcp": {"enabled": false}});
    let changed = trial.call("update-project-hosted-tool-permissions", &[project], off).await?;
    let right = changed.is_null() || changed["mcp"]["enabled"] == false && changed["web_search"]["enabled"] == true;
    trial.hold("update-project-hosted-tool-permissions", right, "it is not the one tool that is off")?;
    trial.list("retrieve-project-model-permissions", &[project], "").await?;
    let allowed = json!({"mode": "allow_list", "model_ids": ["gpt-4o"]});
    trial.call("update-project-model-permissions", &[project], allowed).await?;
    trial.list("delete-project-model-permissions", &[project], "").await?;
    trial.list("retrieve-project-model-permissions", &[project], "").await?;
    Ok(())
}

async fn certificates(trial: &mut Trial<'_, '_>, project: &Value) -> Result<()> {
    trial.name("certificates");
    let body = json!({"name": "ours", "certificate": CERTIFICATE});
    let id = trial.call("uploadCertificate", &[], body).await?["id"].clone();
    trial.refuse("uploadCertificate", &[], json!({"certificate": "none"}), 400).await?;
    trial.list("getCertificate", &[&id], "").await?;
    trial.call("modifyCertificate", &[&id], json!({"name": "yours"})).await?;
    let ids = json!({"certificate_ids": [id]});
    trial.call("activateOrganizationCertificates", &[], ids.clone()).await?;
    trial.call("activateProjectCertificates", &[project], ids.clone()).await?;
    let list = trial.list("listProjectCertificates", &[project], "").await?;
    trial.hold("listProjectCertificates", list.is_null() || list["data"][0]["active"] == true, "it is not active")?;
    trial.list("listOrganizationCertificates", &[], "").await?;
    trial.call("deactivateProjectCertificates", &[project], ids.clone()).await?;
    trial.call("deactivateOrganizationCertificates", &[], ids).await?;
    trial.list("deleteCertificate", &[&id], "").await?;
    Ok(())
}
