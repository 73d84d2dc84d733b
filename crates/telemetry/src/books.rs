//! The books: what was used by whom, in minutes, hours and days of the calendar.
//!
//! What grows old or too much moves from minutes to hours and from hours to days, so that sums stay what they are while
//! little is kept. Dates are those that clients were told, so that who asks for a span finds what was done in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::record::{Caller, Record, Units};
use crate::spent::{Spending, Whose};

/// Seconds of a minute, an hour and a day.
const WIDTHS: [i64; 3] = [60, 3600, 86_400];
/// Seconds for which minutes and hours are kept apart: a day, and thirty-one days.
const KEPT: [i64; 2] = [86_400, 31 * 86_400];
/// Rows of each width, some 250 bytes each.
const MOST_ROWS: usize = 20_000;
/// Accounts of one span that are told apart; what is beyond counts under the model `other` of nobody.
const MOST_ACCOUNTS: usize = 2000;
/// Workspaces that are told apart; what is beyond counts for one of the name `other`.
const MOST_WORKSPACES: usize = 1000;

/// Who used what: what sums are kept by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Account {
    /// The endpoint's path.
    pub endpoint: &'static str,
    /// The model, if the endpoint has one.
    pub model: Option<Arc<str>>,
    /// Who asked, if anything is known of it.
    pub caller: Option<Arc<Caller>>,
    /// The service tier of texts, or the size of pictures.
    pub grade: Option<&'static str>,
    /// Whether it was a line of a batch.
    pub is_batch: bool,
}

impl Account {
    /// Whose a record is.
    pub(crate) fn of(record: &Record) -> Self {
        Self {
            endpoint: record.endpoint,
            model: record.model.clone(),
            caller: record.caller.clone(),
            grade: record.grade,
            is_batch: record.batch.is_some(),
        }
    }

    /// Whether two records are of the same account.
    pub(crate) fn is_same(one: &Record, other: &Record) -> bool {
        one.endpoint == other.endpoint
            && one.model == other.model
            && one.batch.is_some() == other.batch.is_some()
            && one.grade == other.grade
            && one.caller == other.caller
    }
}

/// What was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Used {
    /// Requests that were answered.
    pub requests: u64,
    /// Prompt tokens.
    pub prompt_tokens: u64,
    /// Prompt tokens found in the cache.
    pub cached_tokens: u64,
    /// Tokens written.
    pub completion_tokens: u64,
    /// What is not counted in tokens.
    pub units: Units,
    /// US dollars.
    pub cost_usd: f64,
}

impl Used {
    /// What a request used; one that was refused and cost nothing used nothing.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        if record.is_error() && record.total_tokens() == 0 && record.cost_usd == 0.0 {
            return None;
        }
        Some(Self {
            requests: u64::from(!record.is_error()),
            prompt_tokens: record.tokens.prompt.into(),
            cached_tokens: record.tokens.cached.into(),
            completion_tokens: record.tokens.completion.into(),
            units: record.units,
            cost_usd: record.cost_usd,
        })
    }

    /// Adds what else was used.
    pub fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.prompt_tokens += other.prompt_tokens;
        self.cached_tokens += other.cached_tokens;
        self.completion_tokens += other.completion_tokens;
        self.units.merge(&other.units);
        self.cost_usd += other.cost_usd;
    }
}

/// Sums of one width, by where their spans begin.
#[derive(Clone, Debug, Default)]
struct Level {
    spans: BTreeMap<i64, Span>,
    rows: usize,
}

impl Level {
    fn put(&mut self, start: i64, account: Account, used: &Used) {
        let span = self.spans.entry(start).or_default();
        let account = if span.len() < MOST_ACCOUNTS || span.contains_key(&account) {
            account
        } else {
            Account { model: Some(Arc::from("other")), caller: None, ..account }
        };
        let before = span.len();
        span.entry(account).or_default().merge(used);
        self.rows += span.len() - before;
    }

    /// The oldest span if it is older than `kept` seconds before the youngest, which always stays.
    fn pop_old(&mut self, kept: i64) -> Option<(i64, Span)> {
        let (first, last) = (*self.spans.keys().next()?, *self.spans.keys().next_back()?);
        if first > last.saturating_sub(kept.max(1)) {
            return None;
        }
        let (start, span) = self.spans.pop_first()?;
        self.rows -= span.len();
        Some((start, span))
    }
}

