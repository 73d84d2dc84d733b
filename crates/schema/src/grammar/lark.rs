//! Lark, as OpenAI's custom tools take it: rules in small letters, terminals in capitals, `%import common.X`,
//! `%ignore`. Templates, `%extend`, `%override` and look-around in terminals are refused.

use super::{Expression, Grammar, MOST_DEPTH, Rules, at, choice, sequence};
use crate::error::SchemaError;
use crate::pattern::Pattern;

/// The terminals of Lark's `common` that people import.
const COMMON: [(&str, &str); 18] = [
    ("DIGIT", "[0-9]"),
    ("HEXDIGIT", "[0-9a-fA-F]"),
    ("INT", "[0-9]+"),
    ("SIGNED_INT", "[+-]?[0-9]+"),
    ("DECIMAL", r"[0-9]+\.[0-9]*|\.[0-9]+"),
    ("FLOAT", r"[0-9]+[eE][+-]?[0-9]+|([0-9]+\.[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"),
    ("SIGNED_FLOAT", r"[+-]?[0-9]+\.[0-9]+"),
    ("NUMBER", r"[0-9]+(\.[0-9]+)?"),
    ("SIGNED_NUMBER", r"[+-]?[0-9]+(\.[0-9]+)?"),
    ("ESCAPED_STRING", r#""[^"\\\n]*""#),
    ("LCASE_LETTER", "[a-z]"),
    ("UCASE_LETTER", "[A-Z]"),
    ("LETTER", "[a-zA-Z]"),
    ("WORD", "[a-zA-Z]+"),
    ("CNAME", "[_a-zA-Z][_a-zA-Z0-9]*"),
    ("WS_INLINE", "[ \\t]+"),
    ("WS", "[ \\t\\f\\r\\n]+"),
    ("NEWLINE", "(\\r?\\n)+"),
];

pub(super) fn parse(text: &str) -> Result<Grammar, SchemaError> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, rules: Rules::default(), is_spaced: false };
    while parser.at < tokens.len() {
        parser.statement()?;
    }
    let start = parser.rules.places.get("start").copied();
    let start = start.ok_or_else(|| at(1, "the grammar has no rule `start`".to_owned()))?;
    parser.rules.finish(start, parser.is_spaced)
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// A rule, a terminal or a directive, without `?` and `!` before it.
    Name(String),
    Text(String),
    Regex {
        source: String,
        flags: String,
    },
    Number(usize),
    Mark(&'static str),
    LineEnd,
}

const MARKS: [&str; 14] = ["..", "->", ":", "|", "(", ")", "[", "]", "?", "*", "+", "~", ",", "."];

/// The grammar in tokens, each with its line. A line that begins with `|` goes on with the one before.
fn tokens(text: &str) -> Result<Vec<(Token, usize)>, SchemaError> {
    let mut tokens: Vec<(Token, usize)> = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let mut rest = content.trim_start();
        if !rest.is_empty()
            && !rest.starts_with("//")
            && !rest.starts_with('#')
            && !rest.starts_with('|')
            && tokens.last().is_some_and(|(token, _)| *token != Token::LineEnd)
            && is_start(rest)
        {
            tokens.push((Token::LineEnd, line - 1));
        }
        while !rest.is_empty() && !rest.starts_with("//") && !rest.starts_with('#') {
            let (token, length) = token(rest).map_err(|message| at(line, message))?;
            tokens.push((token, line));
            rest = rest[length..].trim_start();
        }
    }
    tokens.push((Token::LineEnd, text.lines().count()));
    Ok(tokens)
}

/// Whether the line begins a statement: a directive, or a name with a colon.
fn is_start(line: &str) -> bool {
    if line.starts_with('%') {
        return true;
    }
    let name = line.trim_start_matches(['?', '!']);
    let end = name.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(name.len());
    let rest = name[end..].trim_start();
    let rest = rest.strip_prefix('.').map_or(rest, |rest| {
        rest.trim_start_matches(|digit: char| digit.is_ascii_digit() || digit == '-').trim_start()
    });
    end > 0 && (rest.starts_with(':') || rest.starts_with('{') || rest.starts_with('['))
}

fn token(rest: &str) -> Result<(Token, usize), String> {
    let first = rest.chars().next().unwrap_or_default();
    if first == '"' || first == '\'' {
        return string(rest, first);
    }
    if first == '/' {
        return regex(rest);
    }
    if first.is_ascii_digit() {
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        return rest[..length]
            .parse()
            .map(|number| (Token::Number(number), length))
            .map_err(|_| "the number is too large".to_owned());
    }
    if let Some(name) = rest.strip_prefix(['%', '?', '!', '_']).or(Some(rest)).filter(|_| {
        first.is_alphabetic()
            || "%!_".contains(first)
            || first == '?' && rest[1..].starts_with(|next: char| next.is_alphabetic() || next == '_') && is_start(rest)
    }) {
        let skipped = rest.len() - name.len();
        let length =
            name.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(name.len());
        let prefix = if first == '%' || first == '_' { &rest[..skipped] } else { "" };
        if length > 0 || first == '_' {
            return Ok((Token::Name(format!("{prefix}{}", &name[..length])), skipped + length));
        }
    }
    let mark = MARKS.iter().find(|mark| rest.starts_with(**mark));
    mark.map(|mark| (Token::Mark(mark), mark.len())).ok_or_else(|| format!("`{first}` is not understood"))
}

