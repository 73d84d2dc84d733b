//! `fakeai simulate`.

use std::fmt::Write as _;
use std::fs;

use fakeai_engine::step::{EngineKind, Profile};

use super::*;
use crate::commands::simulate;

const SMALL: [&str; 7] =
    ["simulate", "--model", "meta-llama/Llama-3.1-8B-Instruct", "--requests", "40", "--output-tokens", "uniform:5-40"];

const TRACE: &str = "TIMESTAMP,ContextTokens,GeneratedTokens\n\
                     2023-11-16 18:15:46.6805900,374,44\n\
                     2023-11-16 18:15:50.9951690,396,19\n";

/// A directory with these files, and a call in it.
fn in_directory(files: &[(&str, &str)]) -> (tempfile::TempDir, Call) {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    let call = Call { directory: directory.path().to_owned(), ..Call::default() };
    (directory, call)
}

fn small(call: &Call, more: &[&str]) -> Outcome {
    call.run(&[&SMALL, more].concat())
}

#[test]
fn a_small_run_is_told_as_json() {
    let outcome = small(
        &Call::default(),
        &["--rate", "20", "--interval", "1s", "--format", "json", "--slo", "ttft=100ms,itl=20ms", "--find", "none"],
    );
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    insta::assert_snapshot!(outcome.out);
}

