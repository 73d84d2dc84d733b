//! `POST /v1/embeddings`.

use base64::Engine as _;
use serde_json::{Value, json};

use crate::harness::TestServer;

async fn embed(server: &TestServer, body: Value) -> Value {
    let mut whole = json!({"model": "text-embedding-3-small"});
    whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    let answer = server.post("/v1/embeddings", whole).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn vector(answer: &Value, index: usize) -> Vec<f64> {
    answer["data"][index]["embedding"].as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn cosine(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

#[tokio::test]
async fn vectors_are_normal_near_and_in_order() {
    let server = TestServer::new();
    let input =
        ["How do I reset my password?", "I forgot my password and want a new one", "Boil the pasta for ten minutes"];
    let answer = embed(&server, json!({"input": input})).await;
    assert_eq!((answer["object"].as_str(), answer["usage"]["prompt_tokens"].as_u64()), (Some("list"), Some(23)));
    let vectors: Vec<Vec<f64>> = (0..3).map(|index| vector(&answer, index)).collect();
    for (index, numbers) in vectors.iter().enumerate() {
        assert_eq!(answer["data"][index]["index"], index);
        assert_eq!(numbers.len(), 1536);
        assert!((cosine(numbers, numbers) - 1.0).abs() < 1e-4);
    }
    assert!(cosine(&vectors[0], &vectors[1]) > cosine(&vectors[0], &vectors[2]));
    let alone = embed(&server, json!({"input": input[1]})).await;
    assert_eq!(vector(&alone, 0), vectors[1], "a text's vector does not depend on its neighbours");
}

#[tokio::test]
async fn base64_holds_the_same_numbers() {
    let server = TestServer::new();
    let plain = embed(&server, json!({"input": "hello", "dimensions": 64})).await;
    let packed = embed(&server, json!({"input": "hello", "dimensions": 64, "encoding_format": "base64"})).await;
    let bytes =
        base64::engine::general_purpose::STANDARD.decode(packed["data"][0]["embedding"].as_str().unwrap()).unwrap();
    let numbers: Vec<f32> = bytes.chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
    let expected: Vec<f32> = vector(&plain, 0).into_iter().map(|number| number as f32).collect();
    assert_eq!(numbers, expected);
}

#[tokio::test]
async fn ids_mean_the_text_they_stand_for() {
    let server = TestServer::new();
    let ids: Vec<u32> = fakeai_tokens::Tokenizer::Bpe(fakeai_tokens::Encoding::Cl100k)
        .encode("hello there")
        .iter()
        .map(|token| token.id)
        .collect();
    let text = embed(&server, json!({"input": "hello there"})).await;
    for input in [json!(ids), json!([ids])] {
        assert_eq!(vector(&embed(&server, json!({"input": input})).await, 0), vector(&text, 0));
    }
}

#[tokio::test]
async fn each_model_has_its_width_and_its_directions() {
    let server = TestServer::new();
    let mut firsts = Vec::new();
    for (model, width) in
        [("text-embedding-3-large", 3072), ("text-embedding-ada-002", 1536), ("text-embedding-3-small", 1536)]
    {
        let answer = embed(&server, json!({"model": model, "input": "hello"})).await;
        let numbers = vector(&answer, 0);
        assert_eq!(numbers.len(), width, "{model}");
        firsts.push(numbers[0].to_bits());
    }
    firsts.sort_unstable();
    firsts.dedup();
    assert_eq!(firsts.len(), 3);
}

#[tokio::test]
async fn what_is_wrong_is_said_as_openai_says_it() {
    let server = TestServer::new();
    let cases = [
        json!({"input": "hi"}),
        json!({"model": "text-embedding-3-small"}),
        json!({"model": "text-embedding-3-small", "input": ""}),
        json!({"model": "text-embedding-3-small", "input": []}),
        json!({"model": "text-embedding-3-small", "input": ["a", ""]}),
        json!({"model": "text-embedding-3-small", "input": ["a", 1]}),
        json!({"model": "text-embedding-3-small", "input": [1, -1]}),
        json!({"model": "text-embedding-3-small", "input": {"text": "a"}}),
        json!({"model": "text-embedding-3-small", "input": "word ".repeat(9000)}),
        json!({"model": "text-embedding-3-small", "input": vec!["a"; 2049]}),
        json!({"model": "text-embedding-3-small", "input": "a", "dimensions": 0}),
        json!({"model": "text-embedding-3-small", "input": "a", "dimensions": 1537}),
        json!({"model": "text-embedding-ada-002", "input": "a", "dimensions": 512}),
        json!({"model": "text-embedding-3-small", "input": "a", "encoding_format": "hex"}),
    ];
    let mut lines = Vec::new();
    for body in cases {
        let (status, error) = server.post("/v1/embeddings", body).await.error();
        lines.push(format!(
            "{status} param={} code={} {}",
            error["param"],
            error["code"],
            error["message"].as_str().unwrap()
        ));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn answers_without_tokens_take_their_delay() {
    let server = TestServer::with(|settings| {
        settings.latency = fakeai_engine::LatencyModel::Knobs(fakeai_engine::Knobs::default());
    });
    embed(&server, json!({"input": "hello"})).await;
    let waited = server.clock.now().as_nanos() as f64 / 1e9;
    assert!((0.35..=0.65).contains(&waited), "0.5 s ± 30 %: {waited}");
}
