//! `apply_patch`: asks the client to change a file, and waits for how that went.

use serde_json::json;

use super::{Asked, Performed, query};

pub(super) const CUES: &[&str] = &[
    "fix the bug",
    "apply a patch",
    "apply the patch",
    "edit the file",
    "create a file",
    "create the file",
    "add a file",
    "refactor ",
    " patch ",
];

pub(super) fn perform(asked: &Asked<'_>) -> Vec<Performed> {
    let named = asked.text.split(|letter: char| letter.is_whitespace() || matches!(letter, '`' | '"' | '\'' | ','));
    let path = named
        .map(|word| word.trim_end_matches(['.', '?', '!']))
        .find(|word| word.rsplit_once('.').is_some_and(|(stem, end)| !stem.is_empty() && (1..=5).contains(&end.len())))
        .unwrap_or("NOTES.md");
    let operation = json!({"type": "create_file", "path": path, "diff": format!("+{}\n", query(asked.text))});
    vec![Performed {
        written: operation.to_string(),
        item: json!({
            "id": asked.ids.next("apc_"), "type": "apply_patch_call", "status": "completed",
            "call_id": asked.ids.call(), "operation": operation,
        }),
        waits: true,
        ..Performed::default()
    }]
}
