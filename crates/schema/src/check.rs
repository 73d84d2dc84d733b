//! Whether a value is what a schema asks for.

use serde_json::{Map, Number, Value};

use crate::decimal::Decimal;
use crate::error::SchemaError;
use crate::json;
use crate::node::{ArrayRules, Id, NumberRules, ObjectRules, Rules, TextRules};

/// Steps into subschemas may be nested this deep: two for each level of a value as deep as is looked at. The stack of
/// a thread, two megabytes, holds as many without optimisation.
const MOST_DEPTH: usize = 264;
/// Subschemas that are looked at in one check. Combinations of combinations could take for ever.
const MOST_STEPS: u32 = 2_000_000;

/// One check of one value.
pub(crate) struct Check<'a> {
    nodes: &'a [Rules],
    steps: u32,
    depth: usize,
}

/// What is wrong; its path grows from the inside out while the check returns.
pub(crate) struct Problem {
    path: Vec<String>,
    message: String,
    /// The check gave up. Neither `not` nor `anyOf` may take that for an answer.
    is_exhausted: bool,
}

type Verdict = Result<(), Problem>;

fn wrong(message: impl Into<String>) -> Verdict {
    Err(Problem { path: Vec::new(), message: message.into(), is_exhausted: false })
}

impl Problem {
    fn under(mut self, step: &str) -> Self {
        self.path.push(step.replace('~', "~0").replace('/', "~1"));
        self
    }

    pub(crate) fn into_error(self) -> SchemaError {
        let path: String = self.path.iter().rev().flat_map(|step| ["/", step]).collect();
        SchemaError::new(path, self.message)
    }
}

impl<'a> Check<'a> {
    pub(crate) const fn new(nodes: &'a [Rules]) -> Self {
        Self { nodes, steps: 0, depth: 0 }
    }

    /// Whether the value satisfies all of the nodes.
    pub(crate) fn holds(nodes: &'a [Rules], goals: &[Id], value: &Value) -> bool {
        let mut check = Self::new(nodes);
        goals.iter().all(|goal| check.node(*goal, value).is_ok())
    }

    pub(crate) fn node(&mut self, id: Id, value: &Value) -> Verdict {
        self.steps += 1;
        if self.depth >= MOST_DEPTH || self.steps > MOST_STEPS {
            let message = "the value is nested too deeply or the schema is too complex to check".to_owned();
            return Err(Problem { path: Vec::new(), message, is_exhausted: true });
        }
        self.depth += 1;
        let nodes = self.nodes;
        let verdict = self.rules(&nodes[id], value);
        self.depth -= 1;
        verdict
    }

    fn rules(&mut self, rules: &Rules, value: &Value) -> Verdict {
        if rules.is_never {
            return wrong("no value is allowed here");
        }
        if let Some(types) = rules.types
            && !types.admit(value)
        {
            return wrong(format!("{} is not of the type asked for", shown(value)));
        }
        if let Some(values) = &rules.values
            && !values.iter().any(|allowed| json::equal(allowed, value))
        {
            return wrong(format!("{} is not one of the allowed values", shown(value)));
        }
        match value {
            Value::Number(number) => of_number(&rules.number, number)?,
            Value::String(text) => of_text(&rules.text, text)?,
            Value::Array(items) => self.array(&rules.array, items)?,
            Value::Object(fields) => self.object(&rules.object, fields, value)?,
            Value::Null | Value::Bool(_) => {}
        }
        self.combined(rules, value)
    }

    fn combined(&mut self, rules: &Rules, value: &Value) -> Verdict {
        for id in &rules.all_of {
            self.node(*id, value)?;
        }
        if !rules.any_of.is_empty() {
            let mut is_met = false;
            let mut first = None;
            for id in &rules.any_of {
                match self.node(*id, value) {
                    Ok(()) => {
                        is_met = true;
                        break;
                    }
                    Err(problem) if problem.is_exhausted => return Err(problem),
                    Err(problem) => first = first.or(Some(problem)),
                }
            }
            if !is_met {
                let reason =
                    first.map_or_else(String::new, |problem| format!("; of the first: {}", problem.into_error()));
                return wrong(format!("{} fits none of the alternatives{reason}", shown(value)));
            }
        }
        if !rules.one_of.is_empty() {
            let mut met = 0;
            for id in &rules.one_of {
                met += usize::from(self.answer(*id, value)?);
            }
            if met != 1 {
                return wrong(format!("{} fits {met} alternatives instead of one", shown(value)));
            }
        }
        if let Some(id) = rules.not
            && self.answer(id, value)?
        {
            return wrong(format!("{} is what is forbidden here", shown(value)));
        }
        if let Some(condition) = &rules.condition {
            let branch = if self.answer(condition.when, value)? { condition.then } else { condition.otherwise };
            return branch.map_or(Ok(()), |id| self.node(id, value));
        }
        Ok(())
    }

    /// Whether the value satisfies the node; an error only if the check gave up.
    fn answer(&mut self, id: Id, value: &Value) -> Result<bool, Problem> {
        match self.node(id, value) {
            Ok(()) => Ok(true),
            Err(problem) if problem.is_exhausted => Err(problem),
            Err(_) => Ok(false),
        }
    }

