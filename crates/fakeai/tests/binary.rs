//! The binary itself: that it reads its own environment and directory, and its exit codes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test; clippy only knows functions marked #[test]")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};

fn fakeai(args: &[&str], env: &[(&str, &str)]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("fakeai.yaml"), "itl_ms: 15\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_fakeai"));
    command.args(args).env_clear().envs(env.iter().copied()).current_dir(directory.path()).output().unwrap()
}

#[test]
fn it_reads_its_directory_and_environment() {
    let output = fakeai(&["config"], &[("FAKEAI_TTFT_MS", "200")]);
    let text = String::from_utf8(output.stdout).unwrap();
    let has = |key: &str, source: &str| text.lines().any(|line| line.starts_with(key) && line.ends_with(source));
    assert!(has("generation.ttft_ms ", "env FAKEAI_TTFT_MS"), "{text}");
    assert!(has("generation.itl_ms ", "fakeai.yaml:1"), "{text}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn its_exit_codes_tell_wrong_calls_from_failures() {
    let code = |args: &[&str], env: &[(&str, &str)]| fakeai(args, env).status.code();
    assert_eq!(code(&["--version"], &[]), Some(0));
    assert_eq!(code(&[], &[]), Some(2));
    assert_eq!(code(&["server"], &[("FAKEAI_TTFT", "200")]), Some(2));
    assert_eq!(code(&["status", "--url", "http://127.0.0.1:1"], &[]), Some(1));
}

/// What a server that is asked one chat logs, line by line.
fn logged(args: &[&str]) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Command::new(env!("CARGO_BIN_EXE_fakeai"))
        .args([&["server", "--port", "0", "--latency", "instant"], args].concat())
        .env_clear()
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut card = BufReader::new(server.stdout.take().unwrap()).lines().map(Result::unwrap);
    let address = card.find_map(|line| Some(line.split_once("http://")?.1.to_owned())).unwrap();
    let address = address.split(|letter: char| letter.is_whitespace() || letter == '/').next().unwrap();
    let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"I am sk-verysecret0123456789"}]}"#;
    let mut client = TcpStream::connect(address).unwrap();
    let head = "POST /v1/chat/completions?api-key=verysecret HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                Authorization: Bearer sk-verysecret0123456789\r\nContent-Type: application/json\r\n";
    write!(client, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    client.read_to_string(&mut String::new()).unwrap();
    server.kill().unwrap();
    let mut text = String::new();
    server.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    server.wait().unwrap();
    assert!(!text.contains("verysecret"), "{text}");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_request_is_one_line_of_the_log() {
    let lines = logged(&["--log-format", "json", "--log-requests"]);
    let lines: Vec<serde_json::Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [body, access] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(
        (body["target"].as_str(), access["target"].as_str()),
        (Some("fakeai::requests"), Some("fakeai::access"))
    );
    assert!(body["body"].as_str().unwrap().contains("I am sk-…6789") && body["id"] == access["id"]);
    assert_eq!(
        (access["status"].as_u64(), access["path"].as_str()),
        (Some(200), Some("/v1/chat/completions?api-key=…"))
    );
    assert!(access["key"].as_str().unwrap().starts_with("key-") && access["completion_tokens"].as_u64().unwrap() > 0);
    let human = logged(&[]);
    assert_eq!(human.len(), 1, "{human:?}");
    assert!(
        human[0].contains(" INFO ") && human[0].contains("status=200") && human[0].contains("id=\"req_"),
        "{human:?}"
    );
    assert_eq!(logged(&["--log-level", "warning"]), [""; 0]);
}

/// A server that keeps what it is told in `directory`, and its address.
fn keeping(directory: &std::path::Path, flags: &[&str]) -> (Child, String) {
    let mut server = Command::new(env!("CARGO_BIN_EXE_fakeai"))
        .args([&["server", "--port", "0", "--store", "data.redb"], flags].concat())
        .env_clear()
        .current_dir(directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut card = BufReader::new(server.stdout.take().unwrap()).lines().map(Result::unwrap);
    let address = card.find_map(|line| Some(line.split_once("http://")?.1.to_owned())).unwrap();
    let address = address.split(|letter: char| letter.is_whitespace() || letter == '/').next().unwrap();
    (server, address.to_owned())
}

/// The body of an answer.
fn ask(address: &str, method: &str, path: &str, kind: &str, body: &str) -> String {
    let mut client = TcpStream::connect(address).unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {kind}\r\n");
    write!(client, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn jobs_go_on_after_the_server_was_killed() {
    const LINES: usize = 60;
    let directory = tempfile::tempdir().unwrap();
    let flags = ["--batch-speed", "2s", "--job-speed", "2s"];
    let (mut server, address) = keeping(directory.path(), &flags);
    let post = |path: &str, body: &str| json(&ask(&address, "POST", path, "application/json", body));
    let upload = |purpose: &str, lines: &str| {
        let form = format!(
            "--xyz\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n{purpose}\r\n--xyz\r\nContent-Disposition: \
             form-data; name=\"file\"; filename=\"x.jsonl\"\r\n\r\n{lines}\r\n--xyz--\r\n"
        );
        json(&ask(&address, "POST", "/v1/files", "multipart/form-data; boundary=xyz", &form))["id"].clone()
    };
    let body = r#"{"model":"text-embedding-3-small","input":"one","dimensions":4}"#;
    let line = |number| format!(r#"{{"custom_id":"{number}","method":"POST","url":"/v1/embeddings","body":{body}}}"#);
    let lines: Vec<String> = (0..LINES).map(line).collect();
    let file = upload("batch", &lines.join("\n"));
    let batch = format!(r#"{{"input_file_id":{file},"endpoint":"/v1/embeddings","completion_window":"24h"}}"#);
    let batch = post("/v1/batches", &batch);
    let example = r#"{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Ho"}]}"#;
    let file = upload("fine-tune", &[example; 10].join("\n"));
    let tuning = post("/v1/fine_tuning/jobs", &format!(r#"{{"model":"gpt-4o-mini","training_file":{file}}}"#));
    assert_eq!(tuning["status"], "validating_files", "{tuning}");
    let path = format!("/v1/batches/{}", batch["id"].as_str().unwrap());
    let done =
        |address: &str| json(&ask(address, "GET", &path, "", ""))["request_counts"]["completed"].as_u64().unwrap();
    while done(&address) < 10 {}
    server.kill().unwrap();
    server.wait().unwrap();

    let (mut server, address) = keeping(directory.path(), &flags);
    // Nobody looks at the jobs: they go on by themselves.
    let there = |purpose: &str| {
        let list = json(&ask(&address, "GET", &format!("/v1/files?purpose={purpose}"), "", ""));
        list["data"][0]["id"].as_str().map(str::to_owned)
    };
    let found = |purpose: &str| std::iter::repeat_with(|| there(purpose)).find_map(|id| id).unwrap();
    let output = found("batch_output");
    let content = ask(&address, "GET", &format!("/v1/files/{output}/content"), "", "");
    let names: Vec<String> = content.lines().map(|line| json(line)["custom_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, (0..LINES).map(|number| number.to_string()).collect::<Vec<_>>());
    let batch = json(&ask(&address, "GET", &path, "", ""));
    assert_eq!((&batch["status"], done(&address)), (&serde_json::Value::from("completed"), LINES as u64));
    found("fine-tune-results");
    assert!(ask(&address, "GET", "/v1/models", "", "").contains("\"ft:gpt-4o-mini:fakeai::"));
    server.kill().unwrap();
    server.wait().unwrap();
}
