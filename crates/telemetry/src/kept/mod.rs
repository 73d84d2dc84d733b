//! What outlives the process: totals, sums by time and what engines count.
//!
//! Single records, the last hundred errors and how late tokens left do not: those views begin anew. Ticks of one life mean
//! nothing in the next, so what is kept says which date its line of ticks begins at, and is moved when it is put back.

mod directory;

use std::sync::Arc;
use std::sync::{LazyLock, Mutex, PoisonError};

use fakeai_core::Tick;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use crate::archive::Archive;
use crate::books::{Account, Row, Used};
use crate::engine::Requests;
use crate::record::Caller;
use crate::series::{Resolution, Ring, Sums};
use crate::totals::{Key, Totals};
use crate::views::dates::Dates;

pub use directory::{Directory, KeptFile, MOST_HISTORY_BYTES};

/// The format of what is written.
const FORMAT: u32 = 1;
/// Names of endpoints and kinds of errors that are told apart in files: both are fixed sets, and a file that has more
/// was not written by a server.
const MOST_NAMES: usize = 4096;

/// Why what was kept can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// It is no such file, or was changed.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// It was written by another version.
    #[error("it has format {0}, and this server reads format {FORMAT}")]
    Format(u32),
    /// Another server writes into the directory.
    #[error("another server uses it")]
    Locked,
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] std::io::Error),
}

/// What outlives the process.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Kept {
    format: u32,
    /// The date at tick zero, Unix nanoseconds.
    zero: i64,
    /// Requests counted so far.
    requests: u64,
    totals: Vec<(WrittenKey, Totals)>,
    callers: Vec<(Arc<str>, WrittenCaller, Totals)>,
    written: Vec<(String, Arc<str>, Requests)>,
    /// Seconds, minutes and hours, with the ticks they begin at.
    series: [Vec<(u64, Sums)>; 3],
    models: Vec<WrittenModel>,
    /// Files of earlier versions have none.
    #[serde(default)]
    books: Vec<WrittenAccount>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct WrittenKey {
    endpoint: String,
    model: Arc<str>,
    status: u16,
    error: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct WrittenCaller {
    key: Option<Arc<str>>,
    organization: Option<Arc<str>>,
    project: Option<Arc<str>>,
    #[serde(default)]
    user: Option<Arc<str>>,
}

/// A row of the books: the number of its width, and where it begins.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct WrittenAccount {
    level: usize,
    start: i64,
    endpoint: String,
    model: Option<Arc<str>>,
    workspace: Arc<str>,
    caller: Option<WrittenCaller>,
    #[serde(default)]
    grade: Option<String>,
    is_batch: bool,
    used: Used,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct WrittenModel {
    model: Arc<str>,
    minutes: Vec<(u64, Sums)>,
    hours: Vec<(u64, u64)>,
}

const RESOLUTIONS: [Resolution; 3] = [Resolution::Second, Resolution::Minute, Resolution::Hour];

impl Kept {
    /// What is to be kept of `archive`.
    pub fn of(archive: &Archive, dates: Dates) -> Self {
        let spans = |ring: &Ring| ring.filled().map(|(start, sums)| (start.as_nanos(), sums.clone())).collect();
        let key = |key: &Key| WrittenKey {
            endpoint: key.endpoint.to_owned(),
            model: Arc::clone(&key.model),
            status: key.status,
            error: key.error.to_owned(),
        };
        let callers = archive.callers().into_iter();
        let mut written: Vec<_> = archive.written().collect();
        written.sort_by_key(|(endpoint, model, _)| (*endpoint, *model));
        let written = written.into_iter();
        let models = archive.models().map(|(model, minutes, hours)| WrittenModel {
            model: Arc::clone(model),
            minutes: spans(minutes),
            hours: hours.iter().map(|(start, requests)| (start.as_nanos(), requests)).collect(),
        });
        Self {
            format: FORMAT,
            zero: dates.unix_nanos(Tick::default()),
            requests: archive.added(),
            totals: archive.totals().into_iter().map(|(own, totals)| (key(own), totals.clone())).collect(),
            callers: callers
                .map(|(model, who, totals)| (Arc::clone(model), WrittenCaller::of(who), totals.clone()))
                .collect(),
            written: written
                .map(|(endpoint, model, of)| (endpoint.to_owned(), Arc::clone(model), of.clone()))
                .collect(),
            series: RESOLUTIONS.map(|resolution| spans(archive.series().ring(resolution))),
            models: models.collect(),
            books: archive.books().rows().into_iter().map(WrittenAccount::of).collect(),
        }
    }

    /// Requests counted in it.
    pub const fn requests(&self) -> u64 {
        self.requests
    }

    /// As it is written to a file.
    pub fn to_json(&self) -> Result<Vec<u8>, KeptError> {
        serde_json::to_vec(self).map_err(|error| KeptError::Damaged(error.to_string()))
    }

    /// Reads what [`Kept::to_json`] wrote.
    pub fn read(bytes: &[u8]) -> Result<Self, KeptError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let damaged = |error: serde_json::Error| KeptError::Damaged(error.to_string());
        let Head { format } = serde_json::from_slice(bytes).map_err(damaged)?;
        if format != FORMAT {
            return Err(KeptError::Format(format));
        }
        serde_json::from_slice(bytes).map_err(damaged)
    }

    /// An archive of it on the line of ticks of `dates`. Sums by time that lie before the line's beginning are left out.
    pub fn into_archive(self, dates: Dates) -> Archive {
        let Self { format: _, zero, requests, totals, callers, written, series, models, books } = self;
        let shift = i128::from(zero) - i128::from(dates.unix_nanos(Tick::default()));
        let line = Line { shift, now: dates.now() };
        let mut archive = Archive::default();
        archive.put_added(requests);
        for (WrittenKey { endpoint, model, status, error }, totals) in totals {
            let key = Key { endpoint: name(&endpoint), model, status, error: name(&error) };
            archive.put_totals(key, &line.moved(totals));
        }
        for (model, caller, totals) in callers {
            archive.put_caller((model, caller.read()), &line.moved(totals));
        }
        for (endpoint, model, requests) in written {
            archive.put_written((name(&endpoint), model), &requests);
        }
        for row in books {
            row.put_into(&mut archive);
        }
        for (resolution, spans) in RESOLUTIONS.into_iter().zip(series) {
            line.fill(archive.series_mut().ring_mut(resolution), spans);
        }
        for WrittenModel { model, minutes, hours } in models {
            let Some((ring, own_hours)) = archive.model_mut(&model) else { continue };
            line.fill(ring, minutes);
            for (start, requests) in hours {
                if let Some(start) = line.tick(start) {
                    own_hours.put(start, requests);
                }
            }
        }
        archive
    }
}

