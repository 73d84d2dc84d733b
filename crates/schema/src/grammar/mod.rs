//! Grammars that clients send, and texts of their languages.
//!
//! Lark (OpenAI's custom tools) and GBNF or EBNF (vLLM, llama.cpp) are read into one form; a text is made by walking it,
//! with the choices that end soonest taken where the budget or the depth runs out. So sampling always ends, and what
//! it yields is in the language by construction. Texts are not parsed: to check one is not this module's work.

mod gbnf;
mod lark;

use std::sync::Arc;

use fakeai_core::Rng;

use crate::error::SchemaError;
use crate::pattern::Pattern;

/// How a grammar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// Lark, as OpenAI's custom tools and llguidance take it; the first rule is `start`.
    Lark,
    /// GBNF of llama.cpp and the EBNF of vLLM: `name ::= …`; the first rule is `root`.
    Gbnf,
    /// A regular expression for the whole text.
    Regex,
}

impl Syntax {
    /// The syntax that a grammar of unknown kind is most likely in, as vLLM guesses it.
    pub fn guess(text: &str) -> Self {
        if text.contains("::=") { Self::Gbnf } else { Self::Lark }
    }
}

/// A grammar that has texts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Grammar(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    rules: Vec<Rule>,
    start: usize,
    costs: Vec<Cost>,
    /// Whether white space may stand between tokens, because the grammar ignores it.
    is_spaced: bool,
}

#[derive(Debug)]
struct Rule {
    name: String,
    /// The line it is defined on, or first used on.
    line: usize,
    /// `None` until it is defined.
    body: Option<Expression>,
    /// Terminals are one token, whatever they are made of.
    is_token: bool,
}

#[derive(Clone, Debug)]
enum Expression {
    Text(String),
    Pattern(Pattern),
    Rule(usize),
    Sequence(Vec<Expression>),
    Choice(Vec<Expression>),
    Repeat(Box<Expression>, usize, Option<usize>),
}

/// Bytes, steps, levels: of two equally short ways, the one that ends sooner.
type Cost = (usize, usize, usize);

const ENDLESS: Cost = (usize::MAX, usize::MAX, usize::MAX);

/// Grammars are at most this long, in bytes.
const MOST_BYTES: usize = 200_000;
/// Groups may be nested this deep.
const MOST_DEPTH: usize = 64;
/// Rules may be nested this deep in a text before only the shortest ways are taken.
const DEEP: usize = 24;
/// Chains of rules longer than this are refused, so that walking them fits on the stack.
const MOST_LEVELS: usize = 400;
/// The shortest text may take this many bytes and steps.
const MOST_LEAST: usize = 1 << 18;
/// Steps after which only the shortest ways are taken. Rules that yield nothing can branch without end.
const MOST_STEPS: usize = 20_000;
/// Characters of a terminal, where nothing says otherwise.
const TOKEN_CHARS: usize = 12;

impl Grammar {
    /// Reads a grammar. Errors have the line as their path.
    pub fn parse(syntax: Syntax, text: &str) -> Result<Self, SchemaError> {
        if text.len() > MOST_BYTES {
            return Err(SchemaError::new(
                "",
                format!("a grammar of {} bytes, at most {MOST_BYTES} are allowed", text.len()),
            ));
        }
        match syntax {
            Syntax::Lark => lark::parse(text),
            Syntax::Gbnf => gbnf::parse(text),
            Syntax::Regex => {
                let mut rules = Rules::default();
                let start = rules.define("start", 1, Expression::Pattern(Pattern::parse_full(text)?), true)?;
                rules.finish(start, false)
            }
        }
    }

    /// Length of the shortest text, in bytes, about.
    pub fn least_bytes(&self) -> usize {
        self.0.costs[self.0.start].0
    }

    /// A text of the language: rather short, and of about at most `max_bytes` bytes if there is one so short.
    pub fn sample(&self, rng: &mut Rng, max_bytes: usize) -> String {
        for budget in [max_bytes, max_bytes / 2, max_bytes / 4] {
            let text = self.draw(rng, budget);
            if text.len() <= max_bytes {
                return text;
            }
        }
        self.draw(rng, 0)
    }

    fn draw(&self, rng: &mut Rng, budget: usize) -> String {
        let mut walk = Walk { grammar: &self.0, rng, out: String::new(), budget, steps: 0 };
        walk.rule(self.0.start, 0, 0, false);
        walk.out
    }
}

struct Walk<'a> {
    grammar: &'a Inner,
    rng: &'a mut Rng,
    out: String,
    budget: usize,
    steps: usize,
}

