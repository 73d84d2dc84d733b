//! Random histories, compared with lists in memory.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::Make;
use crate::{Change, Expected, Home, Page, Shelf, StoreError};

pub(super) fn check(make: Make<'_>, cases: u32) {
    let config = Config { failure_persistence: None, ..Config::with_cases(cases) };
    let histories = prop::collection::vec(step(), 1..60);
    TestRunner::new(config).run(&histories, |steps| play(&make(), steps)).unwrap();
}

#[derive(Clone, Debug)]
enum Step {
    Apply(Vec<Planned>),
    Page { kind: usize, after: Option<u8>, before: Option<u8>, limit: usize, descending: bool },
    Clear,
    Wait(i64),
}

/// A change whose version is chosen when it is made.
#[derive(Clone, Debug)]
struct Planned {
    kind: usize,
    id: u8,
    expected: Guard,
    /// What is put, for how long; `None` deletes.
    put: Option<(u8, Option<i64>)>,
}

#[derive(Clone, Copy, Debug)]
enum Guard {
    Any,
    Absent,
    Current,
    Wrong,
}

const KINDS: [&str; 2] = ["cat", "dog"];
const SPACE: &str = "home";

fn step() -> impl Strategy<Value = Step> {
    let guard = prop_oneof![5 => Just(Guard::Any), 2 => Just(Guard::Absent), 2 => Just(Guard::Current), 1 => Just(Guard::Wrong)];
    let put = prop::option::weighted(0.75, (any::<u8>(), prop::option::of(1..50_i64)));
    let planned =
        (0..2_usize, 0..8_u8, guard, put).prop_map(|(kind, id, expected, put)| Planned { kind, id, expected, put });
    let cursor = || prop::option::of(0..8_u8);
    let page = (0..2_usize, cursor(), cursor(), 0..6_usize, any::<bool>());
    prop_oneof![
        10 => prop::collection::vec(planned, 1..4).prop_map(Step::Apply),
        6 => page.prop_map(|(kind, after, before, limit, descending)| Step::Page { kind, after, before, limit, descending }),
        3 => (1..30_i64).prop_map(Step::Wait),
        1 => Just(Step::Clear),
    ]
}

/// A document of the model.
#[derive(Clone, Debug)]
struct Known {
    id: String,
    body: Vec<u8>,
    version: u64,
    expires: Option<i64>,
}

type Model = [Vec<Known>; 2];

fn play(home: &Arc<dyn Home>, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let (mut model, mut now) = (Model::default(), 0);
    for step in steps {
        for known in &mut model {
            known.retain(|known| known.expires.is_none_or(|expires| expires > now));
        }
        match step {
            Step::Wait(millis) => now += millis,
            Step::Clear => {
                home.clear(SPACE).wait().unwrap();
                model = Model::default();
            }
            Step::Apply(planned) => apply(home, &mut model, &planned, now)?,
            Step::Page { kind, after, before, limit, descending } => {
                let (after, before) = (after.map(|id| id.to_string()), before.map(|id| id.to_string()));
                let page = Page { after, before, limit, descending };
                let got = home.list(Shelf { space: SPACE, kind: KINDS[kind] }, &page, now).wait();
                compare(got, expected(&model[kind], &page))?;
            }
        }
        for (kind, known) in KINDS.iter().zip(&model) {
            for id in 0..8_u8 {
                let id = id.to_string();
                let known =
                    known.iter().find(|known| known.id == id && known.expires.is_none_or(|expires| expires > now));
                let got = home.get(Shelf { space: SPACE, kind }, &id, now).wait().unwrap();
                let shown = |known: &Known| (Bytes::from(known.body.clone()), known.version, known.expires);
                let got = got.map(|got| (got.body, got.version, got.expires_at_ms));
                prop_assert_eq!(got, known.map(shown));
            }
        }
    }
    Ok(())
}

fn apply(home: &Arc<dyn Home>, model: &mut Model, planned: &[Planned], now: i64) -> Result<(), TestCaseError> {
    let before = model.clone();
    let mut changes = Vec::new();
    let mut allowed = true;
    // Versions that the same changes give are not known yet: 0 stands for them.
    for Planned { kind, id, expected, put } in planned {
        let (documents, id) = (&mut model[*kind], id.to_string());
        let at = documents.iter().position(|known| known.id == id);
        let version = at.map(|at| documents[at].version);
        let (guard, holds) = match expected {
            Guard::Any => (Expected::Any, true),
            Guard::Absent => (Expected::Absent, version.is_none()),
            Guard::Current => (Expected::Version(version.unwrap_or(1)), version.is_some_and(|version| version > 0)),
            Guard::Wrong => (Expected::Version(u64::MAX), false),
        };
        allowed &= holds;
        let change = match put {
            None => Change::delete(KINDS[*kind], &*id),
            Some((body, life)) => Change::put(KINDS[*kind], &*id, vec![*body]).expiring(life.map(|life| now + life)),
        };
        changes.push(change.expecting(guard));
        match (put, at) {
            (None, Some(at)) => drop(documents.remove(at)),
            (None, None) => {}
            (Some((body, life)), at) => {
                let known = Known { id, body: vec![*body], version: 0, expires: life.map(|life| now + life) };
                match at {
                    Some(at) => documents[at] = known,
                    None => documents.push(known),
                }
            }
        }
    }
    match home.apply(SPACE, changes, now).wait() {
        Err(StoreError::Conflict { .. }) => {
            prop_assert!(!allowed);
            *model = before;
        }
        Err(other) => return Err(TestCaseError::fail(other.to_string())),
        Ok(versions) => {
            prop_assert!(allowed);
            for (Planned { kind, id, put, .. }, version) in planned.iter().zip(versions) {
                let known = model[*kind].iter_mut().find(|known| known.id == id.to_string());
                if let (Some(known), Some(_)) = (known, put) {
                    // The last one that is put counts.
                    known.version = version.unwrap();
                }
            }
        }
    }
    Ok(())
}

/// What a page shows, by going through all of it.
fn expected(documents: &[Known], page: &Page) -> Option<(Vec<String>, bool)> {
    let mut ids: Vec<&str> = documents.iter().map(|known| known.id.as_str()).collect();
    if page.descending {
        ids.reverse();
    }
    let place = |cursor: &Option<String>| match cursor {
        None => Some(None),
        Some(id) => ids.iter().position(|known| known == id).map(Some),
    };
    let (after, before) = (place(&page.after)?, place(&page.before)?);
    let end = before.unwrap_or(ids.len());
    let start = after.map_or(0, |after| after + 1).min(end);
    let found = &ids[start..end];
    let shown = if page.is_backwards() {
        &found[found.len().saturating_sub(page.limit)..]
    } else {
        &found[..found.len().min(page.limit)]
    };
    Some((shown.iter().map(|id| (*id).to_owned()).collect(), found.len() > page.limit))
}

fn compare(got: Result<crate::Listing, StoreError>, wanted: Option<(Vec<String>, bool)>) -> Result<(), TestCaseError> {
    match (got, wanted) {
        (Ok(got), Some((ids, has_more))) => {
            let listed: Vec<String> = got.documents.into_iter().map(|(id, _)| id).collect();
            prop_assert_eq!((listed, got.has_more), (ids, has_more));
        }
        (Err(StoreError::NoCursor { .. }), None) => {}
        (got, wanted) => return Err(TestCaseError::fail(format!("{got:?} instead of {wanted:?}"))),
    }
    Ok(())
}
