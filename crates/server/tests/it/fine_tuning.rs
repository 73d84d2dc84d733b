//! Fine-tuning: jobs by the clock, their events, checkpoints, results and models.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::files::put;
use crate::harness::{Answer, TestServer, ready, request};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A server whose jobs take 100 seconds.
fn slow() -> TestServer {
    TestServer::with(|settings| settings.jobs.fine_tuning = seconds(100))
}

fn examples(count: usize) -> String {
    let example = |number: usize| {
        let user = json!({"role": "user", "content": format!("What is {number} and {number}?")});
        let answer = json!({"role": "assistant", "content": format!("It is {}.", number * 2)});
        json!({"messages": [{"role": "system", "content": "You add."}, user, answer]}).to_string() + "\n"
    };
    (0..count).map(example).collect()
}

async fn upload(server: &TestServer, lines: &str) -> Value {
    put(server, "fine-tune", "train.jsonl", lines.as_bytes()).await.json()["id"].clone()
}

async fn create(server: &TestServer, change: Value) -> Answer {
    let file = upload(server, &examples(20)).await;
    let mut body = json!({"model": "gpt-4o-mini", "training_file": file, "seed": 7});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    server.post("/v1/fine_tuning/jobs", body).await
}

/// What a GET answers now; the clock is not moved.
async fn look(server: &TestServer, path: &str) -> Value {
    let response = server.open(Request::get(path).body(axum::body::Body::empty()).unwrap()).await;
    let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

fn path(job: &Value, rest: &str) -> String {
    format!("/v1/fine_tuning/jobs/{}{rest}", job["id"].as_str().unwrap())
}

/// Asks for a change of a job; the clock is not moved.
async fn ask(server: &TestServer, job: &Value, verb: &str) -> (u16, Value) {
    let response = server.open(Request::post(path(job, verb)).body(axum::body::Body::empty()).unwrap()).await;
    let status = response.status().as_u16();
    let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn a_job_goes_its_way_by_the_clock() {
    let server = slow();
    let valid = upload(&server, &examples(5)).await;
    let wandb = json!([{"type": "wandb", "wandb": {"project": "p", "tags": ["a"]}}]);
    let change = json!({
        "validation_file": valid, "suffix": "My Adder", "metadata": {"run": "7"}, "integrations": wandb,
        "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 4}}},
    });
    let made = create(&server, change).await.json();
    assert_eq!((&made["status"], &made["hyperparameters"]["batch_size"]), (&json!("validating_files"), &json!("auto")));
    server.clock.advance(seconds(5));
    let queued = look(&server, &path(&made, "")).await;
    assert_eq!((&queued["status"], &queued["hyperparameters"]["n_epochs"]), (&json!("queued"), &json!(4)));
    server.clock.advance(seconds(5));
    let running = look(&server, &path(&made, "")).await;
    assert_eq!((&running["status"], &running["fine_tuned_model"]), (&json!("running"), &Value::Null));
    assert_eq!(running["estimated_finish"].as_i64().unwrap() - made["created_at"].as_i64().unwrap(), 100);
    server.clock.advance(seconds(90));
    let done = look(&server, &path(&made, "")).await;
    insta::assert_json_snapshot!(done);
    let events = look(&server, &path(&made, "/events?limit=100")).await;
    let words: Vec<&str> =
        events["data"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap()).collect();
    assert_eq!(words.len(), 88);
    insta::assert_json_snapshot!([&words[..4], &words[80..]]);
    let metrics = &events["data"][2]["data"];
    assert_eq!((&metrics["step"], &metrics["total_steps"]), (&json!(80), &json!(80)));
    assert!(metrics["full_valid_loss"].as_f64().unwrap() > 0.0);
    let checkpoints = look(&server, &path(&made, "/checkpoints")).await;
    let steps: Vec<&Value> = checkpoints["data"].as_array().unwrap().iter().map(|one| &one["step_number"]).collect();
    assert_eq!(steps, [80, 60, 40]);
    assert_eq!(checkpoints["data"][0]["fine_tuned_model_checkpoint"], done["fine_tuned_model"]);
    let name = format!("{}:ckpt-step-60", done["fine_tuned_model"].as_str().unwrap());
    assert_eq!(checkpoints["data"][1]["fine_tuned_model_checkpoint"], name);
}

#[tokio::test]
async fn results_are_a_file_of_what_was_measured() {
    let server = TestServer::with(|settings| settings.jobs.fine_tuning = Duration::ZERO);
    let made = create(&server, json!({})).await.json();
    let done = look(&server, &path(&made, "")).await;
    let id = done["result_files"][0].as_str().unwrap();
    let file = server.get(&format!("/v1/files/{id}")).await.json();
    assert_eq!((&file["purpose"], &file["filename"]), (&json!("fine-tune-results"), &json!("step_metrics.csv")));
    let content = server.get(&format!("/v1/files/{id}/content")).await;
    assert_eq!(file["bytes"], content.body.len());
    let csv = String::from_utf8(STANDARD.decode(&content.body).unwrap()).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy");
    let steps = done["hyperparameters"]["n_epochs"].as_u64().unwrap() * 20;
    assert_eq!(lines.len() as u64, steps + 1);
    let loss = |line: &str| line.split(',').nth(1).unwrap().parse::<f64>().unwrap();
    assert!(loss(lines[lines.len() - 1]) < loss(lines[1]) / 2.0, "{} {}", lines[1], lines[lines.len() - 1]);
    // The same seed and file give the same losses.
    let again = create(&server, json!({})).await.json();
    let again = look(&server, &path(&again, "")).await;
    let other = server.get(&format!("/v1/files/{}/content", again["result_files"][0].as_str().unwrap())).await;
    assert_eq!(other.body, content.body);
}

#[tokio::test]
async fn the_model_is_listed_answers_and_is_deleted() {
    for strict in [false, true] {
        let server = TestServer::with(|settings| {
            settings.strict_models = strict;
            settings.jobs.fine_tuning = seconds(10);
        });
        let made = create(&server, json!({"suffix": "x"})).await.json();
        let listed = async |name: &str| {
            let list = server.get("/v1/models").await.json();
            list["data"].as_array().unwrap().iter().find(|model| model["id"] == name).cloned()
        };
        server.clock.advance(seconds(10));
        let done = look(&server, &path(&made, "")).await;
        let name = done["fine_tuned_model"].as_str().unwrap();
        assert!(name.starts_with("ft:gpt-4o-mini:fakeai:x:"), "{name}");
        let model = listed(name).await.unwrap();
        assert_eq!((&model["created"], &model["parent"]), (&done["finished_at"], &json!("gpt-4o-mini")));
        let body = json!({"model": name, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4});
        let answer = server.chat(body.clone()).await.json();
        assert_eq!(answer["model"], name);
        let further = create(&server, json!({"model": name})).await.json();
        assert_eq!(further["model"], name);
        let delete = || request(Method::DELETE, &format!("/v1/models/{name}"), None);
        assert_eq!(server.send(delete()).await.json()["deleted"], true);
        assert_eq!(listed(name).await, None);
        assert_eq!(server.chat(body).await.status, 404);
        assert_eq!(server.get(&format!("/v1/models/{name}")).await.status, 404);
        assert_eq!(server.send(delete()).await.status, 404);
    }
}

#[tokio::test]
async fn a_job_is_paused_goes_on_and_is_cancelled() {
    let server = slow();
    let made = create(&server, json!({})).await.json();
    let start = made["created_at"].as_i64().unwrap();
    server.clock.advance(seconds(40));
    assert_eq!(ask(&server, &made, "/pause").await.1["status"], "paused");
    assert_eq!(ask(&server, &made, "/pause").await.0, 400);
    server.clock.advance(seconds(1000));
    assert_eq!(look(&server, &path(&made, "")).await["status"], "paused");
    let resumed = ask(&server, &made, "/resume").await.1;
    assert_eq!((&resumed["status"], &resumed["estimated_finish"]), (&json!("running"), &json!(start + 1100)));
    assert_eq!(ask(&server, &made, "/resume").await.0, 400);
    server.clock.advance(seconds(30));
    let before = look(&server, &path(&made, "/events?limit=100")).await["data"].as_array().unwrap().len();
    let cancelled = ask(&server, &made, "/cancel").await.1;
    assert_eq!((&cancelled["status"], &cancelled["finished_at"]), (&json!("cancelled"), &json!(start + 1070)));
    server.clock.advance(seconds(1000));
    let done = look(&server, &path(&made, "")).await;
    assert_eq!((&done["status"], &done["fine_tuned_model"]), (&json!("cancelled"), &Value::Null));
    assert_eq!(done["result_files"], json!([]));
    let events = look(&server, &path(&made, "/events?limit=100")).await;
    assert_eq!(events["data"].as_array().unwrap().len(), before + 1);
    assert_eq!(events["data"][0]["message"], "Fine-tuning job cancelled");
    let (status, error) = ask(&server, &made, "/cancel").await;
    let message = format!("Job has already been cancelled: {}", made["id"].as_str().unwrap());
    assert_eq!((status, &error["error"]["message"]), (400, &json!(message)));
}

#[tokio::test]
async fn events_are_streamed_as_they_happen() {
    let server = slow();
    let made = create(&server, json!({})).await.json();
    let response =
        server.open(Request::get(path(&made, "/events?stream=true")).body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    let mut body = response.into_body();
    assert_eq!(ready(&mut body).unwrap().matches("data: {").count(), 2);
    assert_eq!(ready(&mut body), None);
    server.clock.advance(seconds(5));
    assert!(ready(&mut body).unwrap().contains("Files validated, moving job to queued state"));
    ask(&server, &made, "/pause").await;
    assert!(ready(&mut body).unwrap().contains("Fine-tuning job paused"));
    server.clock.advance(seconds(50));
    assert_eq!(ready(&mut body), None);
    ask(&server, &made, "/resume").await;
    assert!(ready(&mut body).unwrap().contains("Fine-tuning job resumed"));
    server.clock.advance(seconds(95));
    let rest = ready(&mut body).unwrap();
    assert!(rest.contains("The job has successfully completed") && rest.ends_with("data: [DONE]\n\n"), "{rest}");
    assert_eq!(ready(&mut body), None);
}

#[tokio::test]
async fn broken_files_fail_and_name_the_line() {
    let server = TestServer::with(|settings| settings.jobs.fine_tuning = Duration::ZERO);
    let broken = format!("{}\n{{\"messages\": [{{\"role\": \"user\", \"content\": \"Hi\"}}]}}\n", examples(3));
    for (lines, code, words) in [
        (examples(9), "invalid_n_examples", "contains 9 examples. Training file must have at least 10 examples."),
        (broken, "invalid_training_file", "Line 5, key \"messages\": the example has no message from the assistant"),
        (
            "{\"prompt\": \"a\", \"completion\": \"b\"}\n".repeat(12),
            "invalid_training_file",
            "Line 1, key \"messages\"",
        ),
    ] {
        let file = upload(&server, &lines).await;
        let made = create(&server, json!({"training_file": file})).await.json();
        let failed = look(&server, &path(&made, "")).await;
        assert_eq!((&failed["status"], &failed["error"]["code"]), (&json!("failed"), &json!(code)));
        assert_eq!(failed["error"]["param"], "training_file");
        assert!(failed["error"]["message"].as_str().unwrap().contains(words), "{failed}");
        let events = look(&server, &path(&made, "/events")).await;
        assert_eq!(
            (&events["data"][0]["level"], &events["data"][0]["message"]),
            (&json!("error"), &failed["error"]["message"])
        );
        assert_eq!(look(&server, &path(&made, "/checkpoints")).await["data"], json!([]));
    }
    let valid = upload(&server, "{}\n").await;
    let made = create(&server, json!({"validation_file": valid})).await.json();
    assert_eq!(look(&server, &path(&made, "")).await["error"]["param"], "validation_file");
    // The older models learn from prompts and completions.
    let file = upload(&server, &"{\"prompt\": \"a\", \"completion\": \"b\"}\n".repeat(12)).await;
    let made = create(&server, json!({"training_file": file, "model": "babbage-002"})).await.json();
    let done = look(&server, &path(&made, "")).await;
    assert_eq!((&done["status"], &done["trained_tokens"]), (&json!("succeeded"), &json!(12 * 2 * 8)));
}

#[tokio::test]
async fn preferences_and_rewards_are_methods_too() {
    let server = TestServer::with(|settings| settings.jobs.fine_tuning = Duration::ZERO);
    let pair = json!({
        "input": {"messages": [{"role": "user", "content": "Hi"}]},
        "preferred_output": [{"role": "assistant", "content": "Hello!"}],
        "non_preferred_output": [{"role": "assistant", "content": "What?"}],
    });
    let file = upload(&server, &format!("{pair}\n").repeat(10)).await;
    let method = json!({"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.2}}});
    let made = create(&server, json!({"training_file": file, "method": method})).await.json();
    let done = look(&server, &path(&made, "")).await;
    assert_eq!(
        (&done["status"], &done["method"]["dpo"]["hyperparameters"]["beta"]),
        (&json!("succeeded"), &json!(0.2))
    );
    let example = json!({"messages": [{"role": "user", "content": "2+2?"}], "answer": "4"});
    let file = upload(&server, &format!("{example}\n").repeat(10)).await;
    let grader = json!({
        "type": "string_check", "name": "same", "operation": "eq", "input": "{{sample.output_text}}",
        "reference": "{{item.answer}}",
    });
    let method = json!({"type": "reinforcement", "reinforcement": {"grader": grader}});
    let made = create(&server, json!({"model": "o4-mini", "training_file": file, "method": method})).await.json();
    let done = look(&server, &path(&made, "")).await;
    assert_eq!((&done["status"], &done["method"]["reinforcement"]["grader"]), (&json!("succeeded"), &grader));
    let events = look(&server, &path(&made, "/events?limit=3")).await;
    assert!(events["data"][2]["data"]["train_reward_mean"].as_f64().unwrap() > 0.3, "{events}");
}

#[tokio::test]
async fn wrong_jobs_are_refused() {
    let server = TestServer::new();
    let other = put(&server, "batch", "x.jsonl", b"{}").await.json()["id"].clone();
    for (change, param) in [
        (json!({"model": null}), "model"),
        (json!({"model": "gpt-99"}), "model"),
        (json!({"model": "text-embedding-3-small"}), "model"),
        (json!({"training_file": null}), "training_file"),
        (json!({"training_file": "file-none"}), "training_file"),
        (json!({"training_file": other}), "training_file"),
        (json!({"validation_file": "file-none"}), "validation_file"),
        (json!({"suffix": ""}), "suffix"),
        (json!({"suffix": "x".repeat(65)}), "suffix"),
        (json!({"seed": -1}), "seed"),
        (json!({"hyperparameters": {"n_epochs": 51}}), "hyperparameters.n_epochs"),
        (json!({"hyperparameters": {"batch_size": "many"}}), "hyperparameters.batch_size"),
        (json!({"method": {"type": "magic"}}), "method.type"),
        (
            json!({"method": {"type": "dpo", "dpo": {"hyperparameters": {"beta": 3}}}}),
            "method.dpo.hyperparameters.beta",
        ),
        (json!({"method": {"type": "reinforcement"}}), "method.reinforcement.grader"),
        (json!({"integrations": [{"type": "wandb"}]}), "integrations[0].wandb.project"),
        (json!({"metadata": {"a": 1}}), "metadata.a"),
    ] {
        let (status, error) = create(&server, change.clone()).await.error();
        assert_eq!((status, error["param"].as_str()), (400, Some(param)), "{change}: {error}");
    }
    for rest in ["", "/events", "/events?stream=true", "/checkpoints"] {
        assert_eq!(server.get(&format!("/v1/fine_tuning/jobs/ftjob-none{rest}")).await.status, 404, "{rest}");
    }
    for verb in ["cancel", "pause", "resume"] {
        assert_eq!(server.post(&format!("/v1/fine_tuning/jobs/ftjob-none/{verb}"), json!({})).await.status, 404);
    }
    assert_eq!(
        server.get("/v1/fine_tuning/jobs").await.json(),
        json!({"object": "list", "data": [], "has_more": false})
    );
}

#[tokio::test]
async fn jobs_are_listed_and_counted() {
    let server = slow();
    let first = create(&server, json!({"metadata": {"team": "a"}})).await.json();
    server.clock.advance(seconds(100));
    let second = create(&server, json!({})).await.json();
    server.clock.advance(seconds(55));
    let list = look(&server, "/v1/fine_tuning/jobs?limit=1").await;
    assert_eq!((&list["data"][0]["id"], &list["has_more"]), (&second["id"], &json!(true)));
    let list = look(&server, "/v1/fine_tuning/jobs?metadata[team]=a").await;
    assert_eq!((list["data"].as_array().unwrap().len(), &list["data"][0]["id"]), (1, &first["id"]));
    let metrics = look(&server, "/metrics/fine-tuning").await;
    assert_eq!(metrics["by_status"], json!({"running": 1, "succeeded": 1}));
    assert_eq!((&metrics["avg_duration_seconds"], &metrics["success_rate"]), (&json!(100.0), &json!(1.0)));
    assert_eq!((&metrics["recent"][0]["progress"], &metrics["recent"][0]["step"]), (&json!(0.55), &json!(50)));
    let tokens = metrics["trained_tokens"].as_f64().unwrap();
    assert!((metrics["cost_usd"].as_f64().unwrap() - tokens * 3e-6).abs() < 1e-12, "{metrics}");
}

#[tokio::test]
async fn checkpoints_are_permitted_to_projects() {
    let server = TestServer::with(|settings| settings.jobs.fine_tuning = Duration::ZERO);
    let made = create(&server, json!({})).await.json();
    let name = look(&server, &path(&made, "")).await["fine_tuned_model"].as_str().unwrap().to_owned();
    let path = format!("/v1/fine_tuning/checkpoints/{name}/permissions");
    let granted = server.post(&path, json!({"project_ids": ["proj_a", "proj_b"]})).await.json();
    assert_eq!(granted["data"][1]["project_id"], "proj_b");
    let list = server.get(&format!("{path}?limit=1&order=ascending")).await.json();
    assert_eq!((&list["data"][0], &list["has_more"]), (&granted["data"][0], &json!(true)));
    let list = server.get(&format!("{path}?project_id=proj_b")).await.json();
    assert_eq!(list["data"], json!([granted["data"][1]]));
    let one = format!("{path}/{}", granted["data"][0]["id"].as_str().unwrap());
    assert_eq!(server.send(request(Method::DELETE, &one, None)).await.json()["deleted"], true);
    assert_eq!(server.send(request(Method::DELETE, &one, None)).await.status, 404);
    assert_eq!(server.get(&path).await.json()["data"].as_array().unwrap().len(), 1);
    assert_eq!(server.get("/v1/fine_tuning/checkpoints/ft:none/permissions").await.status, 404);
    assert_eq!(server.post(&path, json!({"project_ids": []})).await.status, 400);
}
