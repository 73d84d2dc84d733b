//! Everything a server keeps in one file: documents, blobs, counters, seeds of workspaces, totals of metrics.
//!
//! The file is a JSON object a line, so that neither side needs all of it at once to write it. Its last line says how many
//! there are, so that a file that broke off is known. Reading changes nothing; [`restore`] does.

mod capture;
mod read;
mod restore;

use fakeai_store::{Document, Retention};
use serde::{Deserialize, Serialize};

pub(crate) use capture::{capture, lines};
pub(crate) use read::read;
pub(crate) use restore::restore;

/// The format of the file.
pub(crate) const FORMAT: u32 = 1;

/// One line.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// The first.
    Snapshot(Head),
    /// A workspace that was in use.
    Workspace { name: String, seed: u64 },
    /// A document, after those made before it.
    Document(WrittenDocument),
    /// A piece of a blob, after those before it.
    Blob { space: String, id: String, base64: String, is_last: bool },
    /// A counter.
    Counter { space: String, name: String, value: i64 },
    /// Totals of metrics.
    Metrics(Box<fakeai_telemetry::Kept>),
    /// The last: how many lines come before it.
    End { lines: usize },
}

#[derive(Debug, Deserialize, Serialize)]
struct Head {
    format: u32,
    version: String,
    date: String,
}

#[derive(Debug, Deserialize, Serialize)]
struct WrittenDocument {
    space: String,
    kind: String,
    id: String,
    /// The body, if it is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The body, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at_ms: Option<i64>,
    retention: WrittenRetention,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum WrittenRetention {
    Evictable,
    KeptUntil(i64),
    Kept,
}

impl From<Retention> for WrittenRetention {
    fn from(retention: Retention) -> Self {
        match retention {
            Retention::Evictable => Self::Evictable,
            Retention::KeptUntil(moment) => Self::KeptUntil(moment),
            Retention::Kept => Self::Kept,
        }
    }
}

impl From<WrittenRetention> for Retention {
    fn from(retention: WrittenRetention) -> Self {
        match retention {
            WrittenRetention::Evictable => Self::Evictable,
            WrittenRetention::KeptUntil(moment) => Self::KeptUntil(moment),
            WrittenRetention::Kept => Self::Kept,
        }
    }
}

/// What a server keeps, in memory.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// By name.
    spaces: std::collections::BTreeMap<String, Kept>,
    /// Workspaces in use and their seeds.
    workspaces: Vec<(String, u64)>,
    metrics: Option<Box<fakeai_telemetry::Kept>>,
}

/// What a space keeps.
#[derive(Debug, Default)]
struct Kept {
    documents: Vec<(String, String, Document)>,
    /// Ids and pieces.
    blobs: Vec<(String, Vec<bytes::Bytes>)>,
    counters: Vec<(String, i64)>,
}

impl Snapshot {
    /// How much there is.
    pub(crate) fn counts(&self) -> Counts {
        let sum = |of: fn(&Kept) -> usize| self.spaces.values().map(of).sum();
        Counts {
            workspaces: self.workspaces.len(),
            documents: sum(|kept| kept.documents.len()),
            blobs: sum(|kept| kept.blobs.len()),
            counters: sum(|kept| kept.counters.len()),
        }
    }
}

/// How much a snapshot has.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Counts {
    workspaces: usize,
    documents: usize,
    blobs: usize,
    counters: usize,
}
