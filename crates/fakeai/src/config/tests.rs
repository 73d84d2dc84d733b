//! The configuration through its front door, [`Settings::load`].

use std::path::Path;

use serde_json::{Value, json};

use super::*;

/// Inputs with a file in a directory of their own.
struct Given {
    directory: tempfile::TempDir,
    inputs: Inputs,
}

fn given() -> Given {
    let directory = tempfile::tempdir().unwrap();
    let inputs = Inputs { directory: directory.path().to_owned(), ..Inputs::default() };
    Given { directory, inputs }
}

impl Given {
    fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.directory.path().join(name), text).unwrap();
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.inputs.env.push((name.to_owned(), value.to_owned()));
        self
    }

    fn flag(mut self, name: &str, value: &str) -> Self {
        self.inputs.flags.push((name.to_owned(), value.to_owned()));
        self
    }

    fn load(&self) -> Result<Settings, Problems> {
        Settings::load(&self.inputs)
    }

    fn problems(&self) -> String {
        self.load().unwrap_err().to_string()
    }

    /// The value and source of one key.
    fn of(&self, path: &str) -> String {
        let settings = self.load().unwrap();
        let row = settings.rows.iter().find(|row| row.key.path() == path).unwrap();
        format!("{} from {}", row.value, row.source)
    }
}

#[test]
fn without_inputs_everything_is_default() {
    let settings = given().load().unwrap();
    assert_eq!(settings.config, Config::default());
    assert!(settings.rows.iter().all(|row| row.source == Source::Default));
}

#[test]
fn each_layer_overrides_the_one_below() {
    let file = || given().file("fakeai.toml", "[server]\n\nport = 1\n");
    assert_eq!(given().of("server.port"), "8000 from default");
    assert_eq!(file().of("server.port"), "1 from fakeai.toml:3");
    assert_eq!(file().env("FAKEAI_PORT", "2").of("server.port"), "2 from env FAKEAI_PORT");
    assert_eq!(file().env("FAKEAI_SERVER__PORT", "3").flag("port", "4").of("server.port"), "4 from --port");
}

#[test]
fn a_named_file_replaces_the_one_in_the_directory() {
    let mut given = given().file("fakeai.toml", "port = 1").file("other.yml", "server: {port: 2}");
    given.inputs.config_file = Some("other.yml".into());
    assert_eq!(given.of("server.port"), "2 from other.yml:1");
    assert_eq!(given.load().unwrap().file.unwrap(), given.directory.path().join("other.yml"));
}

