//! Ids that nobody made, where the server makes objects up for them. Threads of `ChatKit` are shown in no other way: the
//! API has no request that makes one.

use anyhow::Result;
use serde_json::json;

use crate::trial::Trial;

/// Objects that are fetched by one id, by two, by three.
const GET: [(&str, usize); 30] = [
    ("GetThreadMethod", 1),
    ("ListThreadItemsMethod", 1),
    ("retrieveFile", 1),
    ("getConversation", 1),
    ("getAssistant", 1),
    ("getThread", 1),
    ("getMessage", 2),
    ("getResponse", 1),
    ("getChatCompletion", 1),
    ("getEval", 1),
    ("getEvalRun", 2),
    ("RetrieveContainer", 1),
    ("RetrieveContainerFile", 2),
    ("GetVideo", 1),
    ("GetSkill", 1),
    ("GetSkillVersion", 2),
    ("getVoiceConsent", 1),
    ("GetVideoCharacter", 1),
    ("retrieve-user", 1),
    ("retrieve-invite", 1),
    ("retrieve-group", 1),
    ("retrieve-project", 1),
    ("retrieve-project-user", 2),
    ("retrieve-project-service-account", 2),
    ("admin-api-keys-get", 1),
    ("retrieve-role", 1),
    ("retrieve-group-role", 2),
    ("listMessages", 1),
    ("listFilesInVectorStoreBatch", 2),
    ("retrieveBatch", 1),
];
/// Objects that are removed.
const DELETE: [(&str, usize); 8] = [
    ("DeleteThreadMethod", 1),
    ("deleteFile", 1),
    ("deleteAssistant", 1),
    ("deleteEval", 1),
    ("DeleteVideo", 1),
    ("DeleteSkill", 1),
    ("delete-project-user", 2),
    ("unassign-group-role", 2),
];

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    let ids = [json!("one"), json!("two")];
    for (operation, count) in GET.into_iter().chain(DELETE) {
        trial.name(format!("{operation} of nobody's"));
        let path: Vec<_> = ids.iter().take(count).collect();
        trial.list(operation, &path, "").await?;
    }
    Ok(())
}
