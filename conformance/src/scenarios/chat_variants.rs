//! The variants of a chat request: what is added to a plain one, and what the answer must then hold.

use serde_json::{Value, json};

/// One way to ask.
pub(super) struct Variant {
    pub(super) name: &'static str,
    /// Put into a plain request.
    pub(super) extra: Value,
    /// Pointers into the answer, and what must be there.
    pub(super) expect: Vec<(&'static str, Value)>,
}

fn variant(name: &'static str, extra: Value, expect: &[(&'static str, &str)]) -> Variant {
    let expect = expect.iter().map(|(pointer, value)| (*pointer, Value::from(*value))).collect();
    Variant { name, extra, expect }
}

const FINISH: &str = "/choices/0/finish_reason";

/// Every variant.
pub(super) fn variants() -> Vec<Variant> {
    [plain(), tools(), shapes(), thinking(), inputs()].into_iter().flatten().collect()
}

fn plain() -> Vec<Variant> {
    vec![
        variant("plain", json!({}), &[(FINISH, "stop")]),
        variant("cut", json!({"max_completion_tokens": 5}), &[(FINISH, "length")]),
        variant("the older limit", json!({"max_tokens": 5}), &[(FINISH, "length")]),
        variant("stop", json!({"stop": ["the", "sea"]}), &[(FINISH, "stop")]),
        variant("n", json!({"n": 3, "max_tokens": 9}), &[]),
        variant("logprobs", json!({"logprobs": true, "top_logprobs": 3, "max_tokens": 9}), &[]),
        variant("logprobs alone", json!({"logprobs": true, "max_tokens": 9}), &[]),
        variant("n with logprobs", json!({"logprobs": true, "top_logprobs": 20, "n": 2, "max_tokens": 9}), &[]),
        variant("penalties", json!({"frequency_penalty": 1, "presence_penalty": -1, "logit_bias": {"9891": -50}}), &[]),
        variant("a seed", json!({"seed": 7, "temperature": 0, "top_p": 0.5}), &[]),
        variant("a tier", json!({"service_tier": "flex", "max_tokens": 9}), &[]),
        variant("named", json!({"user": "u", "safety_identifier": "s", "prompt_cache_key": "k", "max_tokens": 9}), &[]),
        variant("metadata", json!({"metadata": {"team": "a"}, "store": true, "max_tokens": 9}), &[]),
        variant("verbosity", json!({"model": "gpt-5", "verbosity": "low"}), &[]),
        variant("an empty stop", json!({"stop": null}), &[]),
        variant("a model nobody knows", json!({"model": "acme/unheard-of", "max_tokens": 9}), &[]),
        variant(
            "a prediction",
            json!({"messages": [{"role": "user", "content": "Rename x to y."}],
                "prediction": {"type": "content", "content": "let x = 1;\nprint(x);\n"}}),
            &[],
        ),
        variant(
            "a prediction in parts",
            json!({"prediction": {"type": "content", "content": [{"type": "text", "text": "The sea is wide."}]}}),
            &[],
        ),
    ]
}

fn tools() -> Vec<Variant> {
    let ask = json!([{"role": "user", "content": "What's the weather in Paris and in Tokyo?"}]);
    let with = |extra: Value| {
        let mut body = json!({"messages": ask, "tools": [weather(), clock()]});
        super::completions::merge(&mut body, &extra);
        body
    };
    let named = json!({"tool_choice": {"type": "function", "function": {"name": "get_time"}}});
    let allowed = json!({"tool_choice": {"type": "allowed_tools", "allowed_tools":
        {"mode": "required", "tools": [{"type": "function", "function": {"name": "get_time"}}]}}});
    let custom = |format: Value| json!({"tools": [{"type": "custom", "custom": {"name": "run", "description": "Runs code.", "format": format}}], "tool_choice": "required"});
    let grammar = |syntax: &str, definition: &str| {
        custom(json!({"type": "grammar", "grammar": {"syntax": syntax, "definition": definition}}))
    };
    let custom_call = [(FINISH, "tool_calls"), ("/choices/0/message/tool_calls/0/type", "custom")];
    let called = [(FINISH, "tool_calls"), ("/choices/0/message/tool_calls/0/type", "function")];
    vec![
        variant("tools", with(json!({})), &called),
        variant("tools, required", with(json!({"tool_choice": "required"})), &called),
        variant("tools, none", with(json!({"tool_choice": "none"})), &[(FINISH, "stop")]),
        variant("tools, named", with(named), &[("/choices/0/message/tool_calls/0/function/name", "get_time")]),
        variant("tools, allowed", with(allowed), &[("/choices/0/message/tool_calls/0/function/name", "get_time")]),
        variant("tools, one at a time", with(json!({"parallel_tool_calls": false})), &called),
        variant("tools, n", with(json!({"n": 2})), &called),
        variant("tools, cut", with(json!({"max_tokens": 5})), &[(FINISH, "length")]),
        variant("tools, with logprobs", with(json!({"logprobs": true, "top_logprobs": 2})), &called),
        variant("tools of a model that thinks", with(json!({"model": "gpt-5"})), &called),
        variant("custom tools", custom(json!({"type": "text"})), &custom_call),
        variant("custom tools, regex", grammar("regex", "[a-z]{3}-[0-9]+"), &custom_call),
        variant(
            "custom tools, lark",
            grammar("lark", "start: \"print(\" NUMBER \")\"\nNUMBER: /[0-9]+/"),
            &custom_call,
        ),
        variant(
            "functions",
            json!({"messages": ask, "functions": [weather()["function"]], "function_call": {"name": "get_weather"}}),
            &[("/choices/0/message/function_call/name", "get_weather")],
        ),
        variant(
            "functions by themselves",
            json!({"messages": ask, "functions": [weather_lax()]}),
            &[(FINISH, "function_call")],
        ),
        variant(
            "a function's result",
            json!({"functions": [weather_lax()], "messages": [
                {"role": "user", "content": "What's the weather in Paris?"},
                {"role": "assistant", "content": null, "function_call": {"name": "get_weather", "arguments": "{\"city\": \"Paris\"}"}},
                {"role": "function", "name": "get_weather", "content": "{\"sky\": \"clear\"}"},
            ]}),
            &[(FINISH, "stop")],
        ),
    ]
}

