//! A file as a snapshot in memory, or why it is none.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fakeai_store::Document;

use super::{FORMAT, Head, Line, Snapshot, WrittenDocument};

/// Why a file is no snapshot, or none that this server reads.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("it is no snapshot: its first line should be {{\"snapshot\": …}}")]
    NoSnapshot,
    #[error("it has format {0}, and this server reads format {FORMAT}")]
    Format(u32),
    #[error("line {line}: {reason}")]
    Line { line: usize, reason: String },
    #[error("it broke off: the line {{\"end\": …}} is missing")]
    BrokenOff,
}

/// Reads a whole file.
pub(crate) fn read(file: &[u8]) -> Result<Snapshot, Unreadable> {
    let mut snapshot = Snapshot::default();
    let mut lines = file.split(|byte| *byte == b'\n').enumerate();
    let first = lines.next().map(|(_, line)| line).unwrap_or_default();
    match serde_json::from_slice(first) {
        Ok(Line::Snapshot(Head { format: FORMAT, .. })) => {}
        Ok(Line::Snapshot(Head { format, .. })) => return Err(Unreadable::Format(format)),
        _ => return Err(Unreadable::NoSnapshot),
    }
    let mut open: Option<(String, String)> = None;
    for (number, line) in lines {
        let wrong = |reason: String| Unreadable::Line { line: number + 1, reason };
        let line = match serde_json::from_slice::<Line>(line) {
            Ok(line) => line,
            // What is cut within a line, or right behind one.
            Err(error) if error.is_eof() => return Err(Unreadable::BrokenOff),
            Err(error) => return Err(wrong(error.to_string())),
        };
        if let Line::End { lines } = line {
            if lines != number || open.is_some() {
                return Err(wrong(format!("there are {number} lines before it, and there should be {lines}")));
            }
            return Ok(snapshot);
        }
        snapshot.take(line, &mut open).map_err(wrong)?;
    }
    Err(Unreadable::BrokenOff)
}

impl Snapshot {
    /// Takes one line; `open` is the blob whose end has not come.
    fn take(&mut self, line: Line, open: &mut Option<(String, String)>) -> Result<(), String> {
        if let Some((space, id)) = open {
            let goes_on = matches!(&line, Line::Blob { space: next, id: other, .. } if next == space && other == id);
            if !goes_on {
                return Err(format!("the rest of the blob {id} is missing"));
            }
        }
        match line {
            Line::Snapshot(_) | Line::End { .. } => return Err("a second beginning".to_owned()),
            Line::Workspace { name, seed } => self.workspaces.push((name, seed)),
            Line::Metrics(kept) => self.metrics = Some(kept),
            Line::Counter { space, name, value } => self.spaces.entry(space).or_default().counters.push((name, value)),
            Line::Document(document) => {
                let WrittenDocument { space, kind, id, text, base64, expires_at_ms, retention } = document;
                let body = match (text, base64) {
                    (Some(text), None) => Bytes::from(text),
                    (None, Some(base64)) => decoded(&base64)?,
                    _ => return Err("a document has either text or base64".to_owned()),
                };
                let document = Document { body, version: 0, expires_at_ms, retention: retention.into() };
                self.spaces.entry(space).or_default().documents.push((kind, id, document));
            }
            Line::Blob { space, id, base64, is_last } => {
                let piece = decoded(&base64)?;
                let blobs = &mut self.spaces.entry(space.clone()).or_default().blobs;
                if open.is_none() {
                    blobs.push((id.clone(), Vec::new()));
                }
                if let Some((_, pieces)) = blobs.last_mut() {
                    pieces.push(piece);
                }
                *open = (!is_last).then_some((space, id));
            }
        }
        Ok(())
    }
}

fn decoded(base64: &str) -> Result<Bytes, String> {
    STANDARD.decode(base64).map(Bytes::from).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = r#"{"snapshot":{"format":1,"version":"0","date":"2025-01-01T00:00:00Z"}}"#;

    fn problem(lines: &[&str]) -> String {
        let file = [&[HEAD], lines].concat().join("\n");
        read(file.as_bytes()).err().map_or_else(String::new, |problem| problem.to_string())
    }

    #[test]
    fn what_is_no_snapshot_says_why() {
        assert_eq!(read(b"hello").unwrap_err(), Unreadable::NoSnapshot);
        assert_eq!(read(b"").unwrap_err(), Unreadable::NoSnapshot);
        let newer = br#"{"snapshot":{"format":9,"version":"9","date":""}}"#;
        assert_eq!(read(newer).unwrap_err(), Unreadable::Format(9));
        assert_eq!(problem(&[r#"{"end":{"lines":1}}"#]), "");
        assert_eq!(problem(&[r#"{"end":{"lines":2}}"#]), "line 2: there are 1 lines before it, and there should be 2");
        assert!(problem(&[]).starts_with("it broke off"));
        assert!(problem(&[r#"{"counter":{"space":"a","na"#]).starts_with("it broke off"));
        assert!(problem(&[r#"{"counter":{"space":7}}"#]).starts_with("line 2: "));
        let blob = |id: &str, last: bool| {
            format!(r#"{{"blob":{{"space":"a","id":"{id}","base64":"eA==","is_last":{last}}}}}"#)
        };
        assert_eq!(problem(&[&blob("x", false), &blob("y", true)]), "line 3: the rest of the blob x is missing");
        assert_eq!(problem(&[&blob("x", false), &blob("x", true), r#"{"end":{"lines":3}}"#]), "");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
            let file = [HEAD.as_bytes(), b"\n", &bytes].concat();
            prop_assert!(read(&bytes).is_err() && read(&file).is_err());
        }
    }
}
