//! The rules of the house that neither the compiler nor clippy knows.
//!
//! The code has been through rustfmt, so an item ends at the first closing brace in its own column: no parser needed.

use crate::sources::Source;

/// Longer files are two rooms in one.
const MOST_FILE_LINES: usize = 700;
/// Longer functions do more than one thing.
const MOST_FUNCTION_LINES: usize = 60;

/// Endings that say nothing of what a thing is for.
const EMPTY_ENDINGS: [&str; 5] = ["_v2", "_advanced", "_legacy", "_utils", "_manager"];
const EMPTY_TYPE_ENDINGS: [&str; 5] = ["V2", "Advanced", "Legacy", "Utils", "Manager"];

/// Words after which a name is declared.
const DECLARES: [&str; 10] = ["fn", "struct", "enum", "trait", "mod", "type", "const", "static", "union", "let"];

/// Macros, without their exclamation mark, that must not be committed.
const UNFINISHED_MACROS: [&str; 3] = ["todo", "unimplemented", "dbg"];

/// What `sources` do against the rules, each with its place.
pub(crate) fn findings(sources: &[Source]) -> Vec<String> {
    sources.iter().flat_map(of_file).collect()
}

fn of_file(source: &Source) -> Vec<String> {
    let lines: Vec<&str> = source.text.lines().collect();
    let path = source.path.display();
    let mut findings = Vec::new();
    if source.path.ends_with("src/lib.rs") && !lines.first().is_some_and(|line| line.starts_with("//!")) {
        findings.push(format!("{path}: says not what the crate is for (first line is no module doc)"));
    }
    if lines.len() > MOST_FILE_LINES && !source.is_test() {
        findings.push(format!("{path}: {} lines, at most {MOST_FILE_LINES} are allowed", lines.len()));
    }
    let stem = source.path.file_stem().unwrap_or_default().to_string_lossy();
    if let Some(ending) = empty_ending(&stem) {
        findings.push(format!("{path}: a name must not end in `{ending}`"));
    }
    for (number, line) in (1..).zip(&lines) {
        let found = of_line(line).into_iter();
        findings.extend(found.map(|finding| format!("{path}:{number}: {finding}")));
    }
    if !source.is_test() {
        let long = long_functions(&lines).into_iter();
        findings.extend(long.map(|(number, length)| {
            format!("{path}:{number}: a function of {length} lines, at most {MOST_FUNCTION_LINES} are allowed")
        }));
    }
    findings
}

fn of_line(line: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let code = code_of(line);
    let trimmed = code.trim_start();
    if ["#[allow", "#![allow"].iter().any(|start| trimmed.starts_with(start)) {
        findings.push("a lint is switched off without a reason: use #[expect(…, reason = …)]".to_owned());
    }
    for name in UNFINISHED_MACROS {
        let call = format!("{name}!(");
        let inside = |at: usize| code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        if code.match_indices(&call).any(|(at, _)| !inside(at)) {
            findings.push(format!("`{name}!` is unfinished work"));
        }
    }
    let words: Vec<&str> = code.split(|character: char| !character.is_alphanumeric() && character != '_').collect();
    for pair in words.windows(2) {
        if let Some(ending) = DECLARES.contains(&pair[0]).then(|| empty_ending(pair[1])).flatten() {
            findings.push(format!("`{}`: a name must not end in `{ending}`", pair[1]));
        }
    }
    findings
}

/// The line without its comment and without what its strings say.
fn code_of(line: &str) -> String {
    let (mut code, mut is_string, mut before) = (String::new(), false, ' ');
    for character in line.chars() {
        match character {
            '"' if before != '\\' && before != '\'' => is_string = !is_string,
            '/' if before == '/' && !is_string => break,
            _ if !is_string => code.push(character),
            _ => {}
        }
        // An escaped backslash escapes nothing.
        before = if before == '\\' && character == '\\' { ' ' } else { character };
    }
    code
}

fn empty_ending(name: &str) -> Option<&'static str> {
    EMPTY_ENDINGS.into_iter().chain(EMPTY_TYPE_ENDINGS).find(|ending| name.ends_with(ending))
}

/// Functions over the limit that are not tests: the line each begins on, and how many it has.
fn long_functions(lines: &[&str]) -> Vec<(usize, usize)> {
    let mut long = Vec::new();
    let mut index = 0;
    while index < lines.len() {
        if lines[index].trim() == "#[cfg(test)]" && lines.get(index + 1).is_some_and(|next| next.ends_with('{')) {
            index += 1 + item_lines(&lines[index + 1..]);
            continue;
        }
        if is_function(lines[index]) {
            let length = item_lines(&lines[index..]);
            if length > MOST_FUNCTION_LINES {
                long.push((index + 1, length));
            }
        }
        index += 1;
    }
    long
}

fn is_function(line: &str) -> bool {
    let Some((before, _)) = line.split_once("fn ") else { return false };
    let is_qualifier = |word: &str| {
        matches!(word, "pub" | "const" | "async" | "unsafe" | "extern" | "in" | "\"C\"") || word.starts_with("pub(")
    };
    before.split_whitespace().all(|word| is_qualifier(word) || word.ends_with(')'))
}

/// How many lines the item has that begins on the first one.
fn item_lines(lines: &[&str]) -> usize {
    let indent = &lines[0][..lines[0].len() - lines[0].trim_start().len()];
    let ends = |line: &&str| {
        let Some(rest) = line.strip_prefix(indent) else { return false };
        let own_column = !rest.starts_with(char::is_whitespace);
        own_column && (rest == "}" || rest.ends_with(';') || rest.ends_with(" }") || rest.ends_with("{}"))
    };
    lines.iter().position(ends).map_or(lines.len(), |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, text: &str) -> Vec<String> {
        findings(&[Source { path: path.into(), text: text.to_owned() }])
    }

    #[test]
    fn long_functions_are_found_and_tests_are_not_measured() {
        let body = "        work();\n".repeat(60);
        let inside = format!("impl A {{\n    pub(crate) fn long(\n    ) {{\n{body}    }}\n\n    fn short() {{}}\n}}\n");
        assert_eq!(of("a.rs", &inside).len(), 1);
        assert!(of("a.rs", &inside)[0].starts_with("a.rs:2: a function of 63 lines"));
        assert_eq!(of("tests/a.rs", &inside).len(), 0);
        assert_eq!(of("a.rs", &format!("#[cfg(test)]\nmod tests {{\n    fn long() {{\n{body}    }}\n}}\n")).len(), 0);
    }

    #[test]
    fn names_attributes_and_macros_are_read_from_code_only() {
        for line in ["fn send_v2() {}", "struct KeyManager;", "let x_utils = 1;", "    dbg!(x);", "#[allow(dead_code)]"]
        {
            assert_eq!(of("a.rs", line).len(), 1, "{line}");
        }
        for line in ["// dbg!(x);", "let kind = \"file_v2\";", "fn manager() {}", "my_todo!()"] {
            assert_eq!(of("a.rs", line).len(), 0, "{line}");
        }
        assert_eq!(of("string_utils.rs", "").len(), 1);
        assert_eq!(of("crates/a/src/lib.rs", "mod a;").len(), 1);
    }
}
