//! What is kept of a batch's answers while it is under way, and the files they become in the end.

use bytes::Bytes;
use fakeai_core::{Ids, Seed};
use fakeai_store::{Change, MOST_READ_BYTES, Retention, Space, StoreError, content_id};

use super::batch::Batch;
use super::batch::Usage;
use super::line::Answered;
use crate::api::openai::files::File;
use crate::error::ApiError;

/// The kind of the documents of parts; their content is what they are.
const KIND: &str = "batch_part";
/// Which of the two files a part belongs to.
const NAMES: [&str; 2] = ["output", "error"];

/// Lines that were dealt with in one go.
#[derive(Debug, Default)]
pub(super) struct Slice {
    /// Lines of the output file and of the error file.
    texts: [Vec<u8>; 2],
    pub completed: u64,
    pub failed: u64,
    pub usage: Usage,
    /// Where the next line begins, and the number of the last.
    pub next: u64,
    pub number: u64,
}

impl Slice {
    pub(super) fn take(&mut self, answered: Answered) {
        let Answered { next, number, text, success, usage } = answered;
        self.texts[usize::from(!success)].extend_from_slice(&text);
        *(if success { &mut self.completed } else { &mut self.failed }) += 1;
        self.usage.add(usage);
        (self.next, self.number) = (next, number);
    }

    /// Lines in it.
    pub(super) const fn lines(&self) -> u64 {
        self.completed + self.failed
    }

    /// Bytes of its lines.
    pub(super) fn bytes(&self) -> usize {
        self.texts.iter().map(Vec::len).sum()
    }

    /// Keeps its lines as part `number` of a batch. They count once the changes are made.
    pub(super) async fn keep(&mut self, space: &Space, batch: &str, number: u64) -> Result<Vec<Change>, StoreError> {
        let mut changes = Vec::new();
        for (text, name) in self.texts.iter_mut().zip(NAMES).filter(|(text, _)| !text.is_empty()) {
            let id = part(batch, number, name);
            let mut writer = space.home().create(space.name(), &content_id(KIND, &id));
            writer.write(Bytes::from(std::mem::take(text))).await?;
            writer.finish().await?;
            changes.push(Change::put(KIND, id, "{}").retained(Retention::Kept));
        }
        Ok(changes)
    }
}

fn part(batch: &str, number: u64, name: &str) -> String {
    format!("{batch}-{number}-{name}")
}

/// The files that the parts of a batch make up, and the changes that put them in the parts' place.
pub(super) async fn gather(
    space: &Space,
    batch: &Batch,
    created_at: i64,
) -> Result<([Option<String>; 2], Vec<Change>), ApiError> {
    let mut ids = Ids::new(Seed::new(0).derive("batch files").derive(&batch.id));
    let (mut files, mut changes) = ([None, None], Vec::new());
    for (file, name) in files.iter_mut().zip(NAMES) {
        let id = ids.next("file-", 22);
        let mut writer = File::writer(space, &id);
        let mut bytes = 0;
        for number in 0..batch.progress.slices {
            let part = part(&batch.id, number, name);
            let content = content_id(KIND, &part);
            let mut at = 0;
            while let Some(read) = space.home().read(space.name(), &content, at, MOST_READ_BYTES).await? {
                if read.is_empty() {
                    changes.push(Change::delete(KIND, part));
                    break;
                }
                at += read.len() as u64;
                writer.write(read).await?;
                // Where the home answers at once, others on this thread would wait for all of it.
                tokio::task::yield_now().await;
            }
            bytes += at;
        }
        if bytes > 0 {
            writer.finish().await?;
            let expires_at = batch.output_seconds.map(|seconds| created_at + seconds);
            let filename = format!("{}_{name}.jsonl", batch.id);
            changes.push(File::made(&id, ("batch_output", filename), bytes, created_at, expires_at).change()?);
            *file = Some(id);
        }
    }
    Ok((files, changes))
}
