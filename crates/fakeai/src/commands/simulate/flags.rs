//! The flags of `fakeai simulate`.

use clap::{Arg, ArgAction, Command, value_parser};

use crate::commands::bench::parse_duration;
use crate::deployment::{FLAGS, SWITCH};

/// Axes of the load, besides those of the deployment.
pub(super) const LOAD_AXES: [&str; 2] = ["rate", "concurrency"];

pub(super) fn command() -> Command {
    Command::new("simulate")
        .about("Simulate a deployment under a load, in virtual time")
        .args(deployment())
        .args(load())
        .args(measure())
        .args(calibration())
        .args(output())
        .after_help(
            "\
Flags of a sweep take lists (1,2,4) and ranges (1..64 doubles, 1..64*4 multiplies, 10..50+10 adds); every combination
is simulated. Exit code 0: done; 1: nothing keeps the objective; 2: called wrongly.

Examples:
  fakeai simulate --trace azure_llm_2023_conv.csv --model meta-llama/Llama-3.1-70B-Instruct --gpu h100 --tp 4 --replicas 4
  fakeai simulate --model Qwen/Qwen3-32B --gpu h100,h200 --tp 2 --concurrency 1..256 --report sweep.html
  fakeai simulate --model meta-llama/Llama-3.1-8B-Instruct --slo ttft=500ms,itl=50ms
  fakeai simulate --model meta-llama/Llama-3.1-8B-Instruct --rate 40 --slo ttft=500ms,itl=50ms --find gpus
  fakeai simulate --calibrate mine.csv --save-profile mine.toml --model Qwen/Qwen3-8B --concurrency 16",
        )
}

fn option(heading: &'static str, name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help).help_heading(heading)
}

/// Flags that are on or off have an opposite, `--no-…`.
fn deployment() -> impl Iterator<Item = Arg> {
    FLAGS.iter().flat_map(|flag| {
        let arg = option("Deployment", flag.name, flag.value, flag.help);
        let arg = match flag.alias {
            Some(alias) => arg.visible_alias(alias),
            None => arg,
        };
        if flag.value != SWITCH {
            return vec![arg];
        }
        let off = opposite(flag.name);
        let arg = arg.num_args(0..=1).require_equals(true).default_missing_value("true").overrides_with(off.clone());
        let help = format!("The opposite of --{}", flag.name);
        let off = Arg::new(off.clone()).long(off).action(ArgAction::SetTrue).help(help).help_heading("Deployment");
        vec![arg, off]
    })
}

/// The flag that switches one off.
pub(super) fn opposite(name: &str) -> String {
    format!("no-{name}")
}

