//! Solido's retrieval: what is found, and answers that quote it.

use std::sync::Arc;

use fakeai_server::settings::Library;
use serde_json::{Value, json};

use crate::harness::TestServer;

const QUESTION: &str = "How many Monte Carlo samples do I need for three sigma?";

async fn ask(server: &TestServer, body: Value) -> Value {
    let answer = server.post("/rag/api/prompt", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn an_answer_quotes_what_was_retrieved() {
    let server = TestServer::new();
    let filters = json!({"family": "Solido", "tool": "SDE"});
    let answer = ask(&server, json!({"query": QUESTION, "filters": filters, "top_k": 3})).await;
    let documents = answer["retrieved_docs"].as_array().unwrap();
    assert_eq!(documents.len(), 3);
    assert_eq!(documents[0]["id"], "solido-sde-monte-carlo");
    assert!(documents.iter().all(|document| document["metadata"]["tool"] == "SDE"));
    let scores: Vec<f64> = documents.iter().map(|document| document["score"].as_f64().unwrap()).collect();
    assert!(scores.windows(2).all(|pair| pair[0] >= pair[1]) && scores[0] > 0.3, "{scores:?}");
    let content = answer["content"].as_str().unwrap();
    assert!(content.contains("about a thousand samples are needed"), "{content}");
    assert!(content.contains("\"Monte Carlo analysis in SDE\" [1]"), "{content}");
    // The documents are part of the prompt.
    let usage = &answer["usage"];
    assert!(usage["prompt_tokens"].as_u64().unwrap() > 250, "{usage}");
    assert_eq!(
        usage["total_tokens"].as_u64().unwrap(),
        usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap()
    );
    insta::assert_json_snapshot!(answer);
}

#[tokio::test]
async fn the_model_decides_and_several_questions_are_one_search() {
    let server = TestServer::new();
    let body = json!({"query": ["convergence problems", "waive a violation"], "inference_model": "gpt-4o"});
    let answer = ask(&server, body).await;
    let ids: Vec<&str> =
        answer["retrieved_docs"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 5);
    assert!(ids.contains(&"solido-spice-convergence") && ids.contains(&"solido-crosscheck-waivers"), "{ids:?}");
    let records = server.get("/metrics/prometheus").await.text();
    assert!(records.contains("gpt-4o"), "{records}");
}

#[tokio::test]
async fn what_is_not_there_is_not_made_up() {
    let server = TestServer::new();
    let nothing = ask(&server, json!({"query": QUESTION, "filters": {"tool": "Calibre"}})).await;
    assert_eq!(nothing["retrieved_docs"], json!([]));
    assert_eq!(nothing["content"], "The documents do not answer this question.");
    let far = ask(&server, json!({"query": "Who won the football match?"})).await;
    assert_eq!(far["content"], "The documents do not answer this question.");
}

#[tokio::test]
async fn documents_of_a_directory_take_the_place_of_the_sample() {
    let directory = tempfile::tempdir().unwrap();
    let text = "---\nteam: kitchen\n---\n# Tea\n\nGreen tea is steeped for two minutes at 80 degrees.";
    std::fs::write(directory.path().join("tea.md"), text).unwrap();
    let library = Arc::new(Library::open(directory.path()).unwrap());
    let server = TestServer::with(|settings| settings.rag = Some(library));
    let answer = ask(&server, json!({"query": "How long is green tea steeped?", "filters": {"team": "Kitchen"}})).await;
    assert_eq!(answer["retrieved_docs"][0]["source"], "tea.md");
    assert!(answer["content"].as_str().unwrap().contains("two minutes at 80 degrees"), "{answer}");
}

#[tokio::test]
async fn wrong_prompts_are_refused() {
    let server = TestServer::new();
    for (body, param) in [
        (json!({}), "query"),
        (json!({"query": " "}), "query"),
        (json!({"query": []}), "query"),
        (json!({"query": 7}), "query"),
        (json!({"query": "a", "top_k": 0}), "top_k"),
        (json!({"query": "a", "top_k": 21}), "top_k"),
        (json!({"query": "a", "filters": "SDE"}), "filters"),
        (json!({"query": "a", "stream": true}), "stream"),
        (json!({"query": vec!["a"; 21]}), "query"),
        (json!({"query": "a".repeat(16_385)}), "query"),
    ] {
        let (status, error) = server.post("/rag/api/prompt", body).await.error();
        assert_eq!((status, error["param"].as_str()), (400, Some(param)), "{error}");
    }
}
