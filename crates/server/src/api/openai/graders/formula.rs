//! Formulas over the scores of graders: `0.5 * quality + max(exact, fuzzy)`.

/// Deepest nesting, so that no text makes the reader run out of stack.
const DEEPEST: usize = 64;

/// A formula.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Formula {
    Number(f64),
    /// The score of a grader, by name.
    Name(String),
    Negative(Box<Formula>),
    Both(Operator, Box<Formula>, Box<Formula>),
    Call(Function, Vec<Formula>),
}

/// What joins two formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Plus,
    Minus,
    Times,
    Over,
    Power,
}

/// What is called by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Min,
    Max,
    Abs,
    Floor,
    Ceil,
    Exp,
    Sqrt,
    Log,
}

const FUNCTIONS: [(&str, Function); 8] = [
    ("min", Function::Min),
    ("max", Function::Max),
    ("abs", Function::Abs),
    ("floor", Function::Floor),
    ("ceil", Function::Ceil),
    ("exp", Function::Exp),
    ("sqrt", Function::Sqrt),
    ("log", Function::Log),
];

impl Formula {
    /// Reads a formula; says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader { text, at: 0 };
        let formula = reader.sum(0)?;
        match reader.peek() {
            None => Ok(formula),
            Some(more) => Err(format!("unexpected '{more}' at position {}", reader.at)),
        }
    }

    /// Its value; none where a name is unknown or the value is no finite number.
    pub(super) fn value(&self, score: &impl Fn(&str) -> Option<f64>) -> Option<f64> {
        let value = match self {
            Self::Number(number) => *number,
            Self::Name(name) => score(name)?,
            Self::Negative(inner) => -inner.value(score)?,
            Self::Both(operator, left, right) => {
                let (left, right) = (left.value(score)?, right.value(score)?);
                match operator {
                    Operator::Plus => left + right,
                    Operator::Minus => left - right,
                    Operator::Times => left * right,
                    Operator::Over => left / right,
                    Operator::Power => left.powf(right),
                }
            }
            Self::Call(function, inner) => {
                let values: Option<Vec<f64>> = inner.iter().map(|one| one.value(score)).collect();
                let values = values?;
                let first = *values.first()?;
                match function {
                    Function::Min => values.into_iter().fold(first, f64::min),
                    Function::Max => values.into_iter().fold(first, f64::max),
                    Function::Abs => first.abs(),
                    Function::Floor => first.floor(),
                    Function::Ceil => first.ceil(),
                    Function::Exp => first.exp(),
                    Function::Sqrt => first.sqrt(),
                    Function::Log => first.ln(),
                }
            }
        };
        value.is_finite().then_some(value)
    }

    /// A name in it that `known` does not know.
    pub(super) fn unknown(&self, known: &impl Fn(&str) -> bool) -> Option<&str> {
        match self {
            Self::Number(_) => None,
            Self::Name(name) => (!known(name)).then_some(name),
            Self::Negative(inner) => inner.unknown(known),
            Self::Both(_, left, right) => left.unknown(known).or_else(|| right.unknown(known)),
            Self::Call(_, inner) => inner.iter().find_map(|one| one.unknown(known)),
        }
    }
}

