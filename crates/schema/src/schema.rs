//! The schema as others see it.

use std::sync::Arc;

use fakeai_core::{Rng, Seed};
use serde_json::Value;

use crate::check::Check;
use crate::compile::compile;
use crate::error::SchemaError;
use crate::field::{NoSource, Source};
use crate::json;
use crate::least::{Cost, ENDLESS, costs};
use crate::make::{FUEL, Maker};
use crate::node::Nodes;

/// Tries with different draws before a schema counts as unsatisfiable.
const MOST_TRIES: u64 = 24;

/// How large an instance may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes of compact JSON. A schema whose smallest known instance is larger gets that instance.
    pub max_bytes: usize,
}

impl Default for Budget {
    /// Two kilobytes: about 500 tokens.
    fn default() -> Self {
        Self { max_bytes: 2000 }
    }
}

/// A JSON Schema, read and found to be satisfiable. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Schema(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) nodes: Nodes,
    /// For each node, about how small its instances get.
    pub(crate) costs: Vec<Cost>,
    /// The smallest instance known, which is what is left when all else fails.
    least: Value,
    least_bytes: usize,
}

impl Schema {
    /// Reads a schema: Draft 2020-12, and what older drafts and `OpenAPI` 3.0 write differently.
    ///
    /// An error is a keyword with a wrong value, a reference that does not exist or leaves the document, a schema that
    /// is too deep or too large, and one for which no valid value was found.
    pub fn parse(schema: &Value) -> Result<Self, SchemaError> {
        if json::is_too_deep(schema) {
            return Err(SchemaError::new(
                "#",
                format!("the schema is nested more than {} levels deep", json::MOST_LEVELS),
            ));
        }
        let nodes = compile(schema)?;
        let costs = costs(&nodes);
        if costs[0] == ENDLESS {
            return Err(unsatisfiable());
        }
        let mut inner = Inner { nodes, costs, least: Value::Null, least_bytes: usize::MAX };
        let root = Seed::new(0).derive("least");
        let mut fuel = 3 * FUEL;
        for number in 0..MOST_TRIES {
            let mut rng = root.mix(number).rng();
            // First the smallest, then, where only luck finds anything, more freely.
            let bytes = if number < 8 { 0 } else { 4000 };
            let mut source = NoSource;
            let mut maker = Maker::new(&inner, &mut source, &mut rng, fuel.min(FUEL));
            let made = maker.instance(bytes);
            // All tries share what one hopeless schema may cost.
            let left = maker.fuel();
            fuel = fuel.saturating_sub(fuel.min(FUEL) - left);
            let Some(made) = made else { continue };
            let size = json::size(&made);
            if size < inner.least_bytes {
                (inner.least, inner.least_bytes) = (made, size);
            }
            if number >= 1 {
                break;
            }
        }
        if inner.least_bytes == usize::MAX { Err(unsatisfiable()) } else { Ok(Self(Arc::new(inner))) }
    }

    /// A value that is valid: plausible by the names of its fields, from `source` where that knows better.
    ///
    /// Fields stand in the order of `properties`. The value takes at most `budget.max_bytes` as compact JSON, or
    /// [`Schema::least_bytes`] if that is more.
    pub fn instance(&self, source: &mut dyn Source, rng: &mut Rng, budget: Budget) -> Value {
        if budget.max_bytes <= self.0.least_bytes {
            return self.0.least.clone();
        }
        for part in [1, 1, 2, 4] {
            let made = Maker::new(&self.0, source, rng, FUEL).instance(budget.max_bytes / part);
            if let Some(made) = made.filter(|made| json::size(made) <= budget.max_bytes) {
                return made;
            }
        }
        self.0.least.clone()
    }

    /// Size of the smallest instance that is known, in bytes of compact JSON.
    pub fn least_bytes(&self) -> usize {
        self.0.least_bytes
    }

    /// Whether the value is valid.
    pub fn is_valid(&self, value: &Value) -> bool {
        self.problem(value).is_none()
    }

    /// The first thing that is wrong with the value: the place as a JSON pointer, and what it is.
    pub fn problem(&self, value: &Value) -> Option<SchemaError> {
        if json::is_too_deep(value) {
            return Some(SchemaError::new(
                "",
                format!("the value is nested more than {} levels deep", json::MOST_LEVELS),
            ));
        }
        Check::new(&self.0.nodes).node(0, value).err().map(crate::check::Problem::into_error)
    }
}

fn unsatisfiable() -> SchemaError {
    SchemaError::new("#", "no value was found that the schema allows")
}
