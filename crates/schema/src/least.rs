//! How small instances can get: an estimate in bytes for each node, by which branches that end are told from others.

use crate::field::Kind;
use crate::json;
use crate::node::{Id, Rules, Types};

/// Bytes, then steps to the end: of two equally small ways, the one that ends sooner.
pub(crate) type Cost = (u32, u32);

/// No end was found.
pub(crate) const ENDLESS: Cost = (u32::MAX, u32::MAX);

/// Rounds of refinement. A chain of subschemas longer than this counts as endless.
const MOST_ROUNDS: usize = 200;

/// The cost of each node.
pub(crate) fn costs(nodes: &[Rules]) -> Vec<Cost> {
    let mut costs = vec![ENDLESS; nodes.len()];
    for _ in 0..MOST_ROUNDS {
        let mut is_changed = false;
        for id in (0..nodes.len()).rev() {
            let cost = of_node(&nodes[id], &costs);
            is_changed |= cost != costs[id];
            costs[id] = cost;
        }
        if !is_changed {
            break;
        }
    }
    costs
}

fn of_node(rules: &Rules, costs: &[Cost]) -> Cost {
    if rules.is_never {
        return ENDLESS;
    }
    let own = match &rules.values {
        Some(values) => values.iter().map(|value| (clamp(json::size(value)), 0)).min().unwrap_or(ENDLESS),
        None => of_types(rules, costs),
    };
    let least = |ids: &[Id]| ids.iter().map(|id| costs[*id]).min();
    let choices = [least(&rules.any_of), least(&rules.one_of)].into_iter().flatten();
    let cost = rules.all_of.iter().map(|id| costs[*id]).chain(choices).map(deeper).fold(own, most);
    if cost.0 == u32::MAX { ENDLESS } else { cost }
}

fn of_types(rules: &Rules, costs: &[Cost]) -> Cost {
    let types = rules.types.unwrap_or(Types::ALL);
    let kinds = [Kind::Number, Kind::Integer, Kind::Null, Kind::Boolean, Kind::Text, Kind::Array, Kind::Object];
    let of_kind = |kind: Kind| match kind {
        Kind::Number | Kind::Integer => (1, 0),
        Kind::Null | Kind::Boolean => (4, 0),
        Kind::Text => of_text(rules),
        Kind::Array => of_array(rules, costs),
        Kind::Object => of_object(rules, costs),
    };
    kinds.into_iter().filter(|kind| types.has(*kind)).map(of_kind).min().unwrap_or(ENDLESS)
}

fn of_text(rules: &Rules) -> Cost {
    let pattern = rules.text.pattern.as_ref().map_or(0, |pattern| json::text_size(pattern.least()) - 2);
    let format = rules.text.format.map_or(0, |format| format.least().len());
    (clamp(2 + rules.text.min_chars.max(pattern).max(format)), 0)
}

fn of_array(rules: &Rules, costs: &[Cost]) -> Cost {
    let array = &rules.array;
    let contained = array.contains.map_or(0, |_| array.min_contains);
    let count = array.min.max(contained);
    let declared = (0..count.min(array.prefix.len())).map(|place| costs[array.prefix[place]]);
    let rest = count.saturating_sub(array.prefix.len());
    let item = array.items.map_or((1, 0), |id| costs[id]);
    let rest = (rest > 0).then(|| (item.0.saturating_add(1).saturating_mul(clamp(rest)), item.1));
    declared.chain(rest).fold((2, 0), plus)
}

fn of_object(rules: &Rules, costs: &[Cost]) -> Cost {
    let object = &rules.object;
    let fields = object.required.iter().map(|name| {
        let value = object.of_name(name).map(|id| costs[id]).fold((1, 0), most);
        (value.0.saturating_add(clamp(json::text_size(name) + 2)), value.1)
    });
    fields.fold((2, 0), plus)
}

fn clamp(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX - 1)
}

fn most(one: Cost, other: Cost) -> Cost {
    (one.0.max(other.0), one.1.max(other.1))
}

fn plus(one: Cost, other: Cost) -> Cost {
    (one.0.saturating_add(other.0), one.1.max(other.1.saturating_add(1)))
}

fn deeper(cost: Cost) -> Cost {
    (cost.0, cost.1.saturating_add(1))
}
