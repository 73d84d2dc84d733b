//! Texts that mean the same are nearer than texts that do not.
//!
//! `development.txt` was there while the lexicon was written, `held_out.txt` was written after it and is never used to
//! extend it.
#![expect(clippy::print_stdout, reason = "the figures are what one runs this for")]

use fakeai_writer::embed;

const DIMENSIONS: u32 = 1536;

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Share of rows whose paraphrase is nearer than the unrelated text. Prints the rows where it is not.
fn accuracy(name: &str, table: &str) -> f64 {
    let (mut right, mut rows) = (0, 0);
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let texts: Vec<&str> = line.trim_start_matches("* ").split(" | ").collect();
        assert_eq!(texts.len(), 3, "{line}");
        let vectors: Vec<Vec<f32>> = texts.iter().map(|text| embed(text, DIMENSIONS, 7)).collect();
        let (near, far) = (cosine(&vectors[0], &vectors[1]), cosine(&vectors[0], &vectors[2]));
        rows += 1;
        if near > far {
            right += 1;
        } else {
            println!("{near:.3} <= {far:.3}: {line}");
        }
    }
    let share = f64::from(right) / f64::from(rows);
    println!("{name}: {right} of {rows} rows, {:.1} %", share * 100.0);
    share
}

#[test]
fn paraphrases_are_nearer_than_other_texts() {
    let table = include_str!("development.txt");
    assert!(table.lines().filter(|line| !line.starts_with('#')).count() >= 200);
    assert!(accuracy("development", table) >= 0.95);
}

#[test]
fn homonyms_are_told_apart_more_often_than_not() {
    assert!(accuracy("homonyms", include_str!("homonyms.txt")) >= 0.6);
}

#[test]
fn texts_never_seen_are_told_apart() {
    assert!(accuracy("held out", include_str!("held_out.txt")) >= 0.9);
}
