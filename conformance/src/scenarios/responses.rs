//! Responses: each kind of tool and answer, whole and streamed; what is stored, followed, chained, cancelled, deleted.

use anyhow::Result;
use serde_json::{Value, json};

use super::completions::merge;
use super::streams;
use crate::trial::{Trial, data};

const CREATE: &str = "createResponse";

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    let store = trial.call("createVectorStore", &[], json!({})).await?["id"].clone();
    for (name, extra) in [texts(), tools(), hosted(&store)].into_iter().flatten() {
        let mut body = json!({"model": "gpt-4o", "input": "Tell me about the sea."});
        merge(&mut body, &extra);
        trial.name(name);
        let answer = trial.call(CREATE, &[], body.clone()).await?;
        check_whole(trial, &answer)?;
        merge(&mut body, &json!({"stream": true}));
        trial.name(format!("{name}, streamed"));
        let events = trial.stream(CREATE, &[], body).await?;
        streams::check_response(trial, CREATE, &events, 0)?;
    }
    chained(trial).await?;
    tool_loop(trial).await?;
    stored(trial).await?;
    counted(trial).await?;
    beta(trial).await?;
    refused(trial).await
}

/// What a whole answer must be, beyond its schema.
fn check_whole(trial: &mut Trial<'_, '_>, answer: &Value) -> Result<()> {
    if answer.is_null() {
        return Ok(());
    }
    let is_over = ["completed", "incomplete"].iter().any(|state| answer["status"] == *state);
    trial.hold(CREATE, is_over, &format!("status {} of an answer that has ended", answer["status"]))?;
    let usage = &answer["usage"];
    let sum = usage["input_tokens"].as_u64().zip(usage["output_tokens"].as_u64()).map(|(input, output)| input + output);
    trial.hold(CREATE, sum == usage["total_tokens"].as_u64(), "total_tokens is not the sum")
}

type Variants = Vec<(&'static str, Value)>;

fn texts() -> Variants {
    let schema = json!({"type": "object", "additionalProperties": false, "required": ["name", "age"],
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}});
    vec![
        ("text", json!({})),
        (
            "messages",
            json!({"input": [
                {"role": "developer", "content": "Be brief."},
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
                {"role": "assistant", "content": "Hi"},
                {"role": "user", "content": "Go on."},
            ]}),
        ),
        (
            "instructions",
            json!({"instructions": "Be kind.", "metadata": {"team": "a"}, "user": "u", "service_tier": "flex"}),
        ),
        (
            "a schema",
            json!({"text": {"format": {"type": "json_schema", "name": "person", "strict": true, "schema": schema}}}),
        ),
        ("json", json!({"input": "A person as JSON", "text": {"format": {"type": "json_object"}}})),
        ("verbosity", json!({"model": "gpt-5", "text": {"verbosity": "low"}})),
        ("cut", json!({"max_output_tokens": 16})),
        ("logprobs", json!({"include": ["message.output_text.logprobs"], "top_logprobs": 2, "max_output_tokens": 16})),
        ("thinking", json!({"model": "o4-mini", "reasoning": {"effort": "low"}})),
        ("a summary of thoughts", json!({"model": "gpt-5", "reasoning": {"effort": "medium", "summary": "auto"}})),
        ("sealed thoughts", json!({"model": "o4-mini", "store": false, "include": ["reasoning.encrypted_content"]})),
        ("not stored", json!({"store": false, "temperature": 0.2, "top_p": 0.9})),
        ("cut where too long", json!({"truncation": "auto", "prompt_cache_key": "k", "safety_identifier": "s"})),
        (
            "a picture",
            json!({"input": [{"role": "user", "content": [
                {"type": "input_text", "text": "What is this?"},
                {"type": "input_image", "detail": "auto", "image_url": "https://example.com/a.png"},
            ]}]}),
        ),
    ]
}

fn tools() -> Variants {
    let ask = "What's the weather in Paris and in Tokyo?";
    let custom =
        |format: Value| json!([{"type": "custom", "name": "run", "description": "Runs code.", "format": format}]);
    vec![
        ("functions", json!({"input": ask, "tools": [weather()]})),
        ("functions, required", json!({"input": ask, "tools": [weather()], "tool_choice": "required"})),
        ("functions, none", json!({"input": ask, "tools": [weather()], "tool_choice": "none"})),
        (
            "functions, named",
            json!({"input": ask, "tools": [weather()], "tool_choice": {"type": "function", "name": "get_weather"}}),
        ),
        (
            "functions, allowed",
            json!({"input": ask, "tools": [weather()], "tool_choice":
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "get_weather"}]}}),
        ),
        ("functions, one at a time", json!({"input": ask, "tools": [weather()], "parallel_tool_calls": false})),
        ("functions, thinking", json!({"model": "gpt-5", "input": ask, "tools": [weather()]})),
        ("custom tools", json!({"tools": custom(json!({"type": "text"})), "tool_choice": "required"})),
        (
            "custom tools, regex",
            json!({"tools": custom(json!({"type": "grammar", "syntax": "regex", "definition": "[a-z]{3}"})),
            "tool_choice": "required"}),
        ),
    ]
}

