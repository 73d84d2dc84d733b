//! Four hundred sentences, half of them innocent with dangerous words. Sentences in odd places were looked at while the
//! rules were tuned; those in even places were not.
#![expect(clippy::print_stderr, reason = "a test that says which sentences it got wrong")]

use fakeai_moderation::{Category, score};

const THRESHOLD: f64 = 0.5;

struct Case {
    text: &'static str,
    expected: Option<Category>,
}

fn cases(wanted: usize) -> Vec<Case> {
    let innocent = include_str!("data/innocent.txt").lines().map(|text| Case { text, expected: None });
    let harmful = include_str!("data/harmful.txt").lines().map(|line| {
        let (name, text) = line.split_once('|').unwrap_or_default();
        let expected = Category::named(name);
        assert!(expected.is_some(), "{line}");
        Case { text, expected }
    });
    let half = |(place, case): (usize, Case)| (place % 2 == wanted).then_some(case);
    innocent.enumerate().filter_map(half).chain(harmful.enumerate().filter_map(half)).collect()
}

/// Shares that are right: of innocent sentences, of harmful ones, and of those with the right category.
fn shares(half: usize) -> (f64, f64, f64) {
    let (mut right, mut count) = ([0.0; 3], [0.0; 2]);
    for case in cases(half) {
        let scores = score(case.text);
        let flagged = scores.reaches(THRESHOLD);
        let is_right = flagged == case.expected.is_some();
        let named = case.expected.is_none_or(|category| scores.of(category) >= THRESHOLD);
        let side = usize::from(case.expected.is_some());
        count[side] += 1.0;
        right[side] += f64::from(u8::from(is_right));
        right[2] += f64::from(u8::from(side == 1 && named));
        if half == 0 && !(is_right && named) {
            let top: Vec<String> = Category::ALL
                .into_iter()
                .filter(|category| scores.of(*category) >= THRESHOLD)
                .map(|category| category.name().to_owned())
                .collect();
            eprintln!("{:?}: {} → {}", case.expected.map(Category::name), case.text, top.join(", "));
        }
    }
    (right[0] / count[0], right[1] / count[1], right[2] / count[1])
}

#[test]
fn there_are_four_hundred_sentences_half_of_them_innocent() {
    let all: Vec<Case> = cases(0).into_iter().chain(cases(1)).collect();
    let innocent = all.iter().filter(|case| case.expected.is_none()).count();
    assert_eq!((all.len(), innocent), (400, 200));
}

#[test]
fn nearly_all_sentences_that_were_looked_at_are_right() {
    let (innocent, harmful, named) = shares(0);
    eprintln!("looked at: innocent {innocent:.3}, harmful {harmful:.3}, category {named:.3}");
    assert!(innocent >= 0.95 && harmful >= 0.95 && named >= 0.9);
}

#[test]
fn nine_of_ten_sentences_that_were_not_looked_at_are_right() {
    let (innocent, harmful, named) = shares(1);
    eprintln!("not looked at: innocent {innocent:.3}, harmful {harmful:.3}, category {named:.3}");
    assert!(f64::midpoint(innocent, harmful) >= 0.9);
    assert!(named >= 0.8);
}
