//! Objects: which properties, in which order, and how the budget is shared among them.

use serde_json::{Map, Value};

use crate::check::Check;
use crate::json;
use crate::least::ENDLESS;
use crate::node::Id;
use crate::prose;

use super::plan::Plan;
use super::{DEEP, Maker, Place, Way};

/// Objects with more properties are not made, whatever `minProperties` says: they are no use to anybody.
const MOST_PROPERTIES: usize = 5000;

/// Bytes beyond the least that an optional property is to have, or it is left out.
const COMFORT: usize = 20;

/// A property that will be made.
struct Member {
    name: String,
    goals: Vec<Id>,
    /// Bytes of its smallest value, about.
    least: usize,
    is_required: bool,
}

impl Member {
    fn bytes(&self) -> usize {
        json::text_size(&self.name) + 2 + self.least
    }
}

impl Maker<'_> {
    pub(super) fn object(&mut self, plan: &Plan, place: Place<'_>, way: Way) -> Option<Value> {
        let nodes = self.nodes;
        let objects = || plan.rules.iter().map(|id| &nodes[*id].object);
        let min = objects().map(|object| object.min).max().unwrap_or(0);
        let max = objects().filter_map(|object| object.max).min().unwrap_or(usize::MAX);
        if min > MOST_PROPERTIES {
            return None;
        }
        let required = self.required(plan);
        let mut declared: Vec<&str> = Vec::new();
        let mut seen = rustc_hash::FxHashSet::default();
        let properties = objects().flat_map(|object| &object.properties).map(|(name, _)| name.as_str());
        for name in properties.chain(required.iter().map(String::as_str)) {
            if seen.insert(name) {
                declared.push(name);
            }
        }
        let members = self.members(plan, &declared, &required, place, way, (min, max))?;
        if members.len() > max {
            return None;
        }
        let mut fields = self.values(members, place, min)?;
        let wanted = self.wanted_extras(plan, declared.is_empty(), place, way).max(min.saturating_sub(fields.len()));
        let wanted = wanted.min(max.saturating_sub(fields.len()));
        self.extras(plan, place, &mut fields, wanted);
        (fields.len() >= min).then_some(Value::Object(fields))
    }

    /// The names that must be there, with all that they bring along.
    fn required(&self, plan: &Plan) -> Vec<String> {
        let objects = || plan.rules.iter().map(|id| &self.nodes[*id].object);
        let mut names: Vec<String> =
            objects().flat_map(|object| &object.required).chain(&plan.forced).cloned().collect();
        names.dedup();
        let mut at = 0;
        while let Some(name) = names.get(at).cloned() {
            for (trigger, needed) in objects().flat_map(|object| &object.dependent_required) {
                if *trigger == name {
                    let new: Vec<String> = needed.iter().filter(|name| !names.contains(name)).cloned().collect();
                    names.extend(new);
                }
            }
            at += 1;
        }
        names
    }

    fn goals(&self, plan: &Plan, name: &str) -> Vec<Id> {
        plan.rules.iter().flat_map(|id| self.nodes[*id].object.of_name(name)).collect()
    }

    fn is_name_allowed(&self, plan: &Plan, name: &str) -> bool {
        let value = Value::String(name.to_owned());
        let rules = plan.rules.iter().filter_map(|id| self.nodes[*id].object.names);
        !plan.banned.iter().any(|banned| banned == name) && { rules }.all(|id| Check::holds(self.nodes, &[id], &value))
    }

    fn members(
        &mut self,
        plan: &Plan,
        declared: &[&str],
        required: &[String],
        place: Place<'_>,
        way: Way,
        (min, max): (usize, usize),
    ) -> Option<Vec<Member>> {
        let needed: rustc_hash::FxHashSet<&str> = required.iter().map(String::as_str).collect();
        let mut members = Vec::new();
        for name in declared {
            let is_required = needed.contains(name);
            let goals = self.goals(plan, name);
            let cost = self.least(&goals);
            let is_possible = cost != ENDLESS && self.is_name_allowed(plan, name);
            if is_required && !is_possible {
                return None;
            }
            if is_possible {
                members.push(Member { name: (*name).to_owned(), goals, least: cost.0 as usize, is_required });
            }
        }
        let mut spare = place
            .budget
            .saturating_sub(2 + members.iter().filter(|member| member.is_required).map(Member::bytes).sum::<usize>());
        let mut count = members.iter().filter(|member| member.is_required).count();
        let mut missing = min.saturating_sub(count);
        let dependent: Vec<&String> = plan
            .rules
            .iter()
            .flat_map(|id| &self.nodes[*id].object.dependent_required)
            .map(|(trigger, _)| trigger)
            .collect();
        let mut kept = Vec::new();
        for member in members {
            if !member.is_required {
                let is_again = member.goals.iter().any(|id| self.is_again(*id));
                let chance = match (way.is_tight || place.depth > DEEP / 2 && is_again, is_again) {
                    (true, _) => 0.0,
                    (_, true) => 0.4,
                    _ => 0.9,
                };
                let is_wanted = member.bytes() + COMFORT < spare && self.rng.chance(chance);
                let is_trigger = dependent.contains(&&member.name);
                if count >= max || is_trigger || !(is_wanted || missing > 0) {
                    continue;
                }
                missing = missing.saturating_sub(1);
                spare = spare.saturating_sub(member.bytes() + COMFORT);
                count += 1;
            }
            kept.push(member);
        }
        Some(kept)
    }

    /// Whether the node, or what it refers to, is being filled already.
    fn is_again(&self, id: Id) -> bool {
        let rules = &self.nodes[id];
        let items = rules.array.items.into_iter();
        let near = rules.all_of.iter().chain(&rules.any_of).chain(&rules.one_of).copied().chain(items);
        self.open.contains(&id)
            || near
                .flat_map(|near| self.nodes[near].all_of.iter().copied().chain([near]))
                .any(|near| self.open.contains(&near))
    }

    fn values(&mut self, members: Vec<Member>, place: Place<'_>, min: usize) -> Option<Map<String, Value>> {
        let mut spare = place.budget.saturating_sub(2 + members.iter().map(Member::bytes).sum::<usize>());
        let mut left = members.len();
        let mut fields = Map::new();
        for member in members {
            let share = member.least + spare / left.div_ceil(2).max(1);
            left -= 1;
            match self.member(&member.name, &member.goals, share, place) {
                Some(value) => {
                    spare = spare.saturating_sub(json::size(&value).saturating_sub(member.least));
                    fields.insert(member.name, value);
                }
                None if member.is_required => return None,
                None if fields.len() + left < min => return None,
                None => {}
            }
        }
        Some(fields)
    }

    fn member(&mut self, name: &str, goals: &[Id], budget: usize, place: Place<'_>) -> Option<Value> {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        let value = self.fill(goals, Place { name, index: None, budget, depth: place.depth + 1 });
        self.pointer.truncate(length);
        value
    }

    /// How many properties to add beyond those that are declared: a map has some.
    fn wanted_extras(&mut self, plan: &Plan, is_bare: bool, place: Place<'_>, way: Way) -> usize {
        let objects = plan.rules.iter().map(|id| &self.nodes[*id].object);
        let says_of_others = |object: &crate::node::ObjectRules| {
            !object.patterns.is_empty()
                || object.additional.is_some_and(|id| !self.nodes[id].is_never && self.nodes[id].types.is_some())
        };
        let is_map = is_bare && { objects }.any(says_of_others);
        if !is_map || way.is_tight || place.depth > DEEP / 2 { 0 } else { 2 + self.rng.below(2) }
    }

    /// Adds properties with names of our own making.
    fn extras(&mut self, plan: &Plan, place: Place<'_>, fields: &mut Map<String, Value>, wanted: usize) {
        let target = fields.len() + wanted;
        let bytes = |name: &str, value: &Value| json::text_size(name) + 2 + json::size(value);
        let mut used: usize = fields.iter().map(|(name, value)| bytes(name, value)).sum();
        for attempt in 0..wanted * 12 {
            if fields.len() >= target || self.fuel == 0 {
                break;
            }
            self.fuel = self.fuel.saturating_sub(1);
            let Some(name) = self.extra_name(plan, place, attempt) else { continue };
            let goals = self.goals(plan, &name);
            if fields.contains_key(&name) || self.least(&goals) == ENDLESS || !self.is_name_allowed(plan, &name) {
                continue;
            }
            let share = place.budget.saturating_sub(used + json::text_size(&name) + 3) / (target - fields.len());
            if let Some(value) = self.member(&name, &goals, share, place) {
                used += bytes(&name, &value);
                fields.insert(name, value);
            }
        }
    }

    fn extra_name(&mut self, plan: &Plan, place: Place<'_>, attempt: usize) -> Option<String> {
        let nodes = self.nodes;
        let names: Vec<Id> = plan.rules.iter().filter_map(|id| nodes[*id].object.names).collect();
        if !names.is_empty() && attempt % 3 != 2 {
            let was = std::mem::replace(&mut self.is_varied, true);
            let name = self.fill(&names, Place { name: "key", index: None, budget: 12, depth: place.depth + 1 });
            self.is_varied = was;
            return name?.as_str().map(str::to_owned);
        }
        let patterns: Vec<_> = plan.rules.iter().flat_map(|id| &nodes[*id].object.patterns).collect();
        match self.rng.pick(&patterns) {
            Some((pattern, _)) if attempt % 3 != 1 => Some(pattern.sample(self.rng, 24)),
            _ => Some(prose::key(self.rng, attempt)),
        }
    }
}