fn weather() -> Value {
    json!({"type": "function", "name": "get_weather", "description": "Get the weather in a city.", "strict": true,
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
        "additionalProperties": false}})
}

fn hosted(store: &Value) -> Variants {
    let use_it = |input: &str, tool: Value| json!({"input": input, "tools": [tool], "tool_choice": "required"});
    vec![
        ("web search", use_it("Search the web for news of the sea.", json!({"type": "web_search"}))),
        ("web search, preview", use_it("Search the web for news.", json!({"type": "web_search_preview"}))),
        (
            "file search",
            use_it("Search my files for the sea.", json!({"type": "file_search", "vector_store_ids": [store]})),
        ),
        (
            "code interpreter",
            use_it("Compute 2 ** 20 in Python.", json!({"type": "code_interpreter", "container": {"type": "auto"}})),
        ),
        ("image generation", use_it("Draw a boat.", json!({"type": "image_generation", "partial_images": 1}))),
        (
            "computer",
            use_it(
                "Open the browser.",
                json!({"type": "computer_use_preview", "environment": "browser",
            "display_width": 800, "display_height": 600}),
            ),
        ),
        (
            "mcp",
            use_it(
                "Ask the wiki about the sea.",
                json!({"type": "mcp", "server_label": "wiki",
            "server_url": "https://example.com/mcp", "require_approval": "never"}),
            ),
        ),
        (
            "mcp, asking first",
            use_it(
                "Ask the wiki about the sea.",
                json!({"type": "mcp", "server_label": "wiki",
            "server_url": "https://example.com/mcp", "require_approval": "always"}),
            ),
        ),
        ("local shell", use_it("List the files.", json!({"type": "local_shell"}))),
        ("shell", use_it("List the files.", json!({"type": "shell"}))),
        ("apply patch", use_it("Rename x to y in a.py.", json!({"type": "apply_patch"}))),
    ]
}

/// A conversation by `previous_response_id`.
async fn chained(trial: &mut Trial<'_, '_>) -> Result<()> {
    trial.name("chained");
    let first = trial.call(CREATE, &[], json!({"model": "gpt-4o", "input": "My name is Ann."})).await?;
    if first.is_null() {
        return Ok(());
    }
    let body = json!({"model": "gpt-4o", "input": "What is my name?", "previous_response_id": first["id"]});
    let second = trial.call(CREATE, &[], body).await?;
    trial.hold(CREATE, second["previous_response_id"] == first["id"], "previous_response_id is not kept")?;
    let items = trial.list("listInputItems", &[&second["id"]], "limit=1&order=asc").await?;
    let is_page = items["data"].as_array().is_some_and(|data| data.len() == 1);
    trial.hold("listInputItems", is_page, "limit=1 does not give one item")
}

/// Asks until no function is called any more; it must end.
async fn tool_loop(trial: &mut Trial<'_, '_>) -> Result<()> {
    trial.name("a loop of tools");
    let mut body = json!({"model": "gpt-4o", "input": "What's the weather in Paris?", "tools": [weather()]});
    for _ in 0..5 {
        let answer = trial.call(CREATE, &[], body.clone()).await?;
        if answer.is_null() {
            return Ok(());
        }
        let output = answer["output"].as_array().cloned().unwrap_or_default();
        let results: Vec<Value> = output
            .iter()
            .filter(|item| item["type"] == "function_call")
            .map(|call| json!({"type": "function_call_output", "call_id": call["call_id"], "output": "14 degrees, cloudy"}))
            .collect();
        if results.is_empty() {
            return trial.hold(
                CREATE,
                output.iter().any(|item| item["type"] == "message"),
                "the loop ends without a text",
            );
        }
        merge(&mut body, &json!({"input": results, "previous_response_id": answer["id"]}));
    }
    trial.hold(CREATE, false, "the loop of tools does not end")
}

