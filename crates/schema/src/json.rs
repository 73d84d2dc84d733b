//! Sizes and equality of JSON values, as JSON Schema means them.

use serde_json::Value;

/// Lists and objects within one another that are looked at. Whatever reads JSON text stops far earlier.
pub(crate) const MOST_LEVELS: usize = 130;

/// Whether the value is nested more than [`MOST_LEVELS`] deep; all that recurses over values relies on it.
pub(crate) fn is_too_deep(value: &Value) -> bool {
    let mut rest = vec![(value, 0)];
    while let Some((value, level)) = rest.pop() {
        if level > MOST_LEVELS {
            return true;
        }
        match value {
            Value::Array(items) => rest.extend(items.iter().map(|item| (item, level + 1))),
            Value::Object(fields) => rest.extend(fields.values().map(|field| (field, level + 1))),
            _ => {}
        }
    }
    false
}

/// How many bytes the value takes as compact JSON.
pub(crate) fn size(value: &Value) -> usize {
    match value {
        Value::Null => 4,
        Value::Bool(is_true) => 5 - usize::from(*is_true),
        Value::Number(number) => number.to_string().len(),
        Value::String(text) => text_size(text),
        Value::Array(items) => 1 + items.len().max(1) + items.iter().map(size).sum::<usize>(),
        Value::Object(fields) => {
            let inside: usize = fields.iter().map(|(name, value)| text_size(name) + 1 + size(value)).sum();
            1 + fields.len().max(1) + inside
        }
    }
}

/// How many bytes the text takes as a JSON string.
pub(crate) fn text_size(text: &str) -> usize {
    let bytes = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 2,
        0..32 => 6,
        _ => 1,
    });
    2 + bytes.sum::<usize>()
}

/// Equality where `1` and `1.0` are the same and objects have no order.
pub(crate) fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || same_number(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| equal(value, other)))
        }
        _ => one == other,
    }
}

fn same_number(one: &serde_json::Number, other: &serde_json::Number) -> bool {
    let whole = |number: &serde_json::Number| {
        let int = number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
        let float = || number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 1e37);
        int.or_else(|| float().map(|float| float as i128))
    };
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one.as_f64() == other.as_f64(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_equal_by_value() {
        assert!(equal(&json!({"a": [1, 2.5]}), &json!({"a": [1.0, 2.5]})));
        assert!(!equal(&json!(1), &json!(1.5)));
        assert!(!equal(&json!(u64::MAX), &json!(u64::MAX - 1)));
    }

    proptest! {
        #[test]
        fn the_size_is_that_of_compact_json(text in any::<String>(), number in any::<i64>(), float in -1e9..1e9) {
            let value = json!({&text: [text, number, float, null, true, false, {}, []]});
            prop_assert_eq!(size(&value), value.to_string().len());
        }
    }
}
