//! How files come into a store: read, cut and embedded at once; when they show as ready is a schedule.

use std::time::Duration;

use fakeai_media::{MOST_TEXT_BYTES, MediaError, document_text};
use fakeai_search::Chunking;
use fakeai_store::Change;
use fakeai_tokens::{Encoding, Tokenizer};
use serde_json::{Map, Value};

use super::content::Content;
use super::file::{Failure, Schedule, VectorFile, kind, revised};
use super::shelf::Summary;
use super::store::VectorStore;
use crate::api::openai::files::File;
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;

/// Files of a store, as many as `OpenAI` allows.
const MOST_FILES: usize = 10_000;
/// Largest file that is read, bytes: what is larger has more tokens than a file in a store may have.
const MOST_FILE_BYTES: u64 = 256 << 20;
/// Files of a batch that are worked on at the same time.
const LANES: usize = 8;
/// Chunks that take as long as a file does by itself.
const CHUNKS_PER_TIME: f64 = 100.0;
/// What tokens chunks are counted in.
const TOKENIZER: Tokenizer = Tokenizer::Bpe(Encoding::O200k);

/// A file that is to come into a store.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub file: File,
    pub attributes: Map<String, Value>,
    pub chunking: Chunking,
}

impl Wanted {
    /// The file of an id, if there is one.
    pub(super) async fn find(
        context: &Context,
        id: &str,
        attributes: Map<String, Value>,
        chunking: Chunking,
    ) -> Result<Self, ApiError> {
        let file = File::find(context, id).await?;
        Ok(Self { file, attributes, chunking })
    }
}

/// Reads files into a store, or a new one that appears with `more` changes. They are as they are kept, in the order in
/// which they were wanted. Takes the turnstile of the store once they are read, which may take a while.
pub(super) async fn add(
    context: &Context,
    store: &str,
    is_new: bool,
    wanted: Vec<Wanted>,
    batch: Option<&str>,
    more: impl FnOnce(&[VectorFile]) -> Result<Vec<Change>, ApiError>,
) -> Result<Vec<VectorFile>, ApiError> {
    let known = context.app().shelves.look(context, store, false, |shelf| {
        let Summary { counts, .. } = shelf.summary(Moment::now(context.clock()), now_ms(context));
        counts.total()
    })?;
    if known + wanted.len() > MOST_FILES {
        let message = format!("A vector store can have at most {MOST_FILES} files.");
        return Err(ApiError::invalid(message).param("file_ids").code("too_many_files"));
    }
    let mut files = Vec::with_capacity(wanted.len());
    let mut added = read_all(context, store, wanted, batch, &mut files).await;
    if added.is_ok() {
        let _turn = context.workspace().space().alone(store).await;
        // Somebody may have deleted it meanwhile.
        added = if is_new { Ok(()) } else { VectorStore::find(context, store).map(drop) };
        if added.is_ok() {
            added = keep(context, store, &files, more).await;
        }
    }
    if added.is_err() {
        discard(context, &files).await;
    }
    added.map(|()| files)
}

/// Reads files one after the other, as they will be kept.
async fn read_all(
    context: &Context,
    store: &str,
    wanted: Vec<Wanted>,
    batch: Option<&str>,
    files: &mut Vec<VectorFile>,
) -> Result<(), ApiError> {
    for wanted in wanted {
        // Waits for its turn: files may be large.
        let _permit = context.app().shelves.readers.acquire().await.map_err(|_| ApiError::internal())?;
        let (here, store, batch) = (context.clone(), store.to_owned(), batch.map(str::to_owned));
        let reading = context.app().kit.tasks.compute(move || take_in(&here, store, wanted, batch));
        files.push(reading.await.unwrap_or_else(|| Err(ApiError::internal()))?);
    }
    let mut lanes = [Moment::now(context.clock()); LANES];
    for file in files {
        if let Some(lane) = lanes.iter_mut().min() {
            *lane = *lane + duration(context, file.chunks);
            file.schedule.ready = *lane;
        }
    }
    Ok(())
}

