//! Making instances: a value for a set of goals, which are nodes that must all hold for it.
//!
//! Combinations are resolved by choosing (`anyOf`, `oneOf`, `if`) and taking all (`allOf`, `$ref`) until there is a
//! plain list of rules; then the value is built from that list, and checked where choosing was a guess. Guesses that
//! fail are made again, within bounds: whoever asks must have a value in reserve.

mod array;
mod number;
mod object;
mod plan;
mod text;

use fakeai_core::Rng;
use serde_json::Value;

use crate::check::Check;
use crate::field::{Field, Kind, Source};
use crate::json;
use crate::least::{Cost, ENDLESS};
use crate::names::{self, Entry};
use crate::node::{Id, Rules, Types};
use crate::persona::Persona;
use crate::schema::Inner;

use plan::Plan;

/// Values may be nested this deep.
const MOST_DEPTH: usize = 60;
/// From here on only what is needed is made.
const DEEP: usize = 8;
/// Places that are filled for one instance, failed ones included.
pub(crate) const FUEL: u32 = 20_000;

/// Makes one instance.
pub(crate) struct Maker<'a> {
    nodes: &'a [Rules],
    costs: &'a [Cost],
    source: &'a mut dyn Source,
    rng: &'a mut Rng,
    fuel: u32,
    /// JSON pointer to the place being filled.
    pointer: String,
    /// Nodes on the way from the root to here: meeting one again is recursion.
    open: Vec<Id>,
    persona: Persona,
    /// Values must differ from one another, so the smallest will not do.
    is_varied: bool,
}

/// Where a value goes.
#[derive(Clone, Copy)]
struct Place<'p> {
    /// Name of the nearest property.
    name: &'p str,
    index: Option<usize>,
    /// Bytes the value may take; it takes more if it must.
    budget: usize,
    depth: usize,
}

/// How freely to choose.
#[derive(Clone, Copy)]
struct Way {
    /// As small as can be.
    is_tight: bool,
    attempt: usize,
    budget: usize,
}

impl<'a> Maker<'a> {
    /// A maker that fills so many places and then gives up.
    pub(crate) fn new(inner: &'a Inner, source: &'a mut dyn Source, rng: &'a mut Rng, fuel: u32) -> Self {
        let persona = Persona::draw(rng);
        Self {
            nodes: &inner.nodes,
            costs: &inner.costs,
            source,
            rng,
            fuel,
            pointer: String::new(),
            open: Vec::new(),
            persona,
            is_varied: false,
        }
    }

    /// Places that may still be filled.
    pub(crate) const fn fuel(&self) -> u32 {
        self.fuel
    }

    /// A valid value of about at most so many bytes, if one was found.
    pub(crate) fn instance(&mut self, bytes: usize) -> Option<Value> {
        let value = self.fill(&[0], Place { name: "", index: None, budget: bytes, depth: 0 })?;
        Check::holds(self.nodes, &[0], &value).then_some(value)
    }

    fn least(&self, goals: &[Id]) -> Cost {
        goals.iter().map(|goal| self.costs[*goal]).fold((1, 0), |one, other| (one.0.max(other.0), one.1.max(other.1)))
    }

    fn fill(&mut self, goals: &[Id], place: Place<'_>) -> Option<Value> {
        let least = self.least(goals);
        if place.depth > MOST_DEPTH || least == ENDLESS {
            return None;
        }
        let is_tight = place.depth > DEEP || place.budget < 2 * least.0 as usize + 6;
        let mut attempts = 12;
        let mut attempt = 0;
        while attempt < attempts {
            self.fuel = self.fuel.checked_sub(1)?;
            let way = Way { is_tight, attempt, budget: place.budget };
            let plan = self.plan(goals, way);
            attempt += 1;
            let Some(plan) = plan else { continue };
            if !plan.is_guess {
                attempts = attempts.min(3);
            }
            let depth = self.open.len();
            self.open.extend(plan.rules.iter().copied());
            let value = self.build(&plan, place, way);
            self.open.truncate(depth);
            if let Some(value) = value
                && (!plan.is_guess || Check::holds(self.nodes, goals, &value))
            {
                return Some(value);
            }
        }
        None
    }

    fn build(&mut self, plan: &Plan, place: Place<'_>, way: Way) -> Option<Value> {
        let kinds = self.kinds(plan, place, way);
        if way.attempt == 0
            && !way.is_tight
            && let Some(value) = self.offered(plan, place, *kinds.first()?)
        {
            return Some(value);
        }
        if plan.rules.iter().any(|id| self.nodes[*id].values.is_some()) {
            return self.listed(plan, way);
        }
        if !way.is_tight
            && way.attempt < 2
            && let Some(value) = self.exemplary(plan, place)
        {
            return Some(value);
        }
        kinds.into_iter().find_map(|kind| match kind {
            Kind::Null => Some(Value::Null),
            Kind::Boolean => Some(Value::Bool(self.boolean(place.name, way))),
            Kind::Integer | Kind::Number => self.number(plan, place, way, kind == Kind::Integer),
            Kind::Text => self.text(plan, place, way).map(Value::String),
            Kind::Array => self.array(plan, place, way),
            Kind::Object => self.object(plan, place, way),
        })
    }

