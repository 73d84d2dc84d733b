//! From goals to a plain list of rules: everything that must hold, with the choices made.

use crate::least::ENDLESS;
use crate::node::{Id, Rules, Types};

use super::{Maker, Way};

/// What a value must keep, without combinations.
pub(super) struct Plan {
    pub(super) rules: Vec<Id>,
    pub(super) types: Types,
    /// Properties that must be there because something was chosen that needs them.
    pub(super) forced: Vec<String>,
    /// Properties that must not be there.
    pub(super) banned: Vec<String>,
    /// Whether another try may choose differently, and whether the result must be checked.
    pub(super) is_guess: bool,
}

impl Maker<'_> {
    /// Resolves the goals; `None` if the choices contradict one another.
    pub(super) fn plan(&mut self, goals: &[Id], way: Way) -> Option<Plan> {
        let nodes = self.nodes;
        let mut plan =
            Plan { rules: Vec::new(), types: Types::ALL, forced: Vec::new(), banned: Vec::new(), is_guess: false };
        let mut stack: Vec<Id> = goals.iter().rev().copied().collect();
        while let Some(id) = stack.pop() {
            let rules = &nodes[id];
            if plan.rules.contains(&id) {
                continue;
            }
            if rules.is_never {
                return None;
            }
            plan.rules.push(id);
            plan.types = plan.types.and(rules.types.unwrap_or(Types::ALL));
            stack.extend(rules.all_of.iter().rev());
            for branches in [&rules.any_of, &rules.one_of] {
                if !branches.is_empty() {
                    plan.is_guess = true;
                    stack.push(self.branch(branches, way)?);
                }
            }
            self.conditions(rules, &mut plan, &mut stack);
        }
        (!plan.types.is_empty()).then_some(plan)
    }

    fn conditions(&mut self, rules: &Rules, plan: &mut Plan, stack: &mut Vec<Id>) {
        let nodes = self.nodes;
        if let Some(condition) = &rules.condition {
            plan.is_guess = true;
            if self.rng.chance(0.5) {
                stack.push(condition.when);
                stack.extend(condition.then);
            } else {
                stack.extend(condition.otherwise);
            }
        }
        if let Some(not) = rules.not {
            plan.is_guess = true;
            if let Some(types) = nodes[not].only_types() {
                plan.types = plan.types.without(types);
            } else if let [name] = &nodes[not].object.required[..]
                && nodes[not].object.properties.is_empty()
            {
                plan.banned.push(name.clone());
            }
        }
        for (trigger, id) in &rules.object.dependent_schemas {
            plan.is_guess = true;
            if self.rng.chance(0.5) || rules.object.required.contains(trigger) {
                plan.forced.push(trigger.clone());
                stack.push(*id);
            } else {
                plan.banned.push(trigger.clone());
            }
        }
    }

    /// One of the alternatives.
    fn branch(&mut self, branches: &[Id], way: Way) -> Option<Id> {
        let finite: Vec<Id> = branches.iter().copied().filter(|id| self.costs[*id] != ENDLESS).collect();
        if way.is_tight && way.attempt == 0 {
            return finite.into_iter().min_by_key(|id| self.costs[*id]);
        }
        if way.attempt >= 3 {
            return self.rng.pick(&finite).copied();
        }
        let weigh = |id: Id| {
            let rules = &self.nodes[id];
            let is_null = rules.types == Some(Types::of(crate::field::Kind::Null));
            let is_again = self.open.contains(&id) || rules.all_of.iter().any(|target| self.open.contains(target));
            let is_affordable = self.costs[id].0 as usize <= way.budget;
            match (is_affordable, is_null, is_again) {
                (false, ..) => 0.01,
                (_, true, _) => 0.12,
                (.., true) => 0.35,
                _ => 1.0,
            }
        };
        let weights: Vec<f64> = finite.iter().map(|id| weigh(*id)).collect();
        let mut at = self.rng.range(0.0, weights.iter().sum());
        let place = weights.iter().position(|weight| {
            at -= weight;
            at <= 0.0
        });
        finite.get(place.unwrap_or(0)).copied()
    }
}
