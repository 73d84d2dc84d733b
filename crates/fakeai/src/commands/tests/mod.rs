//! The commands as a user calls them, against a tiny server with canned answers.

mod bench;
mod chat;
mod local;
mod observe;
mod simulate;

use std::convert::Infallible;
use std::io::Write;
use std::net::TcpListener;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::*;

/// What a call wrote and how it ended.
#[derive(Debug, PartialEq)]
struct Outcome {
    code: u8,
    out: String,
    err: String,
}

/// A call of the command line.
#[derive(Default)]
struct Call {
    directory: PathBuf,
    env: Vec<(String, String)>,
    input: String,
    is_typed: bool,
    is_seen: bool,
}

impl Call {
    fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    fn input(mut self, input: &str) -> Self {
        input.clone_into(&mut self.input);
        self
    }

    fn typed(mut self, input: &str) -> Self {
        self.is_typed = true;
        self.input(input)
    }

    fn run(&self, args: &[&str]) -> Outcome {
        let (mut out, mut err, mut input) = (Vec::new(), Vec::new(), self.input.as_bytes());
        let mut terminal = Terminal {
            out: &mut out,
            err: &mut err,
            input: &mut input,
            out_is_terminal: self.is_seen,
            err_is_terminal: self.is_seen,
            input_is_terminal: self.is_typed,
        };
        let (directory, env) = (self.directory.clone(), self.env.clone());
        let mut world = World { directory, env, terminal: &mut terminal };
        let code = run(std::iter::once("fakeai").chain(args.iter().copied()), &mut world, serve);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Outcome { code, out: text(out), err: text(err) }
    }
}

/// A server that only says what it was given.
#[expect(clippy::needless_pass_by_value, reason = "the real one keeps them")]
fn serve(settings: Settings, terminal: &mut Terminal<'_>) -> anyhow::Result<()> {
    writeln!(terminal.out, "serving on port {}", settings.config.server.port)?;
    Ok(())
}

/// Serves `router` until the process ends, and says where.
fn start(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), router).await.unwrap();
        });
    });
    format!("http://{address}")
}

/// An address where nobody listens: no free port is 1, so no other test can be given it.
fn nowhere() -> String {
    "http://127.0.0.1:1".to_owned()
}

/// An event stream that arrives in pieces of `size` bytes.
fn stream(events: &str, size: usize) -> Response {
    let pieces: Vec<Result<Bytes, Infallible>> =
        events.as_bytes().chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    (
        [(header::CONTENT_TYPE, "text/event-stream; charset=utf-8")],
        Body::from_stream(futures_util::stream::iter(pieces)),
    )
        .into_response()
}

/// An error in the API's own shape.
fn refuse(status: u16, code: &str, message: &str) -> Response {
    let error = serde_json::json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": code}});
    (StatusCode::from_u16(status).unwrap(), error.to_string()).into_response()
}
