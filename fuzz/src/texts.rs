//! Schemas, patterns, grammars, rules, addresses: small languages that clients write.

use std::net::{IpAddr, Ipv4Addr};

use fakeai_core::Seed;
use fakeai_events::{Endpoint, Request};
use fakeai_guard::{FaultRule, Level, Networks, Screen, StoredKey};
use fakeai_schema::{Budget, Grammar, NoSource, Pattern, Schema, Syntax, strict};
use serde_json::Value;

use crate::mutate::{Shape, Source};
use crate::run::{Reader, Target};

/// All of them.
pub(crate) fn targets() -> Vec<Target> {
    let target = |name, shape, seeds: &[&str], words, read: fn(&[u8]) -> Result<(), String>| Target {
        name,
        source: Source { shape, seeds: bytes_of(seeds), words, most_bytes: 4 << 10 },
        reader: Box::new(move || Ok(Box::new(read) as Reader)),
    };
    let text = |name, seeds, words, read| target(name, Shape::Bytes, seeds, words, read);
    vec![
        target("schema/json", Shape::Json, &SCHEMAS, &SCHEMA_WORDS, schema),
        text("schema/pattern", &PATTERNS, &PATTERN_WORDS, pattern),
        text("schema/gbnf", &[GBNF], &GRAMMAR_WORDS, |bytes| grammar(Syntax::Gbnf, bytes)),
        text("schema/lark", &[LARK], &GRAMMAR_WORDS, |bytes| grammar(Syntax::Lark, bytes)),
        text("guard/fault", &FAULTS, &[";", "=", "first=", "rate=", "stall", "reset", "after=", "*"], fault),
        text("guard/key", &KEYS, &["$2b$", "$argon2id$", "sha256:", "$", "m=", "t="], key),
        text(
            "guard/forwarded",
            &["10.0.0.1, 192.168.0.1", "[::1]:80, 2001:db8::1"],
            &[",", "::", "/64", "."],
            forwarded,
        ),
        Target {
            name: "guard/screen",
            source: Source {
                shape: Shape::Bytes,
                seeds: bytes_of(&ATTACKS),
                words: &ATTACK_WORDS,
                most_bytes: 4 << 10,
            },
            reader: Box::new(screen),
        },
        text(
            "events/endpoint",
            &["tcp://*:5557", "tcp://127.0.0.1:5557", "inproc://x"],
            &["tcp://", ":", "*"],
            endpoint,
        ),
        text("events/replay", &["id\n\n\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{5}"], &["\n"], replay),
        text(
            "moderation/text",
            &["I will kill you.", "kill the process", "a knife, said \u{201c}he\u{201d}"],
            &[". ", "kill", "\""],
            moderation,
        ),
        text("embedding/text", &["When are refunds paid?", "日本語のテキスト"], &["refund", " ", "\n"], embedding),
    ]
}

fn bytes_of(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

const SCHEMAS: [&str; 4] = [
    r##"{"type":"object","properties":{"name":{"type":"string","minLength":1,"maxLength":9},"age":{"type":"integer","minimum":0,"maximum":120},"next":{"$ref":"#"}},"required":["name"],"additionalProperties":false}"##,
    r##"{"$defs":{"n":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/n"}]}},"type":"array","items":{"$ref":"#/$defs/n"},"minItems":2,"maxItems":5,"uniqueItems":true}"##,
    r#"{"oneOf":[{"const":1},{"enum":["a","b",null]},{"type":"string","pattern":"^[a-z]{2,4}-\\d+$"},{"format":"date-time"}]}"#,
    r#"{"allOf":[{"type":["string","number"]},{"not":{"const":"x"}},{"multipleOf":0.1,"exclusiveMinimum":0}],"if":{"type":"string"},"then":{"minLength":2},"else":{"maximum":7}}"#,
];
const SCHEMA_WORDS: [&str; 12] = [
    "\"$ref\":",
    "\"#/$defs/n\"",
    "\"anyOf\":",
    "\"not\":",
    "\"pattern\":",
    "\"(a+)+$\"",
    "\"type\":",
    "\"minItems\":",
    "\"dependentRequired\":",
    "\"propertyNames\":",
    "\"contains\":",
    "\"multipleOf\":",
];
const PATTERNS: [&str; 4] = ["^[a-z]{2,4}-\\d+$", "(foo|bar)*baz?", "[\\u0041-\\x5A]+\\b", "(?:a{1,3}){1,3}[^\\s]"];
const PATTERN_WORDS: [&str; 14] =
    ["(", ")", "[", "]", "{9999}", "{1,}", "*", "+?", "\\", "\\p{L}", "(?i)", "|", "^", "\\uD83D"];
const GBNF: &str = "root ::= object\nobject ::= \"{\" ws (string \":\" ws value)? \"}\"\nvalue ::= object | string | [0-9]{1,3}\n\
                    string ::= \"\\\"\" [^\"\\\\\\x00-\\x1F]* \"\\\"\"\nws ::= [ \\t\\n]* # space\n";
const LARK: &str = "start: expr\nexpr: term ((\"+\" | \"-\") term)*\nterm: INT | \"(\" expr \")\"\nINT: /[0-9]+/i\n\
                    %import common.WS\n%ignore WS\nitem~2..3: \"a\"..\"z\"\n";
const GRAMMAR_WORDS: [&str; 14] =
    ["::=", ":", "|", "root", "start", "(", ")", "~1..9", "*", "%ignore ", "%import common.", "\"", "[^", "/x/"];
const FAULTS: [&str; 4] = [
    "internal_error;first=3",
    "stall;after=5;lasts=2s;rate=0.5;model=gpt-*",
    "reset;after=1",
    "rate_limit_quota;endpoint=/v1/*",
];
const KEYS: [&str; 4] = [
    "sk-abc",
    "$2b$04$7JwLMNPCLTHY2jyyqkpgLeQc1oJUbAvRdFqPSdBSs2DcVGgvpJ3gy",
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$bXlzZWNyZXQ",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
];
const ATTACKS: [&str; 6] = [
    "1' OR '1'='1' --",
    "<script>alert(1)</script>",
    "; cat /etc/passwd | nc x 1",
    "../../../etc/passwd",
    "*)(uid=*))(|(uid=*",
    "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>",
];
const ATTACK_WORDS: [&str; 10] =
    ["SELECT ", "UNION ", "' OR ", "--", "<script", "javascript:", "$(", "`", "../", "```"];

fn schema(bytes: &[u8]) -> Result<(), String> {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return Ok(()) };
    let _ = strict::check(&value);
    let Ok(schema) = Schema::parse(&value) else { return Ok(()) };
    let mut rng = Seed::new(bytes.len() as u64).rng();
    let made = schema.instance(&mut NoSource, &mut rng, Budget { max_bytes: 400 });
    match schema.problem(&made) {
        None => Ok(()),
        Some(problem) => Err(format!("{made} is no instance: {problem}")),
    }
}

