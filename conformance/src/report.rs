//! What was found, by operation and by resource, and whether it may stand.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::document::Document;

/// What was found so far.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    document: &'a Document,
    declared: BTreeSet<&'static str>,
    standings: BTreeMap<String, Standing>,
    /// Operation and what is wrong → where it was first seen, and how often.
    findings: BTreeMap<(String, String), (String, usize)>,
    judged: usize,
}

/// How an operation stands.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    /// It has a route.
    answered: bool,
    /// How many answers were as they should be.
    valid: usize,
    /// How many things were wrong.
    wrong: usize,
}

impl<'a> Report<'a> {
    pub(crate) fn new(document: &'a Document) -> Self {
        let ours = fakeai_server::api::endpoints().into_iter().map(|endpoint| endpoint.operation);
        let declared = ours.filter(|id| document.operation(id).is_some()).collect();
        Self { document, declared, standings: BTreeMap::new(), findings: BTreeMap::new(), judged: 0 }
    }

    /// Whether the server says that it has the operation.
    pub(crate) fn is_declared(&self, operation: &str) -> bool {
        self.declared.contains(operation)
    }

    /// There is a route.
    pub(crate) fn answered(&mut self, operation: &str) {
        self.standing(operation).answered = true;
    }

    /// An answer was as it should be, with so many objects in it.
    pub(crate) fn valid(&mut self, operation: &str, objects: usize) {
        self.standing(operation).valid += 1;
        self.judged += objects;
    }

    /// Something is wrong; `scenario` says where.
    pub(crate) fn wrong(&mut self, operation: &str, scenario: &str, what: impl Into<String>) {
        self.standing(operation).wrong += 1;
        let seen = self.findings.entry((operation.to_owned(), what.into())).or_insert_with(|| (scenario.to_owned(), 0));
        seen.1 += 1;
    }

    /// Whether every operation that the server says it has is right.
    pub(crate) fn is_clean(&self) -> bool {
        !self.findings.keys().any(|(operation, _)| self.is_declared(operation))
    }

    fn standing(&mut self, operation: &str) -> &mut Standing {
        self.standings.entry(operation.to_owned()).or_default()
    }

    /// Resource → operations, answered, valid.
    fn rows(&self) -> BTreeMap<&str, [usize; 3]> {
        let mut rows: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
        for operation in self.document.operations() {
            let standing = self.standings.get(&operation.id).copied().unwrap_or_default();
            let row = rows.entry(&operation.resource).or_default();
            row[0] += 1;
            row[1] += usize::from(standing.answered);
            row[2] += usize::from(standing.valid > 0 && standing.wrong == 0);
        }
        rows
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "  {:<42} {:>10} {:>9} {:>6}", "resource", "operations", "answered", "valid")?;
        let mut all = [0; 3];
        for (resource, row) in self.rows() {
            writeln!(formatter, "  {resource:<42} {:>10} {:>9} {:>6}", row[0], row[1], row[2])?;
            all.iter_mut().zip(row).for_each(|(sum, figure)| *sum += figure);
        }
        writeln!(formatter, "  {:<42} {:>10} {:>9} {:>6}", "in all", all[0], all[1], all[2])?;
        let share = 100.0 * all[2] as f64 / all[0].max(1) as f64;
        writeln!(formatter, "  {share:.1} %; {} objects and events were valid", self.judged)?;
        let untried =
            self.declared.iter().filter(|id| self.standings.get(**id).is_none_or(|standing| standing.valid == 0));
        let untried: Vec<&str> = untried.copied().collect();
        if !untried.is_empty() {
            writeln!(formatter, "  answered, but no scenario got a valid answer: {}", untried.join(", "))?;
        }
        for reason in self.document.gone_faults() {
            writeln!(formatter, "  a fault of the document is no more; drop it from faults.rs: {reason}")?;
        }
        for ((operation, what), (scenario, times)) in &self.findings {
            let excuse = if self.is_declared(operation) { "" } else { " (not declared)" };
            let more = if *times > 1 { format!(" ({times} times)") } else { String::new() };
            writeln!(formatter, "  {operation}{excuse}: {what}; first in: {scenario}{more}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_declared_operations_must_be_right_and_the_table_counts() {
        let text = r#"{"paths": {"/models": {"get": {"operationId": "listModels", "tags": ["Models"]}},
            "/things": {"get": {"operationId": "listThings"}}}}"#;
        let document = Document::parse(text).unwrap();
        let mut report = Report::new(&document);
        report.answered("listModels");
        report.valid("listModels", 3);
        report.answered("listThings");
        report.wrong("listThings", "walk", "is odd");
        report.wrong("listThings", "later", "is odd");
        assert!(report.is_clean(), "nobody says that there are things");
        let shown = report.to_string();
        for part in [
            "in all                                              2         2      1",
            "50.0 %; 3 objects",
            "first in: walk (2 times)",
        ] {
            assert!(shown.contains(part), "{part:?} is not in\n{shown}");
        }
        report.wrong("listModels", "walk", "is odd");
        assert!(!report.is_clean());
    }
}
