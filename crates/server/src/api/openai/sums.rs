//! Sums worked out as Python prints them: what code interpreters that run nothing can still do.

/// Words that ask for code to be run.
pub(super) const CUES: &[&str] = &[
    "compute ",
    "calculate ",
    "run the code",
    "run this code",
    "run code",
    "python",
    " plot ",
    "code interpreter",
    "simulate ",
    "spreadsheet",
    " csv",
];

/// The first sum in a text, and its value as Python prints it.
pub(super) fn sum(text: &str) -> Option<(String, String)> {
    let part = |letter: char| letter.is_ascii_digit() || " .+-*/()".contains(letter);
    let longest = text.split(|letter: char| !part(letter)).max_by_key(|run| run.len())?;
    let sum = longest.trim().trim_end_matches(['.', '+', '-', '*', '/', ' ']);
    let operators = sum.trim_start_matches('-').contains(['+', '-', '*', '/']);
    if !operators || sum.len() > 100 {
        return None;
    }
    let mut reader = Reader { bytes: sum.as_bytes(), at: 0, depth: 0, exact: true };
    let value = reader.terms()?;
    reader.blanks();
    if reader.at < sum.len() || !value.is_finite() || value.abs() > 1e15 {
        return None;
    }
    let shown = if reader.exact && value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:?}") };
    Some((sum.to_owned(), shown))
}

/// Reads a sum by recursive descent.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u32,
    /// Whether only whole numbers were met, and none divided.
    exact: bool,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        while self.bytes.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
    }

    fn next_is(&mut self, byte: u8) -> bool {
        self.blanks();
        let found = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn terms(&mut self) -> Option<f64> {
        let mut value = self.factors()?;
        loop {
            if self.next_is(b'+') {
                value += self.factors()?;
            } else if self.next_is(b'-') {
                value -= self.factors()?;
            } else {
                return Some(value);
            }
        }
    }

    fn factors(&mut self) -> Option<f64> {
        let mut value = self.factor()?;
        loop {
            if self.next_is(b'*') {
                value *= self.factor()?;
            } else if self.next_is(b'/') {
                self.exact = false;
                value /= Some(self.factor()?).filter(|divisor| *divisor != 0.0)?;
            } else {
                return Some(value);
            }
        }
    }

    fn factor(&mut self) -> Option<f64> {
        self.depth += 1;
        if self.depth > 64 {
            return None;
        }
        if self.next_is(b'-') {
            return self.factor().map(|value| -value);
        }
        if self.next_is(b'(') {
            let value = self.terms()?;
            return self.next_is(b')').then_some(value);
        }
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.') {
            self.at += 1;
        }
        let text = std::str::from_utf8(&self.bytes[start..self.at]).ok()?;
        self.exact &= !text.contains('.');
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sums_are_worked_out_as_python_does() {
        for (text, value) in [
            ("Compute 12 * 34", "408"),
            ("calculate (1 + 2) * -3 please", "-9"),
            ("What is 7 / 2?", "3.5"),
            ("compute 8/2", "4.0"),
            ("compute 0.5 + 0.25.", "0.75"),
        ] {
            assert_eq!(sum(text).unwrap().1, value, "{text}");
        }
        for text in ["compute pi", "call 555-", "1/0", "compute 2 ** 3", "(((", "-5"] {
            assert_eq!(sum(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_looked_through(text in "[0-9 .+*/()x-]{0,120}") {
            let _ = sum(&text);
        }
    }
}
