//! Values that a sweep goes through: lists and ranges.

use crate::error::Error;

/// More values on one axis than this are a mistake.
const MOST_VALUES: usize = 1000;

/// The words of a list: `h100,h200`.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
}

/// The numbers of a list whose items are numbers or ranges: `1,2,4`, `1..64` (doubling), `1..64*4`, `10..50+10`. They
/// are kept as words, whole numbers without a point.
pub(super) fn numbers(name: &str, text: &str) -> Result<Vec<String>, Error> {
    let mut numbers = Vec::new();
    for item in words(text) {
        match item.split_once("..") {
            None => numbers.push(item),
            Some((from, to)) => {
                let values = range(from, to).ok_or_else(|| {
                    Error::Usage(format!(
                        "--{name}: `{item}` is no range; say 1..64 (doubling), 1..64*4 (times four) or 10..50+10 (plus ten)"
                    ))
                })?;
                numbers.extend(values);
            }
        }
    }
    if numbers.is_empty() || numbers.len() > MOST_VALUES {
        return Err(Error::Usage(format!("--{name} takes from 1 to {MOST_VALUES} values, not {}", numbers.len())));
    }
    Ok(numbers)
}

fn range(from: &str, to: &str) -> Option<Vec<String>> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    let from = number(from)?;
    let (to, next): (f64, Box<dyn Fn(f64) -> f64>) = if let Some((to, step)) = to.split_once('+') {
        let step = number(step).filter(|step| *step > 0.0)?;
        (number(to)?, Box::new(move |value| value + step))
    } else {
        let (to, factor) = to.split_once('*').unwrap_or((to, "2"));
        let factor = number(factor).filter(|factor| *factor > 1.0 && from > 0.0)?;
        (number(to)?, Box::new(move |value| value * factor))
    };
    let mut values = Vec::new();
    let mut value = from;
    // A little beyond the end, so that 0.1 + 0.1 + 0.1 is not beyond 0.3.
    while value <= to * (1.0 + 1e-9) && values.len() <= MOST_VALUES {
        values.push(shown(value));
        value = next(value);
    }
    Some(values).filter(|values| !values.is_empty())
}

/// A number in six digits at most.
fn shown(value: f64) -> String {
    let rounded = (value * 1e6).round() / 1e6;
    rounded.to_string()
}

/// Every combination of the values of all axes; the last axis changes first.
pub(super) fn combinations(axes: &[(&'static str, Vec<String>)]) -> Vec<Vec<(&'static str, String)>> {
    axes.iter().fold(vec![Vec::new()], |combinations, (name, values)| {
        combinations
            .iter()
            .flat_map(|before| {
                values.iter().map(|value| before.iter().cloned().chain([(*name, value.clone())]).collect())
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_and_ranges_read_as_typed() {
        let read = |text| numbers("x", text).unwrap().join(" ");
        assert_eq!(read("1,2, 4"), "1 2 4");
        assert_eq!(read("1..64"), "1 2 4 8 16 32 64");
        assert_eq!(read("1..64*4"), "1 4 16 64");
        assert_eq!(read("10..50+10,99"), "10 20 30 40 50 99");
        assert_eq!(read("0.1..0.3+0.1"), "0.1 0.2 0.3");
        for bad in ["", "8..4", "0..8", "1..9+0", "1..9*1", "1..1e9+1", "a..b"] {
            assert!(numbers("x", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_combination_comes_once() {
        let axes = [("a", words("1,2")), ("b", words("x,y,z"))];
        let all = combinations(&axes);
        assert_eq!(all.len(), 6);
        assert_eq!(all[1], [("a", "1".to_owned()), ("b", "y".to_owned())]);
        assert_eq!(combinations(&[]), [Vec::new()]);
    }

    proptest! {
        #[test]
        fn garbage_is_refused_and_nothing_hangs(text in "[0-9.,*+ae-]{0,24}") {
            let _ = numbers("x", &text);
        }
    }
}
