use fakeai_core::Seed;
use fakeai_tokens::CountMemo;
use serde_json::{Value, json};

use crate::fixtures::chat;
use crate::{
    Call, Finish, Format, GenerationRequest, Prompt, Role, SegmentKind, Shape, Tool, ToolChoice, ToolInput, Turn,
    Writer, count_prompt,
};

fn tool(name: &str, description: &str, properties: &Value, required: &[&str]) -> Tool {
    let schema = json!({"type": "object", "properties": properties, "required": required});
    let input = ToolInput::Arguments(Shape::parse(schema).unwrap());
    Tool { name: name.to_owned(), description: description.to_owned(), input, allowed: true }
}

fn weather() -> Tool {
    let properties = json!({
        "location": {"type": "string", "description": "City and country, e.g. Bogotá, Colombia"},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
    });
    tool("get_weather", "Get current temperature for a given location.", &properties, &["location"])
}

fn mail() -> Tool {
    let properties = json!({
        "to": {"type": "string", "description": "The recipient email address."},
        "subject": {"type": "string"},
        "body": {"type": "string"},
    });
    tool(
        "send_email",
        "Send an email to a given recipient with a subject and message.",
        &properties,
        &["to", "subject", "body"],
    )
}

fn sum() -> Tool {
    let properties = json!({"a": {"type": "number"}, "b": {"type": "number"}});
    tool("add", "Add two numbers together", &properties, &["a", "b"])
}

fn asked(text: &str, tools: Vec<Tool>) -> GenerationRequest {
    let mut request = chat(text);
    request.tools.offered = tools;
    request
}

/// Names and arguments of the calls, and why it ended.
fn calls(request: &GenerationRequest) -> (Vec<(String, Value)>, Finish) {
    let prompt = count_prompt(request, &CountMemo::default());
    let generation = Writer::default().write(request, prompt, Seed::new(42));
    let choice = generation.choices.into_iter().next().unwrap();
    let calls = choice.segments.iter().filter(|segment| segment.kind == SegmentKind::Call);
    let calls = calls.map(|segment| {
        let input = serde_json::from_str(&segment.text).unwrap_or(Value::from(segment.text.as_str()));
        (segment.tool.as_ref().unwrap().name.clone(), input)
    });
    (calls.collect(), choice.finish)
}

fn text(request: &GenerationRequest) -> String {
    let prompt = count_prompt(request, &CountMemo::default());
    let generation = Writer::default().write(request, prompt, Seed::new(42));
    generation.choices[0].segments.iter().map(|segment| segment.text.as_str()).collect()
}

#[test]
fn a_fitting_tool_is_called_with_what_the_user_named() {
    let all = || vec![mail(), weather(), sum()];
    let (made, finish) = calls(&asked("What's the weather like in Paris today?", all()));
    assert_eq!(made, [("get_weather".to_owned(), json!({"location": "Paris"}))]);
    assert_eq!(finish, Finish::ToolCalls);
    let (made, _) = calls(&asked("What is the temperature in Lima, in fahrenheit?", all()));
    assert_eq!(made, [("get_weather".to_owned(), json!({"location": "Lima", "unit": "fahrenheit"}))]);
    let (made, _) = calls(&asked("Can you add 17 and 25.5 for me?", all()));
    assert_eq!(made, [("add".to_owned(), json!({"a": 17, "b": 25.5}))]);
    let (made, _) = calls(&asked("Send an email to ilan@example.com saying hi there", all()));
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].1["to"], "ilan@example.com");
    assert_eq!(made[0].1["body"], "hi there");
}

#[test]
fn several_things_are_several_calls_unless_one_at_a_time_is_asked_for() {
    let mut request = asked("What's the weather in Paris and Tokyo?", vec![weather()]);
    let (made, _) = calls(&request);
    let places: Vec<&Value> = made.iter().map(|(_, input)| &input["location"]).collect();
    assert_eq!(places, ["Paris", "Tokyo"]);
    request.tools.one_at_a_time = true;
    assert_eq!(calls(&request).0.len(), 1);
}

#[test]
fn what_no_tool_fits_is_answered_in_words() {
    for text in ["Hello!", "Tell me a joke about cats", "Explain recursion to a child", "Who wrote Faust?"] {
        let (made, finish) = calls(&asked(text, vec![mail(), weather(), sum()]));
        assert_eq!((made, finish), (vec![], Finish::Stop), "{text}");
    }
}

#[test]
fn choices_are_kept() {
    let mut request = asked("What's the weather in Paris?", vec![weather(), mail()]);
    request.tools.choice = ToolChoice::Never;
    assert!(calls(&request).0.is_empty());
    request.tools.choice = ToolChoice::Named(1);
    assert_eq!(calls(&request).0[0].0, "send_email");
    let mut request = asked("Tell me a joke", vec![weather(), mail()]);
    request.tools.choice = ToolChoice::Required;
    assert_eq!(calls(&request).0.len(), 1);
    request.tools.offered[0].allowed = false;
    assert_eq!(calls(&request).0[0].0, "send_email");
}