    fn array(&mut self, rules: &ArrayRules, items: &[Value]) -> Verdict {
        if items.len() < rules.min {
            return wrong(format!("{} items, at least {} are needed", items.len(), rules.min));
        }
        if rules.max.is_some_and(|max| items.len() > max) {
            return wrong(format!("{} items are too many", items.len()));
        }
        for (place, item) in items.iter().enumerate() {
            if let Some(id) = rules.of_index(place) {
                self.node(id, item).map_err(|problem| problem.under(&place.to_string()))?;
            }
        }
        if let Some(id) = rules.contains {
            let mut count = 0;
            for item in items {
                count += usize::from(self.answer(id, item)?);
            }
            if count < rules.min_contains || rules.max_contains.is_some_and(|max| count > max) {
                return wrong(format!("{count} items are of the kind that must be contained"));
            }
        }
        if rules.is_unique && has_duplicate(items) {
            return wrong("items are not unique");
        }
        Ok(())
    }

    fn object(&mut self, rules: &ObjectRules, fields: &Map<String, Value>, whole: &Value) -> Verdict {
        if let Some(name) = rules.required.iter().find(|name| !fields.contains_key(*name)) {
            return wrong(format!("`{name}` is required"));
        }
        if fields.len() < rules.min || rules.max.is_some_and(|max| fields.len() > max) {
            return wrong(format!("{} properties are too few or too many", fields.len()));
        }
        for (trigger, needed) in &rules.dependent_required {
            if fields.contains_key(trigger)
                && let Some(name) = needed.iter().find(|name| !fields.contains_key(*name))
            {
                return wrong(format!("`{name}` is required beside `{trigger}`"));
            }
        }
        for (name, value) in fields {
            for id in rules.of_name(name) {
                if self.nodes[id].is_never {
                    return wrong(format!("`{name}` is not allowed"));
                }
                self.node(id, value).map_err(|problem| problem.under(name))?;
            }
            if let Some(id) = rules.names
                && !self.answer(id, &Value::String(name.clone()))?
            {
                return wrong(format!("`{name}` is not a name that is allowed"));
            }
        }
        for (trigger, id) in &rules.dependent_schemas {
            if fields.contains_key(trigger) {
                self.node(*id, whole)?;
            }
        }
        Ok(())
    }
}

fn of_number(rules: &NumberRules, number: &Number) -> Verdict {
    let float = number.as_f64().unwrap_or(f64::NAN);
    let is_outside = rules.minimum.is_some_and(|minimum| float < minimum)
        || rules.maximum.is_some_and(|maximum| float > maximum)
        || rules.above.is_some_and(|above| float <= above)
        || rules.below.is_some_and(|below| float >= below);
    if is_outside {
        return wrong(format!("{number} is out of bounds"));
    }
    if let Some((step, step_float)) = rules.multiple_of {
        let exact = Decimal::of(number).and_then(|number| number.is_multiple_of(step));
        if !exact.unwrap_or_else(|| (float / step_float).fract() == 0.0) {
            return wrong(format!("{number} is not a multiple of {step_float}"));
        }
    }
    Ok(())
}

/// Whether the number keeps the rules.
pub(crate) fn fits_number(rules: &NumberRules, number: &Number) -> bool {
    of_number(rules, number).is_ok()
}

/// Whether the text keeps the rules.
pub(crate) fn fits_text(rules: &TextRules, text: &str) -> bool {
    of_text(rules, text).is_ok()
}

fn of_text(rules: &TextRules, text: &str) -> Verdict {
    if rules.min_chars > 0 || rules.max_chars.is_some() {
        let length = text.chars().count();
        if length < rules.min_chars {
            return wrong(format!("{length} characters, at least {} are needed", rules.min_chars));
        }
        if let Some(max) = rules.max_chars.filter(|max| length > *max) {
            return wrong(format!("{length} characters, at most {max} are allowed"));
        }
    }
    if let Some(pattern) = rules.pattern.as_ref().filter(|pattern| !pattern.is_match(text)) {
        return wrong(format!("the text does not match `{}`", pattern.source()));
    }
    if let Some(format) = rules.format.filter(|format| !format.is_met(text)) {
        return wrong(format!("the text is not of the format `{}`", format.name()));
    }
    Ok(())
}

/// Values that may be equal have equal keys; so only neighbours after sorting are compared.
fn has_duplicate(items: &[Value]) -> bool {
    if items.len() <= 32 {
        return (1..items.len()).any(|place| items[..place].iter().any(|earlier| json::equal(earlier, &items[place])));
    }
    let mut keyed: Vec<(String, &Value)> = items.iter().map(|item| (key(item), item)).collect();
    keyed.sort_by(|one, other| one.0.cmp(&other.0));
    keyed.windows(2).any(|pair| pair[0].0 == pair[1].0)
}

/// A text that is the same for values that are equal.
fn key(value: &Value) -> String {
    match value {
        Value::Number(number) => match number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 1e15) {
            Some(whole) => (whole as i64).to_string(),
            None => number.to_string(),
        },
        Value::Array(items) => format!("[{}]", items.iter().map(key).collect::<Vec<_>>().join(",")),
        Value::Object(fields) => {
            let mut parts: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name:?}:{}", key(value))).collect();
            parts.sort();
            format!("{{{}}}", parts.join(","))
        }
        other => other.to_string(),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) if text.chars().count() > 40 => {
            format!("\"{}...\"", text.chars().take(40).collect::<String>())
        }
        other => other.to_string(),
    }
}