impl Walk<'_> {
    /// Bytes that are left for this part, when so many are needed after it.
    fn left(&self, after: usize) -> usize {
        self.budget.saturating_sub(self.out.len() + after)
    }

    const fn is_deep(&self, depth: usize) -> bool {
        depth > DEEP || self.steps > MOST_STEPS
    }

    fn rule(&mut self, place: usize, after: usize, depth: usize, is_in_token: bool) {
        let grammar = self.grammar;
        let rule = &grammar.rules[place];
        let Some(body) = &rule.body else { return };
        let is_token = rule.is_token && !is_in_token;
        let before = self.out.len();
        self.expression(body, after, depth + 1, is_in_token || rule.is_token);
        if is_token {
            self.space(before);
        }
    }

    fn expression(&mut self, expression: &Expression, after: usize, depth: usize, is_in_token: bool) {
        self.steps += 1;
        let before = self.out.len();
        match expression {
            Expression::Text(text) => self.out.push_str(text),
            Expression::Pattern(pattern) => {
                let least = pattern.least().chars().count();
                let room = self.left(after).min(TOKEN_CHARS.max(2 * least)).max(least);
                let text = if self.left(after) <= pattern.least().len() {
                    pattern.least().to_owned()
                } else {
                    pattern.sample(self.rng, room)
                };
                self.out.push_str(&text);
            }
            Expression::Rule(place) => return self.rule(*place, after, depth, is_in_token),
            Expression::Sequence(parts) => {
                let mut rest: usize = parts.iter().map(|part| cost(part, &self.grammar.costs).0).sum();
                for part in parts {
                    rest = rest.saturating_sub(cost(part, &self.grammar.costs).0);
                    self.expression(part, after + rest, depth + 1, is_in_token);
                }
                return;
            }
            Expression::Choice(parts) => {
                if let Some(part) = self.choose(parts, after, depth) {
                    self.expression(part, after, depth + 1, is_in_token);
                }
                return;
            }
            Expression::Repeat(part, min, max) => return self.repeat(part, (*min, *max), after, depth, is_in_token),
        }
        if !is_in_token {
            self.space(before);
        }
    }

    fn choose<'e>(&mut self, parts: &'e [Expression], after: usize, depth: usize) -> Option<&'e Expression> {
        let grammar = self.grammar;
        let of = |part: &Expression| cost(part, &grammar.costs);
        let shortest = parts.iter().min_by_key(|part| of(part))?;
        let left = self.left(after);
        if self.is_deep(depth) || of(shortest).0 >= left {
            return Some(shortest);
        }
        let affordable: Vec<&Expression> = parts.iter().filter(|part| of(part).0 <= left).collect();
        self.rng.pick(&affordable).copied()
    }

    fn repeat(
        &mut self,
        part: &Expression,
        (min, max): (usize, Option<usize>),
        after: usize,
        depth: usize,
        is_in_token: bool,
    ) {
        let least = cost(part, &self.grammar.costs).0.max(1);
        let more = max.map_or(3, |max| (max - min).min(3));
        let more = if self.is_deep(depth) { 0 } else { self.rng.below(more + 1) };
        for index in 0..min + more {
            let needed = least * min.saturating_sub(index + 1);
            if index >= min && least * 2 > self.left(after) {
                break;
            }
            self.expression(part, after + needed, depth + 1, is_in_token);
        }
    }

    /// Parts words that would read as one, if the grammar ignores white space.
    fn space(&mut self, before: usize) {
        let is_word = |character: char| character.is_alphanumeric() || character == '_';
        let ends = self.out[..before].ends_with(is_word);
        if self.grammar.is_spaced && ends && self.out[before..].starts_with(is_word) {
            self.out.insert(before, ' ');
        }
    }
}

/// The cost of an expression, given those of the rules.
fn cost(expression: &Expression, costs: &[Cost]) -> Cost {
    match expression {
        Expression::Text(text) => (text.len(), 1, 0),
        Expression::Pattern(pattern) => (pattern.least().len(), 1, 0),
        Expression::Rule(place) => deeper(costs[*place]),
        Expression::Sequence(parts) => parts.iter().map(|part| cost(part, costs)).fold((0, 1, 0), |sum, part| {
            let is_endless = part == ENDLESS || sum == ENDLESS;
            if is_endless { ENDLESS } else { (capped(sum.0, part.0), capped(sum.1, part.1), sum.2.max(part.2)) }
        }),
        Expression::Choice(parts) => parts.iter().map(|part| cost(part, costs)).min().unwrap_or(ENDLESS),
        Expression::Repeat(_, 0, _) => (0, 1, 0),
        Expression::Repeat(part, min, _) => match cost(part, costs) {
            ENDLESS => ENDLESS,
            (bytes, steps, levels) => {
                (bytes.saturating_mul(*min).min(1 << 40), steps.saturating_mul(*min).min(1 << 40), levels)
            }
        },
    }
}

