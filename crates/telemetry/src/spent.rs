//! What was spent, day by day, in all and by key and project: what budgets are held against. It is written with the books
//! and adds up to what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::record::Caller;

const DAY: i64 = 86_400;
/// Days that are kept; older ones are one.
const MOST_DAYS: usize = 400;
/// Keys and projects of a day that are told apart, each.
const MOST_NAMES: usize = 10_000;

/// Whose spending is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose<'a> {
    /// Everybody's.
    All,
    /// A key's, by its fingerprint.
    Key(&'a str),
    /// A project's.
    Project(&'a str),
}

/// What a workspace spent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spending(BTreeMap<i64, Day>);

#[derive(Clone, Debug, Default)]
struct Day {
    all: f64,
    keys: FxHashMap<Arc<str>, f64>,
    projects: FxHashMap<Arc<str>, f64>,
}

impl Spending {
    /// Adds what `caller` spent at a date, Unix seconds.
    pub(crate) fn add(&mut self, date: i64, caller: Option<&Caller>, cost_usd: f64) {
        let day = self.0.entry(date.div_euclid(DAY)).or_default();
        day.all += cost_usd;
        if let Some(caller) = caller {
            put(&mut day.keys, caller.key.as_ref(), cost_usd);
            put(&mut day.projects, caller.project.as_ref(), cost_usd);
        }
        if self.0.len() > MOST_DAYS
            && let Some((_, oldest)) = self.0.pop_first()
            && let Some(mut next) = self.0.first_entry()
        {
            next.get_mut().merge(oldest);
        }
    }

    /// What was spent on the days from that of `from` until that of `until`, both included.
    pub(crate) fn of(&self, (from, until): (i64, i64), whose: Whose<'_>) -> f64 {
        let (first, last) = (from.div_euclid(DAY), until.div_euclid(DAY));
        if last < first {
            return 0.0;
        }
        let days = self.0.range(first..=last).map(|(_, day)| match whose {
            Whose::All => day.all,
            Whose::Key(name) => day.keys.get(name).copied().unwrap_or_default(),
            Whose::Project(name) => day.projects.get(name).copied().unwrap_or_default(),
        });
        days.sum()
    }
}

impl Spending {
    /// The beginning of the first day on which something was spent.
    pub(crate) fn first(&self) -> Option<i64> {
        self.0.keys().next().map(|day| day * DAY)
    }

    /// The keys and the projects that spent something on these days, in order.
    pub(crate) fn names(&self, (from, until): (i64, i64)) -> [Vec<Arc<str>>; 2] {
        let days = self.0.range(from.div_euclid(DAY)..=until.div_euclid(DAY).max(from.div_euclid(DAY)));
        let mut names = [BTreeSet::new(), BTreeSet::new()];
        for (_, day) in days {
            names[0].extend(day.keys.keys().cloned());
            names[1].extend(day.projects.keys().cloned());
        }
        names.map(|names| names.into_iter().collect())
    }
}

impl Day {
    fn merge(&mut self, other: Self) {
        self.all += other.all;
        for (own, names) in [(&mut self.keys, other.keys), (&mut self.projects, other.projects)] {
            for (name, cost_usd) in &names {
                put(own, Some(name), *cost_usd);
            }
        }
    }
}

fn put(names: &mut FxHashMap<Arc<str>, f64>, name: Option<&Arc<str>>, cost_usd: f64) {
    let Some(name) = name else { return };
    if let Some(spent) = names.get_mut(name) {
        *spent += cost_usd;
    } else if names.len() < MOST_NAMES {
        names.insert(Arc::clone(name), cost_usd);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole(
            spent in prop::collection::vec((0_i64..500 * DAY, 0_usize..3, 0.0_f64..1.0), 1..600),
        ) {
            let mut spending = Spending::default();
            let names: [Arc<str>; 3] = ["a".into(), "b".into(), "c".into()];
            for (date, name, cost_usd) in &spent {
                let caller = Caller { key: Some(names[*name].clone()), project: Some("p".into()), ..Caller::default() };
                spending.add(*date, Some(&caller), *cost_usd);
            }
            let all = (0, 500 * DAY);
            let expected: f64 = spent.iter().map(|(.., cost_usd)| cost_usd).sum();
            let keys: f64 = names.iter().map(|name| spending.of(all, Whose::Key(name))).sum();
            for sum in [spending.of(all, Whose::All), spending.of(all, Whose::Project("p")), keys] {
                prop_assert!((sum - expected).abs() < 1e-9, "{} {}", sum, expected);
            }
            prop_assert!(spending.0.len() <= MOST_DAYS);
        }
    }
}
