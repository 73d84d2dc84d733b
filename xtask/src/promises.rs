//! `docs/seed-coverage.md` held to the tests it names, so that it cannot rot.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::repository::root;

const DOCUMENT: &str = "docs/seed-coverage.md";
/// Where tests are.
const FOLDERS: [&str; 5] = ["crates", "bench", "conformance", "xtask", "e2e"];
/// What others wrote or tools made, beside hidden folders.
const FOREIGN: [&str; 3] = ["target", "node_modules", "__pycache__"];
const ENDINGS: [&str; 3] = ["rs", "py", "js"];
/// How a row begins its last column, or what it has there, when no test shows what it says.
const HONEST: [&str; 4] = ["differs", "not true: ", "no test: ", "rows "];

/// A file that may hold tests: its path with `/`, and its text.
type File = (String, String);

/// Rows without a proof, and tests that are not there.
pub(crate) fn findings() -> Result<Vec<String>> {
    let document = fs::read_to_string(root().join(DOCUMENT)).with_context(|| format!("can't read {DOCUMENT}"))?;
    let mut files = Vec::new();
    for folder in FOLDERS {
        collect(&root().join(folder), &mut files)?;
    }
    Ok(of_document(&document, &files))
}

fn collect(folder: &Path, files: &mut Vec<File>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("can't list {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !FOREIGN.contains(&name.as_str()) && !name.starts_with('.') {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known)) {
            let text = fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?;
            files.push((path.strip_prefix(root())?.to_string_lossy().replace('\\', "/"), text));
        }
    }
    Ok(())
}

fn of_document(document: &str, files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(document.lines()) {
        let Some(row) = line.strip_prefix("| ").and_then(|row| row.strip_suffix(" |")) else { continue };
        let shown = row.rsplit(" | ").next().unwrap_or_default();
        if shown == "shown by" {
            continue;
        }
        let tests: Vec<(&str, &str)> =
            shown.split('`').skip(1).step_by(2).filter_map(|word| word.split_once("::")).collect();
        if tests.is_empty() && !HONEST.iter().any(|word| shown.contains(word)) {
            findings.push(format!("{DOCUMENT}:{number}: names no test and does not say why"));
        }
        let missing = tests.iter().filter(|(file, name)| !is_there(file, name, files));
        findings.extend(missing.map(|(file, name)| format!("{DOCUMENT}:{number}: there is no test {file}::{name}")));
    }
    findings
}

fn is_there(file: &str, name: &str, files: &[File]) -> bool {
    let is_file = |path: &str| path.strip_suffix(file).is_some_and(|before| before.is_empty() || before.ends_with('/'));
    let declared = |text: &str| match file.rsplit('.').next() {
        Some("rs") => text.contains(&format!("fn {name}(")),
        Some("py") => text.contains(&format!("def {name}(")),
        _ => ["test", "it", "check"].iter().any(|call| text.contains(&format!("{call}(\"{name}\""))),
    };
    files.iter().any(|(path, text)| is_file(path) && declared(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_name_tests_that_are_there_or_say_why_not() {
        let files = [
            ("crates/a/src/b.rs".to_owned(), "fn it_holds() {}".to_owned()),
            ("e2e/x.js".to_owned(), "test(\"it's so\", () => {});".to_owned()),
        ];
        let of = |shown: &str| of_document(&format!("| a promise | a place | {shown} |"), &files).len();
        for shown in ["`b.rs::it_holds`", "`src/b.rs::it_holds`", "`x.js::it's so`", "differs: other words", "shown by"]
        {
            assert_eq!(of(shown), 0, "{shown}");
        }
        for shown in ["`b.rs::it_hold`", "`c.rs::it_holds`", "`xb.rs::it_holds`", "", "`b.rs`", "`x.js::it`"] {
            assert_eq!(of(shown), 1, "{shown}");
        }
    }
}