#[test]
fn a_small_run_is_told_as_a_table() {
    let outcome = small(&Call::default(), &["--concurrency", "8", "--replicas", "2", "--router", "kv"]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    insta::assert_snapshot!(outcome.out);
}

#[test]
fn a_sweep_goes_through_lists_and_ranges_and_tells_what_does_not_fit() {
    let outcome = Call::default().run(&[
        "simulate",
        "--model",
        "Qwen/Qwen3-32B",
        "--gpu",
        "l40s,h100",
        "--concurrency",
        "1..4",
        "--requests",
        "10",
        "--output-tokens",
        "8",
    ]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    insta::assert_snapshot!(outcome.out);
    let csv = small(&Call::default(), &["--tp", "1,2", "--rate", "1,10", "--format", "csv"]);
    assert_eq!(csv.out.lines().count(), 5);
    assert!(csv.out.starts_with("tensor-parallel-size,rate,found,requests,"), "{}", csv.out);
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let (directory, call) = in_directory(&[]);
    let bytes = |seed: &str, name: &str| {
        let outcome = small(
            &call,
            &["--rate", "5", "--seed", seed, "--output", name, "--report", "page.html", "--records", "records.csv"],
        );
        assert_eq!((outcome.code, outcome.out.as_str()), (0, ""), "{}", outcome.err);
        [name, "page.html", "records.csv"].map(|name| fs::read(directory.path().join(name)).unwrap())
    };
    let first = bytes("1", "a.txt");
    assert_eq!(first, bytes("1", "b.txt"));
    assert_ne!(first, bytes("2", "c.txt"));
    let [_, page, records] = first.map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(page.starts_with("<!doctype html>"));
    // The name of SVG is no address.
    let addresses = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!["http", " src=", " href="].iter().any(|way| addresses.contains(way)), "the page needs nothing else");
    assert_eq!(records.lines().count(), 41);
}

#[test]
fn a_search_finds_the_rate_and_the_gpus() {
    let slo = ["--slo", "ttft=300ms,itl=60ms"];
    let rate = small(&Call::default(), &slo);
    assert!(rate.out.contains("\nhighest rate "), "{}{}", rate.out, rate.err);
    let gpus = small(&Call::default(), &[&slo[..], &["--rate", "100", "--find", "gpus"]].concat());
    assert!(gpus.out.contains("\nfewest GPUs "), "{}{}", gpus.out, gpus.err);
    let nothing = small(&Call::default(), &["--slo", "ttft=1ms"]);
    assert_eq!((nothing.code, nothing.out.as_str()), (1, ""));
    assert!(nothing.err.starts_with("error: nothing keeps TTFT ≤ 1 ms at p95: with "), "{}", nothing.err);
}

#[test]
fn a_trace_is_replayed_and_its_bad_lines_are_named_or_counted() {
    let bad = format!("{TRACE}2023-11-16 18:15:51,many,3\n");
    let (_directory, call) = in_directory(&[("good.csv", TRACE), ("bad.csv", &bad)]);
    let model = ["--model", "meta-llama/Llama-3.1-8B-Instruct"];
    let good = call.run(&[&["simulate", "--trace", "good.csv"], &model[..]].concat());
    assert!(good.out.contains("requests                2 requests of a CSV trace\n"), "{}{}", good.out, good.err);
    let refused = call.run(&[&["simulate", "--trace", "bad.csv"], &model[..]].concat());
    assert_eq!((refused.code, refused.out.as_str()), (2, ""));
    assert_eq!(refused.err, "error: bad.csv, line 4: `many` is no count of tokens\n");
    let skipped = call.run(&[&["simulate", "--trace", "bad.csv", "--skip-bad"], &model[..]].concat());
    assert!(skipped.out.contains("lines skipped           1\n"), "{}{}", skipped.out, skipped.err);
}

#[test]
fn what_cannot_run_at_all_is_rejected_with_its_reason() {
    let outcome = small(&Call::default(), &["--max-model-len", "64", "--input-tokens", "100"]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    assert!(outcome.out.contains("0 finished, 40 rejected"), "{}", outcome.out);
    assert!(outcome.out.contains("rejected  40 × longer than the context window: "), "{}", outcome.out);
}

#[test]
fn measured_numbers_replace_the_built_in_ones() {
    let built_in = Profile::find(EngineKind::Vllm, "H100", false).unwrap().coefficients;
    let table =
        "concurrency,ttft_p50_ms,ttft_p90_ms,ttft_p99_ms,itl_p50_ms,itl_p90_ms,itl_p99_ms\n1,50,60,80,10,11,15\n";
    let profile = toml::to_string(&built_in).unwrap();
    let slow = profile.replace("step_ms = ", "step_ms = 1");
    let (_directory, call) = in_directory(&[("same.toml", &profile), ("slow.toml", &slow), ("table.csv", table)]);
    let run = |more: &[&str]| {
        let outcome = small(&call, more);
        assert_eq!(outcome.code, 0, "{}", outcome.err);
        outcome.out
    };
    let plain = run(&["--concurrency", "2"]);
    assert_eq!(plain, run(&["--concurrency", "2", "--profile", "same.toml"]));
    assert_ne!(plain, run(&["--concurrency", "2", "--profile", "slow.toml"]));
    assert!(run(&["--latency-table", "table.csv"]).contains("from a table of measurements"));
}

#[test]
fn mistakes_say_what_is_wrong() {
    let (_directory, call) = in_directory(&[
        ("empty.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n"),
        ("few.csv", "model,isl,osl,concurrency,ttft_ms,tpot_ms\nmeta-llama/Llama-3.1-8B-Instruct,10,5,1,10,5\n"),
        ("talk.json", r#"[{"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}]"#),
    ]);
    let wrong: Vec<String> = [
        &["--model", "meta-llama/Llama-3.1-70B-Instruct"][..],
        &["--gpu", "h1000"],
        &["--model", "gpt-4o"],
        &["--router", "dice"],
        &["--concurrency", "4", "--arrivals", "constant"],
        &["--arrivals", "gamma"],
        &["--arrivals", "recorded"],
        &["--rate", "0"],
        &["--rate", "8..1"],
        &["--concurrency", "1.5"],
        &["--input-tokens", "uniform:5"],
        &["--shared-prefixes", "8"],
        &["--slo", "ttft=fast"],
        &["--slo", "ttft=1s", "--slo-percentile", "98"],
        &["--warmup", "1"],
        &["--trace", "nowhere.csv"],
        &["--trace", "empty.csv"],
        &["--trace", "talk.json", "--arrivals", "recorded"],
        &["--calibrate", "few.csv"],
        &["--rate", "1,2", "--records", "x.csv"],
        &["--think-time", "1s"],
        &["--concurrency", "2", "--duration", "10s"],
    ]
    .into_iter()
    .map(|more| {
        let outcome = call.run(&[&["simulate"], more].concat());
        assert_eq!((outcome.code, outcome.out.as_str()), (2, ""), "{more:?}");
        format!("{}\n{}", more.join(" "), outcome.err)
    })
    .collect();
    insta::assert_snapshot!(wrong.join("\n"));
}

/// The flags as docs/simulate.md has them.
fn reference() -> String {
    let command = simulate::command();
    let mut text = String::new();
    let mut heading = "";
    for arg in command.get_arguments().filter(|arg| arg.get_help_heading().is_some()) {
        let (group, name) = (arg.get_help_heading().unwrap(), arg.get_long().unwrap());
        if group != heading {
            heading = group;
            let _ = write!(text, "\n### {group}\n\n| flag | what it does |\n|---|---|\n");
        }
        let names = [name].into_iter().chain(arg.get_visible_aliases().unwrap_or_default());
        let names: Vec<String> = names.map(|name| format!("`--{name}`")).collect();
        let value = arg.get_value_names().filter(|_| arg.get_action().takes_values());
        let value = value.map_or_else(String::new, |names| format!(" `{}`", names[0]));
        let default: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        let default = if default.is_empty() { String::new() } else { format!(" [default: {}]", default.join(",")) };
        let _ = writeln!(text, "| {}{value} | {}{default} |", names.join(", "), arg.get_help().unwrap());
    }
    text
}

/// `UPDATE_DOCS=1` rewrites the list instead.
#[test]
#[expect(clippy::disallowed_methods, reason = "tells the test what to do, not the server")]
fn the_guide_lists_every_flag() {
    const BEGIN: &str = "<!-- flags: made from the command; `UPDATE_DOCS=1 cargo test -p fakeai` rewrites them -->\n";
    const END: &str = "\n<!-- end of flags -->";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/simulate.md");
    let written = fs::read_to_string(path).unwrap();
    let (before, rest) = written.split_once(BEGIN).unwrap();
    let (flags, after) = rest.split_once(END).unwrap();
    if std::env::var("UPDATE_DOCS").is_ok() {
        fs::write(path, format!("{before}{BEGIN}{}{END}{after}", reference())).unwrap();
        return;
    }
    assert!(flags == reference(), "docs/simulate.md is stale: UPDATE_DOCS=1 cargo test -p fakeai rewrites it");
}