/// A place in a formula's text.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn pass(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += if found { wanted.len_utf8() } else { 0 };
        found
    }

    fn sum(&mut self, depth: usize) -> Result<Formula, String> {
        if depth > DEEPEST {
            return Err("it is nested too deeply".to_owned());
        }
        let mut left = self.product(depth)?;
        loop {
            let operator = match self.peek() {
                Some('+') => Operator::Plus,
                Some('-') => Operator::Minus,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Formula::Both(operator, Box::new(left), Box::new(self.product(depth)?));
        }
    }

    fn product(&mut self, depth: usize) -> Result<Formula, String> {
        let mut left = self.power(depth)?;
        loop {
            let operator = match self.peek() {
                Some('*') => Operator::Times,
                Some('/') => Operator::Over,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Formula::Both(operator, Box::new(left), Box::new(self.power(depth)?));
        }
    }

    fn power(&mut self, depth: usize) -> Result<Formula, String> {
        if depth > DEEPEST {
            return Err("it is nested too deeply".to_owned());
        }
        if self.pass('-') {
            return Ok(Formula::Negative(Box::new(self.power(depth + 1)?)));
        }
        let base = self.atom(depth)?;
        let raised = self.text[self.at..].trim_start().starts_with("**");
        if raised {
            self.peek();
            self.at += 2;
        }
        if raised || self.pass('^') {
            return Ok(Formula::Both(Operator::Power, Box::new(base), Box::new(self.power(depth + 1)?)));
        }
        Ok(base)
    }

    fn atom(&mut self, depth: usize) -> Result<Formula, String> {
        match self.peek() {
            None => Err("it ends too early".to_owned()),
            Some('(') => {
                self.at += 1;
                let inner = self.sum(depth + 1)?;
                if self.pass(')') { Ok(inner) } else { Err(format!("')' is missing at position {}", self.at)) }
            }
            Some(first) if first.is_ascii_digit() || first == '.' => {
                let digits = self.word(|c| c.is_ascii_digit() || c == '.');
                digits.parse().map(Formula::Number).map_err(|_| format!("'{digits}' is no number"))
            }
            Some(first) if first.is_alphabetic() || first == '_' => self.name(depth),
            Some(other) => Err(format!("unexpected '{other}' at position {}", self.at)),
        }
    }

    fn name(&mut self, depth: usize) -> Result<Formula, String> {
        let name = self.word(|c| c.is_alphanumeric() || c == '_');
        let function = FUNCTIONS.iter().find(|(known, _)| *known == name);
        let Some((_, function)) = function.filter(|_| self.peek() == Some('(')) else {
            return Ok(Formula::Name(name.to_owned()));
        };
        self.at += 1;
        let mut inner = vec![self.sum(depth + 1)?];
        while self.pass(',') {
            inner.push(self.sum(depth + 1)?);
        }
        if !self.pass(')') {
            return Err(format!("')' is missing at position {}", self.at));
        }
        if inner.len() > 1 && !matches!(function, Function::Min | Function::Max) {
            return Err(format!("'{name}' takes one value"));
        }
        Ok(Formula::Call(*function, inner))
    }

    fn word(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(text: &str) -> Option<f64> {
        let score = |name: &str| match name {
            "a" => Some(0.5),
            "fuzzy_b" => Some(2.0),
            _ => None,
        };
        Formula::parse(text).ok()?.value(&score)
    }

    #[test]
    fn formulas_are_read_as_in_school() {
        for (text, expected) in [
            ("1 + 2 * 3", 7.0),
            ("(1 + 2) * 3 - 1", 8.0),
            ("2 ^ 3 ^ 0 * 4", 8.0),
            ("2**3", 8.0),
            ("-a + fuzzy_b / 4", 0.0),
            ("max(a, fuzzy_b, 1) - min(a, 3)", 1.5),
            ("sqrt(16) + abs(-1) + floor(1.9) + ceil(0.1) + exp(0) + log(1)", 8.0),
        ] {
            assert_eq!(value(text), Some(expected), "{text}");
        }
        for wrong in ["", "1 +", "(1", "1 2", "$", "sqrt(1, 2)", "max()", "1.2.3"] {
            assert!(Formula::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!((value("nobody"), value("1 / 0"), value("log(0)")), (None, None, None));
        assert_eq!(Formula::parse("a + nobody").unwrap().unknown(&|name| name == "a"), Some("nobody"));
        assert!(Formula::parse(&"(".repeat(100_000)).is_err());
        assert!(Formula::parse(&"-".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[-+*/^()a-c0-9., minax\\PC]{0,60}") {
            let _ = value(&text);
        }
    }
}
