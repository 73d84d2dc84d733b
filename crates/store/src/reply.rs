//! What a home answers: at once, or later.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use crate::StoreError;

/// An answer of a home. A future that costs nothing where the answer is known at once.
///
/// Dropping it does not undo what was asked: a change that was handed in is made.
#[must_use = "a change counts only once its reply says so"]
pub struct Reply<T>(State<T>);

enum State<T> {
    Now(Option<Result<T, StoreError>>),
    Soon(oneshot::Receiver<Result<T, StoreError>>),
    Later(BoxFuture<'static, Result<T, StoreError>>),
}

impl<T> Reply<T> {
    /// An answer that is known.
    pub const fn now(answer: Result<T, StoreError>) -> Self {
        Self(State::Now(Some(answer)))
    }

    /// An answer somebody sends; [`StoreError::Closed`] if they never do.
    pub const fn soon(answer: oneshot::Receiver<Result<T, StoreError>>) -> Self {
        Self(State::Soon(answer))
    }

    /// An answer that is worked for.
    pub fn later(answer: impl Future<Output = Result<T, StoreError>> + Send + 'static) -> Self {
        Self(State::Later(Box::pin(answer)))
    }

    /// Waits for the answer, keeping the thread from everything else: for threads that may be kept. Reads of the homes
    /// of today never keep one.
    pub fn wait(self) -> Result<T, StoreError>
    where
        T: Unpin,
    {
        struct Unpark(Thread);
        impl Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let (mut reply, mut context) = (self, Context::from_waker(&waker));
        loop {
            match Pin::new(&mut reply).poll(&mut context) {
                Poll::Ready(answer) => return answer,
                Poll::Pending => std::thread::park(),
            }
        }
    }
}

impl<T: Unpin> Future for Reply<T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            // Asked again after it was answered, which futures need not stand: there is no more to say.
            State::Now(answer) => Poll::Ready(answer.take().unwrap_or(Err(StoreError::Closed))),
            State::Soon(receiver) => {
                Pin::new(receiver).poll(context).map(|answer| answer.unwrap_or(Err(StoreError::Closed)))
            }
            State::Later(future) => future.as_mut().poll(context),
        }
    }
}

impl<T> std::fmt::Debug for Reply<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match &self.0 {
            State::Now(_) => "Reply(now)",
            State::Soon(_) | State::Later(_) => "Reply(later)",
        })
    }
}
