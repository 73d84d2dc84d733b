//! The view of costs: what was spent on what, by whom, and where it leads to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::dates::Dates;
use crate::archive::Archive;
use crate::ledger::Ledger;
use crate::series::Resolution;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// `GET /metrics/costs`. US dollars.
#[derive(Debug, Default, Serialize)]
pub struct Costs {
    /// By model.
    pub costs_by_model: BTreeMap<Arc<str>, f64>,
    /// Of all requests since the start.
    pub total_cost_usd: f64,
    /// By endpoint; those that cost nothing are left out.
    pub costs_by_endpoint: BTreeMap<&'static str, f64>,
    /// By fingerprint of the key, as far as callers are told apart.
    pub costs_by_key: BTreeMap<Arc<str>, f64>,
    /// By `OpenAI-Organization`.
    pub costs_by_organization: BTreeMap<Arc<str>, f64>,
    /// By `OpenAI-Project`.
    pub costs_by_project: BTreeMap<Arc<str>, f64>,
    /// In the last hour.
    pub last_hour_usd: f64,
    /// In the last 24 hours.
    pub last_day_usd: f64,
    /// In thirty days, if it goes on as in the last seven, or in as much of them as the server has run.
    pub projected_30_days_usd: f64,
}

impl Costs {
    /// Since the start.
    pub fn of(ledger: &Ledger, dates: Dates) -> Self {
        ledger.look(|archive| Self::within(archive, dates))
    }

    fn within(archive: &Archive, dates: Dates) -> Self {
        let mut costs = Self::default();
        for (key, totals) in archive.totals() {
            costs.total_cost_usd += totals.cost_usd;
            if !key.model.is_empty() {
                *costs.costs_by_model.entry(Arc::clone(&key.model)).or_default() += totals.cost_usd;
            }
            if totals.cost_usd > 0.0 {
                *costs.costs_by_endpoint.entry(key.endpoint).or_default() += totals.cost_usd;
            }
        }
        for (_, caller, totals) in archive.callers() {
            let parts = [
                (&caller.key, &mut costs.costs_by_key),
                (&caller.organization, &mut costs.costs_by_organization),
                (&caller.project, &mut costs.costs_by_project),
            ];
            for (name, costs) in parts {
                if let Some(name) = name {
                    *costs.entry(Arc::clone(name)).or_default() += totals.cost_usd;
                }
            }
        }
        let since = |resolution, back| {
            let spans = archive.series().ring(resolution).spans(dates.ago(back), dates.now());
            spans.fold(0.0, |sum, (_, sums)| sum + sums.cost_usd)
        };
        let week = since(Resolution::Hour, 7 * DAY);
        costs.last_hour_usd = since(Resolution::Second, HOUR);
        costs.last_day_usd = since(Resolution::Minute, DAY);
        // A few seconds of a server's life say nothing of a month.
        let seen = dates.now().since(dates.ago(7 * DAY)).max(HOUR);
        costs.projected_30_days_usd = week * (30 * DAY).as_secs_f64() / seen.as_secs_f64();
        costs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::record;
    use crate::record::Caller;

    #[test]
    fn costs_add_up_however_they_are_cut() {
        let ledger = Ledger::new(true);
        for (model, key, second) in [("a", "key-1", 10), ("a", "key-2", 20), ("b", "key-1", 7190)] {
            let mut record = record("/v1/chat/completions", second);
            record.model = Some(Arc::from(model));
            record.caller = Some(Arc::new(Caller {
                key: Some(Arc::from(key)),
                organization: Some(Arc::from("acme")),
                ..Caller::default()
            }));
            record.cost_usd = 1.0;
            ledger.add(record);
        }
        ledger.add(record("/v1/models", 7191));
        let clock = fakeai_core::Clock::manual(0);
        clock.advance(Duration::from_secs(7200));
        let costs = Costs::of(&ledger, Dates::of(&clock));
        let near = |left: f64, right: f64| (left - right).abs() < 1e-9;
        assert!(near(costs.total_cost_usd, 3.001) && near(costs.costs_by_model["a"], 2.0));
        assert!(near(costs.costs_by_key["key-1"], 2.0) && near(costs.costs_by_organization["acme"], 3.0));
        assert!(costs.costs_by_project.is_empty() && near(costs.costs_by_endpoint["/v1/models"], 0.001));
        assert!(near(costs.last_hour_usd, 1.001) && near(costs.last_day_usd, 3.001));
        assert!(near(costs.projected_30_days_usd, 3.001 * 360.0));
    }
}
