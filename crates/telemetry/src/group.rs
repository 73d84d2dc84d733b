//! Records that are alike, summed first and put where they belong together.
//!
//! A busy server's records are mostly alike: the same endpoint, model and caller within the same second. What is kept by
//! time, by key and by account is then found once for all of them, which is most of what keeping a record costs.

use std::sync::Arc;

use crate::books::{Account, Used};
use crate::engine::Requests;
use crate::record::{Outcome, Record};
use crate::series::Sums;
use crate::totals::Totals;

/// Nanoseconds of a second: the finest span that anything is kept by.
const SECOND: u64 = 1_000_000_000;
/// Seconds of a minute, the finest span of the books.
const MINUTE: i64 = 60;

/// Sums of records that count under the same names and in the same spans of time.
#[derive(Debug)]
pub(crate) struct Group {
    /// The first of them.
    first: Record,
    /// Their sums since the start.
    pub totals: Totals,
    /// Their sums of a span of time.
    pub sums: Sums,
    /// What they used; `None` if all were refused and cost nothing.
    pub used: Option<Used>,
    /// What engines count of them; `None` if no token was written.
    pub written: Option<Requests>,
}

impl Group {
    fn new(first: Record) -> Self {
        Self { first, totals: Totals::default(), sums: Sums::default(), used: None, written: None }
    }

    /// The groups of records, and which group each is of. Not for long lists: each record is compared with the groups.
    pub(crate) fn all(records: &[Record]) -> (Vec<Self>, Vec<usize>) {
        let mut groups: Vec<Self> = Vec::new();
        let mut places = Vec::with_capacity(records.len());
        for record in records {
            let known = groups.iter().rposition(|group| group.is_of(record));
            let place = known.unwrap_or_else(|| {
                groups.push(Self::new(record.clone()));
                groups.len() - 1
            });
            groups[place].add(record);
            places.push(place);
        }
        (groups, places)
    }

    /// One of them, which stands for all in what they are kept by.
    pub(crate) const fn first(&self) -> &Record {
        &self.first
    }

    /// Who used what.
    pub(crate) fn account(&self) -> Account {
        Account::of(&self.first)
    }

    fn is_of(&self, record: &Record) -> bool {
        let first = &self.first;
        first.at.as_nanos() / SECOND == record.at.as_nanos() / SECOND
            && first.date.div_euclid(MINUTE) == record.date.div_euclid(MINUTE)
            && first.status == record.status
            && kind(first) == kind(record)
            && (Arc::ptr_eq(&first.workspace, &record.workspace) || first.workspace == record.workspace)
            && Account::is_same(first, record)
    }

    fn add(&mut self, record: &Record) {
        self.totals.add(record);
        self.sums.add(record);
        if let Some(used) = Used::of(record) {
            self.used.get_or_insert_default().merge(&used);
        }
        if record.tokens.completion > 0 {
            self.written.get_or_insert_default().add(record);
        }
    }
}

/// The error's label; `client_closed` where the client left, empty on success.
pub(crate) const fn kind(record: &Record) -> &'static str {
    match record.outcome {
        Outcome::Error(kind) => kind,
        Outcome::ClientClosed => "client_closed",
        Outcome::Success => "",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::Ledger;
    use crate::ledger::tests::record;
    use crate::record::{Caller, Tokens};
    use crate::series::Resolution;
    use fakeai_core::Tick;

    /// Everything that is kept by names and by time, but for sums of dollars, which depend on their order.
    fn kept(ledger: &Ledger) -> String {
        ledger.look(|archive| {
            let far = Tick::from_nanos(u64::MAX / 2);
            let totals: Vec<_> = archive
                .totals()
                .into_iter()
                .map(|(key, all)| (key.clone(), all.requests, all.prompt_tokens, all.latency.count()))
                .collect();
            let mut books: Vec<_> = archive
                .books()
                .between("default", 0, i64::MAX)
                .map(|(date, account, used)| (date, account.clone(), used.requests, used.prompt_tokens, used.units))
                .collect();
            books.sort_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
            let seconds: Vec<_> = archive
                .series()
                .ring(Resolution::Second)
                .spans(Tick::default(), far)
                .filter(|(_, sums)| sums.requests > 0)
                .map(|(start, sums)| (start, sums.requests, sums.errors, sums.latency.count()))
                .collect();
            let mut written: Vec<_> =
                archive.written().map(|(path, model, all)| (path, model.clone(), all.generation_tokens)).collect();
            written.sort();
            let callers: Vec<_> = archive
                .callers()
                .into_iter()
                .map(|(model, caller, all)| (model.clone(), caller.clone(), all.requests))
                .collect();
            let errors: Vec<_> = archive.errors().map(|record| record.tokens).collect();
            let recent: Vec<_> = archive.recent(far).map(|record| (record.model.clone(), record.tokens)).collect();
            format!(
                "{totals:?} {books:?} {seconds:?} {written:?} {callers:?} {errors:?} {recent:?} {}",
                archive.added()
            )
        })
    }

    proptest! {
        // Looking after each record merges everything each time.
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn it_does_not_matter_what_is_added_together(
            mut records in prop::collection::vec((0_u64..4, 0_usize..3, 0_usize..3, any::<bool>(), any::<bool>(), 0_u32..50), 1..120),
        ) {
            records.sort_by_key(|(second, ..)| *second);
            let (together, apart) = (Ledger::new(true), Ledger::new(true));
            for (index, (second, endpoint, caller, fails, batched, prompt)) in records.into_iter().enumerate() {
                let mut record = record(["/a", "/b", "/c"][endpoint], second);
                record.model = (endpoint > 0).then(|| Arc::from(format!("model-{}", prompt % 3)));
                record.caller = (caller > 0).then(|| Arc::new(Caller { key: Some(Arc::from(format!("key-{caller}"))), ..Caller::default() }));
                record.batch = batched.then(|| Arc::from("batch_1"));
                record.tokens = Tokens { prompt, completion: index as u32 % 2 * 7, delivered: 7, ..Tokens::default() };
                if fails {
                    (record.status, record.outcome, record.cost_usd) = (500, Outcome::Error("server_error"), 0.0);
                }
                apart.add(record.clone());
                apart.look(|_| ());
                together.add(record);
            }
            prop_assert_eq!(kept(&together), kept(&apart));
        }
    }
}
