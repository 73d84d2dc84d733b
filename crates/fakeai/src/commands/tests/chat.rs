//! `fakeai chat`: one question, a pipe, a conversation, and streams that go wrong.

use axum::routing::{get, post};
use serde_json::{Value, json};

use super::*;

const STREAM: &str = concat!(
    ": keep-alive\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}],\"usage\":null}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Grüß \"}}],\"usage\":null}\r\n\r\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"dich 😀\"}}],\"usage\":null}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":13}}\n\n",
    "data: [DONE]\n\n"
);

/// A server that streams in pieces of `size` bytes, or answers with what it was asked.
fn server(size: usize) -> String {
    let chat = move |body: Bytes| async move {
        let request: Value = serde_json::from_slice(&body).unwrap();
        if request["stream"] == true && request["model"] != "echo" {
            return stream(STREAM, size);
        }
        let content = format!("{} {}", request["model"], request["messages"]);
        let usage = json!({"prompt_tokens": 1, "completion_tokens": 2});
        axum::Json(json!({"choices": [{"message": {"role": "assistant", "content": content}}], "usage": usage}))
            .into_response()
    };
    let models = || async { axum::Json(json!({"data": [{"id": "gpt-4o"}, {"id": "echo"}]})) };
    start(Router::new().route("/v1/chat/completions", post(chat)).route("/v1/models", get(models)))
}

#[test]
fn a_question_is_answered_however_the_stream_is_cut() {
    for size in [1, 2, 3, 7, 64, 100_000] {
        let outcome = Call::default().run(&["chat", "Hello", "there", "--url", &server(size)]);
        assert_eq!((outcome.code, outcome.out.as_str()), (0, "Grüß dich 😀\n"));
        assert!(
            outcome.err.starts_with("[9 prompt + 4 answer tokens, ") && outcome.err.contains(" s, first after "),
            "{}",
            outcome.err
        );
    }
}

#[test]
fn a_pipe_is_put_behind_the_question() {
    let url = server(9);
    let ask = |words: &[&str]| {
        let flags = ["chat", "--no-stream", "--model", "m", "--url", &url];
        Call::default().input("some\nnotes\n").run(&[&flags, words].concat()).out
    };
    assert_eq!(ask(&["Summarise:"]), "\"m\" [{\"role\":\"user\",\"content\":\"Summarise:\\n\\nsome\\nnotes\"}]\n");
    assert_eq!(ask(&[]), "\"m\" [{\"role\":\"user\",\"content\":\"some\\nnotes\"}]\n");
    assert_eq!(Call::default().run(&["chat", "--url", &url]).code, 2);
    assert_eq!(Call::default().run(&["chat", "Hi", "--set", "temperature", "--url", &url]).code, 2);
}

#[test]
fn a_conversation_remembers_and_obeys() {
    let url = server(5);
    let script = "\n/model\n/model echo\n/system Be brief.\nFirst\nSecond\n/set temperature 0.5\n/set user me\n/set stream off\n/set\n\
        /set user\n/set messages x\n/set stream maybe\n/history\n/clear\nThird\n/models\n/help\n/nonsense\n/exit\nnever\n";
    let outcome = Call::default().typed(script).run(&["chat", "--url", &url]);
    assert_eq!(outcome.code, 0);
    insta::assert_snapshot!(outcome.out.replace(&url, "URL"));
    let errors: Vec<&str> =
        outcome.err.lines().filter(|line| !line.starts_with("[1 prompt + 2 answer tokens, ")).collect();
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn a_conversation_ends_with_its_input_and_survives_errors() {
    let outcome = Call::default().typed("Hi\nAgain\n").run(&["interactive", "--url", &nowhere()]);
    assert_eq!(outcome.code, 0);
    assert_eq!(outcome.err.matches("error: no server answers").count(), 2);
}

/// A server that always gives the same answer.
fn always(answer: fn() -> Response) -> String {
    start(Router::new().route("/v1/chat/completions", post(move || async move { answer() })))
}

#[test]
fn what_goes_wrong_is_told() {
    type Case = (fn() -> Response, &'static str);
    let cases: [Case; 6] = [
        (
            || refuse(404, "model_not_found", "The model `x` does not exist."),
            "error: the server answered 404: The model `x` does not exist.\n",
        ),
        (
            || {
                stream(
                    "data: {\"choices\":[]}\n\ndata: {\"error\":{\"message\":\"Engine lost.\",\"code\":null}}\n\n",
                    11,
                )
            },
            "error: the stream ended with an error: Engine lost.\n",
        ),
        (
            || stream("data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n", 11),
            "error: cannot understand the answer: the stream ended without [DONE]\n",
        ),
        (
            || stream("data: {\"choices\":\n\n", 11),
            "error: cannot understand the answer: unexpected JSON: EOF while parsing a value at line 1 column 11\n",
        ),
        (|| (StatusCode::BAD_GATEWAY, "").into_response(), "error: the server answered 502: Bad Gateway\n"),
        (
            || (StatusCode::OK, [0xff]).into_response(),
            "error: cannot understand the answer: unexpected JSON: expected value at line 1 column 1\n",
        ),
    ];
    for (answer, message) in cases {
        let outcome = Call::default().run(&["chat", "Hi", "--url", &always(answer)]);
        assert_eq!((outcome.code, outcome.err.as_str()), (1, message));
    }
}

/// Servers may close a kept connection without a word; the next question then goes over a new one.
#[test]
fn a_connection_that_was_closed_is_opened_again() {
    use std::io::Read;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut request = [0; 4096];
            let _ = connection.read(&mut request).unwrap();
            let body = "{\"choices\":[{\"message\":{\"content\":\"Hi\"}}]}";
            write!(connection, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    let outcome = Call::default().typed(&"Hi\n".repeat(20)).run(&["chat", "--no-stream", "--url", &url]);
    assert_eq!(outcome.out.matches("Hi\n").count(), 20, "{}", outcome.err);
}
