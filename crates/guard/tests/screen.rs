//! What is taken for an attack, and what is not.
//!
//! The patterns were tuned on lines with an even number; docs/access.md has the figures.
#![expect(clippy::unwrap_used, reason = "a test")]

use fakeai_guard::{Level, Screen};

const HONEST: &str = include_str!("data/honest.txt");
const ATTACKS: &str = include_str!("data/attacks.txt");

/// One a line; line breaks are written as ⏎.
fn lines(data: &str) -> Vec<String> {
    data.lines().map(|line| line.replace('⏎', "\n")).collect()
}

fn attacks() -> Vec<(String, String)> {
    let split = |line: String| line.split_once(' ').map(|(kind, text)| (kind.to_owned(), text.to_owned())).unwrap();
    lines(ATTACKS).into_iter().map(split).collect()
}

fn standard() -> Screen {
    Screen::new(Level::Standard, []).unwrap()
}

#[test]
fn no_honest_prompt_is_refused() {
    let (screen, prompts) = (standard(), lines(HONEST));
    assert_eq!(prompts.len(), 500);
    let report: Vec<String> = prompts
        .iter()
        .enumerate()
        .filter_map(|(place, text)| {
            let found = screen.find(text)?;
            Some(format!("{} {}: {:?} in {text:?}", place + 1, found.threat.name(), &text[found.range]))
        })
        .collect();
    assert!(report.is_empty(), "{}", report.join("\n"));
}

#[test]
fn attacks_are_refused() {
    let (screen, attacks) = (standard(), attacks());
    assert_eq!(attacks.len(), 200);
    let missed: Vec<String> = attacks
        .iter()
        .enumerate()
        .filter(|(_, (_, text))| screen.find(text).is_none())
        .map(|(place, (kind, text))| format!("{} {kind}: {text}", place + 1))
        .collect();
    assert!(missed.len() <= 10, "{} missed:\n{}", missed.len(), missed.join("\n"));
}
