//! The bus: who wants to know of a change hears of it.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_util::stream::{BoxStream, Stream, StreamExt};
use rustc_hash::FxHashMap;
use tokio::sync::broadcast;

/// What a subscriber hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Somebody said this.
    Message(Bytes),
    /// It listened too late, and does not know what it missed: it should look for itself.
    Missed,
}

/// What is said on a topic from now on. At most once, in the order it was said by each.
pub struct Subscription(BoxStream<'static, Notice>);

impl Subscription {
    /// A subscription to what `notices` gives.
    pub fn new(notices: impl Stream<Item = Notice> + Send + 'static) -> Self {
        Self(notices.boxed())
    }

    /// The next notice; `None` when the home is gone.
    pub async fn next(&mut self) -> Option<Notice> {
        self.0.next().await
    }

    /// A notice that is there, without waiting.
    pub fn try_next(&mut self) -> Option<Notice> {
        match self.0.poll_next_unpin(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(notice) => notice,
            Poll::Pending => None,
        }
    }
}

impl Stream for Subscription {
    type Item = Notice;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Notice>> {
        self.0.poll_next_unpin(context)
    }
}

impl Debug for Subscription {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Subscription")
    }
}

/// Carries news between those who share a home. Nothing is kept: who does not listen does not hear.
pub trait Bus: Send + Sync + Debug {
    /// Tells all who listen.
    fn publish(&self, space: &str, topic: &str, message: Bytes);

    /// Listens from now on.
    fn subscribe(&self, space: &str, topic: &str) -> Subscription;
}

/// Messages that a subscriber may be behind.
const MOST_BEHIND: usize = 64;

/// The bus of a home that one process has to itself.
#[derive(Debug, Default)]
pub(crate) struct LocalBus {
    /// By space and topic.
    topics: Mutex<FxHashMap<(String, String), broadcast::Sender<Bytes>>>,
}

impl LocalBus {
    pub(crate) fn publish(&self, space: &str, topic: &str, message: Bytes) {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        // Most changes are heard by nobody.
        if topics.is_empty() {
            return;
        }
        let key = (space.to_owned(), topic.to_owned());
        if let Some(topic) = topics.get(&key)
            && topic.send(message).is_err()
        {
            topics.remove(&key);
        }
    }

    pub(crate) fn subscribe(&self, space: &str, topic: &str) -> Subscription {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        if topics.len() >= topics.capacity() {
            topics.retain(|_, topic| topic.receiver_count() > 0);
        }
        let topic = topics.entry((space.to_owned(), topic.to_owned()));
        let heard = topic.or_insert_with(|| broadcast::channel(MOST_BEHIND).0).subscribe();
        Subscription::new(futures_util::stream::unfold(heard, |mut heard| async move {
            match heard.recv().await {
                Ok(message) => Some((Notice::Message(message), heard)),
                Err(broadcast::error::RecvError::Lagged(_)) => Some((Notice::Missed, heard)),
                Err(broadcast::error::RecvError::Closed) => None,
            }
        }))
    }
}
