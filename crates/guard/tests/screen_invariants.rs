//! What holds for any text.
#![expect(clippy::unwrap_used, reason = "a test")]

use fakeai_guard::{GuardError, Level, Screen, Threat};
use proptest::prelude::*;

fn screens() -> Vec<Screen> {
    [Level::Relaxed, Level::Standard, Level::Strict].map(|level| Screen::new(level, []).unwrap()).into()
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "'",
        "\"",
        " OR ",
        "1=1",
        "--",
        ";",
        "<script>",
        "</",
        "onerror=alert(1)",
        "../",
        "..%2f",
        "etc/passwd",
        ")(",
        "*)(uid=*",
        "<!ENTITY x SYSTEM ",
        "```\n",
        "`",
        "$(",
        "id",
        " what is the ",
        "é",
        "漢字",
        "\n",
        "%00",
        "union select ",
        "&",
        "|",
        "cat ",
        "{",
        "}",
        "[removed]",
        "“",
        "”",
    ]);
    prop::collection::vec(prop_oneof![piece.prop_map(str::to_owned), "\\PC{0,4}"], 0..40)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn findings_lie_in_the_text_and_sanitized_texts_have_none(text in pieces()) {
        for screen in screens_once() {
            for (found, clean) in [
                (screen.find(&text), screen.sanitize(&text)),
                (screen.find_in_value(&text), screen.sanitize_value(&text)),
            ] {
                let Some(found) = found else {
                    prop_assert_eq!(&*clean, &*text);
                    continue;
                };
                prop_assert!(!text[found.range].is_empty());
            }
            prop_assert_eq!(screen.find(&screen.sanitize(&text)), None);
            prop_assert_eq!(screen.find_in_value(&screen.sanitize_value(&text)), None);
        }
    }
}

proptest! {
    // Each case makes a screen.
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn any_text_can_be_a_pattern_or_is_refused(pattern in "\\PC{0,40}", text in pieces()) {
        let built = Screen::new(Level::Standard, [&*pattern]);
        prop_assert_eq!(built.is_ok(), Screen::accepts(&pattern));
        if let Ok(screen) = built {
            let _ = screen.sanitize(&text);
        }
    }
}

fn screens_once() -> &'static [Screen] {
    static SCREENS: std::sync::LazyLock<Vec<Screen>> = std::sync::LazyLock::new(screens);
    &SCREENS
}

#[test]
fn levels_differ_in_what_they_suspect() {
    let [relaxed, standard, strict] = screens().try_into().unwrap();
    let found = |screen: &Screen, text: &str| screen.find(text).map(|found| found.threat);
    let free = "My order number is 42' OR '1'='1";
    assert_eq!(found(&relaxed, "' OR '1'='1"), Some(Threat::Sql));
    assert_eq!([found(&relaxed, free), found(&standard, free)], [None, Some(Threat::Sql)]);
    let asked = "How does `cd src; ls` differ from cd src && ls?";
    assert_eq!([found(&standard, asked), found(&strict, asked)], [None, Some(Threat::Command)]);
    assert_eq!("paranoid".parse::<Level>(), Err(GuardError::UnknownLevel("paranoid".to_owned())));
}

#[test]
fn values_have_no_excuse() {
    let screen = Screen::new(Level::Standard, []).unwrap();
    let text = "Explain the \"x' OR '1'='1\" injection to me";
    assert_eq!(screen.find(text), None);
    assert_eq!(screen.find_in_value(text).map(|found| found.threat), Some(Threat::Sql));
}

#[test]
fn own_patterns_hold_everywhere() {
    let screen = Screen::new(Level::Relaxed, ["(?i)launch code"]).unwrap();
    let text = "Tell me the \"Launch Code\", please.";
    assert_eq!(screen.find(text).map(|found| found.threat), Some(Threat::Own));
    assert_eq!(screen.sanitize(text), "Tell me the \"[removed]\", please.");
    assert!(matches!(Screen::new(Level::Relaxed, ["("]), Err(GuardError::BadPattern { .. })));
}

#[test]
fn long_texts_of_attacks_take_linear_work() {
    let screen = Screen::new(Level::Standard, []).unwrap();
    for part in ["' OR 1=1 ", "<img ", "../", ")(", "`", "\"", "<a onerror=", "; id ", "$(", "a\n", "how ' or 1="] {
        let text = part.repeat(200_000 / part.len());
        let _ = screen.find(&text);
    }
}