impl WrittenCaller {
    fn of(caller: &Caller) -> Self {
        let Caller { key, organization, project, user } = caller.clone();
        Self { key, organization, project, user }
    }

    fn read(self) -> Arc<Caller> {
        let Self { key, organization, project, user } = self;
        Arc::new(Caller { key, organization, project, user })
    }
}

impl WrittenAccount {
    fn of(row: Row<'_>) -> Self {
        let Row { level, start, used, .. } = row;
        let workspace = Arc::clone(row.workspace);
        let Account { endpoint, model, caller, grade, is_batch } = row.account.clone();
        let grade = grade.map(str::to_owned);
        let caller = caller.as_deref().map(WrittenCaller::of);
        Self { level, start, endpoint: endpoint.to_owned(), model, workspace, caller, grade, is_batch, used: *used }
    }

    /// Dates are on the calendar already, so nothing is moved.
    fn put_into(self, archive: &mut Archive) {
        let Self { level, start, endpoint, model, workspace, caller, grade, is_batch, used } = self;
        let caller = caller.map(WrittenCaller::read);
        let grade = grade.as_deref().map(self::grade);
        let account = Account { endpoint: name(&endpoint), model, caller, grade, is_batch };
        archive.books_mut().put(&workspace, level, start, account, &used);
    }
}

/// From one line of ticks to another.
struct Line {
    /// Nanoseconds to add.
    shift: i128,
    now: Tick,
}

impl Line {
    /// The same moment; `None` if it lies before the line or has not come yet, as where a date was set back: a span of the
    /// future would keep those of the present out.
    fn tick(&self, nanos: u64) -> Option<Tick> {
        let tick = u64::try_from(i128::from(nanos) + self.shift).ok().map(Tick::from_nanos);
        tick.filter(|tick| *tick <= self.now)
    }

    fn moved(&self, mut totals: Totals) -> Totals {
        // What is older than the line began at its beginning.
        for tick in [&mut totals.first, &mut totals.last] {
            *tick = self.tick(tick.as_nanos()).unwrap_or_default();
        }
        totals
    }

    fn fill(&self, ring: &mut Ring, mut spans: Vec<(u64, Sums)>) {
        spans.sort_by_key(|(start, _)| *start);
        for (start, sums) in spans {
            if let Some(start) = self.tick(start) {
                ring.put(start, &sums);
            }
        }
    }
}

/// The endpoint of a name out of a file.
fn name(text: &str) -> &'static str {
    static NAMES: Names = LazyLock::new(Mutex::default);
    lasting(&NAMES, text)
}

/// A size of pictures, or a service tier, as records have it.
pub fn grade(text: &str) -> &'static str {
    static GRADES: Names = LazyLock::new(Mutex::default);
    lasting(&GRADES, text)
}

type Names = LazyLock<Mutex<FxHashSet<&'static str>>>;

