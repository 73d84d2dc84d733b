//! What is kept of records: totals for ever, sums by time, single records for a while.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use fakeai_core::Tick;
use rustc_hash::FxHashMap;

use crate::books::Books;
use crate::engine::Requests;
use crate::group::{Group, kind};
use crate::hours::Hours;
use crate::record::{Caller, Record};
use crate::series::{Ring, Series};
use crate::totals::{Key, Totals};

/// How far back the views look that show the present.
pub const WINDOW: Duration = Duration::from_secs(60);
/// Single records that are kept, however young.
const MOST_RECENT: usize = 100_000;
/// Combinations of endpoint, model, status and error that are told apart: clients may invent models without end, and
/// what is beyond is counted under the model `other`.
const MOST_KEYS: usize = 4000;
/// Models that have sums by time of their own, and callers that are told apart.
const MOST_MODELS: usize = 200;
const MOST_CALLERS: usize = 1000;
/// Pairs of endpoint and model that are told apart as engines count them, some five kilobytes each.
const MOST_WRITTEN: usize = 500;
/// Records that are looked at together for those that are alike.
const FEW: usize = 64;
/// Errors that are kept in full.
const MOST_ERRORS: usize = 100;
/// Minutes of a model's own sums.
const MODEL_MINUTES: usize = 60;

/// Everything that is known of requests that have ended.
#[derive(Debug, Default)]
pub struct Archive {
    totals: FxHashMap<Key, Totals>,
    callers: FxHashMap<(Arc<str>, Arc<Caller>), Totals>,
    /// What engines count of requests for which tokens were written, by endpoint and model.
    written: FxHashMap<(&'static str, Arc<str>), Requests>,
    books: Books,
    series: Series,
    models: FxHashMap<Arc<str>, (Ring, Hours)>,
    recent: VecDeque<Record>,
    errors: VecDeque<Record>,
    added: u64,
    /// The tick at which the server began.
    began: Tick,
}

/// Seconds that the last [`WINDOW`] before `now` has had for a server that began at `began`.
pub(crate) fn window_seconds(began: Tick, now: Tick) -> f64 {
    WINDOW.min(now.since(began)).as_secs_f64().max(1.0)
}

impl Archive {
    /// Adds records and leaves the list empty.
    pub(crate) fn add(&mut self, records: &mut Vec<Record>) {
        let mut models = Vec::with_capacity(records.len());
        for few in records.chunks(FEW) {
            let (groups, places) = Group::all(few);
            let kept: Vec<Arc<str>> = groups.iter().map(|group| self.add_group(group)).collect();
            models.extend(places.into_iter().map(|place| Arc::clone(&kept[place])));
        }
        self.added += records.len() as u64;
        for (mut record, model) in records.drain(..).zip(models) {
            // The name in hand is this request's own; kept for a minute it would only lie about and grow cold.
            if record.model.is_some() && record.model.as_deref() == Some(&*model) {
                record.model = Some(model);
            }
            if record.is_error() {
                if self.errors.len() >= MOST_ERRORS {
                    self.errors.pop_front();
                }
                self.errors.push_back(record.clone());
            }
            self.remember(record);
        }
    }

    /// Adds records that are alike. Returns the name that their model is kept under.
    fn add_group(&mut self, group: &Group) -> Arc<str> {
        let first = group.first();
        let model = first.model.clone().unwrap_or_default();
        let key = Key { endpoint: first.endpoint, model: Arc::clone(&model), status: first.status, error: kind(first) };
        let totals = self.totals.entry(self.bounded(key));
        let kept = Arc::clone(&totals.key().model);
        totals.or_default().merge(&group.totals);
        if let Some(used) = &group.used {
            self.books.put(&first.workspace, 0, first.date, group.account(), used);
        }
        self.series.add(first.at, &group.sums);
        if let Some((ring, hours)) = first.model.as_ref().and_then(|model| self.model_mut(model)) {
            ring.add(first.at, &group.sums);
            hours.add(first.at, group.totals.requests);
        }
        if let Some(caller) = &first.caller {
            self.put_caller((Arc::clone(&model), Arc::clone(caller)), &group.totals);
        }
        if let Some(written) = &group.written {
            self.put_written((first.endpoint, model), written);
        }
        kept
    }

    pub(crate) const fn begin_at(&mut self, began: Tick) {
        self.began = began;
    }

    /// Forgets everything but how much was added, which those who look again and again go by.
    pub(crate) fn clear(&mut self) {
        *self = Self { added: self.added, began: self.began, ..Self::default() };
    }

    /// The tick at which the server began.
    pub(crate) const fn began(&self) -> Tick {
        self.began
    }

    /// Everything in it; it is then empty.
    pub(crate) fn take(&mut self) -> Self {
        if self.added == 0 { Self::default() } else { std::mem::take(self) }
    }

    /// Adds what others hold. Names beyond the bounds are counted as they are when records are added.
    pub(crate) fn absorb(&mut self, parts: Vec<Self>) {
        let (mut recent, mut errors) = (Vec::new(), Vec::new());
        for part in parts.into_iter().filter(|part| part.added > 0) {
            part.totals.into_iter().for_each(|(key, totals)| self.put_totals(key, &totals));
            part.callers.into_iter().for_each(|(key, totals)| self.put_caller(key, &totals));
            part.written.iter().for_each(|(key, requests)| self.put_written(key.clone(), requests));
            for (model, (ring, hours)) in part.models {
                if let Some((own, own_hours)) = self.models.get_mut(&model) {
                    own.absorb(&ring);
                    own_hours.absorb(&hours);
                } else if self.models.len() < MOST_MODELS {
                    self.models.insert(model, (ring, hours));
                }
            }
            self.books.absorb(part.books);
            self.series.absorb(&part.series);
            self.added += part.added;
            recent.extend(part.recent);
            errors.extend(part.errors);
        }
        recent.sort_by_key(|record| record.at);
        for record in recent {
            self.remember(record);
        }
        errors.sort_by_key(|record| record.at);
        self.errors.extend(errors);
        self.errors.drain(..self.errors.len().saturating_sub(MOST_ERRORS));
    }

