//! Ranges of numbers, with OpenAI's words for what is outside.

use crate::error::ApiError;

/// The least and the greatest value allowed, both allowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range<T> {
    /// The least value, if there is one.
    pub least: Option<T>,
    /// The greatest value, if there is one.
    pub most: Option<T>,
}

impl<T> Range<T> {
    /// From `least` to `most`.
    pub(crate) const fn new(least: T, most: T) -> Self {
        Self { least: Some(least), most: Some(most) }
    }

    /// From `least` on.
    pub(crate) const fn from(least: T) -> Self {
        Self { least: Some(least), most: None }
    }
}

/// An integer within its range.
pub(crate) fn integer(param: &str, value: Option<i64>, range: Range<i64>) -> Result<Option<i64>, ApiError> {
    let Some(number) = value else { return Ok(None) };
    let wrong = |kind: &str, sign: &str, bound: i64, code| {
        ApiError::invalid(format!(
            "Invalid '{param}': integer {kind} value. Expected a value {sign} {bound}, but got {number} instead."
        ))
        .param(param)
        .code(code)
    };
    match (range.least, range.most) {
        (Some(least), _) if number < least => Err(wrong("below minimum", ">=", least, "integer_below_min_value")),
        (_, Some(most)) if number > most => Err(wrong("above maximum", "<=", most, "integer_above_max_value")),
        _ => Ok(value),
    }
}

/// A decimal within its range.
pub(crate) fn number(param: &str, value: Option<f64>, range: Range<f64>) -> Result<Option<f64>, ApiError> {
    let Some(number) = value else { return Ok(None) };
    let wrong = |kind: &str, sign: &str, bound: f64, code| {
        ApiError::invalid(format!(
            "Invalid '{param}': decimal {kind} value. Expected a value {sign} {bound}, but got {number} instead."
        ))
        .param(param)
        .code(code)
    };
    match (range.least, range.most) {
        (Some(least), _) if number < least => Err(wrong("below minimum", ">=", least, "decimal_below_min_value")),
        (_, Some(most)) if number > most => Err(wrong("above maximum", "<=", most, "decimal_above_max_value")),
        _ => Ok(value),
    }
}