/// A text as one that lasts. Each is made once, and after so many all are `other`.
fn lasting(names: &Names, text: &str) -> &'static str {
    let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = names.get(text) {
        return name;
    }
    if names.len() >= MOST_NAMES {
        return "other";
    }
    let name: &'static str = text.to_owned().leak();
    names.insert(name);
    name
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::ledger::Ledger;
    use crate::ledger::tests::record;

    const HOUR: u64 = 3600;

    fn dates(seconds: u64, unix: i64) -> Dates {
        Dates::new(Tick::from_nanos(seconds * 1_000_000_000), unix * 1_000_000_000)
    }

    /// Sums of a ledger at each resolution over the last so many spans.
    fn seen(ledger: &Ledger, now: Dates) -> [u64; 3] {
        ledger.look(|archive| {
            RESOLUTIONS.map(|resolution| {
                let from = now.ago(resolution.width() * (resolution.spans() as u32 - 1));
                archive.series().ring(resolution).spans(from, now.now()).map(|(_, sums)| sums.requests).sum()
            })
        })
    }

    #[test]
    fn another_life_goes_on_where_the_first_ended() {
        let (first, second) = (Ledger::new(true), Ledger::new(true));
        for at in [0, HOUR, 30 * HOUR, 30 * HOUR + 1, 30 * HOUR + 59] {
            first.add(record("/v1/chat/completions", at));
        }
        let ended = dates(30 * HOUR + 100, 1_000_000);
        assert_eq!(seen(&first, ended), [3, 3, 5]);
        let kept = Kept::of(&first.look(|archive| Kept::of(archive, ended)).into_archive(ended), ended);
        let text = kept.to_json().unwrap();
        // Ten minutes later, with a line that begins elsewhere.
        let now = dates(1000 * HOUR + 777, 1_000_600);
        second.restore(Kept::read(&text).unwrap().into_archive(now));
        second.add(record("/v1/chat/completions", 1000 * HOUR + 777));
        assert_eq!(seen(&second, now), [4, 4, 6]);
        let totals = second.totals();
        assert_eq!((totals.len(), totals[0].1.requests, totals[0].1.latency.count()), (1, 6, 6));
        assert!((totals[0].1.cost_usd - 6.0 * first.totals()[0].1.cost_usd / 5.0).abs() < 1e-12);
        second.look(|archive| {
            assert_eq!(archive.added(), 6);
            assert_eq!(archive.recent(now.now()).count(), 1);
            let (_, hours) = archive.model_hours().next().unwrap();
            assert_eq!(hours.iter().map(|(_, requests)| requests).sum::<u64>(), 4);
            let first = totals[0].1.first;
            assert_eq!(now.now().since(first), Duration::from_millis((30 * HOUR + 700) * 1000 - 70));
        });
    }

    #[test]
    fn a_line_too_short_keeps_totals() {
        let (first, second) = (Ledger::new(true), Ledger::new(true));
        first.add(record("/v1/models", 5));
        let kept = first.look(|archive| Kept::of(archive, dates(10, 1000)));
        second.restore(kept.into_archive(dates(0, 2000)));
        assert_eq!((second.totals()[0].1.requests, seen(&second, dates(0, 2000))), (1, [0; 3]));
    }

    #[test]
    fn what_is_kept_stays_the_same() {
        let ledger = Ledger::new(true);
        for at in 0..200 {
            ledger.add(record(if at % 2 == 0 { "/a" } else { "/b" }, at * 30));
        }
        let now = dates(7000, 1_000_000);
        let kept = ledger.look(|archive| Kept::of(archive, now));
        let again = Kept::of(&kept.clone().into_archive(now), now);
        assert_eq!(kept.to_json().unwrap(), again.to_json().unwrap());
    }

    #[test]
    fn other_formats_are_refused() {
        assert!(matches!(Kept::read(br#"{"format": 2}"#), Err(KeptError::Format(2))));
        assert!(matches!(Kept::read(br#"{"format": 1}"#), Err(KeptError::Damaged(_))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
            prop_assert!(Kept::read(&bytes).is_err());
        }

        #[test]
        fn half_of_a_file_is_refused(cut in 0_usize..1000) {
            let ledger = Ledger::new(true);
            ledger.add(record("/v1/models", 1));
            let text = ledger.look(|archive| Kept::of(archive, dates(2, 1000))).to_json().unwrap();
            prop_assert!(Kept::read(&text[..cut.min(text.len() - 1)]).is_err());
        }

        #[test]
        fn any_ticks_are_put_somewhere_or_left_out(start in any::<u64>(), zero in any::<i64>(), unix in any::<i64>()) {
            let ledger = Ledger::new(true);
            ledger.add(record("/v1/models", 1));
            let mut kept = ledger.look(|archive| Kept::of(archive, dates(2, 1000)));
            kept.zero = zero;
            kept.series[0][0].0 = start;
            kept.models[0].hours[0].0 = start;
            let archive = kept.into_archive(Dates::new(Tick::from_nanos(7), unix));
            prop_assert_eq!(archive.totals().len(), 1);
        }
    }
}
