//! Tools, structured answers, thoughts, predictions and the prompt cache of chat completions.

use serde_json::{Value, json};

use crate::harness::TestServer;

fn weather() -> Value {
    json!({"type": "function", "function": {
        "name": "get_weather",
        "description": "Get current temperature for a given location.",
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string", "description": "City and country e.g. Bogotá, Colombia"}},
            "required": ["location"],
            "additionalProperties": false
        },
        "strict": true
    }})
}

fn asked(text: &str) -> Value {
    json!({"model": "gpt-4o", "messages": [{"role": "user", "content": text}], "tools": [weather()]})
}

fn with(mut body: Value, extra: Value) -> Value {
    let Value::Object(extra) = extra else { unreachable!() };
    body.as_object_mut().unwrap().extend(extra);
    body
}

#[tokio::test]
async fn calls_are_openais_to_the_field() {
    let server = TestServer::new();
    let answer = server.chat(asked("What's the weather in Paris and Tokyo?")).await;
    insta::assert_json_snapshot!(answer.json());
}

#[tokio::test]
async fn streamed_calls_are_openais_to_the_byte() {
    let server = TestServer::new();
    let streamed = json!({"stream": true, "stream_options": {"include_usage": true}});
    let answer = server.chat(with(asked("What's the weather in Paris and Tokyo?"), streamed)).await;
    insta::assert_json_snapshot!(answer.events());
}

#[tokio::test]
async fn streamed_calls_make_the_same_arguments_as_whole_ones() {
    let (one, other) = (TestServer::new(), TestServer::new());
    let body = asked("What's the weather in Paris and Tokyo?");
    let whole = one.chat(body.clone()).await.json();
    let streamed = other.chat(with(body, json!({"stream": true}))).await;
    let mut arguments = [String::new(), String::new()];
    for chunk in streamed.events() {
        for call in chunk["choices"][0]["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let index = call["index"].as_u64().unwrap() as usize;
            arguments[index] += call["function"]["arguments"].as_str().unwrap();
        }
    }
    let calls = whole["choices"][0]["message"]["tool_calls"].as_array().unwrap();
    let expected: Vec<&str> = calls.iter().map(|call| call["function"]["arguments"].as_str().unwrap()).collect();
    assert_eq!(arguments, expected.as_slice());
}

#[tokio::test]
async fn a_loop_of_calls_and_results_ends_with_a_text() {
    let server = TestServer::new();
    let mut body = asked("What's the weather in Paris?");
    let first = server.chat(body.clone()).await.json();
    let message = first["choices"][0]["message"].clone();
    let id = message["tool_calls"][0]["id"].clone();
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(message);
    messages.push(json!({"role": "tool", "tool_call_id": id, "content": "{\"temperature\": 14, \"sky\": \"cloudy\"}"}));
    let second = server.chat(body).await.json();
    assert_eq!(second["choices"][0]["finish_reason"], "stop");
    let text = second["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(text.contains("14") && text.contains("cloudy"), "{text}");
}

#[tokio::test]
async fn the_older_functions_are_answered_in_their_form() {
    let server = TestServer::new();
    let body = json!({
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "What's the weather in Paris?"}],
        "functions": [weather()["function"]],
    });
    let answer = server.chat(body).await.json();
    let choice = &answer["choices"][0];
    assert_eq!(choice["finish_reason"], "function_call");
    assert_eq!(choice["message"]["function_call"]["name"], "get_weather");
    assert_eq!(choice["message"].get("tool_calls"), None);
}