    /// Keeps a single record, and forgets those that are old or too many.
    fn remember(&mut self, record: Record) {
        let is_old = |oldest: &Record| record.at.since(oldest.at) > WINDOW;
        while self.recent.len() >= MOST_RECENT || self.recent.front().is_some_and(is_old) {
            self.recent.pop_front();
        }
        self.recent.push_back(record);
    }

    fn bounded(&self, key: Key) -> Key {
        if self.totals.len() < MOST_KEYS || self.totals.contains_key(&key) {
            key
        } else {
            Key { model: Arc::from("other"), ..key }
        }
    }

    fn bounded_written(&self, key: (&'static str, Arc<str>)) -> (&'static str, Arc<str>) {
        if self.written.len() < MOST_WRITTEN || self.written.contains_key(&key) {
            key
        } else {
            (key.0, Arc::from("other"))
        }
    }

    /// What was kept of an earlier life is put in piece by piece; names beyond the bounds are counted as others are.
    pub(crate) const fn put_added(&mut self, added: u64) {
        self.added += added;
    }

    pub(crate) fn put_totals(&mut self, key: Key, totals: &Totals) {
        self.totals.entry(self.bounded(key)).or_default().merge(totals);
    }

    pub(crate) fn put_caller(&mut self, key: (Arc<str>, Arc<Caller>), totals: &Totals) {
        if self.callers.len() < MOST_CALLERS || self.callers.contains_key(&key) {
            self.callers.entry(key).or_default().merge(totals);
        }
    }

    pub(crate) fn put_written(&mut self, key: (&'static str, Arc<str>), requests: &Requests) {
        self.written.entry(self.bounded_written(key)).or_default().merge(requests);
    }

    pub(crate) const fn books_mut(&mut self) -> &mut Books {
        &mut self.books
    }

    pub(crate) const fn series_mut(&mut self) -> &mut Series {
        &mut self.series
    }

    /// The sums of a model to be added to; `None` if there are too many models.
    pub(crate) fn model_mut(&mut self, model: &Arc<str>) -> Option<&mut (Ring, Hours)> {
        if !self.models.contains_key(model) && self.models.len() >= MOST_MODELS {
            return None;
        }
        let new = || (Ring::new(Duration::from_secs(60), MODEL_MINUTES), Hours::default());
        Some(self.models.entry(Arc::clone(model)).or_insert_with(new))
    }

    /// Models that have sums by time of their own, in the order of their names.
    pub(crate) fn models(&self) -> impl Iterator<Item = (&Arc<str>, &Ring, &Hours)> {
        let mut all: Vec<_> = self.models.iter().collect();
        all.sort_by_key(|(model, _)| *model);
        all.into_iter().map(|(model, (ring, hours))| (model, ring, hours))
    }

    /// Totals since the start, in no order.
    pub(crate) fn each_total(&self) -> impl Iterator<Item = (&Key, &Totals)> {
        self.totals.iter()
    }

    /// Totals since the start, in a stable order.
    pub fn totals(&self) -> Vec<(&Key, &Totals)> {
        let mut all: Vec<_> = self.totals.iter().collect();
        all.sort_by_key(|(key, _)| *key);
        all
    }

    /// What engines count of requests for which tokens were written: endpoint, model and counts.
    pub fn written(&self) -> impl Iterator<Item = (&'static str, &Arc<str>, &Requests)> {
        self.written.iter().map(|((endpoint, model), requests)| (*endpoint, model, requests))
    }

    /// Totals by model and caller, in a stable order.
    pub fn callers(&self) -> Vec<(&Arc<str>, &Arc<Caller>, &Totals)> {
        let mut all: Vec<_> = self.callers.iter().map(|((model, caller), totals)| (model, caller, totals)).collect();
        all.sort_by_key(|(model, caller, _)| (*model, *caller));
        all
    }

    /// What was used, by whom and when.
    pub const fn books(&self) -> &Books {
        &self.books
    }

    /// Sums by time.
    pub const fn series(&self) -> &Series {
        &self.series
    }

    /// A model's sums for each minute of the last hour.
    pub fn model_minutes(&self, model: &str) -> Option<&Ring> {
        self.models.get(model).map(|(ring, _)| ring)
    }

    /// Requests of each model in each hour of the last day, in no order.
    pub fn model_hours(&self) -> impl Iterator<Item = (&Arc<str>, &Hours)> {
        self.models.iter().map(|(model, (_, hours))| (model, hours))
    }

    /// The records of the last [`WINDOW`] before `now`, at most 100,000, nearly in the order of their ends.
    pub fn recent(&self, now: Tick) -> impl DoubleEndedIterator<Item = &Record> + Clone {
        self.recent.iter().filter(move |record| now.since(record.at) <= WINDOW)
    }

    /// The last hundred that were refused or failed, oldest first.
    pub fn errors(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.errors.iter()
    }

    /// The records added after the first `number`, as far as they are still here, with their numbers, in the order in
    /// which they were added.
    pub fn added_since(&self, number: u64) -> impl Iterator<Item = (u64, &Record)> {
        let new = usize::try_from(self.added.saturating_sub(number)).unwrap_or(usize::MAX).min(self.recent.len());
        let before = self.added - new as u64;
        (before + 1..).zip(self.recent.range(self.recent.len() - new..))
    }

    /// Records added so far.
    pub const fn added(&self) -> u64 {
        self.added
    }
}