fn string(rest: &str, quote: char) -> Result<(Token, usize), String> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((place, character)) = characters.next() {
        match character {
            '\\' => match characters.next().map(|(_, escaped)| escaped) {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('r') => text.push('\r'),
                Some(escaped @ ('"' | '\'' | '\\' | '/')) => text.push(escaped),
                Some('u') => {
                    let code: String = characters.by_ref().take(4).map(|(_, digit)| digit).collect();
                    let decoded = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                    text.push(decoded.ok_or_else(|| format!("`\\u{code}` is no character"))?);
                }
                Some(other) => text.extend(['\\', other]),
                None => break,
            },
            end if end == quote => {
                // With an `i`, any case is in the language; so is the one that is written.
                let is_any_case =
                    rest[place + 1..].starts_with('i') && !rest[place + 2..].starts_with(char::is_alphanumeric);
                return Ok((Token::Text(text), place + 1 + usize::from(is_any_case)));
            }
            other => text.push(other),
        }
    }
    Err("a string is not closed".to_owned())
}

fn regex(rest: &str) -> Result<(Token, usize), String> {
    let (mut is_escaped, mut is_class) = (false, false);
    for (place, character) in rest.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' => is_class = true,
            ']' => is_class = false,
            '/' if !is_class => {
                let flags: String = rest[place + 1..].chars().take_while(|flag| "imslux".contains(*flag)).collect();
                let length = place + 1 + flags.len();
                return Ok((Token::Regex { source: rest[1..place].to_owned(), flags }, length));
            }
            _ => {}
        }
    }
    Err("a regular expression is not closed".to_owned())
}

struct Parser<'a> {
    tokens: &'a [(Token, usize)],
    at: usize,
    rules: Rules,
    is_spaced: bool,
}

