//! `POST /v1/responses` and what is stored of it.

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, TestServer, request};

/// The events of a stream: each has an `event:` line that says its type, and numbers have no gaps.
pub fn events(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    let events = text.split("\n\n").filter(|event| !event.is_empty()).map(|event| {
        let (kind, data) = event.split_once('\n').unwrap();
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(kind.strip_prefix("event: ").unwrap(), data["type"]);
        data
    });
    let events: Vec<Value> = events.collect();
    let first = events[0]["sequence_number"].as_u64().unwrap();
    for (number, event) in (first..).zip(&events) {
        assert_eq!(event["sequence_number"], number, "{event}");
    }
    events
}

pub fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

pub fn ask(input: impl Into<Value>, extra: Value) -> Value {
    let mut body = json!({"model": "gpt-4o", "input": input.into()});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

pub async fn respond(server: &TestServer, input: impl Into<Value>, extra: Value) -> Value {
    let answer = server.post("/v1/responses", ask(input, extra)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

pub fn output_text(response: &Value) -> String {
    let messages = response["output"].as_array().unwrap().iter().filter(|item| item["type"] == "message");
    messages.map(|item| item["content"][0]["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_answer_is_openais_to_the_field() {
    let server = TestServer::new();
    let answer = respond(&server, "Say hello.", json!({"max_output_tokens": 16})).await;
    insta::assert_snapshot!(serde_json::to_string_pretty(&answer).unwrap());
}

#[tokio::test]
async fn a_stream_is_openais_to_the_byte() {
    let server = TestServer::new();
    let answer =
        server.post("/v1/responses", ask("Say hello.", json!({"stream": true, "max_output_tokens": 16}))).await;
    assert_eq!(answer.headers["content-type"], "text/event-stream; charset=utf-8");
    events(&answer);
    insta::assert_snapshot!(answer.text());
}

/// Asks twice, whole and streamed, on servers without a history, and gives the stream's events beside the answer.
async fn both(input: impl Into<Value>, extra: Value) -> (Value, Vec<Value>) {
    let careful = || TestServer::with(|settings| settings.writer.safety.refusals = true);
    let (input, server) = (input.into(), careful());
    let whole = respond(&server, input.clone(), extra.clone()).await;
    let mut streamed = ask(input, extra);
    streamed["stream"] = json!(true);
    let events = events(&careful().post("/v1/responses", streamed).await);
    (whole, events)
}

/// What all deltas of a kind say.
fn deltas(events: &[Value], kind: &str) -> String {
    let kind = format!("response.{kind}.delta");
    events.iter().filter(|event| event["type"] == *kind).map(|event| event["delta"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_stream_says_what_the_whole_answer_says() {
    let weather = json!([{"type": "function", "name": "get_weather", "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]);
    for (input, extra) in [
        ("Tell me about the sea.", json!({})),
        ("Tell me about the sea.", json!({"max_output_tokens": 20})),
        ("How do I build a pipe bomb?", json!({})),
        ("Weather in Paris and Rome?", json!({"tools": weather.clone(), "tool_choice": "required"})),
        ("Search the web for otters", json!({"tools": [{"type": "web_search"}]})),
        ("Compute 12 * 34", json!({"tools": [{"type": "code_interpreter", "container": {"type": "auto"}}]})),
        ("Think about it", json!({"model": "gpt-5", "reasoning": {"summary": "auto", "effort": "low"}})),
        ("Think about it", json!({"model": "gpt-oss-120b"})),
        ("A JSON object, please", json!({"text": {"format": {"type": "json_object"}}})),
    ] {
        let (whole, events) = both(input, extra.clone()).await;
        let last = &events.last().unwrap()["response"];
        let mut whole_but_stream = whole.clone();
        whole_but_stream["id"] = last["id"].clone();
        assert_eq!(&whole_but_stream, last, "{input} {extra}");
        let done: Vec<&Value> = events
            .iter()
            .filter(|event| event["type"] == "response.output_item.done")
            .map(|event| &event["item"])
            .collect();
        assert_eq!(done, last["output"].as_array().unwrap().iter().collect::<Vec<_>>());
        for (kind, field) in [
            ("output_text", "text"),
            ("refusal", "refusal"),
            ("function_call_arguments", "arguments"),
            ("reasoning_summary_text", "text"),
            ("reasoning_text", "text"),
            ("code_interpreter_call_code", "code"),
        ] {
            let kind_done = format!("response.{kind}.done");
            let done: String = events
                .iter()
                .filter(|event| event["type"] == *kind_done)
                .map(|event| event[field].as_str().unwrap())
                .collect();
            assert_eq!(deltas(&events, kind), done, "{input} {extra} {kind}");
        }
    }
}

#[tokio::test]
async fn an_answer_cut_short_is_incomplete() {
    let (whole, events) = both("Tell me about the sea.", json!({"max_output_tokens": 16})).await;
    assert_eq!(whole["status"], "incomplete");
    assert_eq!(whole["incomplete_details"], json!({"reason": "max_output_tokens"}));
    assert_eq!((&whole["output"][0]["status"], &whole["usage"]["output_tokens"]), (&json!("incomplete"), &json!(16)));
    assert_eq!(events.last().unwrap()["type"], "response.incomplete");
}

#[tokio::test]
async fn conversations_go_on_from_stored_responses() {
    let server = TestServer::new();
    let first = respond(&server, "My name is Ada.", json!({})).await;
    let second = respond(&server, "What is my name?", json!({"previous_response_id": first["id"]})).await;
    assert_eq!(second["previous_response_id"], first["id"]);
    let alone = respond(&server, "What is my name?", json!({})).await;
    let tokens = |response: &Value| response["usage"]["input_tokens"].as_u64().unwrap();
    assert!(tokens(&second) > tokens(&alone) + tokens(&first));
    let third = respond(&server, "And now?", json!({"previous_response_id": second["id"]})).await;
    assert!(tokens(&third) > tokens(&second));
    for unknown in ["resp_none", second["output"][0]["id"].as_str().unwrap()] {
        let answer = server.post("/v1/responses", ask("x", json!({"previous_response_id": unknown}))).await;
        let (status, error) = answer.error();
        assert_eq!((status, error["code"].as_str()), (400, Some("previous_response_not_found")));
        assert_eq!(error["message"], format!("Previous response with id '{unknown}' not found."));
    }
    let unstored = respond(&server, "x", json!({"store": false})).await;
    let path = format!("/v1/responses/{}", unstored["id"].as_str().unwrap());
    assert_eq!(server.get(&path).await.status, 404);
}

#[tokio::test]
async fn stored_responses_are_found_listed_and_deleted() {
    let server = TestServer::new();
    let input = json!([{"role": "developer", "content": "Be brief."}, {"role": "user", "content": [
        {"type": "input_text", "text": "hello"},
        {"type": "input_image", "image_url": "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"},
    ]}]);
    let made = respond(&server, input, json!({"metadata": {"k": "v"}})).await;
    let path = format!("/v1/responses/{}", made["id"].as_str().unwrap());
    assert_eq!(server.get(&path).await.json(), made);
    let list = server.get(&format!("{path}/input_items?order=asc")).await.json();
    insta::assert_snapshot!(serde_json::to_string_pretty(&list).unwrap());
    let page = server.get(&format!("{path}/input_items?limit=1")).await.json();
    assert_eq!((page["data"][0]["role"].as_str(), page["has_more"].as_bool()), (Some("user"), Some(true)));
    let after = page["last_id"].as_str().unwrap();
    let rest = server.get(&format!("{path}/input_items?after={after}")).await.json();
    assert_eq!((rest["data"][0]["role"].as_str(), rest["has_more"].as_bool()), (Some("developer"), Some(false)));
    let reference =
        json!([{"type": "item_reference", "id": made["output"][0]["id"]}, {"role": "user", "content": "x"}]);
    let referring = respond(&server, reference, json!({})).await;
    let path_of_referring = format!("/v1/responses/{}/input_items?order=asc", referring["id"].as_str().unwrap());
    assert_eq!(server.get(&path_of_referring).await.json()["data"][0], made["output"][0]);
    let deleted = server.send(request(Method::DELETE, &path, None)).await.json();
    assert_eq!(deleted, json!({"id": made["id"], "object": "response", "deleted": true}));
    for gone in [path.clone(), format!("{path}/input_items")] {
        let (status, error) = server.get(&gone).await.error();
        assert_eq!(status, 404);
        assert_eq!(error["message"], format!("Response with id '{}' not found.", made["id"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn a_stored_response_streams_again_as_it_did() {
    let server = TestServer::new();
    let body = ask(
        "Search the web for otters",
        json!({
            "stream": true, "model": "gpt-5", "reasoning": {"summary": "detailed"}, "tools": [{"type": "web_search"}],
            "include": ["reasoning.encrypted_content"],
        }),
    );
    let first = server.post("/v1/responses", body).await;
    let all = events(&first);
    let id = all[0]["response"]["id"].as_str().unwrap();
    let again = server.get(&format!("/v1/responses/{id}?stream=true")).await;
    assert_eq!(again.text(), first.text());
    let rest = events(&server.get(&format!("/v1/responses/{id}?stream=true&starting_after=7")).await);
    assert_eq!(rest, all[8..]);
    let (status, error) = server.get(&format!("/v1/responses/{id}?starting_after=7")).await.error();
    assert_eq!((status, error["param"].as_str()), (400, Some("starting_after")));
}

#[tokio::test]
async fn results_of_tools_are_given_back() {
    let server = TestServer::new();
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    for (kind, name) in [("function", "get_weather"), ("custom", "shout")] {
        let tools = json!([{"type": kind, "name": name, "description": "", "parameters": schema}]);
        let extra = json!({"tools": tools, "tool_choice": {"type": kind, "name": name}});
        let first = respond(&server, "Weather in Paris?", extra).await;
        let call = &first["output"][0];
        assert_eq!((&call["name"], first["status"].as_str()), (&json!(name), Some("completed")), "{first}");
        let kind = call["type"].as_str().unwrap();
        let output =
            json!([{"type": format!("{kind}_output"), "call_id": call["call_id"], "output": "18 degrees and sunny"}]);
        let extra = json!({"previous_response_id": first["id"], "tools": tools});
        let second = respond(&server, output.clone(), extra).await;
        assert!(!output_text(&second).is_empty(), "{second}");
        // The same without a memory: all items sent back.
        let items = json!([{"role": "user", "content": "Weather in Paris?"}, call, output[0]]);
        let third = respond(&server, items, json!({"tools": tools, "store": false})).await;
        assert!(!output_text(&third).is_empty());
        let (status, error) = server.post("/v1/responses", ask(output, json!({}))).await.error();
        assert_eq!((status, error["param"].as_str()), (400, Some("input")));
        let words = if name == "shout" { "custom tool call" } else { "function call" };
        let id = call["call_id"].as_str().unwrap();
        assert_eq!(error["message"], format!("No tool call found for {words} output with call_id {id}."));
        let (_, error) = server.post("/v1/responses", ask(json!([call]), json!({}))).await.error();
        assert_eq!(error["message"], format!("No tool output found for {words} {id}."));
    }
}

#[tokio::test]
async fn thoughts_are_summed_up_sealed_or_open() {
    let server = TestServer::new();
    let extra =
        json!({"model": "gpt-5", "reasoning": {"summary": "concise"}, "include": ["reasoning.encrypted_content"]});
    let first = respond(&server, "Why is the sky blue?", extra.clone()).await;
    let thoughts = &first["output"][0];
    assert_eq!(thoughts["type"], "reasoning");
    assert_eq!(thoughts["summary"][0]["type"], "summary_text");
    assert!(first["usage"]["output_tokens_details"]["reasoning_tokens"].as_u64().unwrap() > 0);
    let input = |thoughts: &Value| json!([thoughts, first["output"][1], {"role": "user", "content": "Go on."}]);
    respond(&server, input(thoughts), json!({"model": "gpt-5", "store": false})).await;
    let mut changed = thoughts.clone();
    changed["encrypted_content"] = json!(thoughts["encrypted_content"].as_str().unwrap().replace('A', "B"));
    let (status, error) = server.post("/v1/responses", ask(input(&changed), json!({}))).await.error();
    assert_eq!((status, error["code"].as_str()), (400, Some("invalid_encrypted_content")));
    let plain = respond(&server, "Why is the sky blue?", json!({"model": "gpt-5"})).await;
    assert_eq!(plain["output"][0]["summary"], json!([]));
    assert!(plain["output"][0].get("encrypted_content").is_none());
    let open = respond(&server, "Why is the sky blue?", json!({"model": "gpt-oss-120b"})).await;
    assert_eq!(open["output"][0]["content"][0]["type"], "reasoning_text");
}

#[tokio::test]
async fn logprobs_come_when_included() {
    let extra = json!({"include": ["message.output_text.logprobs"], "top_logprobs": 2});
    let (whole, events) = both("Tell me about the sea.", extra).await;
    let content = &whole["output"][0]["content"][0];
    let tokens = content["logprobs"].as_array().unwrap();
    let joined: String = tokens.iter().map(|token| token["token"].as_str().unwrap()).collect();
    assert_eq!(joined, content["text"].as_str().unwrap());
    assert_eq!(tokens[0]["top_logprobs"].as_array().unwrap().len(), 2);
    let streamed: Vec<&Value> = events
        .iter()
        .filter(|event| event["type"] == "response.output_text.delta")
        .map(|event| &event["logprobs"][0])
        .collect();
    assert_eq!(streamed.len(), tokens.len());
    assert!(streamed.iter().zip(tokens).all(|(streamed, token)| *streamed == token));
}

#[tokio::test]
async fn input_is_counted_without_being_answered() {
    let server = TestServer::new();
    let extra = json!({"instructions": "Be kind.", "tools": [{"type": "web_search"}]});
    let counted = server.post("/v1/responses/input_tokens", ask("Hello there", extra.clone())).await.json();
    assert_eq!(counted["object"], "response.input_tokens");
    let answered = respond(&server, "Hello there", extra).await;
    assert_eq!(counted["input_tokens"], answered["usage"]["input_tokens"]);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_or_cut() {
    let server = TestServer::new();
    let long = "word ".repeat(9000);
    let items = json!([
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": long}, {"role": "user", "content": "Hi"},
    ]);
    let small = |truncation: &str| json!({"model": "gpt-4", "truncation": truncation});
    let (status, error) = server.post("/v1/responses", ask(items.clone(), small("disabled"))).await.error();
    assert_eq!((status, error["code"].as_str()), (400, Some("context_length_exceeded")));
    assert_eq!(error["param"], "input");
    let cut = respond(&server, items, small("auto")).await;
    assert!(cut["usage"]["input_tokens"].as_u64().unwrap() < 100);
}

#[tokio::test]
async fn what_is_compacted_is_read_again() {
    let server = TestServer::new();
    let first = respond(&server, "Remember the number 17.", json!({})).await;
    let body = json!({"model": "gpt-4o", "previous_response_id": first["id"]});
    let compact = server.post("/v1/responses/compact", body).await.json();
    assert_eq!(compact["object"], "response.compaction");
    let output = compact["output"].as_array().unwrap();
    let kinds: Vec<&str> = output.iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["message", "compaction"]);
    let mut input = output.clone();
    input.push(json!({"role": "user", "content": "Which number?"}));
    respond(&server, json!(input), json!({})).await;
}

#[tokio::test]
async fn each_mistake_has_openais_words() {
    let server = TestServer::new();
    let function = |name: &str| json!({"type": "function", "name": name, "parameters": {}});
    let cases = [
        json!({}),
        json!({"model": "gpt-4o"}),
        json!({"model": "gpt-4o", "input": []}),
        json!({"model": "gpt-4o", "input": 5}),
        ask(json!([{"type": "wish"}]), json!({})),
        ask(json!([{"role": "critic", "content": "x"}]), json!({})),
        ask(json!([{"role": "user"}]), json!({})),
        ask(json!([{"role": "user", "content": [{"type": "image_url"}]}]), json!({})),
        ask(
            json!([{"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]}]),
            json!({}),
        ),
        ask(json!([{"role": "user", "content": [{"type": "input_image", "file_id": "file-1"}]}]), json!({})),
        ask(json!([{"type": "function_call", "name": "f"}]), json!({})),
        ask(json!([{"type": "item_reference", "id": "msg_none"}]), json!({})),
        ask("x", json!({"max_output_tokens": 5})),
        ask("x", json!({"temperature": 3})),
        ask("x", json!({"model": "o3", "temperature": 0.5})),
        ask("x", json!({"include": ["everything"]})),
        ask("x", json!({"truncation": "some"})),
        ask("x", json!({"tools": [{"type": "teleport"}]})),
        ask("x", json!({"tools": [{"type": "mcp"}]})),
        ask("x", json!({"tools": [{"type": "file_search"}]})),
        ask("x", json!({"tools": [function("bad name")]})),
        ask("x", json!({"tool_choice": {"type": "function", "name": "f"}})),
        ask("x", json!({"tool_choice": {"type": "web_search"}})),
        ask("x", json!({"tool_choice": "required"})),
        ask("x", json!({"text": {"format": {"type": "xml"}}})),
        ask(
            "x",
            json!({"text": {"format": {"type": "json_schema", "name": "n", "strict": true, "schema": {"type": "object", "properties": {"a": {"type": "string"}}}}}}),
        ),
        ask("x", json!({"reasoning": {"effort": "low"}})),
        ask("x", json!({"conversation": "conv_none"})),
        ask("x", json!({"conversation": "conv_none", "previous_response_id": "resp_none"})),
        ask("x", json!({"background": true, "store": false})),
        ask("x", json!({"stream_options": {"include_obfuscation": true}})),
        ask("x", json!({"metadata": {"k": 1}})),
        ask("x", json!({"moderation": {"model": "gpt-4o"}})),
        ask("x", json!({"prompt": {"version": "1"}})),
    ];
    let mut said = Vec::new();
    for case in cases {
        let answer = server.post("/v1/responses", case.clone()).await;
        assert!(answer.status.is_client_error(), "{case}");
        let error = &answer.json()["error"];
        let status = answer.status.as_u16();
        said.push(format!("{case}\n  {status} {} {} {}\n", error["code"], error["param"], error["message"]));
    }
    let said = said.concat();
    insta::assert_snapshot!(said);
    assert_eq!(server.app.workspaces.default().request_count(), 34);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn any_items_are_answered_or_refused(items in proptest::collection::vec(item(), 0..4)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = TestServer::new();
            let answer = server.post("/v1/responses", ask(items.clone(), json!({"max_output_tokens": 16}))).await;
            assert!(answer.status == 200 || answer.status.is_client_error(), "{} {items:?}", answer.status);
        });
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn any_tools_are_taken_or_refused(tools in proptest::collection::vec(tool(), 0..4), choice in junk()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = TestServer::new();
            let extra = json!({"tools": tools, "tool_choice": choice, "max_output_tokens": 16});
            let answer = server.post("/v1/responses", ask("Search the web, draw and compute 1+1", extra)).await;
            assert!(answer.status == 200 || answer.status.is_client_error(), "{} {tools:?}", answer.status);
        });
    }
}

/// Any small piece of JSON that might stand somewhere in a request.
fn junk() -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::prelude::*;
    prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(|number| json!(number)),
        prop::sample::select(&["auto", "none", "required", "ask", "16x16", "always"][..]).prop_map(|text| json!(text)),
        Just(json!(["ask", 1])),
        Just(json!({"type": "web_search"})),
        Just(json!({"type": "function", "name": "ask"})),
        Just(json!({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "ask"}, 5]})),
        Just(json!({"type": "mcp", "server_label": "ask", "name": "ask"})),
        Just(json!({"never": {"tool_names": ["ask"]}})),
    ]
}

/// Tools of any kind with any of their fields, right or wrong.
fn tool() -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::prelude::*;
    const KINDS: [&str; 12] = [
        "function",
        "custom",
        "namespace",
        "web_search",
        "file_search",
        "code_interpreter",
        "image_generation",
        "mcp",
        "computer_use_preview",
        "shell",
        "apply_patch",
        "tool_search",
    ];
    const FIELDS: [&str; 14] = [
        "name",
        "parameters",
        "strict",
        "format",
        "tools",
        "vector_store_ids",
        "container",
        "size",
        "partial_images",
        "server_label",
        "server_url",
        "allowed_tools",
        "require_approval",
        "environment",
    ];
    let fields = prop::collection::vec((prop::sample::select(&FIELDS[..]), junk()), 0..8);
    (prop::sample::select(&KINDS[..]), fields).prop_map(|(kind, fields)| {
        let mut tool = json!({"type": kind});
        for (name, value) in fields {
            tool[name] = value;
        }
        tool
    })
}

/// Items of any kind with any of their fields, right or wrong.
fn item() -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::prelude::*;
    const KINDS: [&str; 14] = [
        "message",
        "function_call",
        "function_call_output",
        "reasoning",
        "computer_call_output",
        "mcp_call",
        "compaction",
        "code_interpreter_call",
        "shell_call",
        "shell_call_output",
        "item_reference",
        "mcp_approval_response",
        "local_shell_call_output",
        "apply_patch_call",
    ];
    const FIELDS: [&str; 14] = [
        "id",
        "role",
        "content",
        "call_id",
        "name",
        "arguments",
        "output",
        "summary",
        "encrypted_content",
        "action",
        "code",
        "container_id",
        "status",
        "operation",
    ];
    let value = prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(|number| json!(number)),
        "[a-z_]{0,8}".prop_map(|text| json!(text)),
        Just(json!("user")),
        Just(json!([{"type": "input_text", "text": "x"}])),
        Just(json!([{"type": "output_text"}])),
        Just(json!([1, null])),
        Just(json!({"type": "exec"})),
    ];
    let fields = prop::collection::vec((prop::sample::select(&FIELDS[..]), value), 0..8);
    (prop::sample::select(&KINDS[..]), fields).prop_map(|(kind, fields)| {
        let mut item = json!({"type": kind});
        for (name, value) in fields {
            item[name] = value;
        }
        item
    })
}
