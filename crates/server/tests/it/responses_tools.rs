//! Hosted tools: their items, their events, and that loops of agents end.

use serde_json::{Value, json};

use crate::harness::TestServer;
use crate::responses::{ask, events, kinds, output_text, respond};

fn types(response: &Value) -> Vec<&str> {
    response["output"].as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_search_is_cited_where_it_says() {
    let server = TestServer::new();
    let extra = json!({"tools": [{"type": "web_search"}], "include": ["web_search_call.action.sources"]});
    let answer = respond(&server, "Search the web for sea otters", extra).await;
    assert_eq!(types(&answer), ["web_search_call", "message"]);
    let call = &answer["output"][0];
    assert_eq!(call["action"]["query"], "Search the web for sea otters");
    let content = &answer["output"][1]["content"][0];
    let citation = &content["annotations"][0];
    let text: Vec<char> = content["text"].as_str().unwrap().chars().collect();
    let place = |field: &str| usize::try_from(citation[field].as_u64().unwrap()).unwrap();
    let cited: String = text[place("start_index")..place("end_index")].iter().collect();
    assert_eq!(cited, format!("([example.com]({}))", citation["url"].as_str().unwrap()));
    assert_eq!(citation["url"], call["action"]["sources"][0]["url"]);
    let plain = respond(&server, "Tell me about otters.", json!({"tools": [{"type": "web_search"}]})).await;
    assert_eq!(types(&plain), ["message"]);
}

#[tokio::test]
async fn every_hosted_tool_streams_its_events() {
    let server = TestServer::new();
    let store = server.post("/v1/vector_stores", json!({})).await.json()["id"].clone();
    let mut said = Vec::new();
    for (tool, choice) in [
        (json!({"type": "web_search_preview"}), json!({"type": "web_search_preview"})),
        (json!({"type": "file_search", "vector_store_ids": [store]}), json!({"type": "file_search"})),
        (json!({"type": "code_interpreter", "container": {"type": "auto"}}), json!({"type": "code_interpreter"})),
        (
            json!({"type": "image_generation", "partial_images": 2, "size": "16x16"}),
            json!({"type": "image_generation"}),
        ),
        (
            json!({"type": "computer_use_preview", "display_width": 800, "display_height": 600, "environment": "browser"}),
            json!({"type": "computer_use_preview"}),
        ),
        (
            json!({"type": "mcp", "server_label": "s", "server_url": "https://example.com", "allowed_tools": ["ask"]}),
            json!({"type": "mcp", "server_label": "s"}),
        ),
        (
            json!({"type": "mcp", "server_label": "s", "server_url": "https://example.com", "require_approval": "never"}),
            json!({"type": "mcp", "server_label": "s", "name": "ask"}),
        ),
        (json!({"type": "local_shell"}), json!("required")),
        (json!({"type": "shell"}), json!({"type": "shell"})),
        (json!({"type": "shell", "environment": {"type": "container_auto"}}), json!({"type": "shell"})),
        (json!({"type": "apply_patch"}), json!({"type": "apply_patch"})),
        (json!({"type": "tool_search"}), json!("auto")),
    ] {
        let name = tool["type"].clone();
        let body = ask(
            if tool["type"] == "tool_search" { "Find a tool." } else { "Do it." },
            json!({"tools": [tool], "tool_choice": choice, "stream": true, "max_output_tokens": 100}),
        );
        let events = events(&server.post("/v1/responses", body).await);
        let shown = kinds(&events).into_iter().filter(|kind| *kind != "response.output_text.delta");
        said.push(format!("{name}\n  {}\n", shown.collect::<Vec<_>>().join("\n  ")));
        let output = events.last().unwrap()["response"]["output"].as_array().unwrap().iter();
        let mut output: Vec<Value> = output.filter(|item| item["type"] != "message").cloned().collect();
        output.iter_mut().filter(|item| item["result"].is_string()).for_each(|item| item["result"] = json!("…"));
        said.extend(output.iter().map(|item| format!("  {item}\n")));
    }
    insta::assert_snapshot!(said.concat());
}

#[tokio::test]
async fn a_made_picture_is_one() {
    let server = TestServer::new();
    let answer =
        respond(&server, "Draw a fox", json!({"tools": [{"type": "image_generation", "size": "1024x1536"}]})).await;
    assert_eq!(types(&answer), ["image_generation_call", "message"]);
    let picture = answer["output"][0]["result"].as_str().unwrap();
    let look = json!([{"role": "user", "content": [{"type": "input_image", "image_url": format!("data:image/png;base64,{picture}")}]}]);
    respond(&server, look, json!({})).await;
}

#[tokio::test]
async fn loops_with_clients_end() {
    let server = TestServer::new();
    let screen = json!({"type": "computer_screenshot", "image_url": "data:image/png;base64,AAAA"});
    for (tool, text, output) in [
        (
            json!({"type": "computer_use_preview", "display_width": 1, "display_height": 1, "environment": "mac"}),
            "Take a screenshot",
            json!({"type": "computer_call_output", "output": screen}),
        ),
        (json!({"type": "local_shell"}), "Run `ls`", json!({"type": "local_shell_call_output", "output": "a.txt"})),
        (
            json!({"type": "shell"}),
            "Run `ls`",
            json!({"type": "shell_call_output", "output": [{"stdout": "a.txt", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}]}),
        ),
        (
            json!({"type": "apply_patch"}),
            "Fix the bug in main.py",
            json!({"type": "apply_patch_call_output", "status": "completed"}),
        ),
    ] {
        let first = respond(&server, text, json!({"tools": [tool]})).await;
        assert_eq!(types(&first).len(), 1, "{first}");
        let mut output = output;
        let id = if output["type"] == "local_shell_call_output" { "id" } else { "call_id" };
        output[id] = first["output"][0]["call_id"].clone();
        let extra = json!({"tools": [tool], "previous_response_id": first["id"]});
        let second = respond(&server, json!([output]), extra).await;
        assert_eq!(types(&second), ["message"], "{text}");
        let (_, error) = server.post("/v1/responses", ask(json!([output]), json!({}))).await.error();
        assert!(error["message"].as_str().unwrap().starts_with("No tool call found for "), "{error}");
    }
}

#[tokio::test]
async fn an_mcp_call_waits_for_its_approval() {
    let server = TestServer::new();
    let tool = json!({
        "type": "mcp", "server_label": "wiki", "server_url": "https://example.com/mcp", "allowed_tools": ["ask"],
        "authorization": "secret", "headers": {"x": "secret"},
    });
    let first = respond(&server, "Use the tool to find otters", json!({"tools": [tool]})).await;
    assert_eq!(types(&first), ["mcp_list_tools", "mcp_approval_request"]);
    assert!(!first.to_string().contains("secret"));
    let request = &first["output"][1];
    for (approve, expected) in [(true, vec!["mcp_call", "message"]), (false, vec!["message"])] {
        let response =
            json!([{"type": "mcp_approval_response", "approval_request_id": request["id"], "approve": approve}]);
        let extra = json!({"tools": [tool], "previous_response_id": first["id"]});
        let second = respond(&server, response, extra).await;
        assert_eq!(types(&second), expected);
    }
}

#[tokio::test]
async fn sums_are_worked_out_and_calls_are_limited() {
    let server = TestServer::new();
    let tools = json!([{"type": "code_interpreter", "container": {"type": "auto"}}, {"type": "web_search"}]);
    let extra = json!({"tools": tools, "include": ["code_interpreter_call.outputs"]});
    let answer = respond(&server, "Compute 12 * 34", extra.clone()).await;
    assert_eq!(answer["output"][0]["outputs"], json!([{"type": "logs", "logs": "408\n"}]));
    let both = "Search the web and compute 12 * 34";
    assert_eq!(types(&respond(&server, both, extra.clone()).await).len(), 3);
    let limited = json!({"tools": tools, "max_tool_calls": 1});
    assert_eq!(types(&respond(&server, both, limited).await).len(), 2);
    assert!(!output_text(&answer).is_empty());
    let never = json!({"tools": tools, "tool_choice": "none"});
    assert_eq!(types(&respond(&server, both, never).await), ["message"]);
}

#[tokio::test]
async fn calls_say_their_namespace() {
    let server = TestServer::new();
    let function =
        json!({"type": "function", "name": "list_orders", "parameters": {"type": "object", "properties": {}}});
    let crm = json!({"type": "namespace", "name": "crm", "description": "Customers", "tools": [function]});
    let extra = json!({"tools": [crm], "tool_choice": {"type": "function", "name": "list_orders"}});
    let answer = respond(&server, "List my orders", extra).await;
    assert_eq!(
        (&answer["output"][0]["name"], &answer["output"][0]["namespace"]),
        (&json!("list_orders"), &json!("crm"))
    );
    assert_eq!(answer["tools"], json!([crm]));
}