fn load() -> Vec<Arg> {
    let option = |name, value, help| option("Load", name, value, help);
    let time = |name, help| option(name, "TIME", help).value_parser(parse_duration);
    let count = |name, help| option(name, "N", help).value_parser(value_parser!(u32).range(1..));
    let number = |name, value, help| option(name, value, help).value_parser(value_parser!(f64));
    vec![
        option("trace", "FILE", "Replay a trace: CSV (Azure, BurstGPT), Mooncake's JSON lines, ShareGPT; also gzipped"),
        Arg::new("skip-bad")
            .long("skip-bad")
            .action(ArgAction::SetTrue)
            .help("Count lines of the trace that mean nothing instead of refusing them")
            .help_heading("Load"),
        option("limit", "N", "Requests of the trace at most; sessions, if it has those")
            .value_parser(value_parser!(u64).range(1..)),
        number("speed", "FACTOR", "Replay the trace so many times as fast").conflicts_with_all(["rate", "concurrency"]),
        number("trace-scale", "FACTOR", "Stretch the arrival times of the trace: 2 is half as fast")
            .conflicts_with_all(["speed", "rate", "concurrency"]),
        option("rate", "RATE", "Requests a second (sessions, if they have turns) [default: 1, or the trace's]")
            .conflicts_with("concurrency"),
        option("concurrency", "N", "Closed loop: as many clients, each with one request at a time"),
        option(
            "arrivals",
            "PATTERN",
            "poisson, gamma:VARIATION, constant, burst:SIZE, ramp:FROM-TO (rates) or recorded [default: recorded for \
             traces with times, else poisson]",
        ),
        count(
            "requests",
            "Synthetic requests [default: those of two minutes, at least 2,000; closed loop: 10 a client]",
        ),
        time("duration", "Synthetic requests of so much time instead").conflicts_with("requests"),
        option(
            "input-tokens",
            "LENGTHS",
            "Prompt lengths: 1024, uniform:800-1024, lognormal:6.9,0.9 or normal:1000,200",
        )
        .visible_alias("isl")
        .default_value("lognormal:6.9,0.9"),
        option("output-tokens", "LENGTHS", "Answer lengths, likewise")
            .visible_alias("osl")
            .default_value("lognormal:4.9,1"),
        option(
            "shared-prefixes",
            "GROUPSxTOKENS",
            "Beginnings that prompts share: 8x1024 is one of eight of 1,024 tokens",
        ),
        count("turns", "Turns of a session; each prompt holds all that was said before").default_value("1"),
        time("turn-pause", "From an answer to the session's next turn [default: 0]"),
        time("think-time", "From a session's end to the same client's next, in a closed loop [default: 0]"),
        option("seed", "N", "Decides every draw").value_parser(value_parser!(u64)).default_value("42"),
        Arg::new("no-noise")
            .long("no-noise")
            .action(ArgAction::SetTrue)
            .help("Every step takes exactly what the model says")
            .help_heading("Load"),
    ]
}

fn measure() -> Vec<Arg> {
    let option = |name, value, help| option("Measure", name, value, help);
    vec![
        option("warmup", "SHARE", "Share of the requests, from the first on, that does not count")
            .value_parser(value_parser!(f64))
            .default_value("0"),
        option("interval", "TIME", "Interval of the figures over time [default: as fits a plot]")
            .value_parser(parse_duration),
        option("slo", "GOALS", "Objective: ttft, itl, tpot and e2e with a time each (ttft=500ms,itl=50ms); see --find"),
        option("slo-percentile", "P", "The percentile that must keep the objective: 50, 90, 95 or 99")
            .value_parser(value_parser!(u8))
            .default_value("95"),
        option("find", "WHAT", "With --slo: the highest rate, the fewest gpus (for the rate given), or none [default: rate, unless a load is swept]")
            .value_parser(["rate", "gpus", "none"])
            .requires("slo"),
        option("gpu-price", "USD", "Price of a GPU and hour [default: a table of usual prices]")
            .value_parser(value_parser!(f64)),
        option("threads", "N", "Threads for a sweep [default: one per core]").value_parser(value_parser!(u32).range(1..)),
    ]
}

fn calibration() -> Vec<Arg> {
    let option = |name, value, help| option("Calibration", name, value, help);
    vec![
        option(
            "calibrate",
            "FILE",
            "Fit the step model to at least 10 measurements (CSV), print the error, simulate with the fit",
        ),
        option("save-profile", "FILE", "Write the fitted numbers").requires("calibrate"),
        option("profile", "FILE", "Simulate with numbers that were fitted before").conflicts_with("calibrate"),
        option("latency-table", "FILE", "Take latencies from measured percentiles (CSV) instead of simulating steps")
            .conflicts_with_all(["calibrate", "profile"]),
    ]
}

fn output() -> Vec<Arg> {
    let option = |name, value, help| option("Output", name, value, help);
    vec![
        option("format", "FORMAT", "table, json or csv").value_parser(["table", "json", "csv"]).default_value("table"),
        option("output", "FILE", "Write it there instead of to the terminal").short('o'),
        option("report", "FILE", "Write a page with plots (HTML that needs nothing else)"),
        option("records", "FILE", "Write every request (CSV); not for a sweep or a search"),
    ]
}
