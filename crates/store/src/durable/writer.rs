//! The one thread that writes: group commit.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use super::tables::Tables;
use super::{Inner, blobs, lock};
use crate::{Reply, StoreError};

/// Changes that one transaction takes at most.
const MOST_AT_ONCE: usize = 1024;

/// One piece of work in a transaction, and who waits for it.
trait Work: Send {
    /// Whether it takes room on the disk, which may be full.
    fn takes_room(&self) -> bool;

    /// Does it. An error means that the transaction cannot be committed.
    fn run(&mut self, tables: &mut Tables<'_>) -> Result<(), StoreError>;

    /// Tells how it went.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Task<T, F> {
    need: Need,
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send, F: FnOnce(&mut Tables<'_>) -> Result<T, StoreError> + Send> Work for Task<T, F> {
    fn takes_room(&self) -> bool {
        self.need == Need::Room
    }

    fn run(&mut self, tables: &mut Tables<'_>) -> Result<(), StoreError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        match work(tables) {
            Err(error) if !matches!(error, StoreError::Conflict { .. }) => Err(error),
            outcome => {
                self.outcome = Some(outcome);
                Ok(())
            }
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { outcome, reply, .. } = *self;
        // Whoever asked may have gone; what was done is done.
        let _ = reply.send(committed.and_then(|()| outcome.unwrap_or(Err(StoreError::Closed))));
    }
}

/// What work needs of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Room.
    Room,
    /// Next to nothing: it removes. The last of the disk is kept for it.
    Nothing,
}

/// Work that waits for the writer. Its bodies are those of requests under way, which bound it.
#[derive(Debug)]
pub(super) struct Queue(Mutex<Option<Sender<Box<dyn Work>>>>);

/// The writer's end of the queue.
pub(super) struct Waiting(Receiver<Box<dyn Work>>);

impl Queue {
    pub(super) fn new() -> (Self, Waiting) {
        let (sender, receiver) = mpsc::channel();
        (Self(Mutex::new(Some(sender))), Waiting(receiver))
    }

    pub(super) fn add<T: Send + 'static>(
        &self,
        need: Need,
        work: impl FnOnce(&mut Tables<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Reply<T> {
        let (reply, answer) = oneshot::channel();
        let task: Box<dyn Work> = Box::new(Task { need, work: Some(work), outcome: None, reply });
        match &*lock(&self.0) {
            // If the writer has gone, the reply says that the store is closed.
            Some(sender) => drop(sender.send(task)),
            None => return Reply::now(Err(StoreError::Closed)),
        }
        Reply::soon(answer)
    }

    /// Lets the writer end when it has done what waits.
    pub(super) fn close(&self) {
        lock(&self.0).take();
    }
}

/// Writes until the queue is closed.
pub(super) fn run(inner: &Inner, waiting: &Waiting) {
    while let Ok(first) = waiting.0.recv() {
        let mut batch = vec![first];
        batch.extend(waiting.0.try_iter().take(MOST_AT_ONCE - 1));
        if !inner.opener.has_room() {
            for work in batch.extract_if(.., |work| work.takes_room()) {
                work.answer(Err(StoreError::Full("the disk of the store is full".into())));
            }
        }
        let committed = if batch.is_empty() { Ok(()) } else { write(inner, &mut batch) };
        if committed.is_err() {
            // After an error redb does no more until it is opened again, which also undoes what was begun.
            reopen(inner);
        }
        // The last first: of those who change the same document the first one won, and the others try again before it
        // comes with its next change.
        for work in batch.into_iter().rev() {
            work.answer(committed.clone());
        }
    }
}

/// Does all work in one transaction; when this returns, it is on the disk.
fn write(inner: &Inner, batch: &mut [Box<dyn Work>]) -> Result<(), StoreError> {
    let database = inner.database.read().unwrap_or_else(PoisonError::into_inner);
    let transaction = database.as_ref().ok_or(StoreError::Closed)?.begin_write()?;
    let mut tables = Tables::open(&transaction)?;
    for work in &mut *batch {
        work.run(&mut tables)?;
    }
    let orphans = std::mem::take(&mut tables.orphans);
    drop(tables);
    transaction.commit()?;
    for number in orphans {
        // What stays behind is removed when the store is opened the next time.
        let _ = std::fs::remove_file(inner.directory.join(blobs::file_name(number)));
    }
    Ok(())
}

fn reopen(inner: &Inner) {
    let mut database = inner.database.write().unwrap_or_else(PoisonError::into_inner);
    // Closed first: two would not be let at it.
    drop(database.take());
    *database = inner.opener.open_again();
}
