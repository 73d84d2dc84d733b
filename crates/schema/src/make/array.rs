//! Lists: how many items, which of them must be of which kind, and that they differ where they must.

use serde_json::Value;

use crate::field::Kind;
use crate::json;
use crate::least::ENDLESS;
use crate::node::Id;
use crate::persona::Persona;

use super::plan::Plan;
use super::{DEEP, Maker, Place, Way};

/// Longer lists are not made, whatever `minItems` says: they are no use to anybody.
const MOST_ITEMS: usize = 5000;
/// Tries for an item that differs from those before.
const MOST_TRIES: usize = 40;

impl Maker<'_> {
    pub(super) fn array(&mut self, plan: &Plan, place: Place<'_>, way: Way) -> Option<Value> {
        let nodes = self.nodes;
        let arrays = || plan.rules.iter().map(|id| &nodes[*id].array);
        let is_unique = arrays().any(|array| array.is_unique);
        let contained: Vec<(Id, usize)> =
            arrays().filter_map(|array| Some((array.contains?, array.min_contains))).collect();
        let count = self.count(plan, place, way, contained.iter().map(|(_, count)| *count).max().unwrap_or(0))?;
        let goals: Vec<Vec<Id>> = (0..count).map(|index| self.item_goals(plan, index)).collect();
        let goals = self.contain(plan, goals, &contained)?;
        let mut left = place.budget.saturating_sub(2);
        let mut items: Vec<Value> = Vec::new();
        for (index, goals) in goals.iter().enumerate() {
            let share = left / (count - index);
            let item = self.item(
                goals,
                Place { index: Some(index), budget: share.saturating_sub(1), depth: place.depth + 1, ..place },
                is_unique.then_some(&items),
            );
            match item {
                Some(item) => {
                    left = left.saturating_sub(json::size(&item) + 1);
                    items.push(item);
                }
                // There may be no more values that differ.
                None if contained.is_empty() && index >= arrays().map(|array| array.min).max().unwrap_or(0) => break,
                None => return None,
            }
        }
        let has_too_many = |(id, max): (Id, usize)| {
            items.iter().filter(|item| crate::check::Check::holds(nodes, &[id], item)).count() > max
        };
        let limits = arrays().filter_map(|array| Some((array.contains?, array.max_contains?)));
        if { limits }.any(has_too_many) {
            return None;
        }
        Some(Value::Array(items))
    }

    fn item_goals(&self, plan: &Plan, index: usize) -> Vec<Id> {
        plan.rules.iter().filter_map(|id| self.nodes[*id].array.of_index(index)).collect()
    }

    /// How many items there will be.
    fn count(&mut self, plan: &Plan, place: Place<'_>, way: Way, contained: usize) -> Option<usize> {
        let nodes = self.nodes;
        let arrays = || plan.rules.iter().map(|id| &nodes[*id].array);
        let min = arrays().map(|array| array.min).max().unwrap_or(0);
        let mut max = arrays().filter_map(|array| array.max).min().unwrap_or(usize::MAX);
        let prefix = arrays().map(|array| array.prefix.len()).max().unwrap_or(0);
        // Where no item can be, the list ends.
        let most_looked_at = prefix.max(1);
        let end = (0..=most_looked_at).find(|index| self.least(&self.item_goals(plan, *index)) == ENDLESS);
        max = max.min(end.unwrap_or(usize::MAX));
        let needed = min.max(contained.min(max));
        if needed > max || needed > MOST_ITEMS {
            return None;
        }
        if way.is_tight {
            return Some(needed);
        }
        let goals = self.item_goals(plan, prefix);
        let is_again = goals
            .iter()
            .any(|id| self.open.contains(id) || nodes[*id].all_of.iter().any(|target| self.open.contains(target)));
        let plausible = match (place.depth, is_again) {
            (depth, true) if depth > DEEP / 2 => 0,
            (_, true) => self.rng.below(3),
            (0..=3, _) => 2 + self.rng.below(3),
            _ => 1 + self.rng.below(2),
        };
        // A tuple is meant as a whole.
        let plausible = if prefix > 0 { prefix } else { self.told_count(plan, place, &goals).unwrap_or(plausible) };
        let affordable = place.budget.saturating_sub(2) / (self.least(&goals).0 as usize * 2 + 1);
        Some(plausible.min(affordable).clamp(needed, max.max(needed)))
    }

    /// How many items the source knows of, where they are objects.
    fn told_count(&mut self, plan: &Plan, place: Place<'_>, goals: &[Id]) -> Option<usize> {
        let nodes = self.nodes;
        let all = goals.iter().flat_map(|id| std::iter::once(id).chain(&nodes[*id].all_of));
        let names: Vec<&str> =
            all.flat_map(|id| nodes[*id].object.properties.iter().map(|(name, _)| name.as_str())).collect();
        if names.is_empty() {
            return None;
        }
        let field = super::field(nodes, plan, place, Kind::Array, &self.pointer);
        self.source.count(&field, &names)
    }

    /// Lays what must be contained on items, the last ones first, so that it stays clear of what the first must be.
    fn contain(&mut self, plan: &Plan, mut goals: Vec<Vec<Id>>, contained: &[(Id, usize)]) -> Option<Vec<Vec<Id>>> {
        let prefix = plan.rules.iter().map(|id| self.nodes[*id].array.prefix.len()).max().unwrap_or(0);
        for (id, needed) in contained {
            let free = goals.len().saturating_sub(prefix);
            if *needed > goals.len() {
                return None;
            }
            // Beyond the free places, those of the tuple are tried, another each time.
            let turn = if *needed > free { self.rng.below(goals.len()) } else { 0 };
            let length = goals.len();
            for place in 0..*needed {
                goals[(2 * length - 1 - place - turn) % length].push(*id);
            }
        }
        Some(goals)
    }

    fn item(&mut self, goals: &[Id], place: Place<'_>, others: Option<&Vec<Value>>) -> Option<Value> {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&place.index.unwrap_or(0).to_string());
        let outer = std::mem::replace(&mut self.persona, Persona::draw(self.rng));
        let value = match others {
            None => self.fill(goals, place),
            Some(others) => self.other_item(goals, place, others),
        };
        self.persona = outer;
        self.pointer.truncate(length);
        value
    }

    /// An item that is none of the others.
    fn other_item(&mut self, goals: &[Id], place: Place<'_>, others: &[Value]) -> Option<Value> {
        let was = self.is_varied;
        let mut found = None;
        for attempt in 0..MOST_TRIES {
            self.is_varied = was || attempt > 0;
            let budget = place.budget + attempt;
            let Some(value) = self.fill(goals, Place { budget, ..place }) else { break };
            if !others.iter().any(|other| json::equal(other, &value)) {
                found = Some(value);
                break;
            }
        }
        self.is_varied = was;
        found
    }
}
