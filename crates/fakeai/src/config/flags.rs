//! The flags of `fakeai server`, made from the table of keys, and the values they give.

use std::ffi::OsString;

use clap::builder::ValueRange;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::Value;

use super::env::bad_value;
use super::key::Key;
use super::keys;
use super::kind::Kind;
use super::nearest::nearest;
use super::problem::{Problem, Source};
use super::settings::Candidate;
use super::unbuilt::UNBUILT;

/// The flag that names the configuration file, without dashes.
pub const CONFIG_FILE: &str = "config-file";

/// Every flag, grouped by section. Values are checked by [`read`], so that all problems are reported together.
pub fn args() -> Vec<Arg> {
    let config_file = Arg::new(CONFIG_FILE)
        .long(CONFIG_FILE)
        .value_name("FILE")
        .help("Configuration file (.toml, .yaml, .yml or .json) instead of fakeai.* in the working directory");
    let built = keys::SECTIONS.iter().flat_map(|section| section.keys.iter().flat_map(args_of));
    std::iter::once(config_file).chain(built).chain(unbuilt_args()).collect()
}

/// The flags of one key: one, or a pair for a switch.
fn args_of(key: &'static Key) -> Vec<Arg> {
    if key.is_second_of_flag() {
        return Vec::new();
    }
    let name = key.flag_name();
    let arg = Arg::new(name.clone()).long(name.clone()).help_heading(heading(key.section)).help(help(key));
    let arg = arg.visible_aliases(key.flag_aliases());
    match key.kind {
        Kind::Switch => {
            let [off, aliases @ ..] = &key.off_flags()[..] else { return Vec::new() };
            let off_arg = Arg::new(off.clone())
                .long(off.clone())
                .aliases(aliases.to_vec())
                .help_heading(heading(key.section))
                .help(format!("The opposite of --{name}"))
                .action(ArgAction::SetTrue)
                .overrides_with(name.clone());
            vec![arg.action(ArgAction::SetTrue).overrides_with(off.clone()), off_arg]
        }
        kind => {
            let action = if kind.is_list() { ArgAction::Append } else { ArgAction::Set };
            vec![arg.action(action).value_name(key.value_name()).allow_hyphen_values(true)]
        }
    }
}

/// The original's flags whose feature is not built yet: taken in, hidden, and refused by [`read`] with the reason.
fn unbuilt_args() -> impl Iterator<Item = Arg> {
    UNBUILT.iter().flat_map(|key| key.flags).map(|&flag| {
        Arg::new(flag).long(flag).hide(true).num_args(0..=1).default_missing_value("").action(ArgAction::Append)
    })
}

fn heading(section: &str) -> String {
    let mut letters = section.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn help(key: &Key) -> String {
    let allowed = match key.kind {
        Kind::OneOf(_) | Kind::OneOfNumbers(_) | Kind::Text { .. } => format!(" [allowed: {}]", key.kind.allowed()),
        _ => String::new(),
    };
    let default = match keys::default_of(key) {
        Value::Null => String::new(),
        Value::Array(list) if list.is_empty() => String::new(),
        value => format!(" [default: {}]", super::shown(&value)),
    };
    format!("{}{allowed}{default}", key.doc.replace('`', ""))
}

/// Takes the flags that `command` does not know, with their values, out of `args` (what follows the command's name).
/// They are then refused together with everything else that is wrong, where clap would stop at the first.
pub fn take_unknown(command: &Command, args: &mut Vec<OsString>) -> Vec<(String, String)> {
    let mut unknown = Vec::new();
    let mut rest = std::mem::take(args).into_iter().peekable();
    while let Some(arg) = rest.next() {
        let text = arg.to_string_lossy().into_owned();
        let Some(flag) = text.strip_prefix("--").filter(|flag| !flag.is_empty()) else {
            args.push(arg);
            continue;
        };
        let (name, value) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
        match find(command, name) {
            _ if matches!(name, "help" | "version") => args.push(arg),
            Some(known) => {
                let has_value_behind =
                    value.is_none() && matches!(known.get_num_args(), Some(ValueRange::SINGLE) | None);
                args.push(arg);
                args.extend(rest.next_if(|_| has_value_behind && known.get_action().takes_values()));
            }
            None => {
                let behind = value.is_none().then(|| rest.next_if(|next| !next.to_string_lossy().starts_with('-')));
                let behind = behind.flatten().map(|value| value.to_string_lossy().into_owned());
                unknown.push((name.to_owned(), value.map(str::to_owned).or(behind).unwrap_or_default()));
            }
        }
    }
    unknown
}

/// The argument of `command` that the flag `name` sets.
fn find<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    let is_alias = |arg: &Arg| arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name));
    command.get_arguments().find(|arg| arg.get_long() == Some(name) || is_alias(arg))
}

/// The flags that were given, as [`Inputs::flags`](super::Inputs::flags).
pub fn given(matches: &ArgMatches) -> Vec<(String, String)> {
    let mut flags = Vec::new();
    for key in keys::all().filter(|key| !key.is_second_of_flag()) {
        let name = key.flag_name();
        if matches!(key.kind, Kind::Switch) {
            let off = key.off_flags().swap_remove(0);
            let switches = [(name, "true"), (off, "false")].into_iter();
            flags.extend(switches.filter(|(flag, _)| matches.get_flag(flag)).map(|(flag, on)| (flag, on.to_owned())));
        } else {
            let values = matches.get_many::<String>(&name).into_iter().flatten();
            flags.extend(values.map(|value| (name.clone(), value.clone())));
        }
    }
    let unbuilt = UNBUILT.iter().flat_map(|key| key.flags).filter(|&&flag| matches.contains_id(flag));
    flags.extend(unbuilt.map(|&flag| (flag.to_owned(), String::new())));
    flags
}

