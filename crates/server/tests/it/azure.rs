//! Azure `OpenAI`: deployments, versions, filters, errors, and the older text generation.

use fakeai_guard::{Limits, StoredKey, Tier};
use fakeai_server::settings::{Gatekeeping, Quota};
use http::Method;
use serde_json::{Value, json};

use crate::harness::{TestServer, form, request};

const CHAT: &str = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";
const THREAT: &str = "I am going to kill you and your family.";

fn hello(more: Value) -> Value {
    let mut body = json!({"messages": [{"role": "user", "content": "What is the capital of France?"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn safe() -> Value {
    let safe = json!({"filtered": false, "severity": "safe"});
    json!({"hate": safe, "self_harm": safe, "sexual": safe, "violence": safe})
}

#[tokio::test]
async fn a_deployment_answers_as_its_model_with_annotations() {
    let server = TestServer::with(|settings| {
        settings.azure_deployments.insert("prod".to_owned(), "gpt-4o-mini".to_owned());
    });
    let plain = server.chat(hello(json!({"model": "gpt-4o"}))).await.json();
    let answer = server.post(CHAT, hello(json!({}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.headers.contains_key("apim-request-id"));
    let answer = answer.json();
    assert_eq!(answer["model"], "gpt-4o");
    assert_eq!(answer["choices"][0]["message"]["role"], plain["choices"][0]["message"]["role"]);
    assert_eq!(answer["prompt_filter_results"], json!([{"prompt_index": 0, "content_filter_results": safe()}]));
    assert_eq!(answer["choices"][0]["content_filter_results"], safe());
    assert_eq!(plain.get("prompt_filter_results"), None);
    let mapped = "/openai/deployments/prod/chat/completions?api-version=2025-01-01-preview";
    let mapped = server.post(mapped, hello(json!({"model": "prod"}))).await.json();
    assert_eq!(mapped["model"], "gpt-4o-mini");
    let newer = server.post("/openai/v1/chat/completions", hello(json!({"model": "prod"}))).await.json();
    assert_eq!(newer["model"], "gpt-4o-mini");
    assert_eq!(newer["prompt_filter_results"][0]["prompt_index"], 0);
}

#[tokio::test]
async fn a_stream_is_annotated_chunk_by_chunk() {
    let server = TestServer::new();
    let answer = server.post(CHAT, hello(json!({"stream": true, "stream_options": {"include_usage": true}}))).await;
    let text = answer.text();
    let events: Vec<Value> =
        text.split("\n\n").filter_map(|event| serde_json::from_str(event.strip_prefix("data: ")?).ok()).collect();
    assert_eq!(events[0]["choices"], json!([]));
    assert_eq!(events[0]["prompt_filter_results"][0]["content_filter_results"], safe());
    assert_eq!(events[1]["choices"][0]["content_filter_results"], json!({}));
    assert_eq!(events[2]["choices"][0]["content_filter_results"], safe());
    assert!(events.last().unwrap()["usage"]["total_tokens"].is_u64());
    assert!(text.ends_with("data: [DONE]\n\n"));
}

#[tokio::test]
async fn other_operations_go_to_their_rooms() {
    let server = TestServer::new();
    let version = "api-version=2024-10-21";
    let completion =
        server.post(&format!("/openai/deployments/davinci-002/completions?{version}"), json!({"prompt": "Once"})).await;
    assert_eq!(completion.status, 200, "{}", completion.text());
    assert_eq!(completion.json()["choices"][0]["content_filter_results"], safe());
    let embedding = format!("/openai/deployments/text-embedding-3-small/embeddings?{version}");
    let embedding = server.post(&embedding, json!({"input": "hello"})).await.json();
    assert_eq!(embedding["data"][0]["embedding"].as_array().unwrap().len(), 1536);
    let image = format!("/openai/deployments/dall-e-3/images/generations?{version}");
    let image = server.post(&image, json!({"prompt": "A red cat"})).await;
    assert_eq!(image.status, 200, "{}", image.text());
    let slashes = format!("/openai/deployments/meta-llama/Llama-3.1-8B-Instruct/chat/completions?{version}");
    assert_eq!(server.post(&slashes, hello(json!({}))).await.json()["model"], "meta-llama/Llama-3.1-8B-Instruct");
    let made = server.post(&format!("/openai/assistants?{version}"), json!({"model": "gpt-4o"})).await.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(server.get(&format!("/openai/assistants/{id}?{version}")).await.json()["id"], id);
    let gone = request(Method::DELETE, &format!("/openai/assistants/{id}?{version}"), None);
    assert_eq!(server.send(gone).await.json()["deleted"], true);
    let list = server.get(&format!("/openai/v1/assistants?limit=1&{version}")).await.json();
    assert_eq!(list["data"], json!([]));
    let response = server.post("/openai/v1/responses", json!({"model": "gpt-4o", "input": "Hi"})).await.json();
    assert_eq!(response["object"], "response");
    let elsewhere = server.post(&format!("/w/blue{CHAT}"), hello(json!({}))).await;
    assert_eq!(elsewhere.status, 200);
}

#[tokio::test]
async fn paths_and_versions_that_azure_does_not_have_are_not_found() {
    let server = TestServer::with(|settings| settings.strict_models = true);
    let missing = json!({"code": "404", "message": "Resource not found"});
    for path in [
        "/openai/deployments/gpt-4o/chat/completions",
        "/openai/deployments/gpt-4o/chat/completions?api-version=yesterday",
        "/openai/deployments/gpt-4o/assistants?api-version=2024-10-21",
        "/openai/nonsense?api-version=2024-10-21",
        "/openai/v1/nonsense",
        "/openai/chat/completions",
    ] {
        let answer = server.post(path, hello(json!({"model": "gpt-4o"}))).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (404, &missing), "{path}");
    }
    let path = "/openai/deployments/gpt-9/chat/completions?api-version=2024-10-21";
    let answer = server.post(path, hello(json!({}))).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error"]["code"]), (404, &json!("DeploymentNotFound")));
    let wrong = server.post(CHAT, json!({"messages": [], "temperature": "hot"})).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["error"]["type"]), (400, &json!("invalid_request_error")));
    assert_eq!(server.post(CHAT, json!([1])).await.status, 400);
}

#[tokio::test]
async fn a_harmful_prompt_is_filtered() {
    let server = TestServer::new();
    for stream in [false, true] {
        let body =
            json!({"messages": [{"role": "user", "content": [{"type": "text", "text": THREAT}]}], "stream": stream});
        let (status, error) = server.post(CHAT, body).await.error();
        assert_eq!((status, &error["code"], &error["status"]), (400, &json!("content_filter"), &json!(400)));
        let result = &error["innererror"]["content_filter_result"]["violence"];
        assert_eq!(error["innererror"]["code"], "ResponsibleAIPolicyViolation");
        assert_eq!(result["filtered"], true, "{error}");
    }
    let off = TestServer::with(|settings| settings.moderation = None);
    let body = json!({"messages": [{"role": "user", "content": THREAT}]});
    let answer = off.post(CHAT, body).await.json();
    assert_eq!((answer.get("prompt_filter_results"), answer["object"].as_str()), (None, Some("chat.completion")));
}

#[tokio::test]
async fn keys_and_quotas_are_refused_in_azures_words() {
    let keys = vec![StoredKey::read("azure-key-one").unwrap()];
    let limits = Limits { requests_per_minute: Some(1), ..Limits::default() };
    let quotas = Some(Quota { tier: Tier::One, limits });
    let gate = Gatekeeping { keys, requires_key: true, quotas, ..Gatekeeping::default() };
    let server = TestServer::with(|settings| settings.gate = gate);
    let denied = server.post(CHAT, hello(json!({}))).await;
    assert_eq!((denied.status.as_u16(), &denied.json()["error"]["code"]), (401, &json!("401")));
    assert!(denied.text().contains("Access denied due to invalid subscription key"));
    let keyed = || {
        let mut request = request(Method::POST, CHAT, Some(hello(json!({}))));
        request.headers_mut().insert("api-key", "azure-key-one".parse().unwrap());
        request
    };
    assert_eq!(server.send(keyed()).await.status, 200);
    let refused = server.send(keyed()).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["error"]["code"]), (429, &json!("429")));
    assert!(refused.text().contains("ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21"));
    assert!(refused.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn requests_are_counted_under_openais_names() {
    let server = TestServer::new();
    server.post(CHAT, hello(json!({}))).await;
    let metrics = server.get("/metrics/prometheus").await.text();
    assert!(metrics.contains("/v1/chat/completions"), "{metrics}");
    assert!(!metrics.contains("/openai/"), "{metrics}");
}

#[tokio::test]
async fn a_text_is_generated() {
    let server = TestServer::new();
    let body = json!({"model": "gpt-4o", "input": "Tell me about the sea.", "max_output_tokens": 20});
    let answer = server.post("/v1/text/generation", body).await.json();
    assert!(answer["id"].as_str().unwrap().starts_with("txtgen-"));
    assert!(!answer["output"].as_str().unwrap().is_empty());
    let usage = &answer["usage"];
    assert_eq!(usage["completion_tokens"], 20, "{answer}");
    assert_eq!(
        usage["total_tokens"].as_u64().unwrap(),
        usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap()
    );
    for (body, param) in [
        (json!({"input": "a"}), Value::Null),
        (json!({"model": "gpt-4o"}), json!("input")),
        (json!({"model": "gpt-4o", "input": "a", "max_output_tokens": 0}), json!("max_output_tokens")),
        (json!({"model": "gpt-4o", "input": "a", "temperature": 3}), json!("temperature")),
    ] {
        let (status, error) = server.post("/v1/text/generation", body).await.error();
        assert_eq!((status, &error["param"]), (400, &param), "{error}");
    }
}

#[tokio::test]
async fn forms_go_to_the_deployments_model() {
    let server = TestServer::with(|settings| {
        settings.azure_deployments.insert("ears".to_owned(), "whisper-1".to_owned());
    });
    let said = "The quick brown fox jumps over the lazy dog near the river bank.";
    let sound = server
        .post("/v1/audio/speech", json!({"model": "tts-1", "voice": "alloy", "input": said, "response_format": "wav"}))
        .await;
    let path = "/openai/deployments/ears/audio/transcriptions?api-version=2024-10-21";
    // The form's own model is Azure's business as little as the version.
    for fields in [&[][..], &[("model", "gpt-4o")][..]] {
        let heard = server.send(form(path, fields, &[("file", "a.wav", &sound.body)])).await;
        assert_eq!(heard.status, 200, "{}", heard.text());
        assert_eq!(heard.json()["text"], said);
        assert_eq!(heard.headers["openai-model"], "whisper-1");
    }
    let picture = server
        .post("/v1/images/generations", json!({"model": "gpt-image-1", "prompt": "a fox", "size": "1024x1024"}))
        .await;
    let picture = picture.json()["data"][0]["b64_json"].as_str().unwrap().to_owned();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, picture).unwrap();
    let path = "/openai/deployments/gpt-image-1/images/edits?api-version=2025-04-01-preview";
    let edited = server.send(form(path, &[("prompt", "a blue fox")], &[("image", "fox.png", &bytes)])).await;
    assert_eq!(edited.status, 200, "{}", edited.text());
    assert_eq!(edited.headers["openai-model"], "gpt-image-1");
    let refused = server
        .send(form("/openai/deployments/ears/audio/transcriptions", &[], &[("file", "a.wav", &sound.body)]))
        .await;
    assert_eq!(refused.status, 404);
}
