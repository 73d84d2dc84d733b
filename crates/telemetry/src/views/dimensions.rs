//! The view by several dimensions at once: models by endpoint, by caller and by hour.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::dates::Dates;
use crate::ledger::Ledger;

/// Requests by model, and by something else within it.
type ByModel<T> = BTreeMap<Arc<str>, BTreeMap<T, u64>>;

/// `GET /metrics/multi-dimensional`: numbers of requests.
#[derive(Debug, Default, Serialize)]
pub struct Dimensions {
    /// By endpoint.
    pub model_by_endpoint: ByModel<&'static str>,
    /// By fingerprint of the key.
    pub model_by_user: ByModel<Arc<str>>,
    /// By `OpenAI-Organization`.
    pub model_by_organization: ByModel<Arc<str>>,
    /// By `OpenAI-Project`.
    pub model_by_project: ByModel<Arc<str>>,
    /// By hour of the last day, named by its beginning.
    pub model_by_time_24h: ByModel<String>,
}

fn count<T: Ord>(of: &mut ByModel<T>, model: &Arc<str>, what: T, requests: u64) {
    *of.entry(Arc::clone(model)).or_default().entry(what).or_default() += requests;
}

impl Dimensions {
    /// As it is now.
    pub fn of(ledger: &Ledger, dates: Dates) -> Self {
        let mut all = Self::default();
        ledger.look(|archive| {
            for (key, totals) in archive.totals().into_iter().filter(|(key, _)| !key.model.is_empty()) {
                count(&mut all.model_by_endpoint, &key.model, key.endpoint, totals.requests);
            }
            for (model, caller, totals) in archive.callers().into_iter().filter(|(model, ..)| !model.is_empty()) {
                let parts = [
                    (&caller.key, &mut all.model_by_user),
                    (&caller.organization, &mut all.model_by_organization),
                    (&caller.project, &mut all.model_by_project),
                ];
                for (name, of) in parts {
                    if let Some(name) = name {
                        count(of, model, Arc::clone(name), totals.requests);
                    }
                }
            }
            for (model, hours) in archive.model_hours() {
                for (start, requests) in hours.iter() {
                    count(&mut all.model_by_time_24h, model, dates.text(start), requests);
                }
            }
        });
        all
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ledger::tests::record;
    use crate::record::Caller;

    #[test]
    fn requests_are_counted_in_every_dimension() {
        let ledger = Ledger::new(true);
        for second in [1, 2, 4000] {
            let mut record = record("/v1/chat/completions", second);
            let key = Some(Arc::from("key-1"));
            record.caller = Some(Arc::new(Caller { key, project: Some(Arc::from("p")), ..Caller::default() }));
            ledger.add(record);
        }
        ledger.add(record("/v1/embeddings", 4001));
        let clock = fakeai_core::Clock::manual(0);
        clock.advance(Duration::from_secs(5000));
        let all = Dimensions::of(&ledger, Dates::of(&clock));
        let model = "gpt-4o";
        assert_eq!(all.model_by_endpoint[model]["/v1/chat/completions"], 3);
        assert_eq!((all.model_by_user[model]["key-1"], all.model_by_project[model]["p"]), (3, 3));
        assert!(all.model_by_organization.is_empty());
        let hours: Vec<_> = all.model_by_time_24h[model].iter().map(|(hour, count)| (hour.as_str(), *count)).collect();
        assert_eq!(hours, [("1970-01-01T00:00:00Z", 2), ("1970-01-01T01:00:00Z", 2)]);
    }
}
