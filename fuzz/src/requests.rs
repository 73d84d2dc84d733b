//! Requests: paths, queries, headers, bodies of JSON, forms and files.

use anyhow::{Context as _, anyhow};
use axum::body::Body;
use fakeai_guard::{Level, Networks, Screen, StoredKey, Thresholds, Tier};
use fakeai_media::pack;
use fakeai_server::settings::{Banning, Gatekeeping, Quota, Screening, ScreeningMode};
use fakeai_writer::ReplyMode;
use http::{HeaderName, HeaderValue, Method, Request};
use serde_json::Value;

use crate::mutate::{Shape, Source};
use crate::run::{Reader, Target};
use crate::server::{Server, form, post, post_form};

mod bodies;

const PNG: &[u8] = include_bytes!("../../crates/media/tests/data/halves.png");
const PDF: &[u8] = include_bytes!("../../crates/media/tests/data/two-pages.pdf");
const DOCX: &[u8] = include_bytes!("../../crates/media/tests/data/letter.docx");
const MP3: &[u8] = include_bytes!("../../crates/media/tests/data/tone.mp3");

/// All of them.
pub(crate) fn targets() -> Vec<Target> {
    let mut targets: Vec<Target> = bodies::BODIES.iter().map(json_target).collect();
    targets.push(Target {
        name: "json/skimmed",
        source: Source {
            shape: Shape::Json,
            seeds: SKIMMED.iter().map(|seed| seed.as_bytes().to_vec()).collect(),
            words: &SKIMMED_WORDS,
            most_bytes: 4 << 10,
        },
        reader: Box::new(skimmed_reader),
    });
    targets.extend(forms());
    targets.extend(uploads());
    targets.extend([
        bytes_target("door/path", &PATHS, &PATH_WORDS, path_reader),
        bytes_target("door/query", &QUERIES, &QUERY_WORDS, path_reader),
        bytes_target("door/headers", &HEADERS, &HEADER_WORDS, headers_reader),
    ]);
    targets.push(Target {
        name: "door/snapshot",
        source: Source {
            shape: Shape::Bytes,
            seeds: snapshot().into_iter().collect(),
            words: &[],
            most_bytes: 64 << 10,
        },
        reader: Box::new(|| {
            reader(|server, bytes| {
                let request = Request::post("/fakeai/snapshot/restore").body(Body::from(bytes.to_vec()));
                server.check(request.map_err(|error| error.to_string())?).map(drop)
            })
        }),
    });
    targets
}

fn bytes_target(
    name: &'static str,
    seeds: &[&str],
    words: &'static [&'static str],
    reader: fn() -> anyhow::Result<Reader>,
) -> Target {
    let seeds = seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    Target { name, source: Source { shape: Shape::Bytes, seeds, words, most_bytes: 4 << 10 }, reader: Box::new(reader) }
}

/// A reader on a server with the defaults.
fn reader(read: impl Fn(&Server, &[u8]) -> Result<(), String> + 'static) -> anyhow::Result<Reader> {
    let server = Server::new(|_| {})?;
    Ok(Box::new(move |bytes| read(&server, bytes)))
}

fn json_target(body: &'static bodies::Body) -> Target {
    let seeds = body.seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    let read = move || -> anyhow::Result<Reader> {
        let server = Server::new(|settings| {
            // Whoever asks for pages of text gets what he said.
            settings.writer.reply = ReplyMode::Echo;
        })?;
        let path = prepared(&server, body.path)?;
        Ok(Box::new(move |bytes| server.check(post(&path, bytes.to_vec())?).map(drop)))
    };
    Target {
        name: body.name,
        source: Source { shape: Shape::Json, seeds, words: body.words, most_bytes: 32 << 10 },
        reader: Box::new(read),
    }
}

