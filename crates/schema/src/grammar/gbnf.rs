//! GBNF, as llama.cpp and `XGrammar` take it: `root ::= "a" | [0-9]+ (item)*`, with `#` for comments.

use super::{Expression, Grammar, MOST_DEPTH, Rules, at, choice, sequence};
use crate::error::SchemaError;
use crate::pattern::Pattern;

pub(super) fn parse(text: &str) -> Result<Grammar, SchemaError> {
    let characters: Vec<char> = text.chars().collect();
    let mut parser = Parser { characters: &characters, at: 0, line: 1, rules: Rules::default() };
    let mut first = None;
    loop {
        parser.skip(true);
        if parser.peek().is_none() {
            break;
        }
        let line = parser.line;
        let name = parser.name().ok_or_else(|| parser.wrong("a rule must begin with its name"))?;
        parser.skip(true);
        if !parser.takes("::=") {
            return Err(parser.wrong(&format!("`::=` must follow the name `{name}`")));
        }
        let body = parser.alternatives(0, true)?;
        let place = parser.rules.define(&name, line, body, false)?;
        first = first.or(Some(place));
    }
    let root = parser.rules.places.get("root").copied().or(first);
    let root = root.ok_or_else(|| at(1, "the grammar has no rule".to_owned()))?;
    parser.rules.finish(root, false)
}

struct Parser<'a> {
    characters: &'a [char],
    at: usize,
    line: usize,
    rules: Rules,
}

