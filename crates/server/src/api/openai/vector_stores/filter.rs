//! Which files a search looks into, by their attributes.

use serde_json::{Map, Value};

use crate::error::ApiError;

/// How deep filters may lie in one another, and how many there may be in all.
const DEEPEST: usize = 16;
const MOST_PARTS: usize = 1000;

/// A condition on a file's attributes.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::api::openai) enum Filter {
    /// The attribute compares so with the value.
    Is(String, Comparison, Value),
    /// All hold.
    All(Vec<Self>),
    /// At least one holds.
    Any(Vec<Self>),
}

/// How an attribute and a value compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api::openai) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    In,
    NotIn,
}

const COMPARISONS: [(&str, Comparison); 8] = [
    ("eq", Comparison::Equal),
    ("ne", Comparison::NotEqual),
    ("gt", Comparison::Greater),
    ("gte", Comparison::GreaterOrEqual),
    ("lt", Comparison::Less),
    ("lte", Comparison::LessOrEqual),
    ("in", Comparison::In),
    ("nin", Comparison::NotIn),
];

impl Filter {
    /// The filter as clients write it; nothing and `null` are none. `param` is its path.
    pub(in crate::api::openai) fn read(wire: Option<&Value>, param: &str) -> Result<Option<Self>, ApiError> {
        match wire {
            None | Some(Value::Null) => Ok(None),
            Some(wire) => part(wire, param, 0, &mut 0).map(Some),
        }
    }

    /// Whether a file with `attributes` is wanted. What it lacks is not equal to anything, and in no list.
    pub(in crate::api::openai) fn holds(&self, attributes: &Map<String, Value>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(attributes)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(attributes)),
            Self::Is(key, comparison, value) => compare(attributes.get(key), *comparison, value),
        }
    }
}

fn part(wire: &Value, param: &str, depth: usize, count: &mut usize) -> Result<Filter, ApiError> {
    *count += 1;
    if depth > DEEPEST || *count > MOST_PARTS {
        let message = format!("Invalid '{param}': filters may lie {DEEPEST} deep and have {MOST_PARTS} parts.");
        return Err(ApiError::invalid(message).param(param));
    }
    if !wire.is_object() {
        return Err(wrong_type(param, "an object"));
    }
    let kind = wire["type"].as_str().ok_or_else(|| ApiError::missing(&format!("{param}.type")))?;
    if matches!(kind, "and" | "or") {
        let list = wire["filters"].as_array().ok_or_else(|| ApiError::missing(&format!("{param}.filters")))?;
        let parts = list.iter().enumerate();
        let parts = parts.map(|(index, wire)| part(wire, &format!("{param}.filters[{index}]"), depth + 1, count));
        let parts = parts.collect::<Result<_, _>>()?;
        return Ok(if kind == "and" { Filter::All(parts) } else { Filter::Any(parts) });
    }
    let Some((_, comparison)) = COMPARISONS.iter().find(|(name, _)| *name == kind) else {
        let names: Vec<&str> = COMPARISONS.iter().map(|(name, _)| *name).chain(["and", "or"]).collect();
        return Err(ApiError::unsupported_value(&format!("{param}.type"), kind, &names));
    };
    let key = wire["key"].as_str().ok_or_else(|| ApiError::missing(&format!("{param}.key")))?;
    let value = wire.get("value").filter(|value| !value.is_null());
    let value = value.ok_or_else(|| ApiError::missing(&format!("{param}.value")))?;
    let of_list = matches!(comparison, Comparison::In | Comparison::NotIn);
    let is_right = match value {
        Value::Array(list) => of_list && !list.iter().any(|value| value.is_array() || value.is_object()),
        Value::Object(_) => false,
        _ => !of_list,
    };
    if !is_right {
        let expected = if of_list { "an array" } else { "one of a string, number or boolean" };
        return Err(wrong_type(&format!("{param}.value"), expected));
    }
    Ok(Filter::Is(key.to_owned(), *comparison, value.clone()))
}

fn wrong_type(param: &str, expected: &str) -> ApiError {
    ApiError::invalid(format!("Invalid type for '{param}': expected {expected}.")).param(param).code("invalid_type")
}