/// A value for each key that is not its default, as JSON and as text.
fn another_value(key: &Key, existing_file: &Path) -> (Value, String) {
    let file = existing_file.display().to_string();
    let value = match key.kind {
        Kind::Switch => json!(keys::default_of(key) == json!(false)),
        Kind::Integer { min, max } => json!(if keys::default_of(key) == json!(min + 1) { max } else { min + 1 }),
        Kind::Number { max, .. } | Kind::Milliseconds { max, .. } => {
            json!(if keys::default_of(key) == json!(max) { 1.0 } else { max })
        }
        Kind::OneOfNumbers(numbers) => json!(numbers.last()),
        Kind::OneOf(words) => json!(words.last()),
        Kind::Text { .. } => match key.name {
            "host" => json!("0.0.0.0"),
            "reply" => json!("fixed:Hello, you."),
            "config" => json!(r#"{"topic": "x"}"#),
            "endpoint" | "replay_endpoint" => json!("tcp://*:1"),
            "tier" => json!("tier-5"),
            "period" => json!("week"),
            "batch_speed" | "job_speed" => json!("24h"),
            _ => json!("uniform:1,9"),
        },
        Kind::Texts { .. } => match key.name {
            "lora_modules" | "azure_deployments" => json!(["a=/a", "b=/b"]),
            "faults" => json!(["internal_error", "cut;after=3"]),
            "error_injection_types" => json!(["bad_gateway", "rate_limit"]),
            "patterns" => json!(["(?i)launch code", "x+"]),
            "max_request_size_by_route" => json!(["images=1024", "chat/completions=2048"]),
            "trusted_proxies" => json!(["10.0.0.0/8", "::1"]),
            _ => json!(["https://a.example", "https://b.example"]),
        },
        Kind::Path | Kind::File => json!(file),
        Kind::Files => json!([file]),
    };
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    (value, text)
}

/// Some keys need another one: this completes them.
fn complete(given: Given, key: &Key, file: &str) -> Given {
    match key.name {
        "ssl_certfile" => given.env("FAKEAI_SSL_KEYFILE", file),
        "ssl_keyfile" => given.env("FAKEAI_SSL_CERTFILE", file),
        "enable_lora" | "lora_modules" => given.env("FAKEAI_ENGINE_KIND", "vllm"),
        _ if key.section == "kv_events" => given.env("FAKEAI_ENGINE_KIND", "vllm"),
        _ => given,
    }
}

#[test]
fn every_key_can_be_set_by_every_source() {
    for key in all() {
        let given_file = || given().file("some.pem", "");
        let check = |given: Given, source: &str| {
            let existing = given.directory.path().join("some.pem");
            let given = complete(given, key, &existing.display().to_string());
            let settings = given.load().unwrap_or_else(|problems| panic!("{source}: {problems}"));
            let row = settings.rows.iter().find(|row| row.key.is(key)).unwrap();
            let path = json!("some.pem");
            let expected = match key.kind {
                Kind::Path | Kind::File => path,
                Kind::Files => json!([path]),
                _ => another_value(key, &existing).0,
            };
            assert_eq!(row.value, expected, "{} by {source}", key.path());
            assert_ne!(row.value, keys::default_of(key), "{}", key.path());
            assert_eq!(serde_json::to_value(&settings.config).unwrap()[key.section][key.name], expected);
        };
        let (value, text) = another_value(key, Path::new("some.pem"));
        let nested = json!({ key.section: { key.name: value } });
        let flat = json!({ key.flat_name(): value });
        check(given_file().file("fakeai.json", &nested.to_string()), "nested JSON");
        check(given_file().file("fakeai.yaml", &flat.to_string()), "flat YAML");
        check(given_file().file("fakeai.toml", &toml::to_string(&nested).unwrap()), "nested TOML");
        check(given_file().env(&key.flat_env(), &text), "flat environment");
        check(given_file().env(&key.nested_env(), &text), "nested environment");
        let flags = key.all_flags();
        for flag in flags {
            if key.is_second_of_flag() {
                check(given_file().flag(&flag, &format!("1:{text}%")), &flag);
            } else if value == json!(false) {
                check(given_file().flag(&format!("no-{flag}"), "false"), &flag);
            } else {
                check(given_file().flag(&flag, &text), &flag);
            }
        }
    }
}

#[test]
fn the_same_value_twice_in_a_layer_is_no_quarrel() {
    let given = given().env("FAKEAI_TTFT_MS", "50").env("FAKEAI_GENERATION__TTFT_MS", "50.0");
    assert_eq!(given.of("generation.ttft_ms"), "50.0 from env FAKEAI_TTFT_MS");
}

#[test]
fn two_values_in_one_layer_are_refused() {
    let env = given().env("FAKEAI_TTFT_MS", "50").env("FAKEAI_GENERATION__TTFT_MS", "60");
    insta::assert_snapshot!(env.problems());
    let file = given().file("fakeai.yaml", "ttft_ms: 50\ngeneration:\n  ttft_ms: 60\n");
    insta::assert_snapshot!(file.problems());
}

#[test]
fn two_files_are_refused() {
    insta::assert_snapshot!(given().file("fakeai.toml", "").file("fakeai.json", "{}").problems());
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let missing = |name: &str| {
        let mut given = given();
        given.inputs.config_file = Some(name.into());
        given.problems()
    };
    insta::assert_snapshot!(missing("absent.toml"));
    insta::assert_snapshot!(missing("settings.ini"));
    insta::assert_snapshot!(given().file("fakeai.toml", "[server]\nport = = 1\n").problems());
    insta::assert_snapshot!(given().file("fakeai.yaml", "server:\n  port: [1\n").problems());
    insta::assert_snapshot!(given().file("fakeai.json", "{\n \"server\": {\n  \"port\": }}").problems());
    insta::assert_snapshot!(given().file("fakeai.yaml", "- port\n").problems());
}

#[test]
fn all_problems_are_told_at_once() {
    let toml = "\
prot = 1
genertion.ttft_ms = 5
server = 5

[generation]
itl_ms = -1
tft_ms = 20
port = 8001
temperature = 1
reply = { text = \"hi\" }

[rate_limits]
tier = \"gold\"

[server]
host = \"a b\"
";
    let toml = toml.replace("server = 5\n", "");
    let given = given()
        .file("fakeai.toml", &toml)
        .env("FAKEAI_PROT", "5")
        .env("FAKEAI_PORT", "70000")
        .env("FAKEAI_SERVER__LOG_LEVEL", "loud")
        .env("FAKEAI_LLM_MODEL_NAME", "sk-0123456789abcdef")
        .env("FAKEAI_SOMETHING_ELSE", "1")
        .env("FAKEAI_DEBUG", "perhaps")
        .env("FAKEAI_OUTPUT_TOKENS", "many")
        .env("FAKEAI_REPLY", "sk-0123456789abcdef")
        .env("FAKEAI_URL", "http://127.0.0.1:8000")
        .env("HOME", "/root")
        .flag("ttft", "20:200%")
        .flag("itl", "fast")
        .flag("validation-status", "418")
        .flag("kv-cache-workers", "")
        .flag("cors-allowed-origins", "example.com");
    insta::assert_snapshot!(given.problems());
}

#[test]
fn toml_values_that_json_lacks_are_refused() {
    let text = "ttft_ms = nan\nitl_ms = inf\nseed = 2026-01-01\nport = 0x1F40\nworkers = 1_0\n";
    insta::assert_snapshot!(given().file("fakeai.toml", text).problems());
}

#[test]
fn a_section_needs_keys() {
    insta::assert_snapshot!(given().file("fakeai.json", "{\"server\": 5, \"models\": {\"strict\": null}}").problems());
}

#[test]
fn values_that_do_not_fit_together_are_refused() {
    let given = given()
        .file(
            "fakeai.toml",
            "strict_token_counting = true\nssl_certfile = \"absent.pem\"\nmodels_files = [\"more.toml\"]\n",
        )
        .env("FAKEAI_TOKENIZER", "words")
        .flag("uds", "/tmp/fakeai.sock")
        .flag("port", "8001")
        .flag("latency", "instant")
        .flag("ttft", "50:5");
    insta::assert_snapshot!(given.problems());
}

#[test]
fn a_stronger_layer_may_choose_another_latency() {
    let given = given().file("fakeai.toml", "ttft_ms = 200\nport = 9000\n").flag("latency", "instant").flag("uds", "s");
    assert_eq!(given.load().unwrap().config.generation.latency, Latency::Instant);
}

#[test]
fn unknown_flags_are_refused_in_the_library_too() {
    insta::assert_snapshot!(given().flag("tfft", "20").flag("llm-model-name", "x").problems());
}

#[test]
fn kubernetes_service_links_are_no_settings() {
    let linked = given()
        .env("FAKEAI_SERVICE_HOST", "10.0.0.7")
        .env("FAKEAI_SERVICE_PORT", "8000")
        .env("FAKEAI_SERVICE_PORT_HTTP", "8000")
        .env("FAKEAI_PORT", "tcp://10.0.0.7:8000")
        .env("FAKEAI_PORT_8000_TCP_ADDR", "10.0.0.7");
    assert_eq!(linked.of("server.port"), "8000 from default");
    insta::assert_snapshot!(given().env("FAKEAI_PORT", "tcp://10.0.0.7:8000").problems());
}

#[test]
fn either_switch_turns_refusals_on() {
    let refuses = |given: Given| given.load().unwrap().config.features.refuses();
    assert!(!refuses(given()));
    assert!(refuses(given().env("FAKEAI_ENABLE_REFUSALS", "1")));
    assert!(refuses(given().env("FAKEAI_ENABLE_SAFETY_FEATURES", "1")));
}

#[test]
fn the_schema_lists_every_key() {
    let schema = schema();
    for key in all() {
        let property = &schema["properties"][key.section]["properties"][key.name];
        assert_eq!(property["description"], key.doc);
        assert!(schema["properties"][key.flat_name()].is_object());
    }
    insta::assert_json_snapshot!(schema["properties"]["generation"]);
}

/// `UPDATE_DOCS=1` rewrites the reference instead.
#[test]
#[expect(clippy::disallowed_methods, reason = "a switch of this test, not of the program")]
fn the_reference_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    if std::env::var("UPDATE_DOCS").is_ok() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, markdown()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == markdown(), "docs/configuration.md is stale: UPDATE_DOCS=1 cargo test -p fakeai rewrites it");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn no_file_makes_the_start_panic(bytes: Vec<u8>) {
        for name in file::NAMES {
            let directory = tempfile::tempdir().unwrap();
            std::fs::write(directory.path().join(name), &bytes).unwrap();
            let _ = Settings::load(&Inputs { directory: directory.path().to_owned(), ..Inputs::default() });
        }
    }
}
