//! `local_shell`: asks the client to run a command, and waits for what it says.

use serde_json::json;

use super::{Asked, Performed, shell};

pub(super) fn perform(asked: &Asked<'_>) -> Vec<Performed> {
    let command = shell::command(asked.text);
    vec![Performed {
        item: json!({
            "id": asked.ids.next("lsh_"), "type": "local_shell_call", "status": "completed",
            "call_id": asked.ids.call(),
            "action": {
                "type": "exec", "command": ["bash", "-lc", command], "env": {}, "timeout_ms": null,
                "user": null, "working_directory": null,
            },
        }),
        written: command,
        waits: true,
        ..Performed::default()
    }]
}
