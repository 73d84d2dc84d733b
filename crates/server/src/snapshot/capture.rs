//! What is kept now, as lines or in memory.

use std::collections::VecDeque;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fakeai_store::{Contents, Home, MOST_READ_BYTES, StoreError};
use fakeai_telemetry::{Dates, Kept as KeptMetrics};
use futures_util::Stream;
use futures_util::stream::try_unfold;

use super::{FORMAT, Head, Kept, Line, Snapshot, WrittenDocument};
use crate::app::App;

/// Everything that is kept now, in memory.
pub(crate) async fn capture(app: &App) -> Result<Snapshot, StoreError> {
    let home = &app.kit.home;
    let mut snapshot =
        Snapshot { workspaces: workspaces(app), metrics: Some(Box::new(metrics(app))), ..Snapshot::default() };
    for space in home.spaces().await? {
        let Contents { documents, blobs, counters } = home.contents(&space).await?;
        let mut kept = Kept { documents, counters, blobs: Vec::new() };
        for id in blobs {
            let mut pieces = Vec::new();
            let mut at = 0;
            while let Some(piece) = home.read(&space, &id, at, MOST_READ_BYTES).await?.filter(|piece| !piece.is_empty())
            {
                at += piece.len() as u64;
                pieces.push(piece);
            }
            kept.blobs.push((id, pieces));
        }
        snapshot.spaces.insert(space, kept);
    }
    Ok(snapshot)
}

fn workspaces(app: &App) -> Vec<(String, u64)> {
    let names = app.workspaces.names().into_iter();
    names
        .filter_map(|name| Some((app.workspaces.find(&name)?.seed().value(), name)))
        .map(|(seed, name)| (name, seed))
        .collect()
}

fn metrics(app: &App) -> KeptMetrics {
    let dates = Dates::of(&app.kit.clock);
    app.ledger.look(|archive| KeptMetrics::of(archive, dates))
}

/// How far writing has come.
struct Writer {
    home: Arc<dyn Home>,
    /// Lines that are known.
    ready: VecDeque<Line>,
    spaces: VecDeque<String>,
    /// Blobs to be read: space, id and length.
    blobs: VecDeque<(String, String, u64)>,
    /// How much of the first of them was read.
    offset: u64,
    written: usize,
    has_ended: bool,
}

/// Everything that is kept now, line by line. Each space is as it was at one moment; a blob that is deleted before it was
/// read breaks the file off.
pub(crate) fn lines(app: &App) -> Result<impl Stream<Item = Result<Bytes, StoreError>> + Send + use<>, StoreError> {
    let (version, date) = (env!("CARGO_PKG_VERSION").to_owned(), app.kit.clock.timestamp().to_string());
    let mut ready = VecDeque::from([Line::Snapshot(Head { format: FORMAT, version, date })]);
    ready.extend(workspaces(app).into_iter().map(|(name, seed)| Line::Workspace { name, seed }));
    ready.push_back(Line::Metrics(Box::new(metrics(app))));
    let home = Arc::clone(&app.kit.home);
    let spaces = home.spaces().wait()?.into();
    let (blobs, offset, written, has_ended) = (VecDeque::new(), 0, 0, false);
    let writer = Writer { home, ready, spaces, blobs, offset, written, has_ended };
    Ok(try_unfold(writer, |mut writer| async move {
        let Some(line) = writer.next().await? else { return Ok(None) };
        let mut text = serde_json::to_vec(&line).map_err(|error| StoreError::Damaged(error.to_string().into()))?;
        text.push(b'\n');
        Ok(Some((Bytes::from(text), writer)))
    }))
}

fn deleted() -> StoreError {
    StoreError::Damaged("a blob was deleted while it was read".into())
}

impl Writer {
    async fn next(&mut self) -> Result<Option<Line>, StoreError> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                self.written += 1;
                return Ok(Some(line));
            }
            if let Some((space, id, bytes)) = self.blobs.front() {
                let piece = self.home.read(space, id, self.offset, MOST_READ_BYTES).await?;
                let piece = piece.ok_or_else(deleted)?;
                self.offset += piece.len() as u64;
                let is_last = self.offset >= *bytes;
                if piece.is_empty() && !is_last {
                    return Err(deleted());
                }
                let (space, id) = (space.clone(), id.clone());
                self.ready.push_back(Line::Blob { space, id, base64: STANDARD.encode(&piece), is_last });
                if is_last {
                    self.blobs.pop_front();
                    self.offset = 0;
                }
            } else if let Some(space) = self.spaces.pop_front() {
                self.open(space).await?;
            } else if self.has_ended {
                return Ok(None);
            } else {
                self.has_ended = true;
                return Ok(Some(Line::End { lines: self.written }));
            }
        }
    }

    /// Takes the next space.
    async fn open(&mut self, space: String) -> Result<(), StoreError> {
        let Contents { documents, blobs, counters } = self.home.contents(&space).await?;
        let document = |(kind, id, document): (String, String, fakeai_store::Document)| {
            let (text, base64) = match String::from_utf8(document.body.to_vec()) {
                Ok(text) => (Some(text), None),
                Err(bytes) => (None, Some(STANDARD.encode(bytes.as_bytes()))),
            };
            let (expires_at_ms, retention) = (document.expires_at_ms, document.retention.into());
            Line::Document(WrittenDocument { space: space.clone(), kind, id, text, base64, expires_at_ms, retention })
        };
        self.ready.extend(documents.into_iter().map(document));
        let counter = |(name, value)| Line::Counter { space: space.clone(), name, value };
        self.ready.extend(counters.into_iter().map(counter));
        for id in blobs {
            let bytes = self.home.describe(&space, &id).await?.ok_or_else(deleted)?.bytes;
            self.blobs.push_back((space.clone(), id, bytes));
        }
        Ok(())
    }
}