/// Fetched whole and again as a stream, then deleted.
async fn stored(trial: &mut Trial<'_, '_>) -> Result<()> {
    trial.name("stored");
    let body = json!({"model": "gpt-4o", "input": "Tell me about the sea.", "stream": true, "background": true});
    let events = data(&trial.stream(CREATE, &[], body).await?);
    let id = events.last().map_or(Value::Null, |event| event["response"]["id"].clone());
    let found = trial.list("getResponse", &[&id], "").await?;
    if found.is_null() {
        return Ok(());
    }
    let is_same = events.last().is_some_and(|event| event["response"]["output"] == found["output"]);
    trial.hold("getResponse", is_same, "the stored output is not what was streamed")?;
    trial.name("stored, streamed again");
    let again = trial.follow("getResponse", &[&id], "stream=true").await?;
    streams::check_response(trial, "getResponse", &again, 0)?;
    trial.hold("getResponse", data(&again) == events, "the stream is another one when it is fetched again")?;
    let rest = trial.follow("getResponse", &[&id], "stream=true&starting_after=3").await?;
    streams::check_response(trial, "getResponse", &rest, 4)?;
    trial.name("deleted");
    trial.refuse("cancelResponse", &[&json!("resp_none")], Value::Null, 404).await?;
    trial.list("deleteResponse", &[&id], "").await?;
    trial.refuse("getResponse", &[&id], Value::Null, 404).await
}

/// A response in the background is there at once and can be cancelled; on a server that takes its time.
pub(super) async fn play_background(trial: &mut Trial<'_, '_>) -> Result<()> {
    for (create, cancel) in [(CREATE, "cancelResponse"), ("beta_createResponse", "beta_cancelResponse")] {
        let body = json!({"model": "gpt-4o", "input": "Write at length about the sea.", "background": true});
        let begun = trial.call(create, &[], body).await?;
        if begun.is_null() {
            return Ok(());
        }
        trial.hold(create, begun["status"] != "completed", "it is not in the background")?;
        let cancelled = trial.list(cancel, &[&begun["id"]], "").await?;
        trial.hold(cancel, cancelled["status"] == "cancelled", "it is not cancelled")?;
        trial.list("getResponse", &[&begun["id"]], "").await?;
    }
    Ok(())
}

async fn counted(trial: &mut Trial<'_, '_>) -> Result<()> {
    trial.name("counted");
    let body = json!({"model": "gpt-4o", "input": "Tell me about the sea.", "tools": [weather()]});
    let counted = trial.call("Getinputtokencounts", &[], body.clone()).await?;
    let answer = trial.call(CREATE, &[], body).await?;
    if !counted.is_null() {
        let is_same = counted["input_tokens"] == answer["usage"]["input_tokens"];
        trial.hold("Getinputtokencounts", is_same, "the count is not what the answer's usage says")?;
    }
    trial.name("compacted");
    let input = json!([{"role": "user", "content": "My name is Ann."}, {"role": "assistant", "content": "Hello Ann."}]);
    trial.call("Compactconversation", &[], json!({"model": "gpt-4o", "input": input})).await?;
    Ok(())
}

/// The operations that the document lists once more under `?beta=true`: the same routes, schemas of their own.
async fn beta(trial: &mut Trial<'_, '_>) -> Result<()> {
    trial.name("beta");
    let body = json!({"model": "gpt-4o", "input": "What's the weather in Paris?", "tools": [weather()]});
    let made = trial.call("beta_createResponse", &[], body.clone()).await?;
    trial.list("beta_getResponse", &[&made["id"]], "").await?;
    trial.list("beta_listInputItems", &[&made["id"]], "").await?;
    trial.list("beta_deleteResponse", &[&made["id"]], "").await?;
    trial.call("beta_Getinputtokencounts", &[], body).await?;
    let input = json!([{"role": "user", "content": "My name is Ann."}]);
    trial.call("beta_Compactconversation", &[], json!({"model": "gpt-4o", "input": input})).await?;
    trial.name("beta, streamed");
    let body = json!({"model": "gpt-4o", "input": "Tell me about the sea.", "stream": true});
    let events = trial.stream("beta_createResponse", &[], body).await?;
    streams::check_response(trial, "beta_createResponse", &events, 0)
}

async fn refused(trial: &mut Trial<'_, '_>) -> Result<()> {
    for (name, extra, status) in [
        ("a previous response that is not there", json!({"previous_response_id": "resp_none"}), 400),
        ("a conversation that is not there", json!({"conversation": "conv_none"}), 404),
        ("a role that is none", json!({"input": [{"role": "nobody", "content": "hi"}]}), 400),
        (
            "a result without its call",
            json!({"input": [{"type": "function_call_output", "call_id": "x", "output": "y"}]}),
            400,
        ),
        ("too few tokens", json!({"max_output_tokens": 1}), 400),
        ("background that is not stored", json!({"background": true, "store": false}), 400),
    ] {
        let mut body = json!({"model": "gpt-4o", "input": "hi"});
        merge(&mut body, &extra);
        trial.name(format!("refused: {name}"));
        trial.refuse(CREATE, &[], body, status).await?;
    }
    Ok(())
}
