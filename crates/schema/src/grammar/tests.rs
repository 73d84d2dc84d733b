use fakeai_core::Seed;
use proptest::prelude::*;

use super::*;

fn samples(syntax: Syntax, text: &str) -> Vec<String> {
    let grammar = Grammar::parse(syntax, text).unwrap_or_else(|error| panic!("{error}"));
    let mut rng = Seed::new(7).rng();
    (0..200).map(|number| grammar.sample(&mut rng, [4, 40, 400][number % 3])).collect()
}

const JSON: &str = r#"
root   ::= object # a comment
value  ::= object | array | string | number | ("true" | "false" | "null") ws
object ::= "{" ws (
            string ":" ws value
            ("," ws string ":" ws value)*
          )? "}" ws
array  ::= "[" ws ( value ("," ws value)* )? "]" ws
string ::= "\"" ( [^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) )* "\"" ws
number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [1-9] [0-9]{0,1})? ws
ws ::= | " " | "\n" [ \t]{0,20}
"#;

#[test]
fn the_json_grammar_of_llama_yields_json() {
    for text in samples(Syntax::Gbnf, JSON) {
        // A lone surrogate is in this grammar, but not in JSON.
        let is_surrogate = text.contains("\\ud") || text.contains("\\uD");
        assert!(is_surrogate || serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
    }
}

const SUMS: &str = r#"
start: expr
// Sums of products.
?expr: term (SP ADD SP term)* -> sum
    | term
term: factor (SP MUL SP factor)*
factor.2: INT | "(" expr ")"
SP: " "
ADD: "+"
MUL: "*"
%import common.INT
"#;

#[test]
fn the_lark_grammar_of_openais_guide_yields_sums() {
    let pattern = regex::Regex::new(r"^[0-9()]+( [+*] [0-9()]+)*$").unwrap();
    for text in samples(Syntax::Lark, SUMS) {
        assert!(pattern.is_match(&text), "{text}");
        assert_eq!(text.matches('(').count(), text.matches(')').count());
    }
}

#[test]
fn words_are_kept_apart_where_white_space_is_ignored() {
    let grammar = "start: \"SELECT\" NAME (\",\" NAME)* \"FROM\" NAME [\"LIMIT\" INT]\nNAME: /[a-z]{2,5}/\n%import common (INT, WS)\n%ignore WS\n";
    let pattern = regex::Regex::new("^SELECT [a-z]{2,5}(,[a-z]{2,5})* FROM [a-z]{2,5}( LIMIT [0-9]+)?$").unwrap();
    for text in samples(Syntax::Lark, grammar) {
        assert!(pattern.is_match(&text), "{text}");
    }
}

#[test]
fn ranges_counts_and_flags_of_lark_are_understood() {
    let grammar = "start: A~2..3 B? /x+/i\nA: \"a\"..\"f\"\nB: \"!\" | \"?\"\n";
    let pattern = regex::Regex::new("^[a-f]{2,3}[!?]?[xX]+$").unwrap();
    for text in samples(Syntax::Lark, grammar) {
        assert!(pattern.is_match(&text), "{text}");
    }
}

#[test]
fn a_regex_is_a_grammar_and_the_syntax_can_be_guessed() {
    let pattern = regex::Regex::new("^([0-9]{3}|[a-c]+)$").unwrap();
    for text in samples(Syntax::Regex, r"\d{3}|[a-c]+") {
        assert!(pattern.is_match(&text), "{text}");
    }
    assert_eq!(Syntax::guess(JSON), Syntax::Gbnf);
    assert_eq!(Syntax::guess(SUMS), Syntax::Lark);
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let cases = [
        (Syntax::Lark, "start: a\n", "line 1: `a` is not defined"),
        (Syntax::Lark, "start: a\na: start\n", "line 1: `start` has no text that ends"),
        (Syntax::Lark, "start: \"x\n", "line 1: a string is not closed"),
        (Syntax::Lark, "x: \"x\"\n", "line 1: the grammar has no rule `start`"),
        (Syntax::Lark, "start: \"x\"\n%import python.NAME\n", "line 2: only `common` can be imported, not `python`"),
        (Syntax::Lark, "start: X\nX: /(?=a)/\n", "line 2: look-ahead `(?=` in patterns is not supported"),
        (Syntax::Gbnf, "root ::= (\"a\"\n", "line 2: `(` is not closed"),
        (Syntax::Gbnf, "root ::= \"a\"\nroot ::= \"b\"\n", "line 2: `root` is defined twice"),
        (Syntax::Gbnf, "", "line 1: the grammar has no rule"),
    ];
    for (syntax, text, expected) in cases {
        assert_eq!(Grammar::parse(syntax, text).unwrap_err().to_string(), expected);
    }
}

#[test]
fn grammars_that_branch_without_end_are_sampled_in_bounds() {
    let twice: Vec<String> =
        (0..40).map(|number| format!("r{number} ::= r{next} r{next}\n", next = number + 1)).collect();
    let twice = twice.concat();
    let error = Grammar::parse(Syntax::Gbnf, &format!("root ::= r0\n{twice}r40 ::= \"\"\n")).unwrap_err();
    assert!(error.message.contains("bytes or steps"), "{error}");
    let chain: Vec<String> = (0..5000).map(|number| format!("r{number} ::= r{}\n", number + 1)).collect();
    let chain = chain.concat();
    assert!(Grammar::parse(Syntax::Gbnf, &format!("root ::= r0\n{chain}r5000 ::= \"x\"\n")).is_err());
    for text in samples(Syntax::Gbnf, "root ::= root root root root | \"\" | \"x\"\n") {
        assert!(text.len() <= 400 && text.bytes().all(|byte| byte == b'x'));
    }
}

proptest! {
    #[test]
    fn garbage_is_refused_or_sampled(text in "([a-cA-C]{1,2}|[ \n\"'/:|()\\[\\]?*+~.{}=#%0-9i-]|::=|start: |root ::= |\"a\"){0,30}") {
        for syntax in [Syntax::Lark, Syntax::Gbnf, Syntax::Regex] {
            if let Ok(grammar) = Grammar::parse(syntax, &text) {
                grammar.sample(&mut Seed::new(1).rng(), 50);
            }
        }
    }

    #[test]
    fn any_text_at_all_is_refused_or_read(text in ".{0,80}") {
        for syntax in [Syntax::Lark, Syntax::Gbnf] {
            let _ = Grammar::parse(syntax, &text);
            let _ = Grammar::parse(syntax, &format!("start: {text}"));
        }
    }
}
