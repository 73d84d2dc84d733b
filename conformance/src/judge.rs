//! Judges values by the document's schemas and says what is wrong in one line each.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use anyhow::{Context, Result};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Registry, ValidationError, Validator};
use serde_json::{Value, json};

use crate::document::BASE;

/// Most complaints about one value: the first ones tell.
const MOST_COMPLAINTS: usize = 5;
/// Longest piece of a value that is quoted, characters.
const MOST_QUOTED: usize = 80;

/// Validators, each compiled when it is first asked for.
pub(crate) struct Judge<'a> {
    registry: &'a Registry<'a>,
    compiled: RefCell<HashMap<String, Rc<Validator>>>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(registry: &'a Registry<'a>) -> Self {
        Self { registry, compiled: RefCell::default() }
    }

    /// What is wrong with `value` by the schema at `pointer` (`#/components/schemas/Error`); empty if it is valid. An
    /// error if there is no such schema.
    pub(crate) fn complaints(&self, pointer: &str, value: &Value) -> Result<Vec<String>> {
        let validator = self.validator(pointer)?;
        if validator.is_valid(value) {
            return Ok(Vec::new());
        }
        let mut complaints = Vec::new();
        for error in validator.iter_errors(value) {
            explain(&error, &mut complaints);
        }
        complaints.dedup();
        complaints.truncate(MOST_COMPLAINTS);
        Ok(complaints)
    }

    fn validator(&self, pointer: &str) -> Result<Rc<Validator>> {
        if let Some(known) = self.compiled.borrow().get(pointer) {
            return Ok(Rc::clone(known));
        }
        let schema = json!({"$ref": format!("{BASE}{pointer}")});
        let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).with_registry(self.registry);
        let built = options.offline().build(&schema).map_err(|error| anyhow::anyhow!("{error}"));
        let validator = Rc::new(built.with_context(|| format!("can't compile {pointer}"))?);
        self.compiled.borrow_mut().insert(pointer.to_owned(), Rc::clone(&validator));
        Ok(validator)
    }
}

/// Adds what an error says. Of a union, the member that the value means to be is complained about.
fn explain(error: &ValidationError<'_>, complaints: &mut Vec<String>) {
    match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            let meant = context.iter().filter(|member| !member.is_empty()).min_by_key(|member| distance(member, error));
            match meant {
                Some(member) if distance(member, error) < FAR => {
                    for error in member {
                        explain(error, complaints);
                    }
                }
                _ => complaints.push(format!("{}: {} fits no member of the union", place(error), quoted(error))),
            }
        }
        ValidationErrorKind::OneOfMultipleValid { .. } => {
            complaints.push(format!("{}: {} fits several members of `oneOf`", place(error), quoted(error)));
        }
        _ => complaints.push(format!("{}: {}", place(error), cut(&error.to_string()))),
    }
}

/// From here on, a member of a union is not the one that was meant.
const FAR: usize = 1000;

/// How far a value is from a member of a union: far if already its kind is another, else by the number of errors.
fn distance(member: &[ValidationError<'_>], union: &ValidationError<'_>) -> usize {
    let depth = union.instance_path().as_str().matches('/').count();
    let is_other = |error: &ValidationError<'_>| {
        let path = error.instance_path().as_str();
        let own = path.matches('/').count() - depth;
        let tag = ["/type", "/object", "/role", "/event"].iter().any(|tag| path.ends_with(tag));
        match error.kind() {
            ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => own <= 1 && tag,
            ValidationErrorKind::Type { .. } => own == 0,
            _ => false,
        }
    };
    member.iter().filter(|error| is_other(error)).count() * FAR + member.len()
}

fn place(error: &ValidationError<'_>) -> String {
    let path = error.instance_path().as_str();
    if path.is_empty() { "/".to_owned() } else { path.to_owned() }
}

fn quoted(error: &ValidationError<'_>) -> String {
    cut(&error.instance().to_string())
}

/// Long texts without their middle: what is said of a value stands at its end.
fn cut(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= 2 * MOST_QUOTED {
        return text.to_owned();
    }
    let (head, tail) = (&characters[..MOST_QUOTED], &characters[characters.len() - MOST_QUOTED..]);
    head.iter().chain(" … ".chars().collect::<Vec<_>>().iter()).chain(tail).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::document::Document;

    fn document() -> Document {
        let kind = |name: &str, field: &str| {
            json!({"type": "object", "required": ["type", field],
                "properties": {"type": {"enum": [name]}, field: {"type": "integer"}}})
        };
        let schemas = json!({
            "A": kind("a", "x"), "B": kind("b", "y"),
            "Union": {"oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]},
        });
        let paths = json!({"/a": {"get": {"operationId": "getA"}}});
        Document::parse(&json!({"paths": paths, "components": {"schemas": schemas}}).to_string()).unwrap()
    }

    fn complaints(value: &Value) -> Vec<String> {
        let document = document();
        let registry = document.registry().unwrap();
        Judge::new(&registry).complaints("#/components/schemas/Union", value).unwrap()
    }

    #[test]
    fn of_a_union_the_member_that_was_meant_is_complained_about() {
        assert_eq!(complaints(&json!({"type": "b", "y": 1})), [""; 0]);
        assert_eq!(complaints(&json!({"type": "b", "y": "1"})), ["/y: \"1\" is not of type \"integer\""]);
        assert_eq!(complaints(&json!({"type": "c"})), ["/: {\"type\":\"c\"} fits no member of the union"]);
    }

    #[test]
    fn a_schema_that_is_not_there_is_an_error() {
        let document = document();
        let registry = document.registry().unwrap();
        assert!(Judge::new(&registry).complaints("#/components/schemas/None", &json!(1)).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn long_values_are_cut_and_any_value_is_judged(text in ".{0,400}") {
            prop_assert!(cut(&text).chars().count() <= 2 * MOST_QUOTED + 3);
            let value = json!({"type": text});
            prop_assert!(!complaints(&value).is_empty());
        }
    }
}
