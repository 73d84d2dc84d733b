//! The embedded server behind a third-party client, and what `FakeAi` promises of itself.
#![expect(clippy::unwrap_used, reason = "a test; clippy only knows functions marked #[test]")]

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, CreateChatCompletionRequest,
    CreateChatCompletionRequestArgs, FinishReason,
};
use async_openai::types::completions::CreateCompletionRequestArgs;
use async_openai::types::embeddings::{CreateEmbeddingRequestArgs, EncodingFormat};
use fakeai::{Builder, FakeAi};
use futures_util::StreamExt;

fn builder() -> Builder {
    FakeAi::builder().seed(7).instant()
}

fn client(base_url: String) -> Client<OpenAIConfig> {
    Client::with_config(OpenAIConfig::new().with_api_base(base_url).with_api_key("sk-test"))
}

fn chat(text: &str) -> CreateChatCompletionRequestArgs {
    let mut request = CreateChatCompletionRequestArgs::default();
    request.model("gpt-4o").messages([ChatCompletionRequestUserMessage::from(text).into()]).max_tokens(12_u32);
    request
}

async fn said(client: &Client<OpenAIConfig>, request: CreateChatCompletionRequest) -> String {
    client.chat().create(request).await.unwrap().choices.remove(0).message.content.unwrap()
}