/// A sum that stays clear of [`ENDLESS`].
const fn capped(one: usize, other: usize) -> usize {
    let sum = one.saturating_add(other);
    if sum > 1 << 40 { 1 << 40 } else { sum }
}

const fn deeper(cost: Cost) -> Cost {
    match cost {
        (usize::MAX, ..) => ENDLESS,
        (bytes, steps, levels) => (bytes, capped(steps, 1), levels + 1),
    }
}

/// Rules while they are being read.
#[derive(Debug, Default)]
struct Rules {
    rules: Vec<Rule>,
    places: rustc_hash::FxHashMap<String, usize>,
}

impl Rules {
    /// The place of a rule, which may be defined later.
    fn refer(&mut self, name: &str, line: usize) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        self.rules.push(Rule { name: name.to_owned(), line, body: None, is_token: false });
        self.places.insert(name.to_owned(), self.rules.len() - 1);
        self.rules.len() - 1
    }

    fn define(&mut self, name: &str, line: usize, body: Expression, is_token: bool) -> Result<usize, SchemaError> {
        let place = self.refer(name, line);
        let rule = &mut self.rules[place];
        if rule.body.is_some() {
            return Err(at(line, format!("`{name}` is defined twice")));
        }
        (rule.body, rule.line, rule.is_token) = (Some(body), line, is_token);
        Ok(place)
    }

    fn finish(self, start: usize, is_spaced: bool) -> Result<Grammar, SchemaError> {
        if let Some(rule) = self.rules.iter().find(|rule| rule.body.is_none()) {
            return Err(at(rule.line, format!("`{}` is not defined", rule.name)));
        }
        let mut costs = vec![ENDLESS; self.rules.len()];
        // A way to the end has no more levels than there are rules.
        for _ in 0..=self.rules.len().min(MOST_LEVELS) {
            let mut is_changed = false;
            for place in (0..costs.len()).rev() {
                let new = self.rules[place].body.as_ref().map_or(ENDLESS, |body| cost(body, &costs));
                is_changed |= new != costs[place];
                costs[place] = new;
            }
            if !is_changed {
                break;
            }
        }
        match costs[start] {
            ENDLESS => Err(at(self.rules[start].line, format!("`{}` has no text that ends", self.rules[start].name))),
            (bytes, steps, _) if bytes.max(steps) > MOST_LEAST => Err(at(
                self.rules[start].line,
                format!("the shortest text takes more than {MOST_LEAST} bytes or steps"),
            )),
            (.., levels) if levels > MOST_LEVELS => {
                Err(at(self.rules[start].line, "rules are nested too deeply".to_owned()))
            }
            _ => Ok(Grammar(Arc::new(Inner { rules: prune(self.rules, &costs), start, costs, is_spaced }))),
        }
    }
}

/// Takes out the ways that never end, so that no choice can fall on them.
fn prune(rules: Vec<Rule>, costs: &[Cost]) -> Vec<Rule> {
    fn kept(expression: Expression, costs: &[Cost]) -> Expression {
        let is_finite = |part: &Expression| cost(part, costs) != ENDLESS;
        match expression {
            Expression::Choice(parts) => {
                Expression::Choice(parts.into_iter().filter(is_finite).map(|part| kept(part, costs)).collect())
            }
            Expression::Sequence(parts) => {
                Expression::Sequence(parts.into_iter().map(|part| kept(part, costs)).collect())
            }
            Expression::Repeat(part, 0, _) if !is_finite(&part) => Expression::Text(String::new()),
            Expression::Repeat(part, min, max) => Expression::Repeat(Box::new(kept(*part, costs)), min, max),
            other => other,
        }
    }
    rules.into_iter().map(|rule| Rule { body: rule.body.map(|body| kept(body, costs)), ..rule }).collect()
}

fn at(line: usize, message: String) -> SchemaError {
    SchemaError::new(format!("line {line}"), message)
}

/// One expression of several, without a wrapper where there is but one.
fn choice(mut parts: Vec<Expression>) -> Expression {
    if parts.len() == 1 { parts.swap_remove(0) } else { Expression::Choice(parts) }
}

/// As above, one after the other.
fn sequence(mut parts: Vec<Expression>) -> Expression {
    if parts.len() == 1 { parts.swap_remove(0) } else { Expression::Sequence(parts) }
}

#[cfg(test)]
mod tests;
