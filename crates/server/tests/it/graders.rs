//! Graders: run and validated.

use serde_json::{Value, json};

use crate::harness::TestServer;

async fn reward(server: &TestServer, grader: &Value, item: &Value, sample: &str) -> Value {
    let body = json!({"grader": grader, "item": item, "model_sample": sample});
    let answer = server.post("/v1/fine_tuning/alpha/graders/run", body).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.json()
}

fn check(operation: &str) -> Value {
    json!({
        "type": "string_check", "name": "check", "operation": operation, "input": "{{sample.output_text}}",
        "reference": "{{item.label}}",
    })
}

#[tokio::test]
async fn texts_are_compared() {
    let server = TestServer::new();
    let item = json!({"label": "Cat"});
    for (operation, sample, expected) in [
        ("eq", "Cat", 1.0),
        ("eq", "cat", 0.0),
        ("ne", "dog", 1.0),
        ("like", "a Cat sat", 1.0),
        ("like", "a cat sat", 0.0),
        ("ilike", "a cat sat", 1.0),
    ] {
        assert_eq!(reward(&server, &check(operation), &item, sample).await["reward"], expected, "{operation} {sample}");
    }
    let mut grader = check("eq");
    (grader["type"], grader["evaluation_metric"]) = (json!("text_similarity"), json!("rouge_1"));
    let graded = reward(&server, &grader, &json!({"label": "the cat is on the mat"}), "the cat sat on the mat").await;
    assert!((graded["reward"].as_f64().unwrap() - 5.0 / 6.0).abs() < 1e-9);
    insta::assert_json_snapshot!(graded);
    let graded = reward(&server, &check("eq"), &json!({}), "Cat").await;
    assert_eq!(
        (&graded["reward"], &graded["metadata"]["errors"]["invalid_variable_error"]),
        (&json!(0.0), &json!(true))
    );
}

#[tokio::test]
async fn models_and_programs_are_simulated_and_several_are_added_up() {
    let server = TestServer::new();
    let item = json!({"label": "positive", "review": "I loved it"});
    let message =
        json!([{"role": "user", "content": {"type": "input_text", "text": "Rate: {{item.review}} is {{item.label}}"}}]);
    let score = json!({"type": "score_model", "name": "judge", "model": "gpt-4o", "input": message, "range": [0, 10]});
    let good = reward(&server, &score, &item, "positive").await;
    let bad = reward(&server, &score, &item, "42").await;
    assert_eq!(good["reward"], 10.0);
    assert!(bad["reward"].as_f64().unwrap() < 5.0, "{bad}");
    assert_eq!(good["metadata"]["sampled_model_name"], "gpt-4o");
    assert_eq!(good["model_grader_token_usage_per_model"]["gpt-4o"]["total_tokens"], good["metadata"]["token_usage"]);
    let label = json!({
        "type": "label_model", "name": "mood", "model": "gpt-4o", "input": message, "labels": ["positive", "negative"],
        "passing_labels": ["positive"],
    });
    assert_eq!(reward(&server, &label, &item, "That is positive.").await["reward"], 1.0);
    assert_eq!(reward(&server, &label, &item, "That is negative.").await["reward"], 0.0);
    let source = "def grade(sample, item):\n    return float(sample['output_text'] == item['label'])";
    let python = json!({"type": "python", "name": "program", "source": source});
    assert_eq!(reward(&server, &python, &item, "positive").await["reward"], 1.0);
    let broken = json!({"type": "python", "name": "program", "source": "print(1)"});
    let run = json!({"grader": broken, "item": item, "model_sample": "positive"});
    let (status, error) = server.post("/v1/fine_tuning/alpha/graders/run", run).await.error();
    assert_eq!((status, &error["param"]), (400, &json!("grader.source")));
    let multi = json!({
        "type": "multi", "name": "all", "graders": {"same": check("eq"), "program": python},
        "calculate_output": "0.25 * same + 0.75 * program",
    });
    let graded = reward(&server, &multi, &item, "positive").await;
    assert_eq!((&graded["reward"], &graded["sub_rewards"]), (&json!(1.0), &json!({"same": 1.0, "program": 1.0})));
}

#[tokio::test]
async fn graders_are_validated() {
    let server = TestServer::new();
    let path = "/v1/fine_tuning/alpha/graders/validate";
    assert_eq!(server.post(path, json!({"grader": check("eq")})).await.json(), json!({"grader": check("eq")}));
    let multi =
        |formula: &str| json!({"type": "multi", "name": "m", "graders": [check("eq")], "calculate_output": formula});
    for (grader, param) in [
        (Value::Null, "grader"),
        (json!({"name": "x"}), "grader.type"),
        (json!({"type": "magic", "name": "x"}), "grader.type"),
        (check("almost"), "grader.operation"),
        (
            json!({"type": "text_similarity", "name": "x", "input": "a", "reference": "b", "evaluation_metric": "rouge_9"}),
            "grader.evaluation_metric",
        ),
        (
            json!({"type": "label_model", "name": "x", "model": "m", "input": [], "labels": ["a"], "passing_labels": ["b"]}),
            "grader.passing_labels",
        ),
        (json!({"type": "score_model", "name": "x", "model": "m", "input": [{}]}), "grader.input[0].content"),
        (multi("check +"), "grader.calculate_output"),
        (multi("other"), "grader.calculate_output"),
    ] {
        let (status, error) = server.post(path, json!({"grader": grader})).await.error();
        assert_eq!((status, error["param"].as_str()), (400, Some(param)), "{error}");
    }
}