#[tokio::test]
async fn tools_are_checked_in_openais_words() {
    let server = TestServer::new();
    let function = |function: Value| json!({"tools": [{"type": "function", "function": function}]});
    let mut said = Vec::new();
    for extra in [
        json!({"web_search_options": {}}),
        json!({"tools": []}),
        json!({"tools": [{"function": {"name": "x"}}]}),
        function(json!({"name": "has space"})),
        function(json!({"name": "f", "parameters": {"type": "string"}})),
        function(json!({"name": "f", "parameters": {"type": "object", "properties": {"x": {"type": "nonsense"}}}})),
        function(json!({"name": "f", "strict": true, "parameters": {"type": "object", "properties": {}}})),
        json!({"tool_choice": {"type": "function", "function": {"name": "other"}}}),
        json!({"tool_choice": "sometimes"}),
        json!({"tools": null, "tool_choice": "required"}),
        json!({"tools": null, "parallel_tool_calls": true}),
        json!({"messages": [{"role": "tool", "tool_call_id": "x", "content": "y"}]}),
        json!({"messages": [
            {"role": "user", "content": "x"},
            {"role": "assistant", "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "user", "content": "y"},
        ]}),
        json!({"messages": [
            {"role": "user", "content": "x"},
            {"role": "assistant", "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "b", "content": "y"},
        ]}),
    ] {
        let answer = server.chat(with(asked("hi"), extra)).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        said.push(answer.error().1);
    }
    insta::assert_json_snapshot!(said);
}

#[tokio::test]
async fn structured_answers_keep_to_their_schema() {
    let server = TestServer::new();
    let schema = json!({
        "type": "object",
        "properties": {
            "steps": {"type": "array", "items": {"type": "object", "properties": {"explanation": {"type": "string"}, "output": {"type": "string"}}, "required": ["explanation", "output"], "additionalProperties": false}},
            "final_answer": {"type": "string"},
        },
        "required": ["steps", "final_answer"],
        "additionalProperties": false,
    });
    let format =
        json!({"type": "json_schema", "json_schema": {"name": "math_response", "strict": true, "schema": schema}});
    let body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "how can I solve 8x + 7 = -23"}], "response_format": format});
    let answer = server.chat(body).await.json();
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    assert!(value["steps"].is_array() && value["final_answer"].is_string(), "{value}");
    assert_eq!(value.as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn wrong_schemas_are_refused_in_openais_words() {
    let server = TestServer::new();
    let format = |schema: Value| json!({"type": "json_schema", "json_schema": {"name": "answer", "strict": true, "schema": schema}});
    let mut said = Vec::new();
    for format in [
        json!({"type": "json_schema"}),
        json!({"type": "json_schema", "json_schema": {"strict": true, "name": "x"}}),
        format(json!({"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]})),
        format(
            json!({"type": "object", "properties": {"x": {"type": "string"}}, "required": [], "additionalProperties": false}),
        ),
        format(json!({"type": "array", "items": {"type": "string"}})),
        format(
            json!({"type": "object", "properties": {"x": {"$ref": "#/$defs/none"}}, "required": ["x"], "additionalProperties": false}),
        ),
    ] {
        let answer = server.chat(with(asked("hi"), json!({"response_format": format}))).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        said.push(answer.error().1);
    }
    insta::assert_json_snapshot!(said);
}

#[tokio::test]
async fn models_that_think_count_their_thoughts() {
    let server = TestServer::new();
    let body = |model: &str, effort: &str| json!({"model": model, "messages": [{"role": "user", "content": "Why is the sky blue?"}], "reasoning_effort": effort});
    let thoughts = |answer: &Value| answer["usage"]["completion_tokens_details"]["reasoning_tokens"].as_u64().unwrap();
    let low = server.chat(body("o4-mini", "low")).await.json();
    let high = server.chat(body("o4-mini", "high")).await.json();
    assert!(thoughts(&low) > 0 && thoughts(&high) > 2 * thoughts(&low), "{low} {high}");
    assert_eq!(thoughts(&high) % 64, 0);
    assert_eq!(low["choices"][0]["message"].get("reasoning_content"), None);
    let none = server.chat(body("gpt-5.1", "none")).await.json();
    assert_eq!(thoughts(&none), 0);
    let shown = server.chat(body("deepseek-reasoner", "low")).await.json();
    assert!(shown["choices"][0]["message"]["reasoning_content"].as_str().unwrap().len() > 50);
}

#[tokio::test]
async fn models_that_think_refuse_what_openais_do() {
    let server = TestServer::new();
    let mut said = Vec::new();
    for extra in [
        json!({"temperature": 0.5}),
        json!({"max_tokens": 100}),
        json!({"logprobs": true}),
        json!({"reasoning_effort": "minimal"}),
        json!({"reasoning_effort": "ultra"}),
        json!({"model": "gpt-4o", "reasoning_effort": "low"}),
    ] {
        let body = json!({"model": "o4-mini", "messages": [{"role": "user", "content": "hi"}]});
        let answer = server.chat(with(body, extra)).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        said.push(answer.error().1);
    }
    insta::assert_json_snapshot!(said);
}

#[tokio::test]
async fn predictions_are_followed_and_counted() {
    let server = TestServer::new();
    let code = "class User {\n  firstName: string = \"\";\n  lastName: string = \"\";\n  username: string = \"\";\n}\n\nexport default User;";
    let body = json!({
        "model": "gpt-4o",
        "messages": [
            {"role": "user", "content": "Replace the \"username\" property with an \"email\" property. Respond only with code."},
            {"role": "user", "content": code},
        ],
        "prediction": {"type": "content", "content": code},
    });
    let answer = server.chat(body).await.json();
    let details = &answer["usage"]["completion_tokens_details"];
    assert!(details["accepted_prediction_tokens"].as_u64().unwrap() > 20, "{answer}");
}

#[tokio::test]
async fn beginnings_of_prompts_are_cached_in_steps_of_128() {
    let server = TestServer::new();
    let system =
        "You are a careful assistant who knows all about tides, moons, and the boats that depend on them. ".repeat(80);
    let body = |text: &str| json!({"model": "gpt-4o", "messages": [{"role": "system", "content": system}, {"role": "user", "content": text}]});
    let cached = |answer: &Value| answer["usage"]["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap();
    assert_eq!(cached(&server.chat(body("What is a tide?")).await.json()), 0);
    let again = server.chat(body("Who owns the moon?")).await.json();
    assert!(
        cached(&again) >= 1024
            && cached(&again) % 128 == 0
            && cached(&again) < again["usage"]["prompt_tokens"].as_u64().unwrap()
    );
    let other = server.chat(with(body("Who owns the moon?"), json!({"prompt_cache_key": "k"}))).await.json();
    assert_eq!(cached(&other), 0);
    let short = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]});
    server.chat(short.clone()).await;
    assert_eq!(cached(&server.chat(short).await.json()), 0);
}

#[tokio::test]
async fn guided_answers_and_custom_tools_keep_their_grammar() {
    let server = TestServer::new();
    let body = |extra: Value| {
        with(
            json!({"model": "Qwen/Qwen3-8B", "messages": [{"role": "user", "content": "Is it good?"}], "chat_template_kwargs": {"enable_thinking": false}}),
            extra,
        )
    };
    let said = |answer: Value| answer["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
    let choice = said(server.chat(body(json!({"guided_choice": ["positive", "negative"]}))).await.json());
    assert!(["positive", "negative"].contains(&choice.as_str()));
    let regex = said(server.chat(body(json!({"structured_outputs": {"regex": "[a-z]{3}-[0-9]{4}"}}))).await.json());
    assert!(regex.len() == 8 && regex.as_bytes()[3] == b'-', "{regex}");
    let json = said(
        server
            .chat(body(
                json!({"guided_json": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}}),
            ))
            .await
            .json(),
    );
    assert!(serde_json::from_str::<Value>(&json).unwrap()["a"].is_i64(), "{json}");
    let grammar = said(
        server.chat(body(json!({"guided_grammar": "root ::= \"SELECT \" (\"a\" | \"b\") \" FROM t\""}))).await.json(),
    );
    assert!(["SELECT a FROM t", "SELECT b FROM t"].contains(&grammar.as_str()), "{grammar}");
    let custom = json!({
        "model": "gpt-5",
        "messages": [{"role": "user", "content": "Use the clock tool."}],
        "tools": [{"type": "custom", "custom": {"name": "clock", "description": "Sets a time", "format": {"type": "grammar", "grammar": {"syntax": "regex", "definition": "[0-2][0-9]:[0-5][0-9]"}}}}],
    });
    let answer = server.chat(custom).await.json();
    let call = &answer["choices"][0]["message"]["tool_calls"][0];
    assert_eq!((&call["type"], &call["custom"]["name"]), (&json!("custom"), &json!("clock")), "{answer}");
    assert_eq!(call["custom"]["input"].as_str().unwrap().len(), 5, "{answer}");
}
