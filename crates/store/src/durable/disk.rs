//! Threads for files: opening, writing and syncing them keeps nobody else waiting.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::lock;
use crate::{Reply, StoreError};

type Work = Box<dyn FnOnce() + Send>;

/// So many syncs at a time; a disk does several at once.
const THREADS: usize = 4;

/// The threads.
#[derive(Debug)]
pub(super) struct Disk {
    queue: Mutex<Option<Sender<Work>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Disk {
    pub(super) fn start() -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let thread = |_| {
            let receiver = Arc::clone(&receiver);
            std::thread::Builder::new().name("fakeai-disk".to_owned()).spawn(move || run(&receiver))
        };
        let threads = (0..THREADS).map(thread).collect::<std::io::Result<_>>()?;
        Ok(Self { queue: Mutex::new(Some(sender)), threads: Mutex::new(threads) })
    }

    /// Has a thread do `work`.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Reply<T> {
        let (reply, answer) = oneshot::channel();
        let work: Work = Box::new(move || drop(reply.send(work())));
        match &*lock(&self.queue) {
            Some(queue) => drop(queue.send(work)),
            None => return Reply::now(Err(StoreError::Closed)),
        }
        Reply::soon(answer)
    }

    /// Ends the threads when they have done what waits.
    pub(super) fn close(&self) {
        lock(&self.queue).take();
        for thread in lock(&self.threads).drain(..) {
            let _ = thread.join();
        }
    }
}

fn run(receiver: &Mutex<Receiver<Work>>) {
    loop {
        let work = lock(receiver).recv();
        let Ok(work) = work else { return };
        work();
    }
}
