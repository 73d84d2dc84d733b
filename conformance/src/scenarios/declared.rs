//! What is only kept: voices and their consents, `ChatKit`, skills.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::trial::Trial;

const SKILL: &str = "---\nname: greeting\ndescription: Says hello.\n---\n# Greeting\n";

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    voices(trial).await?;
    sessions(trial).await?;
    skills(trial).await
}

async fn voices(trial: &mut Trial<'_, '_>) -> Result<()> {
    trial.name("voices");
    let texts = [("name", "Me"), ("language", "en-US")];
    let consent = trial.form("createVoiceConsent", &[], &texts, ("recording", "RIFF")).await?;
    let id = &consent["id"];
    trial.list("getVoiceConsent", &[id], "").await?;
    let changed = trial.call("updateVoiceConsent", &[id], json!({"name": "Myself"})).await?;
    trial.hold("updateVoiceConsent", changed.is_null() || changed["name"] == "Myself", "the name is not changed")?;
    trial.list("listVoiceConsents", &[], "limit=1").await?;
    let texts = [("name", "Mine"), ("consent", id.as_str().unwrap_or_default())];
    trial.form("createVoice", &[], &texts, ("audio_sample", "RIFF")).await?;
    trial.list("deleteVoiceConsent", &[id], "").await?;
    trial.refuse("getVoiceConsent", &[id], Value::Null, 404).await
}

async fn sessions(trial: &mut Trial<'_, '_>) -> Result<()> {
    trial.name("chatkit");
    let body = json!({"workflow": {"id": "wf_1", "state_variables": {"a": 1}}, "user": "me",
        "rate_limits": {"max_requests_per_1_minute": 5}, "expires_after": {"anchor": "created_at", "seconds": 60},
        "chatkit_configuration": {"file_upload": {"enabled": true, "max_files": 2}}});
    let session = trial.call("CreateChatSessionMethod", &[], body).await?;
    let cancelled = trial.call("CancelChatSessionMethod", &[&session["id"]], json!({})).await?;
    trial.hold(
        "CancelChatSessionMethod",
        cancelled.is_null() || cancelled["status"] == "cancelled",
        "it is not cancelled",
    )?;
    trial.call("CreateChatSessionMethod", &[], json!({"workflow": {"id": "wf_1"}, "user": "me"})).await?;
    trial.refuse("GetThreadMethod", &[&json!("cthr_none")], Value::Null, 404).await?;
    trial.server().wait(Duration::from_secs(60));
    trial.list("ListThreadsMethod", &[], "").await?;
    Ok(())
}

async fn skills(trial: &mut Trial<'_, '_>) -> Result<()> {
    trial.name("skills");
    let skill = trial.named_form("CreateSkill", &[], &[], ("files", "greeting/SKILL.md", SKILL)).await?;
    let id = &skill["id"];
    let version = trial.named_form("CreateSkillVersion", &[id], &[], ("files", "SKILL.md", SKILL)).await?;
    trial.hold("CreateSkillVersion", version.is_null() || version["version"] == "2", "the second version is not 2")?;
    trial.list("ListSkillVersions", &[id], "").await?;
    trial.list("GetSkillVersion", &[id, &json!("2")], "").await?;
    trial.list("GetSkillVersionContent", &[id, &json!("2")], "").await?;
    trial.list("GetSkillContent", &[id], "").await?;
    trial.call("UpdateSkillDefaultVersion", &[id], json!({"default_version": "2"})).await?;
    let got = trial.list("GetSkill", &[id], "").await?;
    trial.hold("GetSkill", got.is_null() || got["default_version"] == "2", "the default version is not 2")?;
    trial.list("ListSkills", &[], "").await?;
    trial.list("DeleteSkillVersion", &[id, &json!("1")], "").await?;
    trial.list("DeleteSkill", &[id], "").await?;
    trial.refuse("GetSkill", &[id], Value::Null, 404).await
}