async fn keep(
    context: &Context,
    store: &str,
    files: &[VectorFile],
    more: impl FnOnce(&[VectorFile]) -> Result<Vec<Change>, ApiError>,
) -> Result<(), ApiError> {
    let mut changes = more(files)?;
    for file in files {
        changes.push(file.change()?);
    }
    changes.push(revised(store));
    context.documents().apply(changes).await?;
    Ok(())
}

/// Removes the contents of files that did not come into their store, unless they are those of files that are in it.
async fn discard(context: &Context, files: &[VectorFile]) {
    let space = context.workspace().space();
    for file in files {
        if let Ok(None) = context.documents().get(&kind(&file.store), &file.id).await {
            // What stays behind is removed when the store is opened the next time.
            let _ = space.home().delete(space.name(), &file.blob()).await;
        }
    }
}

/// How long a file of so many chunks takes.
fn duration(context: &Context, chunks: usize) -> Duration {
    context.app().settings.ingest.mul_f64(1.0 + chunks as f64 / CHUNKS_PER_TIME)
}

/// Unix milliseconds of the request's clock.
pub(super) fn now_ms(context: &Context) -> i64 {
    context.clock().unix_nanos().div_euclid(1_000_000)
}

/// Reads a file, and puts its content away. For threads that may be kept.
fn take_in(context: &Context, store: String, wanted: Wanted, batch: Option<String>) -> Result<VectorFile, ApiError> {
    let Wanted { file, attributes, chunking } = wanted;
    let now = Moment::now(context.clock());
    let mut taken = VectorFile {
        id: file.id.clone(),
        store,
        filename: file.filename.clone(),
        created: now,
        schedule: Schedule { ready: now, fails: false, cancelled: None },
        failure: None,
        attributes,
        max_tokens: 0,
        overlap_tokens: 0,
        usage_bytes: 0,
        text_bytes: 0,
        chunks: 0,
        reading: context.id("", 16),
        expires_at_ms: file.expires_at_ms(),
        batch,
    };
    taken.set_chunking(chunking);
    match content(context, &file, chunking)? {
        Ok(content) => {
            taken.usage_bytes = content.usage_bytes();
            (taken.text_bytes, taken.chunks) = (content.text.len(), content.spans.len());
            content.put(context.workspace().space(), &taken.blob())?;
        }
        Err(failure) => {
            taken.schedule.fails = true;
            taken.failure = Some(failure);
        }
    }
    Ok(taken)
}

/// The content of a file, or why it has none.
fn content(context: &Context, file: &File, chunking: Chunking) -> Result<Result<Content, Failure>, ApiError> {
    let failure = |code: &str, message: String| Ok(Err(Failure { code: code.to_owned(), message }));
    let too_large =
        || failure("invalid_file", "The file is too large: it has more text than a file may have.".to_owned());
    if file.bytes > MOST_FILE_BYTES {
        return too_large();
    }
    let Some(bytes) = file.read_all(context)? else {
        return failure("invalid_file", "The file was deleted.".to_owned());
    };
    let document = match document_text(Some(&file.filename), None, &bytes) {
        Ok(document) => document,
        Err(MediaError::Unknown { .. } | MediaError::Unsupported(_)) => {
            return failure("unsupported_file", format!("The type of the file '{}' is not supported.", file.filename));
        }
        Err(error) => return failure("invalid_file", format!("The file could not be parsed: {error}.")),
    };
    drop(bytes);
    let text = document.text();
    if text.len() >= MOST_TEXT_BYTES {
        return too_large();
    }
    let spans = chunking.cut(&text, TOKENIZER);
    if spans.is_empty() {
        return failure("invalid_file", "The file could not be parsed because it has no text.".to_owned());
    }
    Ok(Ok(Content::of(text, spans)))
}

/// Takes a file out of a store; true if it was in it. The turnstile of the store must be held.
pub(super) async fn remove(context: &Context, store: &str, id: &str) -> Result<bool, ApiError> {
    let changes = vec![Change::delete(kind(store), id), revised(store)];
    let versions = context.documents().apply(changes).await?;
    Ok(versions.first().is_some_and(Option::is_some))
}
