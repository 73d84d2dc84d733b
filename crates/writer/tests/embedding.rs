//! What holds for every vector, whatever the text.

use fakeai_writer::embed;
use proptest::prelude::*;

fn length(vector: &[f32]) -> f64 {
    vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn vectors_have_length_one_and_repeat(text in "\\PC{0,300}", dimensions in 1_u32..=4096, salt: u64) {
        let vector = embed(&text, dimensions, salt);
        prop_assert_eq!(vector.len(), dimensions as usize);
        prop_assert!((length(&vector) - 1.0).abs() < 1e-5, "{}", length(&vector));
        prop_assert_eq!(vector, embed(&text, dimensions, salt));
    }

    #[test]
    fn a_shorter_vector_is_the_normalised_prefix(text in "[a-z ]{0,200}", short in 8_u32..2000) {
        let long = embed(&text, 2048, 1);
        let prefix = &long[..short as usize];
        let scale = length(prefix) as f32;
        let near = |(a, b): (&f32, &f32)| (a - b / scale).abs() < 1e-5;
        prop_assert!(embed(&text, short, 1).iter().zip(prefix).all(near));
    }
}

#[test]
fn texts_without_words_have_a_vector_too() {
    for text in ["", " \n\t", "…!?", "\u{0}"] {
        let vector = embed(text, 1536, 3);
        assert!((length(&vector) - 1.0).abs() < 1e-5);
        assert_eq!(vector, embed("", 1536, 3));
    }
    assert_ne!(embed("", 1536, 3), embed("word", 1536, 3));
}

#[test]
fn dimensions_are_clamped() {
    assert_eq!(embed("a", 0, 1).len(), 1);
    assert_eq!(embed("a", 100_000, 1).len(), 4096);
}

#[test]
fn models_have_vectors_of_their_own() {
    let [one, other] = [1, 2].map(|salt| embed("The weather is lovely today", 1536, salt));
    assert!(cosine(&one, &other).abs() < 0.15);
}

#[test]
fn the_recorded_vector_stays() {
    // Recorded once; a change here moves every stored vector and is a breaking change.
    let vector = embed("Hello, world", 8, 0);
    let rounded: Vec<i32> = vector.iter().map(|number| (number * 1000.0).round() as i32).collect();
    assert_eq!(rounded, RECORDED);
}

/// In thousandths.
const RECORDED: [i32; 8] = [-285, 114, 22, 22, -658, -85, 682, -12];

#[test]
fn spelling_and_form_matter_little() {
    let near = |a: &str, b: &str| cosine(&embed(a, 1536, 5), &embed(b, 1536, 5));
    assert!(near("The cats were sleeping.", "the cat sleeps") > 0.9);
    assert!(near("getUserName", "get user name") > 0.95);
    assert!(near("crème brûlée", "creme brulee") > 0.99);
    assert!(near("photosyntesis", "photosynthesis") > near("photosyntesis", "photography"));
    assert!(near("東京の天気", "東京 天気") > near("東京の天気", "大阪の電車"));
    // Across languages, for the words of every day.
    assert!(near("das Auto kaufen", "buy a car") > near("das Auto kaufen", "bake a cake"));
}

#[test]
fn long_texts_have_a_vector_too() {
    // Each a way to be slow or to overflow: many words, many different ones, one endless word, no word borders.
    let prose = "The quick brown fox jumps over the lazy dog near the river bank. ".repeat(1600);
    let noise: Vec<String> =
        (0..10_000_u32).map(|number| format!("w{:x}", number.wrapping_mul(2_654_435_761))).collect();
    for text in [prose, noise.join(" "), "x".repeat(100_000), "語".repeat(34_000)] {
        assert!((length(&embed(&text, 1536, 0)) - 1.0).abs() < 1e-5);
    }
}