/// Makes what a path speaks of, and puts its id there.
fn prepared(server: &Server, path: &str) -> anyhow::Result<String> {
    let make = |path: &str, body: &str| {
        let answer =
            post(path, body.to_owned()).and_then(|request| server.check(request)).map_err(|error| anyhow!(error));
        answer.and_then(|answer| answer.id()).with_context(|| format!("can't make {path}"))
    };
    let (from, id) = if path.contains("{vector_store_id}") {
        let file = form(&[("purpose", "assistants")], &[("file", "tea.txt", b"Green tea is steeped for two minutes.")]);
        let file =
            post_form("/v1/files", file).and_then(|request| server.check(request)).map_err(|error| anyhow!(error))?;
        let body = format!(r#"{{"name":"Tea","file_ids":["{}"]}}"#, file.id()?);
        let store = make("/v1/vector_stores", &body)?;
        // Looking at it lets the clock go on until the file is read.
        let list = format!("/v1/vector_stores/{store}/search");
        for _ in 0..3 {
            let _ = server.check(post(&list, r#"{"query":"tea"}"#).map_err(|error| anyhow!(error))?);
        }
        ("{vector_store_id}", store)
    } else if path.contains("{eval_id}") {
        ("{eval_id}", make("/v1/evals", bodies::EVAL)?)
    } else if path.contains("{conversation_id}") {
        ("{conversation_id}", make("/v1/conversations", "{}")?)
    } else if path.contains("{thread_id}") {
        ("{thread_id}", make("/v1/threads", "{}")?)
    } else if path.contains("{project_id}") {
        ("{project_id}", make("/v1/organization/projects", r#"{"name":"P"}"#)?)
    } else {
        return Ok(path.to_owned());
    };
    Ok(path.replace(from, &id))
}

/// What most clients send.
const SKIMMED: [&str; 4] = [
    r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hi \u00e9 é"}]}"#,
    r#"{"model":"gpt-4o","messages":[{"role":"system","content":"a\"b"},{"role":"user","content":"x","name":"n"}],"temperature":0.5,"top_p":1,"n":2,"max_tokens":20}"#,
    r#"{ "model" : "m" , "messages" : [ { "content" : "😀" , "role" : "user" } ] , "stream" : false , "stop" : [ "a" ] , "user" : "u" }"#,
    r#"{"model":"gpt-4o-mini","messages":[{"role":"user","content":"a b c d"}],"seed":-1,"presence_penalty":1e-1,"frequency_penalty":-2,"max_completion_tokens":2,"ignore_eos":false,"min_tokens":1}"#,
];
const SKIMMED_WORDS: [&str; 14] = [
    "\"",
    "\\",
    "\\\"",
    "\\u00e9",
    "\\ud83d\\ude00",
    ",",
    ":",
    "{",
    "}",
    "[",
    "]",
    " ",
    "\"model\":\"x\"",
    "\"stream\":true",
];

/// The plain way of reading a chat against the general one, which a field nobody knows demands.
fn skimmed_reader() -> anyhow::Result<Reader> {
    let server = Server::new(|settings| settings.writer.reply = ReplyMode::Echo)?;
    Ok(Box::new(move |bytes| {
        let path = "/v1/chat/completions";
        let plain = server.check(post(path, bytes.to_vec())?)?;
        let Some(rest) = bytes.trim_ascii_start().strip_prefix(b"{") else { return Ok(()) };
        if rest.trim_ascii_start().first() != Some(&b'"') {
            return Ok(());
        }
        let general = server.check(post(path, [b"{\"nobody_knows\":null,".as_slice(), rest].concat())?)?;
        if plain.status != general.status {
            return Err(format!("{} when skimmed, {} by serde", plain.status, general.status));
        }
        let (Some(one), Some(other)) = (plain.json(), general.json()) else { return Ok(()) };
        for field in ["/error", "/model", "/choices", "/usage/prompt_tokens"] {
            let (one, other) = (one.pointer(field), other.pointer(field));
            // Chance is another one for each request, unless it is told.
            let is_drawn =
                |value: Option<&Value>| value.is_some_and(|value| value.to_string().contains("logprobs\":{"));
            if one != other && !is_drawn(one) {
                return Err(format!("{field}: {one:?} when skimmed, {other:?} by serde"));
            }
        }
        Ok(())
    }))
}

const FORM_WORDS: [&str; 10] = [
    "--xyz\r\n",
    "--xyz--",
    "\r\n\r\n",
    "Content-Disposition: form-data; ",
    "name=\"",
    "filename=\"",
    "Content-Type: ",
    "filename*=UTF-8''",
    "; ",
    "\"",
];

/// Whole bodies in parts.
fn forms() -> Vec<Target> {
    let chat =
        br#"{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-4o","messages":[]}}"#;
    let edit = [("model", "gpt-image-1"), ("prompt", "a red cat"), ("size", "1024x1024"), ("n", "1")];
    let heard = [("model", "whisper-1"), ("response_format", "verbose_json"), ("timestamp_granularities[]", "word")];
    let film = [("model", "sora-2"), ("prompt", "rain"), ("seconds", "4"), ("size", "720x1280")];
    let one = |name, path: &'static str, body: Vec<u8>| Target {
        name,
        source: Source { shape: Shape::Bytes, seeds: vec![body], words: &FORM_WORDS, most_bytes: 32 << 10 },
        reader: Box::new(move || reader(move |server, bytes| server.check(post_form(path, bytes.to_vec())?).map(drop))),
    };
    vec![
        one("form/files", "/v1/files", form(&[("purpose", "batch")], &[("file", "a.jsonl", chat)])),
        one("form/edits", "/v1/images/edits", form(&edit, &[("image[]", "a.png", PNG), ("mask", "m.png", PNG)])),
        one("form/variations", "/v1/images/variations", form(&[("size", "256x256")], &[("image", "a.png", PNG)])),
        one("form/transcriptions", "/v1/audio/transcriptions", form(&heard, &[("file", "a.mp3", &MP3[..2000])])),
        one("form/videos", "/v1/videos", form(&film, &[("input_reference", "a.png", PNG)])),
        one("form/skills", "/v1/skills", form(&[], &[("files[]", "greet/SKILL.md", SKILL.as_bytes())])),
        one(
            "form/voices",
            "/v1/audio/voice_consents",
            form(&[("name", "me"), ("language", "en")], &[("recording", "a.mp3", &MP3[..500])]),
        ),
    ]
}

const SKILL: &str = "---\nname: greeting\ndescription: Says hello.\n---\nSay hello.\n";

const LINE_WORDS: &[&str] = &["\n", "\r\n", "{}", "\"messages\":", "\"custom_id\":", "\"url\":\"/v1/x\"", "\u{feff}"];
const ZIP: &[&str] = &["PK\u{3}\u{4}", "PK\u{1}\u{2}", "PK\u{5}\u{6}", "SKILL.md", "../"];
const TUNING_LINES: &[u8] =
    br#"{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello","weight":1}],"tools":[]}
{"messages":[{"role":"system","content":"x"},{"role":"user","content":"Hi"},{"role":"assistant","content":"Ho"}]}
"#;
const BATCH_LINES: &[u8] =
    br#"{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-4o","messages":[]}}
{"custom_id":"b","method":"POST","url":"/v1/embeddings","body":{"model":"text-embedding-3-small","input":"x"}}
"#;

/// Files within sound forms.
fn uploads() -> Vec<Target> {
    type Fields = &'static [(&'static str, &'static str)];
    let one =
        |name, path: &'static str, fields: Fields, (field, file): (&'static str, &'static str), seeds, words| Target {
            name,
            source: Source { shape: Shape::Bytes, seeds, words, most_bytes: 32 << 10 },
            reader: Box::new(move || {
                reader(move |server, bytes| {
                    server.check(post_form(path, form(fields, &[(field, file, bytes)]))?).map(drop)
                })
            }),
        };
    let skill = pack(&[
        ("greet/SKILL.md".to_owned(), SKILL.as_bytes().to_vec()),
        ("greet/run.py".to_owned(), b"print(1)".to_vec()),
    ]);
    vec![
        one(
            "upload/tuning-lines",
            "/v1/files",
            &[("purpose", "fine-tune")],
            ("file", "a.jsonl"),
            vec![TUNING_LINES.to_vec()],
            LINE_WORDS,
        ),
        one(
            "upload/batch-lines",
            "/v1/files",
            &[("purpose", "batch")],
            ("file", "a.jsonl"),
            vec![BATCH_LINES.to_vec()],
            LINE_WORDS,
        ),
        one("upload/skill", "/v1/skills", &[], ("files", "greet.zip"), vec![skill], ZIP),
        one(
            "upload/picture",
            "/v1/images/variations",
            &[("size", "256x256")],
            ("image", "a.png"),
            vec![PNG.to_vec()],
            &[],
        ),
        Target {
            name: "upload/document",
            source: Source {
                shape: Shape::Bytes,
                seeds: vec![PDF.to_vec(), DOCX.to_vec()],
                words: ZIP,
                most_bytes: 32 << 10,
            },
            reader: Box::new(|| reader(document)),
        },
    ]
}

/// A document that comes into a vector store.
fn document(server: &Server, bytes: &[u8]) -> Result<(), String> {
    let name = if bytes.starts_with(b"PK") { "a.docx" } else { "a.pdf" };
    let file = server.check(post_form("/v1/files", form(&[("purpose", "assistants")], &[("file", name, bytes)]))?)?;
    let Ok(id) = file.id() else { return Ok(()) };
    let store = server.check(post("/v1/vector_stores", format!(r#"{{"file_ids":["{id}"]}}"#))?)?;
    let Ok(store) = store.id() else { return Ok(()) };
    server.check(post(&format!("/v1/vector_stores/{store}/search"), r#"{"query":"the letter"}"#)?)?;
    let gone = Request::delete(format!("/v1/vector_stores/{store}")).body(Body::empty());
    server.check(gone.map_err(|error| error.to_string())?).map(drop)
}

const PATHS: [&str; 12] = [
    "GET /v1/models/gpt-4o",
    "GET /v1/models/acme/with/slashes/capabilities",
    "POST /openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
    "GET /w/team/v1/chat/completions/chatcmpl-1/messages",
    "DELETE /v1/vector_stores/vs_1/files/file-1",
    "GET /metrics/by-model/acme%2Fx",
    "GET /images/img_1.png",
    "GET /v1/organization/projects/proj_1/rate_limits/rl-gpt-4o",
    "GET /metrics/rate-limits/key/sk-a",
    "OPTIONS /v1/chat/completions",
    "POST /fakeai/workspace/reset",
    "GET /v1/responses/resp_1?stream=true&starting_after=3",
];
const PATH_WORDS: [&str; 12] =
    ["/", "//", "/v1", "/w/", "/openai/", "%2F", "%00", "..", "?", "GET ", "PATCH ", "/fakeai/"];
const QUERIES: [&str; 12] = [
    "GET /v1/files?limit=5&after=file-1&order=asc&purpose=batch",
    "GET /v1/organization/usage/completions?start_time=1730419200&end_time=1740419200&bucket_width=1d&group_by[]=model&limit=3&page=x",
    "GET /v1/organization/costs?start_time=1730419200&group_by=project_id,line_item&project_ids[]=p",
    "GET /metrics/requests?status=4xx&model=gpt-4o&limit=10&since=2024-11-01T00:00:00Z",
    "GET /metrics/series?range=1h&step=60&model=gpt-4o&resolution=minute",
    "GET /metrics/latency?model=gpt-4o&endpoint=/v1/chat/completions&window=60",
    "GET /metrics/compare?model1=gpt-4o&model2=gpt-4o-mini&models=a,b",
    "GET /metrics/ranking?metric=latency&limit=5",
    "GET /v1/chat/completions?metadata%5Bkey%5D=a+b&limit=2&order=desc",
    "GET /metrics/stream?interval=1&endpoint=/v1/chat/completions&metric_type=throughput&range=60",
    "GET /metrics?format=prometheus&window=60",
    "GET /fakeai/requests?limit=5&after=3",
];
const QUERY_WORDS: [&str; 12] = [
    "&",
    "=",
    "%",
    "+",
    "[]",
    "limit=",
    "after=",
    "before=",
    "start_time=",
    "group_by=",
    "nan",
    "2024-02-30T25:00:00Z",
];

/// `METHOD /path?query`.
fn path_reader() -> anyhow::Result<Reader> {
    reader(|server, bytes| {
        let text = String::from_utf8_lossy(bytes);
        let (method, path) = text.split_once(' ').unwrap_or(("GET", &text));
        let method = Method::from_bytes(method.as_bytes()).unwrap_or(Method::GET);
        let Ok(request) = Request::builder().method(method).uri(path).body(Body::empty()) else { return Ok(()) };
        // Not a fault: it says that the engine or the realm of a metric is not there.
        let answer = server.send(request)?;
        if answer.status == 500 { Err(String::from_utf8_lossy(&answer.body).into_owned()) } else { Ok(()) }
    })
}

const HEADERS: [&str; 10] = [
    "x-fakeai-fault: internal_error;first=3",
    "x-fakeai-fault: slow_first_byte;lasts=2s\nx-request-id: a",
    "x-fakeai-workspace: team-1\nauthorization: Bearer sk-plain-key-one",
    "authorization: Basic dXNlcjpzay1wbGFpbi1rZXktb25l",
    "api-key: sk-plain-key-one\nopenai-organization: org-1\nopenai-project: proj_1",
    "x-api-key: sk-plain-key-one\nx-forwarded-for: 10.0.0.1, 2001:db8::1",
    "sec-websocket-protocol: realtime, openai-insecure-api-key.sk-plain-key-one",
    "content-type: application/json; charset=utf-8\naccept: text/event-stream;q=0.5, */*",
    "origin: https://example.com\naccess-control-request-method: POST\naccess-control-request-headers: a, b",
    "idempotency-key: x\nif-none-match: \"a\"\nrange: bytes=0-5,7-\nx-forwarded-host: a:80\ncontent-length: 5",
];
const HEADER_WORDS: [&str; 14] = [
    ": ",
    "\n",
    "Bearer ",
    "Basic ",
    "x-fakeai-fault: ",
    "x-fakeai-workspace: ",
    "x-forwarded-for: ",
    "stall;after=1",
    "malformed_chunk",
    "bad_arguments",
    "stream_error",
    "content-type: ",
    "bytes=",
    "\u{e9}",
];

/// `name: value` lines, to a server where all that can be switched on is.
fn headers_reader() -> anyhow::Result<Reader> {
    let screening = Screening { screen: Screen::new(Level::Standard, [])?.into(), mode: ScreeningMode::Sanitize };
    let gate = Gatekeeping {
        keys: vec![StoredKey::read("sk-plain-key-one")?],
        requires_key: false,
        quotas: Some(Quota { tier: Tier::One, limits: Tier::One.limits() }),
        bans: Some(Banning { thresholds: Thresholds::default(), cleanup: std::time::Duration::from_secs(3600) }),
        trusted_proxies: Networks::read(["127.0.0.1", "10.0.0.0/8"])?,
        screening: Some(screening),
        ..Gatekeeping::default()
    };
    let server = Server::new(|settings| settings.gate = gate)?;
    Ok(Box::new(move |bytes| {
        let body =
            r#"{"model":"gpt-4o","stream":true,"max_tokens":5,"messages":[{"role":"user","content":"' OR 1=1 --"}]}"#;
        let mut request = post("/v1/chat/completions", body)?;
        for line in bytes.split(|byte| *byte == b'\n') {
            let at = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
            let (name, value) = line.split_at(at);
            let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii();
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
                request.headers_mut().append(name, value);
            }
        }
        let breaks = request.headers().contains_key("x-fakeai-fault");
        match server.send(request) {
            // What was asked for.
            Err(_) if breaks => Ok(()),
            Ok(answer) if answer.status == 500 && !breaks => Err(String::from_utf8_lossy(&answer.body).into_owned()),
            other => other.map(drop),
        }
    }))
}

/// A small server's snapshot.
fn snapshot() -> Option<Vec<u8>> {
    let server = Server::new(|_| {}).ok()?;
    let file = form(&[("purpose", "assistants")], &[("file", "a.txt", b"Tea.")]);
    server.check(post_form("/v1/files", file).ok()?).ok()?;
    let answer = server.check(post("/fakeai/snapshot", "{}").ok()?).ok()?;
    Some(answer.body)
}