/// The values of `flags`.
pub(super) fn read(flags: &[(String, String)], problems: &mut Vec<Problem>) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for (flag, text) in flags {
        let source = Source::Flag(flag.clone());
        let keys: Vec<&'static Key> = keys::all().filter(|key| is_flag_of(flag, key)).collect();
        match keys[..] {
            [] => problems.push(stranger(flag, source)),
            [first, second] => read_pair(first, second, text, &source, &mut candidates, problems),
            [key, ..] => match key.kind.parse(text) {
                Some(value) => add(Candidate { key, value, source }, &mut candidates),
                None => problems.push(bad_value(key, source, text)),
            },
        }
    }
    candidates
}

fn is_flag_of(flag: &str, key: &Key) -> bool {
    key.all_flags().any(|name| name == *flag)
        || (matches!(key.kind, Kind::Switch) && key.off_flags().iter().any(|off| off == flag))
}

/// `20:10%` sets two keys, `20` only the first.
fn read_pair(
    first: &'static Key,
    second: &'static Key,
    text: &str,
    source: &Source,
    candidates: &mut Vec<Candidate>,
    problems: &mut Vec<Problem>,
) {
    let (head, tail) = text.split_once(':').map_or((text, None), |(head, tail)| (head, Some(tail)));
    let parts = [(first, Some(head)), (second, tail.map(|tail| tail.strip_suffix('%').unwrap_or(tail)))];
    for (key, part) in parts.into_iter().filter_map(|(key, part)| Some((key, part?))) {
        match key.kind.parse(part) {
            Some(value) => add(Candidate { key, value, source: source.clone() }, candidates),
            None => problems.push(bad_value(key, source.clone(), part)),
        }
    }
}

/// Each use of a list's flag adds to the list.
fn add(candidate: Candidate, candidates: &mut Vec<Candidate>) {
    let earlier = candidates.iter_mut().find(|earlier| earlier.key.is(candidate.key));
    match (earlier.map(|earlier| &mut earlier.value), candidate.value) {
        (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
        (_, value) => candidates.push(Candidate { value, ..candidate }),
    }
}

/// A flag that sets no key of ours.
fn stranger(flag: &str, source_of: Source) -> Problem {
    let on = flag.strip_prefix("no-").unwrap_or(flag);
    if let Some(key) = UNBUILT.iter().find(|key| key.flags.contains(&on)) {
        let path = format!("{}.{}", key.section, key.name);
        return Problem::NotBuilt { key: path, source_of, feature: key.feature };
    }
    let switches = keys::all().filter(|key| matches!(key.kind, Kind::Switch));
    let known = keys::all().flat_map(Key::all_flags).chain(switches.flat_map(Key::off_flags));
    let near = nearest(flag, known).map(|flag| format!("--{flag}"));
    Problem::UnknownKey { name: flag.to_owned(), source_of, hint: super::hint(near) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Vec<(String, String)> {
        let command = clap::Command::new("server").args(args());
        given(&command.try_get_matches_from(std::iter::once("server").chain(line.split_whitespace())).unwrap())
    }

    fn pairs(flags: &[(&str, &str)]) -> Vec<(String, String)> {
        flags.iter().map(|&(flag, value)| (flag.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn the_command_is_well_formed() {
        clap::Command::new("server").args(args()).debug_assert();
    }

    #[test]
    fn the_last_of_a_pair_of_switches_counts() {
        assert_eq!(parse("--random-delay --no-random-delay"), pairs(&[("no-random-delay", "false")]));
        assert_eq!(parse("--no-random-delay --random-delay"), pairs(&[("random-delay", "true")]));
        assert_eq!(parse("--no-context-validation"), pairs(&[("no-enable-context-validation", "false")]));
        assert_eq!(parse("--enable-safety"), pairs(&[("enable-safety-features", "true")]));
    }

    #[test]
    fn one_flag_sets_two_keys() {
        let mut problems = Vec::new();
        let candidates = read(&pairs(&[("ttft", "20:15%"), ("itl", "7")]), &mut problems);
        let values: Vec<String> =
            candidates.iter().map(|candidate| format!("{}={}", candidate.key.path(), candidate.value)).collect();
        assert_eq!(
            values,
            ["generation.ttft_ms=20.0", "generation.ttft_variance_percent=15.0", "generation.itl_ms=7.0"]
        );
        assert!(problems.is_empty());
    }

    #[test]
    fn a_list_grows_with_each_flag() {
        let flags = parse("--cors-allowed-origins https://a.example --cors-allowed-origins [\"https://b.example\"]");
        let candidates = read(&flags, &mut Vec::new());
        assert_eq!(candidates.len(), 1);
        assert_eq!(candidates[0].value, serde_json::json!(["https://a.example", "https://b.example"]));
    }

    #[test]
    fn unknown_flags_are_taken_out_with_their_values() {
        let command = clap::Command::new("server").args(args());
        let line = "--prot 3 --port 4 --debgu --debug --x=1 --reply --seed --enable-safety --enable-abuse-detection 5 --help -- y --z";
        let mut given: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let unknown = take_unknown(&command, &mut given);
        assert_eq!(unknown, pairs(&[("prot", "3"), ("debgu", ""), ("x", "1"), ("z", "")]));
        let rest = "--port 4 --debug --reply --seed --enable-safety --enable-abuse-detection 5 --help -- y";
        assert_eq!(given, rest.split(' ').collect::<Vec<_>>());
    }

    #[test]
    fn flags_of_unbuilt_features_are_taken_with_and_without_value() {
        assert_eq!(
            parse("--enable-security --enable-input-validation 5"),
            pairs(&[("enable-security", ""), ("enable-input-validation", "")])
        );
    }
}
