//! Making the object of a declared resource from a request.

use fakeai_core::masked;
use serde_json::{Map, Value};

use super::{Field, From, Identity, Resource, Rule};
use crate::context::Context;
use crate::error::ApiError;

/// What an object is made of.
#[derive(Debug)]
pub(in crate::api::openai) struct Making<'a> {
    pub context: &'a Context,
    /// Parameters of the path by name.
    pub params: &'a [(String, String)],
    pub body: &'a Map<String, Value>,
    pub id: String,
    /// A key that is shown once.
    pub secret: String,
}

/// The parameter of a path.
pub(super) fn parameter<'a>(params: &'a [(String, String)], name: &str) -> Option<&'a str> {
    params.iter().find_map(|(known, value)| (known == name).then_some(value.as_str()))
}

impl<'a> Making<'a> {
    /// For a new object of `resource`.
    pub(super) fn new(
        context: &'a Context,
        resource: &Resource,
        params: &'a [(String, String)],
        body: &'a Map<String, Value>,
    ) -> Result<Self, ApiError> {
        let mut making = Self { context, params, body, id: String::new(), secret: String::new() };
        making.id = match resource.identity {
            Identity::Made(prefix, length) => context.id(prefix, length),
            Identity::Single => String::new(),
            Identity::Other(name, other) => {
                let id = making.named(name).ok_or_else(|| ApiError::missing(name))?.to_owned();
                other.need(context, making.params, &id)?;
                id
            }
        };
        // Drawn only where it is shown, because ids follow from what was drawn before.
        if resource.has_secret() {
            making.secret = context.id("sk-fake-", 40);
        }
        Ok(making)
    }

    /// What the body says in a field; null if nothing.
    pub(in crate::api::openai) fn given(&self, name: &str, rule: Rule) -> Result<Value, ApiError> {
        Ok(rule.read(self.body, name)?.unwrap_or_default())
    }

    /// A parameter of the path, or a field of the body.
    fn named(&self, name: &str) -> Option<&str> {
        parameter(self.params, name).or_else(|| self.body.get(name).and_then(Value::as_str))
    }

    /// The object of these fields.
    pub(super) fn object(&self, fields: &[Field]) -> Result<Map<String, Value>, ApiError> {
        let mut object = Map::new();
        for Field(name, from) in fields {
            if let Some(value) = self.value(name, from)? {
                object.insert((*name).to_owned(), value);
            }
        }
        Ok(object)
    }

    fn value(&self, name: &str, from: &From) -> Result<Option<Value>, ApiError> {
        Ok(Some(match from {
            From::Id => self.id.as_str().into(),
            From::Fixed(json) => serde_json::from_str(json).map_err(|_| ApiError::internal())?,
            From::Now => self.context.created().into(),
            From::Given(rule) => return rule.read(self.body, name),
            From::Named(given, rule) => return rule.read(self.body, given),
            From::Path(name) => parameter(self.params, name).unwrap_or_default().into(),
            From::Secret => self.secret.as_str().into(),
            From::Masked => masked(&self.secret).into_owned().into(),
            From::Of(other, by, field) => {
                let Some(id) = self.named(by) else { return Ok(None) };
                let found = other.need(self.context, self.params, id)?;
                found.get(*field).cloned().unwrap_or_default()
            }
            From::Nested(fields) => self.object(fields)?.into(),
            From::Made(make) => make(self)?,
        }))
    }
}

impl Resource {
    fn has_secret(&self) -> bool {
        fn has(fields: &[Field]) -> bool {
            fields.iter().any(|Field(_, from)| match from {
                From::Secret | From::Masked => true,
                From::Nested(inner) => has(inner),
                _ => false,
            })
        }
        has(self.fields) || self.created.is_some_and(has)
    }

    /// The fields of `object` that `body` changes.
    pub(super) fn changes(&self, body: &Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
        let mut changes = Map::new();
        for Field(name, from) in self.fields {
            let (given, rule) = match from {
                From::Given(rule) => (*name, rule),
                From::Named(given, rule) => (*given, rule),
                _ => continue,
            };
            if !rule.changes || !body.contains_key(given) || body[given].is_null() {
                continue;
            }
            rule.kind.check(given, &body[given])?;
            changes.insert((*name).to_owned(), body[given].clone());
        }
        Ok(changes)
    }
}
