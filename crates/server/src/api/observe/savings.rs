//! Where the month's costs lead to, and how they could be less: another model, the prompt cache, batches.

use std::collections::BTreeMap;
use std::sync::Arc;

use fakeai_catalog::{Capabilities, Catalog, ModelCard};
use fakeai_guard::Period;
use fakeai_telemetry::{Used, Whose};
use serde::Serialize;

use crate::context::Context;

/// Requests of a model from which on its prompts are worth caching, as the original counts.
const OFTEN: u64 = 50;
/// What a batch costs of what its lines cost otherwise.
const BATCH_PRICE: f64 = 0.5;
const DAY: i64 = 86_400;
const HOUR: i64 = 3600;

/// The month of the workspace's calendar. US dollars.
#[derive(Debug, Default, Serialize)]
pub(super) struct Month {
    /// Spent so far.
    month_spent_usd: f64,
    /// At its end, if it goes on as in the last seven days, or as many as there were.
    month_projected_usd: f64,
    /// What the cache's lower price saved.
    month_saved_by_caching_usd: f64,
    /// What batches' lower price saved.
    month_saved_by_batches_usd: f64,
    /// What would have saved more, the most first.
    suggestions: Vec<Suggestion>,
}

/// Something that would have cost less.
#[derive(Debug, Serialize)]
struct Suggestion {
    /// `cheaper_model`, `prompt_caching` or `batch`.
    kind: &'static str,
    model: Arc<str>,
    /// The other model.
    #[serde(skip_serializing_if = "Option::is_none")]
    instead: Option<String>,
    /// Of what the month cost so far; for caches and batches the most there is to save.
    saves_usd: f64,
}

impl Month {
    pub(super) fn of(context: &Context) -> Self {
        let now = context.created();
        let began = Period::Month.began(now);
        let (spent, week, first, used) = context.app().ledger.look(|archive| {
            let (books, workspace) = (archive.books(), context.workspace_name());
            let spent = |from| books.spent(workspace, (from, now), Whose::All);
            let mut used: BTreeMap<Arc<str>, [Used; 2]> = BTreeMap::new();
            for (_, account, one) in books.between(workspace, began, now.saturating_add(1)) {
                if let Some(model) = &account.model {
                    used.entry(Arc::clone(model)).or_default()[usize::from(account.is_batch)].merge(one);
                }
            }
            (spent(began), spent(now - 7 * DAY), books.first_spent(workspace), used)
        });
        let since = first.unwrap_or(now).max((now - 7 * DAY).div_euclid(DAY) * DAY);
        let rate = week / (now - since).max(HOUR) as f64;
        let mut month = Self {
            month_spent_usd: spent,
            month_projected_usd: spent + rate * (next_month(now) - now) as f64,
            ..Self::default()
        };
        for (model, [own, batched]) in used {
            month.add(&context.app().catalog, &model, &own, &batched);
        }
        month.suggestions.sort_by(|left, right| right.saves_usd.total_cmp(&left.saves_usd));
        month
    }

    fn add(&mut self, catalog: &Catalog, model: &Arc<str>, own: &Used, batched: &Used) {
        self.month_saved_by_batches_usd += batched.cost_usd * (1.0 / BATCH_PRICE - 1.0);
        let Some(card) = catalog.get(model) else { return };
        let all_cached = card.pricing.cost_usd(own.prompt_tokens, own.prompt_tokens, 0);
        let none_cached = card.pricing.cost_usd(own.prompt_tokens, 0, 0);
        let as_it_was = card.pricing.cost_usd(own.prompt_tokens, own.cached_tokens, 0);
        self.month_saved_by_caching_usd += none_cached - as_it_was;
        let mut suggest = |kind, instead, saves_usd: f64| {
            if saves_usd > 0.0 {
                self.suggestions.push(Suggestion { kind, model: Arc::clone(model), instead, saves_usd });
            }
        };
        if own.requests >= OFTEN {
            suggest("prompt_caching", None, as_it_was - all_cached);
        }
        if card.capabilities.batch {
            suggest("batch", None, own.cost_usd * (1.0 - BATCH_PRICE));
        }
        let cost =
            |card: &ModelCard| card.pricing.cost_usd(own.prompt_tokens, own.cached_tokens, own.completion_tokens);
        let others = catalog.iter().filter(|other| does_as_much(other, card));
        if let Some(other) = others.min_by(|left, right| cost(left).total_cmp(&cost(right))) {
            suggest("cheaper_model", Some(other.id.clone()), cost(card) - cost(other));
        }
    }
}

/// Whether a model of the same maker can do all that `card` can. How well it does it nobody knows here.
fn does_as_much(other: &ModelCard, card: &ModelCard) -> bool {
    let can = |card: &ModelCard| {
        let Capabilities {
            function_calling,
            vision,
            audio_input,
            audio_output,
            video_input,
            reasoning,
            structured_output,
            ..
        } = card.capabilities;
        [function_calling, vision, audio_input, audio_output, video_input, reasoning, structured_output]
    };
    other.id != card.id
        && (&other.provider, other.kind) == (&card.provider, card.kind)
        && other.pricing.input_per_million.is_some()
        && other.context_window_tokens >= card.context_window_tokens
        && can(card).iter().zip(can(other)).all(|(needed, there)| !needed || there)
}

/// When the next month begins, Unix seconds.
fn next_month(now: i64) -> i64 {
    // No month has more days, and two months have more.
    Period::Month.began(Period::Month.began(now) + 31 * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_month_begins_after_this_one() {
        // 2024-01-31, 2024-02-29, 2024-12-31.
        for (now, next) in
            [(1_706_700_000, 1_706_745_600), (1_709_208_000, 1_709_251_200), (1_735_650_000, 1_735_689_600)]
        {
            assert_eq!(next_month(now), next);
        }
    }

    #[test]
    fn what_was_used_tells_what_could_be_saved() {
        let catalog = Catalog::builtin().unwrap();
        let card = catalog.get("gpt-4o").unwrap();
        let cost_usd = card.pricing.cost_usd(1_000_000, 400_000, 100_000);
        let own = Used {
            requests: 60,
            prompt_tokens: 1_000_000,
            cached_tokens: 400_000,
            completion_tokens: 100_000,
            cost_usd,
            ..Used::default()
        };
        let batched = Used { cost_usd: 1.0, ..Used::default() };
        let mut month = Month::default();
        month.add(&catalog, &"gpt-4o".into(), &own, &batched);
        // Cached tokens of gpt-4o cost 1.25 $ less a million.
        assert!((month.month_saved_by_caching_usd - 0.5).abs() < 1e-9);
        assert!((month.month_saved_by_batches_usd - 1.0).abs() < 1e-9);
        let saves = |kind| month.suggestions.iter().find(|one| one.kind == kind).map(|one| one.saves_usd).unwrap();
        assert!((saves("prompt_caching") - 0.75).abs() < 1e-9);
        assert!((saves("batch") - cost_usd / 2.0).abs() < 1e-9);
        let other = month.suggestions.iter().find(|one| one.kind == "cheaper_model").unwrap();
        let other_card = catalog.get(other.instead.as_deref().unwrap()).unwrap();
        assert!(other_card.provider == "openai" && other_card.capabilities.vision, "{other:?}");
    }
}