/// A function tool, strict.
pub(super) fn weather() -> Value {
    json!({"type": "function", "function": {"name": "get_weather", "description": "Get the weather in a city.",
        "strict": true, "parameters": {"type": "object", "properties": {"city": {"type": "string"}},
        "required": ["city"], "additionalProperties": false}}})
}

fn weather_lax() -> Value {
    json!({"name": "get_weather", "description": "Get the weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}})
}

fn clock() -> Value {
    json!({"type": "function", "function": {"name": "get_time", "description": "What time it is.",
        "parameters": {"type": "object", "properties": {"zone": {"type": "string"}}}}})
}

fn shapes() -> Vec<Variant> {
    let schema = json!({"type": "object", "additionalProperties": false,
    "required": ["name", "email", "age", "tags", "kind", "parent"],
    "properties": {
        "name": {"type": "string"}, "email": {"type": "string", "format": "email"},
        "age": {"type": "integer", "minimum": 0, "maximum": 130},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3},
        "kind": {"type": "string", "enum": ["cat", "dog"]},
        "parent": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
    }});
    let format = json!({"type": "json_schema", "json_schema": {"name": "pet", "strict": true, "schema": schema}});
    vec![
        variant("a schema", json!({"response_format": format}), &[(FINISH, "stop")]),
        variant("a schema, logprobs", json!({"response_format": format, "logprobs": true, "top_logprobs": 2}), &[]),
        variant("a schema, cut", json!({"response_format": format, "max_tokens": 4}), &[(FINISH, "length")]),
        variant(
            "json",
            json!({"response_format": {"type": "json_object"}, "messages": [{"role": "user", "content": "A pet as JSON"}]}),
            &[(FINISH, "stop")],
        ),
        variant("text", json!({"response_format": {"type": "text"}}), &[(FINISH, "stop")]),
    ]
}

fn thinking() -> Vec<Variant> {
    let effort = |effort: &str| json!({"model": "o3-mini", "reasoning_effort": effort});
    vec![
        variant("o3-mini, low", effort("low"), &[(FINISH, "stop")]),
        variant("o3-mini, high", effort("high"), &[(FINISH, "stop")]),
        variant("o1", json!({"model": "o1", "max_completion_tokens": 2000}), &[]),
        variant("gpt-5, minimal", json!({"model": "gpt-5", "reasoning_effort": "minimal"}), &[(FINISH, "stop")]),
        variant("gpt-5, cut in thought", json!({"model": "gpt-5", "max_completion_tokens": 16}), &[(FINISH, "length")]),
        variant("gpt-oss", json!({"model": "openai/gpt-oss-120b", "reasoning_effort": "low"}), &[]),
        variant("deepseek-reasoner", json!({"model": "deepseek-reasoner"}), &[]),
    ]
}

fn inputs() -> Vec<Variant> {
    // 1×1 red.
    let pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
    let see = |url: &str, detail: &str| {
        json!({"messages": [{"role": "user", "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": url, "detail": detail}},
        ]}]})
    };
    vec![
        variant("a picture", see(pixel, "auto"), &[]),
        variant("a picture elsewhere", see("https://example.com/a.png", "low"), &[]),
        variant(
            "every role",
            json!({"messages": [
                {"role": "developer", "content": "Be brief.", "name": "boss"},
                {"role": "system", "content": [{"type": "text", "text": "Be kind."}]},
                {"role": "user", "content": [{"type": "text", "text": "Hello"}], "name": "ann"},
                {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]},
                {"role": "assistant", "content": null, "refusal": "No."},
                {"role": "user", "content": "Go on."},
            ]}),
            &[(FINISH, "stop")],
        ),
    ]
}
