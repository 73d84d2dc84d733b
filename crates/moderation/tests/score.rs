//! What holds for every text.

use fakeai_moderation::{Category, Sight, score, score_picture};
use proptest::prelude::*;

#[test]
fn innocent_words_in_dangerous_company_score_low() {
    for text in ["Sussex", "kill the process", "", "Hello, how are you today?"] {
        let scores = score(text);
        assert!(!scores.reaches(0.2), "{text}: {scores:?}");
    }
}

#[test]
fn a_threat_scores_in_all_its_categories() {
    let scores = score("I want to kill them.");
    for category in [Category::Harassment, Category::HarassmentThreatening, Category::Violence] {
        assert!(scores.of(category) > 0.5, "{category:?}");
    }
    assert!(scores.of(Category::Sexual) < 0.01);
}

#[test]
fn what_is_told_scores_between_what_is_meant_and_nothing() {
    let of = |text: &str| score(text).of(Category::Violence);
    let (meant, told, nothing) =
        (of("I will kill him."), of("Police said he was killed by a man."), of("It rains today."));
    assert!(meant > 0.5 && told < 0.5 && nothing < told, "{meant} {told} {nothing}");
}

#[test]
fn colours_alone_flag_no_picture() {
    let scores = score_picture(Sight { skin: 1.0, blood: 1.0, hash: 7 });
    assert!(!scores.reaches(0.5) && scores.of(Category::Sexual) > 0.05);
    assert!(score_picture(Sight::default()).of(Category::Sexual) < 0.01);
}

proptest! {
    #[test]
    fn every_text_has_scores_and_keeps_them(text in "\\PC{0,200}") {
        let scores = score(&text);
        prop_assert_eq!(scores, score(&text));
        for category in Category::ALL {
            prop_assert!((0.0001..=0.996).contains(&scores.of(category)), "{:?} {}", category, scores.of(category));
        }
    }

    #[test]
    fn dangerous_words_in_any_order_are_judged(
        words in proptest::collection::vec("(i|will|kill|you|not|the|process|\"|said|bomb|how|to|make|\\.|nude|child)", 0..40),
    ) {
        score(&words.join(" "));
    }
}
