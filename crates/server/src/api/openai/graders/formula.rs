//! The formula of a `multi` grader: numbers, names of graders, `+ - * / ^`, brackets and a few functions.

/// Deepest nesting of brackets.
const DEEPEST: usize = 64;
/// Longest formula, bytes.
const LONGEST: usize = 10_000;

/// A formula, understood.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Formula {
    Number(f64),
    Name(String),
    Negative(Box<Self>),
    Pair(Box<Self>, u8, Box<Self>),
    Call(Function, Vec<Self>),
}

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

struct Reader<'a, F> {
    rest: &'a str,
    known: F,
}

impl Formula {
    /// The formula of a text whose names are all `known`; else what is wrong with it.
    pub(super) fn read(text: &str, known: impl Fn(&str) -> bool) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("the formula is longer than {LONGEST} bytes"));
        }
        let mut reader = Reader { rest: text, known };
        let formula = reader.sum(0)?;
        match reader.peek() {
            None => Ok(formula),
            Some(other) => Err(format!("'{other}' is not expected")),
        }
    }

    /// Its value.
    pub(super) fn value(&self, of: &impl Fn(&str) -> f64) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Name(name) => of(name),
            Self::Negative(inner) => -inner.value(of),
            Self::Pair(left, sign, right) => {
                let (left, right) = (left.value(of), right.value(of));
                match sign {
                    b'+' => left + right,
                    b'-' => left - right,
                    b'*' => left * right,
                    b'/' => left / right,
                    _ => left.powf(right),
                }
            }
            Self::Call(function, arguments) => {
                let values = arguments.iter().map(|argument| argument.value(of));
                let value = match function {
                    Function::Min => values.reduce(f64::min),
                    Function::Max => values.reduce(f64::max),
                    Function::Abs => values.last().map(f64::abs),
                    Function::Floor => values.last().map(f64::floor),
                    Function::Ceil => values.last().map(f64::ceil),
                    Function::Exp => values.last().map(f64::exp),
                    Function::Sqrt => values.last().map(f64::sqrt),
                    Function::Log => values.last().map(f64::ln),
                };
                value.unwrap_or_default()
            }
        }
    }
}

impl<F: Fn(&str) -> bool> Reader<'_, F> {
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    /// Takes one of these signs.
    fn take(&mut self, signs: &str) -> Option<u8> {
        let found = self.peek().filter(|sign| signs.contains(*sign))?;
        self.rest = &self.rest[found.len_utf8()..];
        u8::try_from(found).ok()
    }

    fn sum(&mut self, depth: usize) -> Result<Formula, String> {
        let mut left = self.product(depth)?;
        while let Some(sign) = self.take("+-") {
            left = Formula::Pair(Box::new(left), sign, Box::new(self.product(depth)?));
        }
        Ok(left)
    }

    fn product(&mut self, depth: usize) -> Result<Formula, String> {
        let mut left = self.power(depth)?;
        while !self.rest.trim_start().starts_with("**")
            && let Some(sign) = self.take("*/")
        {
            left = Formula::Pair(Box::new(left), sign, Box::new(self.power(depth)?));
        }
        Ok(left)
    }

    fn power(&mut self, depth: usize) -> Result<Formula, String> {
        if depth > DEEPEST {
            return Err("the formula is nested too deeply".to_owned());
        }
        if self.take("-").is_some() {
            return Ok(Formula::Negative(Box::new(self.power(depth + 1)?)));
        }
        let base = self.atom(depth)?;
        let rest = self.rest.trim_start();
        let sign = if rest.starts_with("**") { 2 } else { usize::from(rest.starts_with('^')) };
        if sign == 0 {
            return Ok(base);
        }
        self.rest = &rest[sign..];
        Ok(Formula::Pair(Box::new(base), b'^', Box::new(self.power(depth + 1)?)))
    }

    fn atom(&mut self, depth: usize) -> Result<Formula, String> {
        let first = self.peek().ok_or("it ends too early")?;
        if self.take("(").is_some() {
            let inner = self.sum(depth + 1)?;
            return self.take(")").map(|_| inner).ok_or_else(|| "a ')' is missing".to_owned());
        }
        let end = |wanted: fn(char) -> bool| self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        if first.is_ascii_digit() || first == '.' {
            let (text, rest) = self.rest.split_at(end(|c| c.is_ascii_digit() || c == '.'));
            self.rest = rest;
            return text.parse().map(Formula::Number).map_err(|_| format!("'{text}' is no number"));
        }
        let (name, rest) = self.rest.split_at(end(|c| c.is_ascii_alphanumeric() || c == '_'));
        if name.is_empty() {
            return Err(format!("'{first}' is not expected"));
        }
        self.rest = rest;
        if self.peek() != Some('(') {
            let known = (self.known)(name);
            return if known {
                Ok(Formula::Name(name.to_owned()))
            } else {
                Err(format!("there is no grader '{name}'"))
            };
        }
        let function = FUNCTIONS.iter().find(|(known, _)| *known == name).map(|(_, function)| *function);
        let function = function.ok_or_else(|| format!("there is no function '{name}'"))?;
        self.take("(");
        let mut arguments = vec![self.sum(depth + 1)?];
        while self.take(",").is_some() {
            arguments.push(self.sum(depth + 1)?);
        }
        self.take(")").map(|_| Formula::Call(function, arguments)).ok_or_else(|| "a ')' is missing".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(text: &str) -> Result<f64, String> {
        let formula = Formula::read(text, |name| matches!(name, "a" | "b_1"))?;
        Ok(formula.value(&|name| if name == "a" { 0.5 } else { 4.0 }))
    }

    #[test]
    fn formulas_are_worked_out() {
        for (text, expected) in [
            ("0.5 * a + 0.5*b_1", 2.25),
            ("-(a - 1) * 2 ** 3", 4.0),
            ("max(a, b_1, 1) / min(a, 2)", 8.0),
            ("sqrt(b_1) ^ 2 - abs(-1)", 3.0),
            ("2 - 1 - 1", 0.0),
        ] {
            assert!((value(text).unwrap() - expected).abs() < 1e-12, "{text}");
        }
        for wrong in ["", "a +", "(a", "c", "a b_1", "f(a)", "1..2", "a,", "💥"] {
            assert!(value(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_formula_is_read(text in any::<String>(), signs in "[-+*/^()ab_1.,0-9 ]{0,80}") {
            let _ = value(&text);
            let _ = value(&signs);
            let _ = value(&"(".repeat(5000));
            let _ = value(&"-".repeat(5000));
        }
    }
}