#[tokio::test]
async fn connections_are_served_by_as_many_threads_as_are_asked_for() {
    use std::io::{Read, Write};
    let several = builder().configure(|config| config.server.workers = 3);
    let server = several.spawn().await.unwrap();
    let address = server.url().strip_prefix("http://").unwrap().to_owned();
    // All stay open, so that each thread has some.
    let mut open: Vec<_> = (0..9).map(|_| std::net::TcpStream::connect(&address).unwrap()).collect();
    for _ in 0..2 {
        for stream in &mut open {
            stream.write_all(b"GET /v1/models/gpt-4o HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        }
        for stream in &mut open {
            let mut answer = [0; 4096];
            let length = stream.read(&mut answer).unwrap();
            assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
        }
    }
    // The accepting thread too has to come home, with connections open.
    tokio::task::spawn_blocking(move || drop(server)).await.unwrap();
    for stream in &mut open {
        assert!(matches!(stream.read(&mut [0; 16]), Ok(0) | Err(_)));
    }
}

#[tokio::test]
async fn who_attacks_again_and_again_is_banned() {
    use std::io::{Read, Write};
    let server = builder().configure(|config| config.security.enable_security = true).spawn().await.unwrap();
    let address = server.url().strip_prefix("http://").unwrap().to_owned();
    let ask = |head: &str, body: &str| {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        let length = body.len();
        let request = format!(
            "{head} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let chat = |text: &str| {
        let body = serde_json::json!({"model": "gpt-4o", "messages": [{"role": "user", "content": text}]});
        ask("POST /v1/chat/completions", &body.to_string())
    };
    assert!(chat("Hello").starts_with("HTTP/1.1 200"));
    for _ in 0..3 {
        let refused = chat("'; DROP TABLE users; --");
        assert!(refused.starts_with("HTTP/1.1 400") && refused.contains("injection_detected"), "{refused}");
    }
    let banned = chat("Hello");
    assert!(banned.starts_with("HTTP/1.1 403") && banned.contains("ip_banned"), "{banned}");
    assert!(banned.contains("retry-after: 3600"), "{banned}");
    assert!(ask("GET /health", "").starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_prompt_too_long_for_the_serving_thread_is_answered_all_the_same() {
    let server = builder().spawn().await.unwrap();
    let client = client(server.base_url());
    let long = "The tide comes in and goes out again. ".repeat(4_000);
    let answer = client.chat().create(chat(&long).build().unwrap()).await.unwrap();
    assert!(answer.usage.unwrap().prompt_tokens > 20_000);
    assert_eq!(said(&client, chat(&long).seed(3).build().unwrap()).await, {
        said(&client, chat(&long).seed(3).build().unwrap()).await
    });
}

#[tokio::test]
async fn chat_is_typed() {
    let server = builder().spawn().await.unwrap();
    let answer = client(server.base_url())
        .chat()
        .create(chat("Tell me the history of the sea in detail").n(2_u8).build().unwrap())
        .await
        .unwrap();
    assert_eq!(answer.choices.len(), 2);
    assert_eq!(answer.choices[1].finish_reason, Some(FinishReason::Length));
    assert_eq!(answer.usage.unwrap().completion_tokens, 24);
}

#[tokio::test]
async fn chat_streams_one_chunk_for_each_token() {
    let server = builder().spawn().await.unwrap();
    let client = client(server.base_url());
    let usage = ChatCompletionStreamOptions { include_usage: Some(true), include_obfuscation: None };
    let request = chat("Tell me the history of the sea in detail").seed(1).stream_options(usage).build().unwrap();
    let chunks: Vec<_> = client.chat().create_stream(request).await.unwrap().map(Result::unwrap).collect().await;
    let text: String =
        chunks.iter().flat_map(|chunk| &chunk.choices).filter_map(|choice| choice.delta.content.as_deref()).collect();
    assert_eq!(chunks.last().unwrap().usage.as_ref().unwrap().completion_tokens, 12);
    assert_eq!(chunks.len(), 12 + 3);
    assert_eq!(text, said(&client, chat("Tell me the history of the sea in detail").seed(1).build().unwrap()).await);
}

#[tokio::test]
async fn completions_are_typed_whole_and_streamed() {
    let server = builder().spawn().await.unwrap();
    let client = client(server.base_url());
    let mut request = CreateCompletionRequestArgs::default();
    request.model("gpt-3.5-turbo-instruct").prompt(["One", "Two"]).max_tokens(5_u32).seed(3);
    let answer = client.completions().create(request.build().unwrap()).await.unwrap();
    assert_eq!(answer.choices.iter().map(|choice| choice.index).collect::<Vec<_>>(), [0, 1]);
    let stream = client.completions().create_stream(request.stream(true).build().unwrap()).await.unwrap();
    let chunks: Vec<_> = stream.map(Result::unwrap).collect().await;
    let first = chunks.iter().flat_map(|chunk| &chunk.choices).filter(|choice| choice.index == 0);
    assert_eq!(first.map(|choice| choice.text.as_str()).collect::<String>(), answer.choices[0].text);
}

#[tokio::test]
async fn embeddings_are_typed_in_both_encodings() {
    let server = builder().spawn().await.unwrap();
    let client = client(server.base_url());
    let mut request = CreateEmbeddingRequestArgs::default();
    request.model("text-embedding-3-small").input(["cat", "dog"]);
    let plain = client.embeddings().create(request.build().unwrap()).await.unwrap();
    let request = request.encoding_format(EncodingFormat::Base64).build().unwrap();
    let packed = client.embeddings().create_base64(request).await.unwrap();
    assert_eq!(plain.data.len(), 2);
    assert_eq!(plain.data[1].embedding.len(), 1536);
    let unpacked: Vec<f32> = packed.data[1].embedding.clone().into();
    assert_eq!(unpacked, plain.data[1].embedding);
}

#[tokio::test]
async fn models_are_typed() {
    let server = builder().spawn().await.unwrap();
    let client = client(server.base_url());
    assert!(client.models().list().await.unwrap().data.len() >= 80);
    assert_eq!(client.models().retrieve("acme/with/slashes").await.unwrap().id, "acme/with/slashes");
    said(&client, chat("Hi").model("acme/made").build().unwrap()).await;
    assert!(client.models().delete("acme/made").await.unwrap().deleted);
}

#[tokio::test]
async fn errors_are_typed() {
    let server = builder().strict_models().spawn().await.unwrap();
    let request = chat("Hi").model("gpt-99").build().unwrap();
    let Err(OpenAIError::ApiError(error)) = client(server.base_url()).chat().create(request).await else {
        panic!("a model nobody knows must be refused")
    };
    assert_eq!(error.status_code.as_u16(), 404);
    assert_eq!(error.api_error.code.as_deref(), Some("model_not_found"));
}

#[tokio::test]
async fn two_servers_live_side_by_side_and_agree() {
    let (one, two) = (builder().spawn().await.unwrap(), builder().spawn().await.unwrap());
    assert_ne!(one.url(), two.url());
    let ask = || chat("Tell me about the sea").build().unwrap();
    let (from_one, from_two) = (client(one.base_url()), client(two.base_url()));
    assert_eq!(said(&from_one, ask()).await, said(&from_two, ask()).await);
    let other = FakeAi::builder().seed(8).instant().reply("Ahoy").spawn().await.unwrap();
    assert_eq!(said(&client(other.base_url()), ask()).await, "Ahoy");
    assert_eq!((one.requests().len(), two.requests().len()), (1, 1));
}

#[tokio::test]
async fn requests_are_remembered_until_reset() {
    let server = builder().spawn().await.unwrap();
    let client = client(server.base_url());
    let first = said(&client, chat("Once").build().unwrap()).await;
    let again = said(&client, chat("Once").build().unwrap()).await;
    assert_ne!(first, again, "a question asked again is answered anew");
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!((requests[0].method.as_str(), requests[0].path.as_str()), ("POST", "/v1/chat/completions"));
    assert!(String::from_utf8_lossy(&requests[0].body).contains("Once"));
    server.reset();
    assert!(server.requests().is_empty());
    assert_eq!(said(&client, chat("Once").build().unwrap()).await, first, "history begins anew");
}

#[tokio::test]
async fn workspaces_keep_to_themselves() {
    let server = builder().spawn().await.unwrap();
    let (ours, theirs) = (client(server.workspace_url("ours")), client(server.workspace_url("theirs")));
    let first = said(&ours, chat("Hi").model("acme/own").build().unwrap()).await;
    assert_eq!(first, said(&theirs, chat("Hi").model("acme/own").build().unwrap()).await);
    assert!(ours.models().delete("acme/own").await.unwrap().deleted);
    assert!(ours.models().delete("acme/own").await.is_err());
    assert!(theirs.models().delete("acme/own").await.unwrap().deleted);
    assert!(server.requests().is_empty(), "the default workspace has seen nothing");
}

#[tokio::test]
async fn deterministic_servers_give_the_same_ids() {
    let mut ids = Vec::new();
    for _ in 0..2 {
        let server = builder().deterministic().spawn().await.unwrap();
        let answer = client(server.base_url()).chat().create(chat("Hi").build().unwrap()).await.unwrap();
        ids.push((answer.id, answer.created));
    }
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn dropping_stops_the_server_with_streams_open() {
    let server = FakeAi::builder().configure(|config| config.generation.itl_ms = 3_600_000.0).spawn().await.unwrap();
    let address = server.url().trim_start_matches("http://").to_owned();
    let mut stream = client(server.base_url()).chat().create_stream(chat("Hi").build().unwrap()).await.unwrap();
    assert!(stream.next().await.unwrap().is_ok());
    drop(server);
    let refused = std::net::TcpStream::connect(address).expect_err("nobody may listen any more");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[test]
fn it_starts_without_a_runtime() {
    let server = builder().reply("Ahoy").spawn_blocking().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let answer = runtime.block_on(said(&client(server.base_url()), chat("Hi").build().unwrap()));
    assert_eq!(answer, "Ahoy");
}

#[tokio::test]
async fn a_port_in_use_is_an_error() {
    let server = builder().spawn().await.unwrap();
    let port = server.url().rsplit(':').next().unwrap().parse().unwrap();
    let error = builder().port(port).spawn().await.unwrap_err();
    assert!(error.to_string().contains(&format!("can't listen on 127.0.0.1:{port}")), "{error}");
}