/// Accounts of a span.
type Span = FxHashMap<Account, Used>;

/// What was used, by account and time, in the calendar of each workspace. At most some 20,000 rows of each width; days
/// beyond are forgotten, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Books {
    workspaces: FxHashMap<Arc<str>, [Level; 3]>,
    rows: [usize; 3],
    spent: FxHashMap<Arc<str>, Spending>,
}

impl Books {
    /// Adds a row of the width of `level`: 0 is minutes, 1 hours, 2 days.
    pub(crate) fn put(&mut self, workspace: &Arc<str>, level: usize, date: i64, account: Account, used: &Used) {
        let level = level.min(WIDTHS.len() - 1);
        let is_known = self.workspaces.len() < MOST_WORKSPACES || self.workspaces.contains_key(workspace);
        let workspace = if is_known { Arc::clone(workspace) } else { Arc::from("other") };
        if used.cost_usd > 0.0 {
            self.spent.entry(Arc::clone(&workspace)).or_default().add(date, account.caller.as_deref(), used.cost_usd);
        }
        self.change(&workspace, level, |own| own.put(floor(date, WIDTHS[level]), account, used));
        for level in level..WIDTHS.len() {
            if let Some(kept) = KEPT.get(level) {
                while self.move_up(&workspace, level, *kept) {}
            }
            while self.rows[level] > MOST_ROWS {
                let largest = self.workspaces.iter().max_by_key(|(_, levels)| levels[level].rows);
                let Some(largest) = largest.map(|(name, _)| Arc::clone(name)) else { break };
                if !self.move_up(&largest, level, 0) {
                    break;
                }
            }
        }
    }

    /// Moves the oldest span of a workspace to the next width if it is older than `kept` seconds. Whether it was.
    fn move_up(&mut self, workspace: &Arc<str>, level: usize, kept: i64) -> bool {
        let Some((start, span)) = self.change(workspace, level, |own| own.pop_old(kept)) else { return false };
        if let Some(width) = WIDTHS.get(level + 1) {
            let put = |above: &mut Level| {
                for (account, used) in span {
                    above.put(floor(start, *width), account, &used);
                }
            };
            self.change(workspace, level + 1, put);
        }
        true
    }

    fn change<T>(&mut self, workspace: &Arc<str>, level: usize, change: impl FnOnce(&mut Level) -> T) -> T {
        if !self.workspaces.contains_key(workspace) {
            self.workspaces.insert(Arc::clone(workspace), Default::default());
        }
        let own = &mut self.workspaces.entry(Arc::clone(workspace)).or_default()[level];
        let before = own.rows;
        let result = change(own);
        self.rows[level] = self.rows[level] + own.rows - before;
        result
    }

    /// Adds what others hold.
    pub(crate) fn absorb(&mut self, other: Self) {
        for (workspace, levels) in other.workspaces {
            for (level, rows) in levels.into_iter().enumerate() {
                for (start, span) in rows.spans {
                    for (account, used) in span {
                        self.put(&workspace, level, start, account, &used);
                    }
                }
            }
        }
    }

    /// All rows in a stable order.
    pub(crate) fn rows(&self) -> Vec<Row<'_>> {
        let levels = self.workspaces.iter().flat_map(|(workspace, levels)| {
            levels.iter().enumerate().map(move |(number, level)| (workspace, number, level))
        });
        let mut all: Vec<_> = levels
            .flat_map(|(workspace, level, own)| {
                own.spans.iter().map(move |(start, span)| (workspace, level, *start, span))
            })
            .flat_map(|(workspace, level, start, span)| {
                span.iter().map(move |(account, used)| Row { workspace, level, start, account, used })
            })
            .collect();
        all.sort_by_key(|row| (row.workspace, row.level, row.start, row.account));
        all
    }

    /// What a workspace spent on the days from that of `from` until that of `until`, both included, Unix seconds; see
    /// [`Whose`]. US dollars.
    pub fn spent(&self, workspace: &str, (from, until): (i64, i64), whose: Whose<'_>) -> f64 {
        self.spent.get(workspace).map_or(0.0, |spending| spending.of((from, until), whose))
    }

    /// The keys and the projects of a workspace that spent something on these days, in order.
    pub fn spenders(&self, workspace: &str, span: (i64, i64)) -> [Vec<Arc<str>>; 2] {
        self.spent.get(workspace).map_or_else(Default::default, |spending| spending.names(span))
    }

    /// When a workspace spent something first, as far as days are known: the beginning of that day, Unix seconds.
    pub fn first_spent(&self, workspace: &str) -> Option<i64> {
        self.spent.get(workspace)?.first()
    }

    /// What a workspace used from `from` until before `until`, Unix seconds: date, account, sums, in no order. What is
    /// older than a day is dated to its hour, and what is older than a month to its day.
    pub fn between(&self, workspace: &str, from: i64, until: i64) -> impl Iterator<Item = (i64, &Account, &Used)> {
        let range = from..until.max(from);
        self.workspaces.get(workspace).into_iter().flatten().flat_map(move |level| {
            level
                .spans
                .range(range.clone())
                .flat_map(|(start, span)| span.iter().map(|(account, used)| (*start, account, used)))
        })
    }
}