fn compare(attribute: Option<&Value>, comparison: Comparison, value: &Value) -> bool {
    use std::cmp::Ordering;
    let order = |value: &Value| attribute.and_then(|attribute| order(attribute, value));
    let within = || value.as_array().is_some_and(|list| list.iter().any(|one| order(one) == Some(Ordering::Equal)));
    match comparison {
        Comparison::Equal => order(value) == Some(Ordering::Equal),
        Comparison::NotEqual => order(value) != Some(Ordering::Equal),
        Comparison::Greater => order(value) == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => order(value).is_some_and(Ordering::is_ge),
        Comparison::Less => order(value) == Some(Ordering::Less),
        Comparison::LessOrEqual => order(value).is_some_and(Ordering::is_le),
        Comparison::In => within(),
        Comparison::NotIn => !within(),
    }
}

/// How two values of a kind compare: numbers by size, whichever way they are written, texts by their characters.
fn order(a: &Value, b: &Value) -> Option<std::cmp::Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64()?.partial_cmp(&b.as_f64()?),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn each_comparison_does_what_it_says() {
        let attributes = json!({"year": 2024, "kind": "blog", "open": true});
        let holds = |filter: Value| {
            Filter::read(Some(&filter), "filters").unwrap().unwrap().holds(attributes.as_object().unwrap())
        };
        let is = |kind: &str, key: &str, value: Value| json!({"type": kind, "key": key, "value": value});
        for (filter, expected) in [
            (is("eq", "year", json!(2024.0)), true),
            (is("eq", "year", json!("2024")), false),
            (is("ne", "year", json!("2024")), true),
            (is("ne", "none", json!(1)), true),
            (is("eq", "none", json!(1)), false),
            (is("gt", "year", json!(2023)), true),
            (is("gt", "year", json!(2024)), false),
            (is("gte", "year", json!(2024)), true),
            (is("lt", "kind", json!("book")), true),
            (is("lte", "kind", json!("blog")), true),
            (is("lt", "none", json!(9)), false),
            (is("eq", "open", json!(true)), true),
            (is("in", "kind", json!(["blog", "book"])), true),
            (is("in", "kind", json!([])), false),
            (is("nin", "kind", json!(["book", 1])), true),
            (is("nin", "none", json!(["book"])), true),
            (json!({"type": "and", "filters": []}), true),
            (json!({"type": "or", "filters": []}), false),
            (
                json!({"type": "and", "filters": [is("eq", "kind", json!("blog")), is("gt", "year", json!(2030))]}),
                false,
            ),
            (json!({"type": "or", "filters": [is("eq", "kind", json!("blog")), is("gt", "year", json!(2030))]}), true),
        ] {
            assert_eq!(holds(filter.clone()), expected, "{filter}");
        }
    }

    #[test]
    fn wrong_filters_name_their_place() {
        for (filter, param) in [
            (json!([]), "filters"),
            (json!({}), "filters.type"),
            (json!({"type": "is", "key": "a", "value": 1}), "filters.type"),
            (json!({"type": "eq", "value": 1}), "filters.key"),
            (json!({"type": "eq", "key": "a"}), "filters.value"),
            (json!({"type": "eq", "key": "a", "value": [1]}), "filters.value"),
            (json!({"type": "in", "key": "a", "value": 1}), "filters.value"),
            (json!({"type": "and", "filters": [{"type": "or"}]}), "filters.filters[0].filters"),
        ] {
            let error = Filter::read(Some(&filter), "filters").unwrap_err();
            assert_eq!(error.param.as_deref(), Some(param), "{filter}");
        }
        let deep = (0..40)
            .fold(json!({"type": "eq", "key": "a", "value": 1}), |inner, _| json!({"type": "and", "filters": [inner]}));
        assert!(Filter::read(Some(&deep), "filters").is_err());
        assert_eq!(Filter::read(Some(&Value::Null), "filters"), Ok(None));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[a-z]{0,3}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                ("(eq|ne|gt|in|nin|and|or|x)", inner.clone(), inner).prop_map(|(kind, value, filters)| {
                    json!({"type": kind, "key": "a", "value": value, "filters": filters})
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_a_filter_or_an_error(wire in any_json(), value in any_json()) {
            if let Ok(Some(filter)) = Filter::read(Some(&wire), "filters") {
                filter.holds(&Map::from_iter([("a".to_owned(), value)]));
            }
        }
    }
}
