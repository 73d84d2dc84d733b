//! Commands that need no server: `server` as far as its start, `config`, `completions`, help.

use super::*;

#[test]
fn without_a_command_help_is_printed() {
    let outcome = Call::default().run(&[]);
    assert_eq!(outcome.code, 2);
    insta::assert_snapshot!(outcome.err);
}

#[test]
fn every_command_has_help_with_examples() {
    for command in root().get_subcommands() {
        let outcome = Call::default().run(&[command.get_name(), "--help"]);
        assert_eq!((outcome.code, outcome.err.as_str()), (0, ""), "{}", command.get_name());
        assert!(outcome.out.contains("Examples:\n"), "{}", command.get_name());
    }
    root().debug_assert();
}

#[test]
fn the_version_is_told() {
    let outcome = Call::default().run(&["--version"]);
    assert_eq!((outcome.code, outcome.out), (0, format!("fakeai {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn a_slip_of_the_pen_is_corrected() {
    let command = Call::default().run(&["serve"]);
    assert_eq!(command.code, 2);
    assert!(command.err.contains("'server'"), "{}", command.err);
    let flag = Call::default().run(&["server", "--tttf", "20"]);
    assert_eq!(flag.code, 2);
    assert!(flag.err.contains("did you mean `--ttft`?"), "{}", flag.err);
}

#[test]
fn the_server_gets_the_settings() {
    let outcome = Call::default().env("FAKEAI_PORT", "1").run(&["server", "--port", "9000"]);
    assert_eq!(outcome, Outcome { code: 0, out: "serving on port 9000\n".to_owned(), err: String::new() });
}

#[test]
fn the_server_does_not_start_with_a_wrong_setting() {
    let outcome = Call::default().env("FAKEAI_TFT_MS", "20").run(&[
        "server",
        "--prot",
        "80",
        "--port",
        "-1",
        "--rate-limit-tier",
        "free",
        "--no-enable-abuse-detection",
    ]);
    assert_eq!((outcome.code, outcome.out.as_str()), (2, ""));
    insta::assert_snapshot!(outcome.err);
}

#[test]
fn config_shows_values_and_sources() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("fakeai.toml"), "[generation]\nitl_ms = 15\n").unwrap();
    let call = Call { directory: directory.path().to_owned(), ..Call::default() };
    let call = call.env("FAKEAI_SEED", "7").env("FAKEAI_URL", "http://127.0.0.1:1");
    let flags = ["config", "--ttft", "200:20%", "--no-random-delay", "--reply", "fixed:sk-0123456789abcdef"];
    let table = call.run(&flags);
    assert_eq!((table.code, table.err.as_str()), (0, ""));
    insta::assert_snapshot!(table.out);
    let json = call.run(&[&flags[..], &["--format", "json"]].concat());
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json.out).unwrap();
    let of = |key: &str| rows.iter().find(|row| row["key"] == key).unwrap().to_string();
    assert_eq!(of("generation.itl_ms"), r#"{"key":"generation.itl_ms","value":15.0,"source":"fakeai.toml:2"}"#);
    assert_eq!(of("generation.reply"), r#"{"key":"generation.reply","value":"fixed:sk-…cdef","source":"--reply"}"#);
}

#[test]
fn config_schema_needs_no_valid_configuration() {
    let outcome = Call::default().env("FAKEAI_PORT", "none").run(&["config", "schema"]);
    assert_eq!(outcome.code, 0);
    let schema: serde_json::Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!(schema, crate::config::schema());
}

#[test]
fn completions_know_our_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let outcome = Call::default().run(&["completions", shell]);
        assert_eq!(outcome.code, 0);
        assert!(outcome.out.contains("cache-stats"), "{shell}");
    }
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    struct Gone;
    impl std::io::Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (mut err, mut input) = (Vec::new(), std::io::empty());
    let streams = (&mut Gone, &mut err, &mut input);
    let mut terminal = Terminal {
        out: streams.0,
        err: streams.1,
        input: streams.2,
        out_is_terminal: false,
        err_is_terminal: false,
        input_is_terminal: false,
    };
    let mut world = World { directory: PathBuf::new(), env: Vec::new(), terminal: &mut terminal };
    assert_eq!(run(["fakeai", "config"], &mut world, serve), 0);
    assert_eq!(String::from_utf8(err).unwrap(), "");
}
