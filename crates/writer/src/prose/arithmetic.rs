//! Simple sums, really computed.

/// Bytes of a prompt that are looked through for a sum.
const LOOKED_AT_BYTES: usize = 240;

/// The value of the sum a prompt asks for, if it contains one: `What is 12*7+3?`, `2 plus 2`, `(1 + 2) × 3 =`.
pub(crate) fn asked(text: &str) -> Option<f64> {
    if text.len() > LOOKED_AT_BYTES {
        return None;
    }
    let first_digit = text.bytes().position(|byte| byte.is_ascii_digit())?;
    // From an opening bracket or sign right before the first number on.
    let start = text[..first_digit].trim_end_matches(['(', ' ', '-']).len();
    let mut parser = Parser { rest: &text[start..], operators: 0 };
    let value = parser.sum()?;
    // A sum stands alone: what follows is the end, a question mark or an equals sign, not a word such as "apples".
    let tail = parser.rest.trim_start().trim_end();
    let alone =
        tail.trim_start_matches(['=', '?', '.', '!', '？', '。', ' ']).is_empty() || tail.starts_with(['=', '?']);
    (parser.operators > 0 && alone && value.is_finite()).then_some(value)
}

/// A number as people write it: no trailing zeros, at most ten decimals.
pub(crate) fn shown(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return format!("{value:.0}");
    }
    let text = format!("{value:.10}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A recursive descent over sums, products, powers and brackets.
struct Parser<'a> {
    rest: &'a str,
    operators: u32,
}

impl Parser<'_> {
    fn sum(&mut self) -> Option<f64> {
        let mut value = self.product()?;
        loop {
            if self.takes(&["+", "plus ", "más ", "und "]) {
                value += self.product()?;
            } else if self.takes(&["-", "−", "minus ", "menos ", "moins "]) {
                value -= self.product()?;
            } else {
                return Some(value);
            }
        }
    }

    fn product(&mut self) -> Option<f64> {
        let mut value = self.power()?;
        loop {
            if self.takes(&["**"]) {
                value = value.powf(self.power()?);
            } else if self.takes(&["*", "×", "·", "x ", "times ", "multiplied by ", "mal ", "por ", "fois "]) {
                value *= self.power()?;
            } else if self.takes(&["/", "÷", "divided by ", "geteilt durch ", "entre ", "divisé par "]) {
                value /= self.power()?;
            } else if self.takes(&["mod ", "modulo "]) {
                value %= self.power()?;
            } else {
                return Some(value);
            }
        }
    }

    fn power(&mut self) -> Option<f64> {
        let base = self.number()?;
        if self.takes(&["^", "to the power of "]) { Some(base.powf(self.power()?)) } else { Some(base) }
    }

    fn number(&mut self) -> Option<f64> {
        self.rest = self.rest.trim_start();
        if let Some(rest) = self.rest.strip_prefix('(') {
            self.rest = rest;
            let value = self.sum()?;
            self.rest = self.rest.trim_start().strip_prefix(')')?;
            return Some(value);
        }
        if let Some(rest) = self.rest.strip_prefix('-') {
            self.rest = rest;
            return self.number().map(|value| -value);
        }
        let digits = |byte: u8| byte.is_ascii_digit() || byte == b'.' || byte == b',';
        let length = self.rest.bytes().position(|byte| !digits(byte)).unwrap_or(self.rest.len());
        // A full stop or comma at the end belongs to the sentence.
        let length = self.rest[..length].trim_end_matches(['.', ',']).len();
        let value = self.rest[..length].replace(',', "").parse().ok()?;
        self.rest = &self.rest[length..];
        Some(value)
    }

    fn takes(&mut self, operators: &[&str]) -> bool {
        let rest = self.rest.trim_start();
        let found = operators.iter().find(|operator| {
            rest.as_bytes().get(..operator.len()).is_some_and(|head| head.eq_ignore_ascii_case(operator.as_bytes()))
        });
        let Some(found) = found else { return false };
        self.rest = &rest[found.len()..];
        self.operators += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_computed() {
        for (text, value) in [
            ("What is 12*7+3?", "87"),
            ("2+2", "4"),
            ("What's 2 plus 2?", "4"),
            ("(1 + 2) × 3 =", "9"),
            ("Calculate 10 / 4.", "2.5"),
            ("¿Cuánto es 7 por 8?", "56"),
            ("What is 2^10?", "1024"),
            ("1,000 - 1", "999"),
            ("0.1 + 0.2", "0.3"),
        ] {
            assert_eq!(asked(text).map(shown).as_deref(), Some(value), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_no_sums() {
        for text in
            ["Give me 5 ideas", "Call 555-1234 now", "2024-05-06 was a Monday", "1/0", "3", "", "gpt-4 vs gpt-5"]
        {
            assert_eq!(asked(text), None, "{text}");
        }
    }
}