fn pattern(bytes: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(bytes);
    let _ = Pattern::parse_full(&text);
    let Ok(pattern) = Pattern::parse(&text) else { return Ok(()) };
    let sample = pattern.sample(&mut Seed::new(bytes.len() as u64).rng(), 60);
    if pattern.is_match(&sample) { Ok(()) } else { Err(format!("{sample:?} does not match")) }
}

fn grammar(syntax: Syntax, bytes: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(bytes);
    let _ = Syntax::guess(&text);
    let Ok(grammar) = Grammar::parse(syntax, &text) else { return Ok(()) };
    let sample = grammar.sample(&mut Seed::new(bytes.len() as u64).rng(), 200);
    let most = grammar.least_bytes().max(200);
    if sample.len() <= most { Ok(()) } else { Err(format!("{} bytes instead of {most}", sample.len())) }
}

fn fault(bytes: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(bytes);
    let Ok(rule) = text.parse::<FaultRule>() else { return Ok(()) };
    let written = rule.to_string();
    match written.parse::<FaultRule>() {
        Ok(again) if again.to_string() == written => Ok(()),
        _ => Err(format!("{written:?} does not read back")),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "all readers have one form")]
fn key(bytes: &[u8]) -> Result<(), String> {
    let _ = StoredKey::read(&String::from_utf8_lossy(bytes));
    Ok(())
}

fn forwarded(bytes: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(bytes);
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let _ = Networks::read(text.split(';'));
    let trusted = Networks::read(["127.0.0.1", "10.0.0.0/8"]).map_err(|error| error.to_string())?;
    let _ = trusted.client(peer, Some(&text)).to_string();
    Ok(())
}

fn screen() -> anyhow::Result<Reader> {
    let screens = [Level::Standard, Level::Strict].map(|level| Screen::new(level, []));
    let [standard, strict] = screens;
    let screens = [standard?, strict?];
    Ok(Box::new(move |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let _ = Screen::accepts(&text);
        for screen in &screens {
            let _ = screen.find_in_value(&text);
            let clean = screen.sanitize(&text);
            if screen.find(&clean).is_some() {
                return Err(format!("{clean:?} is still an attack"));
            }
        }
        Ok(())
    }))
}

#[expect(clippy::unnecessary_wraps, reason = "all readers have one form")]
fn endpoint(bytes: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(bytes);
    let Ok(endpoint) = text.parse::<Endpoint>() else { return Ok(()) };
    let _ = endpoint.of_rank(u32::from(u16::MAX), "lo");
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "all readers have one form")]
fn replay(bytes: &[u8]) -> Result<(), String> {
    let frames: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let _ = Request::parse(&frames);
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "all readers have one form")]
fn moderation(bytes: &[u8]) -> Result<(), String> {
    let _ = fakeai_moderation::score(&String::from_utf8_lossy(bytes));
    Ok(())
}

fn embedding(bytes: &[u8]) -> Result<(), String> {
    let vector = fakeai_writer::embed(&String::from_utf8_lossy(bytes), 64, 7);
    let length = vector.iter().map(|number| number * number).sum::<f32>();
    if (length - 1.0).abs() < 1e-3 { Ok(()) } else { Err(format!("its length is {length}")) }
}
