//! Objects of declared resources that nobody made, from what is declared of their fields.

use serde_json::{Map, Value};

use super::check::{Kind, Need, Rule};
use super::make::parameter;
use super::{Field, From, Resource};

type Params<'a> = &'a [(String, String)];

/// An object of a resource as it would be with this id.
pub(in crate::api::openai) fn fabricated(
    resource: &Resource,
    params: Params<'_>,
    id: &str,
    created: i64,
) -> Map<String, Value> {
    // What is there from the start shows all fields, also those that nobody gives.
    let mut object = match resource.seeds.first().map(|seed| seed()) {
        Some(Value::Object(object)) => object,
        _ => of(resource.fields, params, id, created),
    };
    object.values_mut().filter(|value| **value == "now").for_each(|value| *value = created.into());
    if let Some(own) = object.get_mut("id") {
        *own = id.into();
    }
    object
}

/// What the removal of such an object shows.
pub(in crate::api::openai) fn fabricated_end(
    resource: &Resource,
    params: Params<'_>,
    id: &str,
    created: i64,
) -> Map<String, Value> {
    of(resource.deleted, params, id, created)
}

fn of(fields: &[Field], params: Params<'_>, id: &str, created: i64) -> Map<String, Value> {
    let value = |Field(name, from): &Field| {
        let value = match from {
            From::Id => id.into(),
            From::Fixed(json) => serde_json::from_str(json).unwrap_or_default(),
            From::Now => created.into(),
            From::Given(rule) | From::Named(_, rule) => sample(*rule)?,
            From::Path(name) => parameter(params, name).unwrap_or_default().into(),
            From::Secret | From::Masked => "sk-…fake".into(),
            From::Of(other, _, field) => {
                fabricated(other, params, id, created).get(*field).cloned().unwrap_or_default()
            }
            From::Nested(fields) => of(fields, params, id, created).into(),
            From::Made(_) if name.ends_with("_at") => (created + 24 * 3600).into(),
            From::Made(_) => Value::Object(Map::new()),
        };
        Some(((*name).to_owned(), value))
    };
    fields.iter().filter_map(value).collect()
}

/// A value that the rule allows; none where none has to be.
fn sample(Rule { kind, need, .. }: Rule) -> Option<Value> {
    match need {
        Need::Or("") => return None,
        Need::Or(otherwise) => return serde_json::from_str(otherwise).ok(),
        Need::Required => {}
    }
    Some(match kind {
        Kind::Text(most) => "Fabricated".chars().take(most).collect::<String>().into(),
        Kind::Words(words) => words.first().copied().unwrap_or_default().into(),
        Kind::Integer(least, most) => 1.clamp(least, most).into(),
        Kind::Texts | Kind::Objects => Value::Array(Vec::new()),
        Kind::Object => Value::Object(Map::new()),
    })
}
