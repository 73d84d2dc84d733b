//! NIM: ranking, reranking, scores, embeddings for retrieval, what a service says of itself, `nvext`.

use serde_json::{Value, json};

use crate::harness::TestServer;

const RANKER: &str = "nvidia/llama-3.2-nv-rerankqa-1b-v2";
const TEXTS: [&str; 3] =
    ["The office opens at nine.", "Refunds are paid within 14 days of the return.", "A refund needs the receipt."];

fn places(answer: &Value, list: &str) -> Vec<u64> {
    answer[list].as_array().unwrap().iter().map(|one| one["index"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn passages_and_documents_are_ranked_alike() {
    let server = TestServer::new();
    let objects: Vec<Value> = TEXTS.iter().map(|text| json!({"text": text})).collect();
    let query = "When are refunds paid?";
    let one = server
        .post("/v1/ranking", json!({"model": RANKER, "query": {"text": query}, "passages": objects, "truncate": "END"}))
        .await;
    assert_eq!(one.status, 200, "{}", one.text());
    let one = one.json();
    assert_eq!(places(&one, "rankings"), [1, 2, 0]);
    let logits: Vec<f64> =
        one["rankings"].as_array().unwrap().iter().map(|one| one["logit"].as_f64().unwrap()).collect();
    assert!(logits.windows(2).all(|pair| pair[0] >= pair[1]), "{logits:?}");
    assert!(one["usage"]["total_tokens"].as_u64().unwrap() > 20);
    let other = json!({"model": RANKER, "query": query, "documents": TEXTS, "top_n": 2});
    let other = server.post("/ranking", other).await.json();
    assert_eq!(other["rankings"].as_array().unwrap()[..], one["rankings"].as_array().unwrap()[..2]);
}

#[tokio::test]
async fn reranking_looks_as_its_clients_expect() {
    let server = TestServer::new();
    let body = json!({"model": RANKER, "query": "refund receipt", "documents": TEXTS, "top_n": 1});
    for path in ["/v1/rerank", "/rerank", "/v2/rerank"] {
        let answer = server.post(path, body.clone()).await.json();
        assert_eq!(places(&answer, "results"), [2], "{path}");
        assert_eq!(answer["results"][0]["document"]["text"], TEXTS[2]);
        assert_eq!(answer["meta"]["billed_units"]["search_units"], 1);
        let score = answer["results"][0]["relevance_score"].as_f64().unwrap();
        assert!(score > 0.3 && score <= 1.0, "{score}");
    }
    let mut bare = body;
    bare["return_documents"] = json!(false);
    assert_eq!(server.post("/v1/rerank", bare).await.json()["results"][0].get("document"), None);
}

#[tokio::test]
async fn scores_are_given_for_one_and_for_pairs() {
    let server = TestServer::new();
    let score = async |first: Value, second: Value| {
        server.post("/v1/score", json!({"model": RANKER, "text_1": first, "text_2": second})).await
    };
    let scores = |answer: Value| -> Vec<f64> {
        answer["data"].as_array().unwrap().iter().map(|one| one["score"].as_f64().unwrap()).collect()
    };
    let one = scores(score(json!("When are refunds paid?"), json!(TEXTS)).await.json());
    assert!(one.len() == 3 && one[1] > one[0], "{one:?}");
    let pairs = scores(score(json!(["refund", "office"]), json!([TEXTS[1], TEXTS[0]])).await.json());
    assert!(pairs.len() == 2 && pairs.iter().all(|score| *score > 0.2), "{pairs:?}");
    assert_eq!(score(json!(["a", "b"]), json!(["a", "b", "c"])).await.status, 400);
}

#[tokio::test]
async fn what_is_wrong_with_a_ranking_is_said() {
    let server = TestServer::new();
    let long = "word ".repeat(9000);
    let cases = [
        json!({"query": "a", "passages": ["b"]}),
        json!({"model": RANKER, "passages": ["b"]}),
        json!({"model": RANKER, "query": {"text": " "}, "passages": ["b"]}),
        json!({"model": RANKER, "query": "a"}),
        json!({"model": RANKER, "query": "a", "passages": []}),
        json!({"model": RANKER, "query": "a", "passages": [{}]}),
        json!({"model": RANKER, "query": "a", "passages": [7]}),
        json!({"model": RANKER, "query": "a", "passages": vec!["b"; 513]}),
        json!({"model": RANKER, "query": "a", "passages": ["b"], "truncate": "MIDDLE"}),
        json!({"model": RANKER, "query": "a", "passages": ["b"], "top_n": 0}),
        json!({"model": RANKER, "query": "a", "passages": [long]}),
    ];
    let mut lines = Vec::new();
    for body in cases {
        let (status, error) = server.post("/v1/ranking", body).await.error();
        lines.push(format!("{status} param={} code={} {}", error["param"], error["code"], error["message"]));
    }
    insta::assert_snapshot!(lines.join("\n"));
    let cut = json!({"model": RANKER, "query": "a", "passages": [long], "truncate": "END"});
    assert_eq!(server.post("/v1/ranking", cut).await.status, 200);
}

#[tokio::test]
async fn questions_and_passages_lean_apart_and_long_texts_are_cut() {
    let server = TestServer::new();
    let vector = async |more: Value| -> Vec<f64> {
        let mut body = json!({"model": "nvidia/nv-embedqa-mistral-7b-v2", "input": "When are refunds paid?"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = server.post("/v1/embeddings", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json();
        answer["data"][0]["embedding"].as_array().unwrap().iter().map(|one| one.as_f64().unwrap()).collect()
    };
    let cosine = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let question = vector(json!({"input_type": "query"})).await;
    let same = vector(json!({"input_type": "passage"})).await;
    let answer = vector(json!({"input_type": "passage", "input": TEXTS[1]})).await;
    let other = vector(json!({"input_type": "passage", "input": TEXTS[0]})).await;
    assert!((cosine(&question, &question) - 1.0).abs() < 1e-4);
    assert!((0.9..0.999).contains(&cosine(&question, &same)), "{}", cosine(&question, &same));
    assert!(cosine(&question, &answer) > cosine(&question, &other));
    let long = format!("{}end", "word ".repeat(600));
    let start = vector(json!({"input": long, "truncate": "START"})).await;
    assert!(start != vector(json!({"input": long, "truncate": "END"})).await);
    let refused = json!({"model": "nvidia/nv-embedqa-mistral-7b-v2", "input": long, "truncate": "NONE"});
    let (status, error) = server.post("/v1/embeddings", refused).await.error();
    assert_eq!(status, 400);
    assert_eq!(error["message"], "Input length 601 exceeds maximum allowed token size 512.");
    let odd = json!({"model": "nvidia/nv-embedqa-mistral-7b-v2", "input": "a", "input_type": "document"});
    assert_eq!(server.post("/v1/embeddings", odd).await.error().1["param"], "input_type");
}

#[tokio::test]
async fn a_service_says_what_it_is() {
    let server = TestServer::new();
    assert_eq!(server.get("/v1/health/live").await.json()["status"], "live");
    assert_eq!(server.get("/v1/health/ready").await.json()["message"], "Service is ready.");
    assert_eq!(server.get("/v1/version").await.json()["api"], "1.0.0");
    let metadata = server.get("/v1/metadata").await.json();
    let models = metadata["modelInfo"].as_array().unwrap();
    let ranker = models.iter().find(|model| model["modelUrl"] == format!("ngc://nim/{RANKER}")).unwrap();
    assert_eq!(ranker["type"], "ranking");
    server.app.kit.tasks.stop();
    assert_eq!(server.get("/v1/health/ready").await.status, 503);
    assert_eq!(server.get("/v1/health/live").await.status, 200);
}

#[tokio::test]
async fn nvext_says_what_the_request_could_say_itself() {
    let server = TestServer::new();
    let chat = async |more: Value| {
        let mut body = json!({
            "model": "nvidia/llama-3.1-nemotron-70b-instruct",
            "messages": [{"role": "user", "content": "Is the sky blue?"}],
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        server.chat(body).await
    };
    let guided = chat(json!({"nvext": {"guided_choice": ["maybe"], "annotations": ["request_id"]}})).await.json();
    assert_eq!(guided["choices"][0]["message"]["content"], "maybe");
    let long = chat(json!({"max_tokens": 300, "nvext": {"ignore_eos": true}})).await.json();
    assert_eq!(long["usage"]["completion_tokens"], 300);
    let greedy = chat(json!({"nvext": {"greed_sampling": true}})).await.json();
    let again = chat(json!({"temperature": 0})).await.json();
    assert_eq!(greedy["choices"], again["choices"]);
    let wrong = chat(json!({"nvext": {"ignore_eos": "yes"}})).await.error();
    assert_eq!((wrong.0, wrong.1["param"].as_str()), (400, Some("nvext.ignore_eos")));
}

#[tokio::test]
async fn cosmos_looks_at_videos() {
    let server = TestServer::new();
    let message = json!([{
        "role": "user",
        "content": [
            {"type": "text", "text": "What happens in this video?"},
            {"type": "video_url", "video_url": {"url": "https://example.com/clip.mp4"}},
        ],
    }]);
    let answer = server.chat(json!({"model": "nvidia/cosmos-vision", "messages": message})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.json()["usage"]["prompt_tokens"].as_u64().unwrap() > 100, "{}", answer.text());
}