impl Parser<'_> {
    fn wrong(&self, message: &str) -> SchemaError {
        at(self.line, message.to_owned())
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += 1;
        self.line += usize::from(character == '\n');
        Some(character)
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_here =
            word.chars().enumerate().all(|(place, character)| self.characters.get(self.at + place) == Some(&character));
        self.at += if is_here { word.chars().count() } else { 0 };
        is_here
    }

    /// Skips blanks and comments, and line ends where the expression goes on over them.
    fn skip(&mut self, over_lines: bool) {
        while let Some(character) = self.peek() {
            match character {
                '#' => {
                    while self.peek().is_some_and(|character| character != '\n') {
                        self.at += 1;
                    }
                }
                '\n' | '\r' if !over_lines => break,
                ' ' | '\t' | '\n' | '\r' => {
                    self.next();
                }
                _ => break,
            }
        }
    }

    fn name(&mut self) -> Option<String> {
        let start = self.at;
        while self.peek().is_some_and(|character| character.is_alphanumeric() || "-_.".contains(character)) {
            self.at += 1;
        }
        (self.at > start).then(|| self.characters[start..self.at].iter().collect())
    }

    /// Whether a new rule begins here: a name and `::=`.
    fn begins_rule(&mut self) -> bool {
        let (at, line) = (self.at, self.line);
        let is_rule = self.name().is_some() && {
            self.skip(false);
            self.takes("::=")
        };
        (self.at, self.line) = (at, line);
        is_rule
    }

    fn alternatives(&mut self, depth: usize, is_top: bool) -> Result<Expression, SchemaError> {
        if depth > MOST_DEPTH {
            return Err(self.wrong(&format!("groups are nested more than {MOST_DEPTH} deep")));
        }
        let mut parts = Vec::new();
        loop {
            parts.push(self.sequence(depth, is_top)?);
            let (before, line) = (self.at, self.line);
            self.skip(true);
            if !self.takes("|") {
                if is_top {
                    (self.at, self.line) = (before, line);
                }
                break;
            }
        }
        Ok(choice(parts))
    }

    fn sequence(&mut self, depth: usize, is_top: bool) -> Result<Expression, SchemaError> {
        let mut parts = Vec::new();
        loop {
            // A sequence may go on in the next line, unless that begins a rule.
            self.skip(true);
            if is_top && self.begins_rule() {
                break;
            }
            let Some(character) = self.peek() else { break };
            let part = match character {
                '|' | ')' => break,
                '"' => self.string()?,
                '[' => self.class()?,
                '.' => {
                    self.at += 1;
                    Expression::Pattern(Pattern::parse_full("[^\\n]")?)
                }
                '(' => {
                    self.at += 1;
                    let inner = self.alternatives(depth + 1, false)?;
                    self.skip(true);
                    if !self.takes(")") {
                        return Err(self.wrong("`(` is not closed"));
                    }
                    inner
                }
                _ => {
                    let line = self.line;
                    let name = self.name().ok_or_else(|| self.wrong(&format!("`{character}` is not understood")))?;
                    Expression::Rule(self.rules.refer(&name, line))
                }
            };
            let part = self.repeated(part)?;
            parts.push(part);
        }
        Ok(sequence(parts))
    }

    fn repeated(&mut self, mut part: Expression) -> Result<Expression, SchemaError> {
        for _ in 0..MOST_DEPTH {
            let (min, max) = match self.peek() {
                Some('*') => (0, None),
                Some('+') => (1, None),
                Some('?') => (0, Some(1)),
                Some('{') => {
                    let bounds = self.counted()?;
                    part = Expression::Repeat(Box::new(part), bounds.0, bounds.1);
                    continue;
                }
                _ => return Ok(part),
            };
            self.at += 1;
            part = Expression::Repeat(Box::new(part), min, max);
        }
        Err(self.wrong("too many repetitions follow one another"))
    }

    /// `{3}`, `{3,}` or `{3,5}`.
    fn counted(&mut self) -> Result<(usize, Option<usize>), SchemaError> {
        let rest = &self.characters[self.at + 1..];
        let end = rest
            .iter()
            .take(24)
            .position(|character| *character == '}')
            .ok_or_else(|| self.wrong("`{` is not closed"))?;
        let inside: String = rest[..end].iter().filter(|character| **character != ' ').collect();
        self.at += end + 2;
        let number = |text: &str| text.parse::<usize>().ok().filter(|count| *count <= 100_000);
        let bounds = match inside.split_once(',') {
            None => number(&inside).map(|count| (count, Some(count))),
            Some((low, "")) => number(low).map(|low| (low, None)),
            Some((low, high)) => {
                number(low).zip(number(high)).filter(|(low, high)| low <= high).map(|(low, high)| (low, Some(high)))
            }
        };
        bounds.ok_or_else(|| self.wrong(&format!("`{{{inside}}}` is no count")))
    }

    fn string(&mut self) -> Result<Expression, SchemaError> {
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(Expression::Text(text)),
                Some('\\') => text.push(self.escape()?),
                None | Some('\n') => return Err(self.wrong("a string is not closed")),
                Some(character) => text.push(character),
            }
        }
    }

    fn escape(&mut self) -> Result<char, SchemaError> {
        let character = self.next().ok_or_else(|| self.wrong("a string ends with a backslash"))?;
        let digits = match character {
            'n' => return Ok('\n'),
            'r' => return Ok('\r'),
            't' => return Ok('\t'),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            other => return Ok(other),
        };
        let end = (self.at + digits).min(self.characters.len());
        let code: String = self.characters[self.at..end].iter().collect();
        self.at = end;
        let decoded = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
        decoded.ok_or_else(|| self.wrong(&format!("`\\{character}{code}` is no character")))
    }

    /// A character class is one of a regular expression, too.
    fn class(&mut self) -> Result<Expression, SchemaError> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.next() {
                Some(']') => break,
                Some('\\') => drop(self.next()),
                None | Some('\n') => return Err(self.wrong("`[` is not closed")),
                Some(_) => {}
            }
        }
        let class: String = self.characters[start..self.at].iter().collect();
        let pattern = Pattern::parse_full(&class).map_err(|error| self.wrong(&error.message))?;
        Ok(Expression::Pattern(pattern))
    }
}
