//! Background work that shutdown waits for.

use std::future::Future;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Spawns tasks and knows when they have ended. Clones share one set of tasks.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Starts `task` on the current runtime.
    #[expect(clippy::disallowed_methods, reason = "the one place that spawns")]
    pub fn spawn<F>(&self, task: F) -> tokio::task::JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        tokio::spawn(self.tracker.track_future(task))
    }

    /// Runs `work` on a thread of its own, beside the ones that serve connections: for what takes longer than a
    /// millisecond. `None` if it panicked.
    pub async fn compute<F, T>(&self, work: F) -> Option<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.tracker.track_future(tokio::task::spawn_blocking(work)).await.ok()
    }

    /// Resolves once [`Tasks::stop`] was called. Long-running tasks select on it.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// True once [`Tasks::stop`] was called.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Asks all tasks to end.
    pub fn stop(&self) {
        self.stop.cancel();
        self.tracker.close();
    }

    /// Waits until every task has ended. Call [`Tasks::stop`] first.
    pub async fn ended(&self) {
        self.tracker.wait().await;
    }
}