    fn holds(&self, plan: &Plan, value: &Value) -> bool {
        plan.types.admit(value) && Check::holds(self.nodes, &plan.rules, value)
    }

    /// What the source knows, if it fits.
    fn offered(&mut self, plan: &Plan, place: Place<'_>, kind: Kind) -> Option<Value> {
        let nodes = self.nodes;
        let field = field(nodes, plan, place, kind, &self.pointer);
        let value = self.source.value(&field)?;
        (json::size(&value) <= place.budget && self.holds(plan, &value)).then_some(value)
    }

    /// One of the values that are listed.
    fn listed(&mut self, plan: &Plan, way: Way) -> Option<Value> {
        let nodes = self.nodes;
        let lists = plan.rules.iter().filter_map(|id| nodes[*id].values.as_ref());
        let list = lists.min_by_key(|values| values.len())?;
        let mut order: Vec<&Value> = list.iter().collect();
        if way.is_tight && way.attempt == 0 && !self.is_varied {
            order.sort_by_key(|value| json::size(value));
        } else {
            let start = self.rng.below(order.len());
            order.rotate_left(start);
            // Null stands for «none» in lists of names: seldom the answer.
            if !self.is_varied && self.rng.chance(0.9) {
                order.sort_by_key(|value| value.is_null());
            }
        }
        order.into_iter().find(|value| self.holds(plan, value)).cloned()
    }

    /// What the schema itself gives as an example or default.
    fn exemplary(&mut self, plan: &Plan, place: Place<'_>) -> Option<Value> {
        if self.is_varied {
            return None;
        }
        let nodes = self.nodes;
        let rules = plan.rules.iter().map(|id| &nodes[*id]);
        let examples: Vec<&Value> = rules.clone().flat_map(|rules| &rules.examples).collect();
        let default = rules.clone().find_map(|rules| rules.default.as_ref());
        let default = default.filter(|value| !value.is_null() && **value != Value::String(String::new()));
        let chosen = match self.rng.pick(&examples) {
            Some(example) if self.rng.chance(0.8) => Some(*example),
            _ => default.filter(|value| !value.is_array() && !value.is_object() && self.rng.chance(0.5)),
        };
        let chosen = chosen.filter(|value| json::size(value) <= place.budget && self.holds(plan, value))?;
        Some(chosen.clone())
    }

    fn boolean(&mut self, name: &str, way: Way) -> bool {
        if way.is_tight && way.attempt == 0 && !self.is_varied {
            return true;
        }
        // What is asked about is mostly so; what went wrong mostly is not.
        let is_bad = names::words(name).iter().any(|word| {
            ["error", "failed", "deleted", "blocked", "spam", "flagged", "expired", "disabled", "archived"]
                .contains(&word.as_str())
        });
        self.rng.chance(if is_bad { 0.15 } else { 0.7 })
    }

    /// The kinds to try, best first.
    fn kinds(&mut self, plan: &Plan, place: Place<'_>, way: Way) -> Vec<Kind> {
        let nodes = self.nodes;
        let all = [Kind::Text, Kind::Object, Kind::Array, Kind::Number, Kind::Integer, Kind::Boolean];
        let mut kinds: Vec<Kind> = all.into_iter().filter(|kind| plan.types.has(*kind)).collect();
        if plan.types.has(Kind::Number) {
            kinds.retain(|kind| *kind != Kind::Integer);
        }
        let implied = plan.rules.iter().find_map(|id| nodes[*id].implied());
        let is_open = plan.types.without(Types::of(Kind::Null)) == Types::ALL.without(Types::of(Kind::Null));
        let by_name = || match names::lookup(place.name) {
            Some(Entry::Number { .. }) => Kind::Number,
            _ if ["is", "has", "can", "should"]
                .contains(&names::words(place.name).first().map_or("", String::as_str)) =>
            {
                Kind::Boolean
            }
            _ => Kind::Text,
        };
        if way.is_tight {
            kinds.reverse();
        } else if !is_open && implied.is_none() {
            let start = self.rng.below(kinds.len().max(1));
            kinds.rotate_left(start);
        }
        let first = implied.or_else(|| is_open.then(by_name));
        kinds.sort_by_key(|kind| Some(*kind) != first);
        if plan.types.has(Kind::Null) {
            let is_first = if way.is_tight { !is_open && implied.is_none() } else { !is_open && self.rng.chance(0.1) };
            let is_again = plan.rules.iter().any(|id| self.open.iter().filter(|open| *open == id).count() > 1);
            kinds.insert(if is_first || is_again && self.rng.chance(0.5) { 0 } else { kinds.len() }, Kind::Null);
        }
        kinds
    }
}

/// The place as a source sees it.
fn field<'f>(nodes: &'f [Rules], plan: &Plan, place: Place<'f>, kind: Kind, pointer: &'f str) -> Field<'f> {
    let rules = || plan.rules.iter().map(|id| &nodes[*id]);
    Field {
        pointer,
        name: place.name,
        index: place.index,
        title: rules().find_map(|rules| rules.title.as_deref()),
        description: rules().find_map(|rules| rules.description.as_deref()),
        kind,
        format: rules().find_map(|rules| rules.text.format).map(crate::format::Format::name),
        choices: rules().find_map(|rules| rules.values.as_deref()).unwrap_or_default(),
    }
}