impl Parser<'_> {
    fn line(&self) -> usize {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(1, |(_, line)| *line)
    }

    fn wrong(&self, message: impl Into<String>) -> SchemaError {
        at(self.line(), message.into())
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at += 1;
        token
    }

    fn takes(&mut self, mark: &'static str) -> bool {
        let is_here = self.peek() == Some(&Token::Mark(mark));
        self.at += usize::from(is_here);
        is_here
    }

    fn statement(&mut self) -> Result<(), SchemaError> {
        let line = self.line();
        let name = match self.next() {
            Some(Token::LineEnd) | None => return Ok(()),
            Some(Token::Name(name)) => name,
            Some(_) => return Err(at(line, "a rule must begin with its name".to_owned())),
        };
        match name.as_str() {
            "%import" => return self.import(line),
            "%ignore" => {
                let ignored = self.alternatives(0)?;
                self.is_spaced |= self.is_space(&ignored);
                return self.end();
            }
            directive if directive.starts_with('%') => return Err(at(line, format!("`{directive}` is not supported"))),
            _ => {}
        }
        if self.takes(".") {
            // A priority decides between readings; texts are the same with any.
            self.at += usize::from(matches!(self.peek(), Some(Token::Number(_))));
        }
        if !self.takes(":") {
            return Err(self.wrong(format!("`:` must follow the name `{name}`")));
        }
        let body = self.alternatives(0)?;
        let is_token = name.trim_start_matches('_').starts_with(char::is_uppercase);
        self.rules.define(&name, line, body, is_token)?;
        self.end()
    }

    fn end(&mut self) -> Result<(), SchemaError> {
        match self.next() {
            None | Some(Token::LineEnd) => Ok(()),
            Some(_) => {
                self.at -= 1;
                Err(self.wrong("this does not belong to the rule"))
            }
        }
    }

    /// `%import common.INT -> NUMBER`, or `%import common (INT, WS)`.
    fn import(&mut self, line: usize) -> Result<(), SchemaError> {
        let Some(Token::Name(module)) = self.next() else { return Err(at(line, "`%import` needs a name".to_owned())) };
        if module != "common" {
            return Err(at(line, format!("only `common` can be imported, not `{module}`")));
        }
        let is_list = !self.takes(".") && self.takes("(");
        loop {
            let Some(Token::Name(name)) = self.next() else {
                return Err(at(line, "`%import` needs a name".to_owned()));
            };
            let known = COMMON.iter().find(|(known, _)| *known == name);
            let (_, pattern) = known.ok_or_else(|| at(line, format!("`common.{name}` is not known")))?;
            let alias = match self.takes("->").then(|| self.next()) {
                Some(Some(Token::Name(alias))) => alias,
                Some(_) => return Err(at(line, "`->` needs a name".to_owned())),
                None => name,
            };
            self.rules.define(&alias, line, Expression::Pattern(Pattern::parse_full(pattern)?), true)?;
            if !(is_list && self.takes(",")) {
                break;
            }
        }
        if is_list && !self.takes(")") {
            return Err(at(line, "`(` is not closed".to_owned()));
        }
        self.end()
    }

    /// Whether the terminal can be a space.
    fn is_space(&self, expression: &Expression) -> bool {
        match expression {
            Expression::Text(text) => text == " ",
            Expression::Pattern(pattern) => pattern.is_match(" "),
            Expression::Rule(place) => self.rules.rules[*place]
                .body
                .as_ref()
                .is_none_or(|body| matches!(body, Expression::Pattern(pattern) if pattern.is_match(" "))),
            Expression::Choice(parts) => parts.iter().any(|part| self.is_space(part)),
            Expression::Repeat(part, ..) => self.is_space(part),
            Expression::Sequence(_) => false,
        }
    }

    fn alternatives(&mut self, depth: usize) -> Result<Expression, SchemaError> {
        if depth > MOST_DEPTH {
            return Err(self.wrong(format!("groups are nested more than {MOST_DEPTH} deep")));
        }
        let mut parts = Vec::new();
        loop {
            parts.push(self.sequence(depth)?);
            if !self.takes("|") {
                return Ok(choice(parts));
            }
        }
    }

    fn sequence(&mut self, depth: usize) -> Result<Expression, SchemaError> {
        let mut parts = Vec::new();
        loop {
            let part = match self.peek() {
                None | Some(Token::LineEnd | Token::Mark("|" | ")" | "]")) => break,
                Some(Token::Mark("->")) => {
                    // The name of an alternative is for whoever reads the tree.
                    self.at += 1;
                    self.at += usize::from(matches!(self.peek(), Some(Token::Name(_))));
                    break;
                }
                _ => self.atom(depth)?,
            };
            let part = self.repeated(part)?;
            parts.push(part);
        }
        Ok(sequence(parts))
    }

    fn atom(&mut self, depth: usize) -> Result<Expression, SchemaError> {
        let line = self.line();
        match self.next() {
            Some(Token::Mark("(")) => {
                let inner = self.alternatives(depth + 1)?;
                if self.takes(")") { Ok(inner) } else { Err(self.wrong("`(` is not closed")) }
            }
            Some(Token::Mark("[")) => {
                let inner = self.alternatives(depth + 1)?;
                let optional = Expression::Repeat(Box::new(inner), 0, Some(1));
                if self.takes("]") { Ok(optional) } else { Err(self.wrong("`[` is not closed")) }
            }
            Some(Token::Text(text)) => {
                if !self.takes("..") {
                    return Ok(Expression::Text(text));
                }
                let Some(Token::Text(end)) = self.next() else {
                    return Err(at(line, "`..` needs two strings".to_owned()));
                };
                let class = |text: &str| {
                    let mut characters = text.chars();
                    characters
                        .next()
                        .filter(|_| characters.next().is_none())
                        .map(|character| format!("\\u{{{:x}}}", u32::from(character)))
                };
                let ends =
                    class(&text).zip(class(&end)).ok_or_else(|| at(line, "`..` needs single characters".to_owned()))?;
                pattern(&format!("[{}-{}]", ends.0, ends.1), line)
            }
            Some(Token::Regex { source, flags }) => {
                let flags: String = flags.chars().filter(|flag| "imsx".contains(*flag)).collect();
                pattern(&if flags.is_empty() { source } else { format!("(?{flags}:{source})") }, line)
            }
            Some(Token::Name(name)) if !name.starts_with('%') => Ok(Expression::Rule(self.rules.refer(&name, line))),
            _ => Err(at(line, "this is not understood here".to_owned())),
        }
    }

    fn repeated(&mut self, part: Expression) -> Result<Expression, SchemaError> {
        let (min, max) = match self.peek() {
            Some(Token::Mark("?")) => (0, Some(1)),
            Some(Token::Mark("*")) => (0, None),
            Some(Token::Mark("+")) => (1, None),
            Some(Token::Mark("~")) => {
                self.at += 1;
                let Some(Token::Number(min)) = self.next() else { return Err(self.wrong("`~` needs a number")) };
                let max = match self.takes("..").then(|| self.next()) {
                    None => min,
                    Some(Some(Token::Number(max))) if max >= min => max,
                    Some(_) => return Err(self.wrong("`..` needs a number that is not below the first")),
                };
                if max > 100_000 {
                    return Err(self.wrong("at most 100000 repetitions are allowed"));
                }
                return Ok(Expression::Repeat(Box::new(part), min, Some(max)));
            }
            _ => return Ok(part),
        };
        self.at += 1;
        Ok(Expression::Repeat(Box::new(part), min, max))
    }
}

fn pattern(source: &str, line: usize) -> Result<Expression, SchemaError> {
    Pattern::parse_full(source).map(Expression::Pattern).map_err(|error| at(line, error.message))
}
