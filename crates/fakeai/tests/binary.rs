//! The binary itself: that it reads its own environment and directory, and its exit codes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test; clippy only knows functions marked #[test]")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
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

/// A server as a process of its own; killed when it is dropped, which leaves it no time for anything.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(directory: &Path, args: &[&str]) -> Self {
        Self::logging_to(Stdio::null(), directory, args)
    }

    fn logging_to(log: Stdio, directory: &Path, args: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_fakeai"))
            .args([&["server", "--port", "0", "--latency", "instant"], args].concat())
            .env_clear()
            .current_dir(directory)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut card = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let address = card.find_map(|line| Some(line.split_once("http://")?.1.to_owned())).unwrap();
        let address = address.split(|letter: char| letter.is_whitespace() || letter == '/').next().unwrap().to_owned();
        Self { process, address }
    }

    /// The body of an answer.
    fn ask(&self, method: &str, path: &str, headers: &[&str], body: &str) -> String {
        let mut client = TcpStream::connect(&self.address).unwrap();
        write!(client, "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n").unwrap();
        for header in headers {
            write!(client, "{header}\r\n").unwrap();
        }
        write!(client, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
    }

    fn post(&self, path: &str, body: &str) -> serde_json::Value {
        json(&self.ask("POST", path, &["Content-Type: application/json"], body))
    }

    fn get(&self, path: &str) -> serde_json::Value {
        json(&self.text(path))
    }

    fn text(&self, path: &str) -> String {
        self.ask("GET", path, &[], "")
    }

    /// Uploads a file of lines, and gives its id.
    fn upload(&self, purpose: &str, lines: &str) -> serde_json::Value {
        let form = format!(
            "--xyz\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n{purpose}\r\n--xyz\r\nContent-Disposition: \
             form-data; name=\"file\"; filename=\"x.jsonl\"\r\n\r\n{lines}\r\n--xyz--\r\n"
        );
        let kind = "Content-Type: multipart/form-data; boundary=xyz";
        json(&self.ask("POST", "/v1/files", &[kind], &form))["id"].clone()
    }

    fn chat(&self) {
        let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}],"max_tokens":5}"#;
        assert_eq!(self.post("/v1/chat/completions", body)["object"], "chat.completion");
    }

    fn requests(&self) -> u64 {
        self.get("/metrics/by-model/gpt-4o")["request_count"].as_u64().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// What a server that is asked one chat logs, line by line.
fn logged(args: &[&str]) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::logging_to(Stdio::piped(), directory.path(), args);
    let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"I am sk-verysecret0123456789"}]}"#;
    let secret = "Authorization: Bearer sk-verysecret0123456789";
    server.ask("POST", "/v1/chat/completions?api-key=verysecret", &["Content-Type: application/json", secret], body);
    let mut log = server.process.stderr.take().unwrap();
    drop(server);
    let mut text = String::new();
    log.read_to_string(&mut text).unwrap();
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

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn jobs_go_on_after_the_server_was_killed() {
    const LINES: usize = 60;
    let directory = tempfile::tempdir().unwrap();
    let flags = ["--store", "data.redb", "--batch-speed", "2s", "--job-speed", "2s"];
    let server = Server::start(directory.path(), &flags);
    let body = r#"{"model":"text-embedding-3-small","input":"one","dimensions":4}"#;
    let line = |number| format!(r#"{{"custom_id":"{number}","method":"POST","url":"/v1/embeddings","body":{body}}}"#);
    let lines: Vec<String> = (0..LINES).map(line).collect();
    let file = server.upload("batch", &lines.join("\n"));
    let batch = format!(r#"{{"input_file_id":{file},"endpoint":"/v1/embeddings","completion_window":"24h"}}"#);
    let batch = server.post("/v1/batches", &batch);
    let example = r#"{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Ho"}]}"#;
    let file = server.upload("fine-tune", &[example; 10].join("\n"));
    let tuning = server.post("/v1/fine_tuning/jobs", &format!(r#"{{"model":"gpt-4o-mini","training_file":{file}}}"#));
    assert_eq!(tuning["status"], "validating_files", "{tuning}");
    let path = format!("/v1/batches/{}", batch["id"].as_str().unwrap());
    let done = |server: &Server| server.get(&path)["request_counts"]["completed"].as_u64().unwrap();
    while done(&server) < 10 {}
    drop(server);

    let server = Server::start(directory.path(), &flags);
    // Nobody looks at the jobs: they go on by themselves.
    let there = |purpose: &str| {
        server.get(&format!("/v1/files?purpose={purpose}"))["data"][0]["id"].as_str().map(str::to_owned)
    };
    let found = |purpose: &str| std::iter::repeat_with(|| there(purpose)).find_map(|id| id).unwrap();
    let output = found("batch_output");
    let content = server.text(&format!("/v1/files/{output}/content"));
    let names: Vec<String> = content.lines().map(|line| json(line)["custom_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, (0..LINES).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!((&server.get(&path)["status"], done(&server)), (&serde_json::Value::from("completed"), LINES as u64));
    found("fine-tune-results");
    assert!(server.text("/v1/models").contains("\"ft:gpt-4o-mini:fakeai::"));
}

#[test]
fn metrics_outlive_a_server_that_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let keeping = ["--metrics-dir", "kept", "--metrics-interval", "1"];
    let mut asked = 0;
    for life in 0..3 {
        let server = Server::start(directory.path(), &keeping);
        assert_eq!(server.requests(), asked, "life {life}");
        (0..4).for_each(|_| server.chat());
        asked += 4;
        // What is written from now on has all of them.
        let writes = || server.get("/metrics/persistence")["writes"].as_u64().unwrap();
        let before = writes();
        while writes() < before + 2 {
            std::thread::yield_now();
        }
        drop(server);
        // As one killed while it wrote would leave it.
        std::fs::write(directory.path().join("kept/state.json.part"), b"{\"format\":1,").unwrap();
    }
    let server = Server::start(directory.path(), &keeping);
    for (resolution, from) in [("second", "-900"), ("minute", "-7200"), ("hour", "-100000")] {
        let series = server.get(&format!("/metrics/series?resolution={resolution}&from={from}"));
        let chats: u64 =
            series["points"].as_array().unwrap().iter().map(|p| p["completion_tokens"].as_u64().unwrap()).sum();
        assert_eq!(chats, 12 * 5, "{resolution}: {series}");
    }
    assert!(server.get("/health")["uptime_seconds"].as_f64().unwrap() < 3600.0);
    let second = Command::new(env!("CARGO_BIN_EXE_fakeai"))
        .args(["server", "--port", "0", "--metrics-dir", "kept"])
        .env_clear()
        .current_dir(directory.path())
        .output()
        .unwrap();
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(second.status.code() == Some(1) && told.contains("another server uses it"), "{told}");
}

#[test]
fn seed_data_is_there_for_the_first_client_and_once() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("notes.txt"), "Tea is served at four.").unwrap();
    let seeds = r#"
- path: /v1/files
  multipart: {purpose: assistants, file: {path: notes.txt}}
  save_as: notes
- path: /v1/files
  multipart: {purpose: user_data, file: {name: "b.txt", content: "hello"}}
- path: /v1/assistants
  body: {model: gpt-4o, name: Host, metadata: {reads: "${notes}"}}
- path: /w/team/v1/conversations
  body: {}
"#;
    std::fs::write(directory.path().join("seeds.yaml"), seeds).unwrap();
    for life in 0..2 {
        let server = Server::start(directory.path(), &["--seed-data", "seeds.yaml", "--store", "data.redb"]);
        let files = server.get("/v1/files?order=asc");
        assert_eq!(files["data"].as_array().unwrap().len(), 2, "life {life}");
        let id = &files["data"][0]["id"];
        assert_eq!(server.get("/v1/assistants")["data"][0]["metadata"]["reads"], *id);
        assert_eq!(server.get("/fakeai/requests")["data"], serde_json::json!([]));
    }
    let seeds = "- path: /v1/assistants\n  body: {name: Nobody}\n";
    std::fs::write(directory.path().join("wrong.yaml"), seeds).unwrap();
    let wrong = Command::new(env!("CARGO_BIN_EXE_fakeai"))
        .args(["server", "--port", "0", "--seed-data", "wrong.yaml"])
        .env_clear()
        .current_dir(directory.path())
        .output()
        .unwrap();
    let told = String::from_utf8(wrong.stderr).unwrap();
    assert!(
        wrong.status.code() == Some(1) && told.contains("request 1 (POST /v1/assistants): the answer is 400"),
        "{told}"
    );
}
