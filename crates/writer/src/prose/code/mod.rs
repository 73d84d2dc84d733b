//! Code in the language asked for, with names from the prompt.

mod names;
mod snippets;
mod tasks;

use self::names::{Names, names};
use self::snippets::{GENERIC, KNOWN};
use self::tasks::TASKS;
use super::composer::Composer;
use super::words::{Cue, Program};

impl Composer<'_> {
    /// An introduction, a fenced block, and a word or two about it.
    pub(super) fn code(&mut self, out: &mut String, program: Option<Program>) {
        let program = program.unwrap_or(Program::Python);
        let terse = self.brief.tone.brief;
        if !terse {
            let phrase = self.pick(self.bank.texts.code_intros);
            self.say(out, phrase);
            out.push_str("\n\n");
        }
        out.push_str("```");
        out.push_str(fence(program));
        out.push('\n');
        if let Some(snippet) = self.known(program) {
            out.push_str(snippet);
        } else {
            let names = names(self.brief);
            let variants = GENERIC.iter().filter(|(language, _)| *language == program).count();
            // The first of each language is a function where others are types.
            let chosen =
                if self.mentions("function") || self.mentions("method") { 0 } else { self.rng.below(variants) };
            let template = GENERIC.iter().filter(|(language, _)| *language == program).nth(chosen);
            write_template(out, template.map_or("", |(_, template)| template), &names);
        }
        out.push_str("\n```");
        if !terse {
            out.push_str("\n\n");
            let phrase = self.pick(self.bank.texts.code_notes);
            self.say(out, phrase);
        }
        self.end_here();
    }

    /// The code of a task that everybody asks for.
    fn known(&self, program: Program) -> Option<&'static str> {
        let is_asked = |(language, task, _): &&(Program, &[&str], _)| {
            *language == program && task.iter().all(|word| self.mentions(word))
        };
        // A linked list of strings is a list.
        if let Some((_, _, snippet)) = TASKS.iter().find(is_asked).filter(|_| !self.mentions("linked")) {
            return Some(snippet);
        }
        let content =
            self.brief.words().iter().filter(|word| matches!(word.cue, Cue::Content | Cue::Greeting | Cue::Filler));
        content.into_iter().find_map(|word| {
            let word = word.of(self.brief.text);
            let known = KNOWN.iter().find(|(language, task, _)| *language == program && starts(word, task));
            known.map(|(_, _, snippet)| *snippet)
        })
    }

    /// Whether a word of the prompt begins so.
    fn mentions(&self, beginning: &str) -> bool {
        self.brief.words().iter().any(|word| starts(word.of(self.brief.text), beginning))
    }
}

fn starts(word: &str, task: &str) -> bool {
    word.as_bytes().get(..task.len()).is_some_and(|head| head.eq_ignore_ascii_case(task.as_bytes()))
}

/// The name after the fence.
const fn fence(program: Program) -> &'static str {
    match program {
        Program::Python => "python",
        Program::JavaScript => "javascript",
        Program::TypeScript => "typescript",
        Program::Rust => "rust",
        Program::Go => "go",
        Program::Java => "java",
        Program::C => "c",
        Program::Cpp => "cpp",
        Program::Sql => "sql",
        Program::Bash => "bash",
        Program::Html => "html",
    }
}

/// Appends a template: `$s` is the name in snake case, `$c` in camel case, `$P` in Pascal case, `$i` what it works on,
/// `$t` what it does in words.
fn write_template(out: &mut String, template: &str, names: &Names) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let slot = match after.as_bytes().first() {
            Some(b's') => &names.snake,
            Some(b'c') => &names.camel,
            Some(b'P') => &names.pascal,
            Some(b'i') => &names.item,
            Some(b't') => &names.title,
            // A dollar of the language itself.
            _ => {
                out.push('$');
                rest = after;
                continue;
            }
        };
        out.push_str(slot);
        rest = &after[1..];
    }
    out.push_str(rest);
}