/// A row of the books.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub workspace: &'a Arc<str>,
    /// Its width: 0 is a minute, 1 an hour, 2 a day.
    pub level: usize,
    /// Where it begins, Unix seconds.
    pub start: i64,
    pub account: &'a Account,
    pub used: &'a Used,
}

fn floor(date: i64, width: i64) -> i64 {
    date.div_euclid(width).saturating_mul(width)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::Ledger;
    use crate::ledger::tests::record;

    fn sum(books: &Books, from: i64, until: i64) -> Used {
        let mut all = Used::default();
        books.between("default", from, until).for_each(|(_, _, used)| all.merge(used));
        all
    }

    fn add(books: &mut Books, record: &Record) {
        let used = Used::of(record).unwrap();
        books.put(&record.workspace, 0, record.date, Account::of(record), &used);
    }

    #[test]
    fn what_grows_old_is_dated_less_exactly() {
        let mut books = Books::default();
        for date in [100, 200, 90_000, 40 * 86_400, 80 * 86_400] {
            add(&mut books, &Record { date, ..record("/a", 1) });
        }
        let dates: Vec<(usize, i64)> = books.rows().iter().map(|row| (row.level, row.start)).collect();
        assert_eq!(dates, [(0, 80 * 86_400), (1, 40 * 86_400), (2, 0), (2, 86_400)]);
    }

    #[test]
    fn invented_names_do_not_grow_it_without_end() {
        let mut books = Books::default();
        for number in 0..50_000 {
            let model = Some(Arc::from(format!("invented-{number}")));
            add(&mut books, &Record { date: number / 10 * 60, model, ..record("/a", 1) });
        }
        assert!(books.rows.iter().all(|rows| *rows <= MOST_ROWS), "{:?}", books.rows);
        assert_eq!(books.rows.iter().sum::<usize>(), books.rows().len());
        assert_eq!(sum(&books, 0, i64::MAX).requests, 50_000);
    }

    proptest! {
        #[test]
        fn totals_are_the_ledgers(
            dates in prop::collection::vec((0_i64..50 * 86_400, 0_usize..3, 0_u32..1000, 0.0_f64..0.1), 1..300),
        ) {
            let ledger = Ledger::new(true);
            let mut expected = [0_u64; 3];
            for (date, endpoint, prompt, cost_usd) in &dates {
                let mut record = record(["/a", "/b", "/c"][*endpoint], 1);
                record.tokens.prompt = *prompt;
                expected[*endpoint] += u64::from(*prompt);
                ledger.add(Record { date: *date, cost_usd: *cost_usd, ..record });
            }
            let (books, totals) = ledger.look(|archive| (archive.books().clone(), archive.totals().into_iter().fold(
                Used::default(),
                |mut all, (_, totals)| {
                    all.requests += totals.requests;
                    all.prompt_tokens += totals.prompt_tokens;
                    all.completion_tokens += totals.completion_tokens;
                    all.cost_usd += totals.cost_usd;
                    all
                },
            )));
            let all = sum(&books, 0, i64::MAX);
            prop_assert_eq!(
                (all.requests, all.prompt_tokens, all.completion_tokens),
                (totals.requests, totals.prompt_tokens, totals.completion_tokens)
            );
            prop_assert!((all.cost_usd - totals.cost_usd).abs() < 1e-9);
            let mut found = [0_u64; 3];
            for (_, account, used) in books.between("default", 0, i64::MAX) {
                found[["/a", "/b", "/c"].iter().position(|path| *path == account.endpoint).unwrap()] += used.prompt_tokens;
            }
            prop_assert_eq!(found, expected);
        }
    }
}