#[test]
fn a_result_ends_the_loop_with_a_text_that_uses_it() {
    let mut request = asked("What's the weather in Paris?", vec![weather()]);
    let Prompt::Chat(turns) = &mut request.prompt else { unreachable!() };
    let call =
        Call { id: "call_1".to_owned(), name: "get_weather".to_owned(), input: "{\"location\":\"Paris\"}".to_owned() };
    turns.push(Turn { calls: vec![call], parts: Vec::new(), ..Turn::new(Role::Assistant, "") });
    let result = "{\"temperature\": 18.5, \"sky\": \"clear\"}";
    turns.push(Turn { answers: Some("call_1".to_owned()), ..Turn::new(Role::Tool, result) });
    assert!(calls(&request).0.is_empty());
    let said = text(&request);
    assert!(said.contains("18.5") && said.contains("clear") && said.contains("Paris"), "{said}");
}

#[test]
fn two_calls_of_a_tool_are_told_apart() {
    let mut request = asked("What's the weather in Paris and Rome?", vec![weather()]);
    let Prompt::Chat(turns) = &mut request.prompt else { unreachable!() };
    let call = |id: &str, place: &str| Call {
        id: id.to_owned(),
        name: "get_weather".to_owned(),
        input: json!({"location": place}).to_string(),
    };
    turns.push(Turn { calls: vec![call("a", "Paris"), call("b", "Rome")], ..Turn::new(Role::Assistant, "") });
    for (id, result) in [("a", "{\"sky\": \"grey\"}"), ("b", "{\"sky\": \"blue\"}")] {
        turns.push(Turn { answers: Some(id.to_owned()), ..Turn::new(Role::Tool, result) });
    }
    let said = text(&request);
    assert!(said.contains("(Paris): sky grey") && said.contains("(Rome): sky blue"), "{said}");
}

#[test]
fn two_steps_are_two_tools_one_after_the_other_or_together_and_then_an_end() {
    let mut request = asked("Get the weather in Oslo and then email it to bob@example.com", vec![weather(), mail()]);
    for round in 0..4 {
        let (made, _) = calls(&request);
        if made.is_empty() {
            assert!(round > 0);
            return;
        }
        let Prompt::Chat(turns) = &mut request.prompt else { unreachable!() };
        let id = |index: usize| format!("call_{round}_{index}");
        let made_calls = made.iter().enumerate().map(|(index, (name, input))| Call {
            id: id(index),
            name: name.clone(),
            input: input.to_string(),
        });
        turns.push(Turn { calls: made_calls.collect(), ..Turn::new(Role::Assistant, "") });
        for index in 0..made.len() {
            turns.push(Turn { answers: Some(id(index)), ..Turn::new(Role::Tool, "done") });
        }
    }
    panic!("the loop did not end");
}

#[test]
fn structured_answers_take_their_values_from_the_prompt() {
    let schema = json!({
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}, "summary": {"type": "string"}},
        "required": ["name", "age", "summary"],
        "additionalProperties": false,
    });
    let mut request = chat("Extract the person: Jason is 25 years old and lives in Bergen.");
    request.format = Format::Schema(Shape::parse(schema).unwrap());
    let value: Value = serde_json::from_str(&text(&request)).unwrap();
    assert_eq!((&value["name"], &value["age"]), (&json!("Jason"), &json!(25)), "{value}");
    assert!(value["summary"].as_str().unwrap().len() > 10, "{value}");
}

#[test]
fn other_languages_call_tools_too() {
    for (text, place) in [
        ("Wie ist das Wetter in Berlin?", "Berlin"),
        ("¿Qué tiempo hace en Madrid?", "Madrid"),
        ("Quel temps fait-il à Lyon ?", "Lyon"),
        ("东京的天气怎么样？", "东京"),
        ("weather nyc", "NYC"),
    ] {
        let (made, _) = calls(&asked(text, vec![mail(), weather()]));
        assert_eq!(made, [("get_weather".to_owned(), json!({"location": place}))], "{text}");
    }
}

#[test]
fn optional_arguments_are_those_that_were_named() {
    let properties = json!({
        "title": {"type": "string"},
        "date": {"type": "string", "description": "ISO date"},
        "time": {"type": "string"},
        "attendees": {"type": "array", "items": {"type": "string"}},
        "room": {"type": "string"},
    });
    let tool =
        || tool("create_calendar_event", "Create an event in the user's calendar", &properties, &["title", "date"]);
    let text = "Schedule a meeting with Anna and Bob on 2026-03-05 at 15:00 about the budget";
    let (made, _) = calls(&asked(text, vec![tool()]));
    let expected = json!({"title": "the budget", "date": "2026-03-05", "time": "15:00", "attendees": ["Anna", "Bob"]});
    assert_eq!(made, [("create_calendar_event".to_owned(), expected)]);
}

#[test]
fn lists_of_objects_keep_their_values_together() {
    let user = json!({"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]});
    let schema = json!({"type": "object", "properties": {"users": {"type": "array", "items": user, "minItems": 3, "maxItems": 3}}, "required": ["users"]});
    let mut request = chat("Jason is 25, Sarah is 31 and Tom is 47 years old.");
    request.format = Format::Schema(Shape::parse(schema).unwrap());
    let value: Value = serde_json::from_str(&text(&request)).unwrap();
    let expected = json!([{"name": "Jason", "age": 25}, {"name": "Sarah", "age": 31}, {"name": "Tom", "age": 47}]);
    assert_eq!(value["users"], expected);
}

#[test]
fn described_tools_cost_tokens() {
    let plain = count_prompt(&chat("hello"), &CountMemo::default()).tokens;
    let counted = |tools| count_prompt(&asked("hello", tools), &CountMemo::default()).tokens;
    assert!(counted(vec![weather()]) > plain + 30 && counted(vec![weather(), mail()]) > counted(vec![weather()]) + 30);
}
