//! `shell`: a command for the client's own shell, which the answer waits for, or for a container, where it is not run.

use serde_json::{Value, json};

use super::{Asked, Performed, Steps, quoted};

pub(super) const CUES: &[&str] =
    &[" run `", " execute `", "shell command", "in the shell", "terminal", "list the files", "bash "];

/// The command a user quotes; else the one that shows where one is.
pub(super) fn command(text: &str) -> String {
    quoted(text).unwrap_or("ls -la").to_owned()
}

pub(super) fn perform(asked: &Asked<'_>) -> Vec<Performed> {
    let command = command(asked.text);
    let call_id = asked.ids.call();
    let environment = asked.tool.get("environment").filter(|environment| environment.is_object());
    let kind = environment.and_then(|environment| environment["type"].as_str()).unwrap_or("local");
    let environment = match (kind, environment) {
        ("container_reference", Some(environment)) => {
            json!({"type": "container_reference", "container_id": environment["container_id"]})
        }
        ("container_auto", _) => {
            json!({"type": "container_reference", "container_id": asked.ids.next("cntr_")})
        }
        (_, Some(_)) => json!({"type": "local"}),
        (_, None) => Value::Null,
    };
    let waits = kind == "local";
    let call = Performed {
        item: json!({
            "id": asked.ids.next("sh_"), "type": "shell_call", "status": "completed", "call_id": call_id,
            "action": {"commands": [command], "timeout_ms": null, "max_output_length": null},
            "environment": environment,
        }),
        written: command,
        waits,
        ..Performed::default()
    };
    if waits {
        return vec![call];
    }
    let output = "Simulated: commands are not run on this server.\n";
    let result = Performed {
        item: json!({
            "id": asked.ids.next("sho_"), "type": "shell_call_output", "status": "completed", "call_id": call_id,
            "output": [{"stdout": output, "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}],
            "max_output_length": null,
        }),
        told: Some(("shell", output.trim_end().to_owned())),
        ..Performed::default()
    };
    vec![call, result]
}

/// What a command in a container says.
pub(super) fn output_steps(item: &Value) -> Steps {
    let mut steps = Steps::plain(item);
    steps.added["output"] = json!([]);
    for (index, output) in item["output"].as_array().into_iter().flatten().enumerate() {
        let delta = json!({"stdout": output["stdout"], "stderr": output["stderr"]});
        let fields = json!({"command_index": index, "delta": delta});
        steps.after.push(("response.shell_call_output_content.delta", fields));
        let fields = json!({"command_index": index, "output": [output]});
        steps.after.push(("response.shell_call_output_content.done", fields));
    }
    steps
}

/// Events of commands name their item by its place alone.
pub(super) fn steps(item: &Value) -> Steps {
    let mut steps = Steps::plain(item);
    steps.added["action"]["commands"] = json!([]);
    for (index, command) in item["action"]["commands"].as_array().into_iter().flatten().enumerate() {
        let event = |field: &str, text: &Value| json!({"item_id": null, "command_index": index, field: text});
        steps.after.push(("response.shell_call_command.added", event("command", &json!(""))));
        steps.after.push(("response.shell_call_command.delta", event("delta", command)));
        steps.after.push(("response.shell_call_command.done", event("command", command)));
    }
    steps
}
