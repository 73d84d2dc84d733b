//! What a project allows whoever asks in its name: which models and hosted tools, and whether anything is kept.

use http::StatusCode;
use serde_json::Value;

use super::records::{self, ONLY};
use crate::context::Context;
use crate::error::ApiError;

/// The project in whose name a request is.
fn project(context: &Context) -> Option<std::sync::Arc<str>> {
    context.note().caller.as_ref()?.project.clone()
}

/// Whether the project of a request may ask `model`, by its exact name.
///
/// # Errors
/// 403 in OpenAI's words if it may not.
pub(crate) fn model(context: &Context, model: &str) -> Result<(), ApiError> {
    let Some(project) = project(context) else { return Ok(()) };
    let Some(record) = records::one(context, "model permissions", &[&project], ONLY)? else { return Ok(()) };
    let listed = record["model_ids"].as_array().is_some_and(|ids| ids.iter().any(|id| id == model));
    if listed == (record["mode"] == "allow_list") {
        return Ok(());
    }
    let message = format!("Project `{project}` does not have access to model `{model}`");
    Err(ApiError::invalid(message).status(StatusCode::FORBIDDEN).code("model_not_found"))
}

/// Whether the project of a request may use a hosted tool.
///
/// # Errors
/// 403 if it may not. OpenAI's words for it are not known.
pub(crate) fn tool(context: &Context, tool: &str) -> Result<(), ApiError> {
    let Some(project) = project(context) else { return Ok(()) };
    let record = records::one(context, "hosted tool permissions", &[&project], ONLY)?.unwrap_or_default();
    if record[tool]["enabled"] != Value::Bool(false) {
        return Ok(());
    }
    let message = format!("Project `{project}` does not have access to the hosted tool `{tool}`");
    Err(ApiError::invalid(message).status(StatusCode::FORBIDDEN).param("tools").code("tool_not_allowed"))
}

/// Whether what a client wants stored is stored: not under zero data retention, of its project or of all.
pub(crate) fn stores(context: &Context) -> Result<bool, ApiError> {
    let kept = |record: Option<Value>| record.and_then(|record| record["type"].as_str().map(str::to_owned));
    let own = match project(context) {
        Some(project) => kept(records::one(context, "project data retention", &[&project], ONLY)?),
        None => None,
    };
    let kind = match own.filter(|own| own != "organization_default") {
        Some(own) => Some(own),
        None => kept(records::one(context, "data retention", &[], ONLY)?),
    };
    Ok(!kind.is_some_and(|kind| matches!(kind.as_str(), "zero_data_retention" | "enhanced_zero_data_retention")))
}
