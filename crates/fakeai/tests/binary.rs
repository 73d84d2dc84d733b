//! The binary itself: that it reads its own environment and directory, and its exit codes.
#![expect(clippy::unwrap_used, reason = "a test; clippy only knows functions marked #[test]")]

use std::process::{Command, Output};

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
