//! Letting connections end: each is told once that it should, finishes what is under way, and is counted until then.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::server::conn::http1;
use hyper::service::HttpService;
use hyper_util::rt::TokioExecutor;
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// Tells all connections to end and waits for them.
#[derive(Debug, Default)]
pub(super) struct Drain {
    stop: CancellationToken,
    open: TaskTracker,
}

/// One connection's part in it.
pub(super) struct Watcher {
    stop: CancellationToken,
    counted: TaskTrackerToken,
}

impl Drain {
    /// For one more connection.
    pub(super) fn watcher(&self) -> Watcher {
        Watcher { stop: self.stop.clone(), counted: self.open.token() }
    }

    /// Tells every connection to end; resolves when all have.
    pub(super) async fn ended(self) {
        self.stop.cancel();
        self.open.close();
        self.open.wait().await;
    }
}

impl Watcher {
    /// The connection, told to end when the others are.
    pub(super) fn watch<C: Closing>(self, connection: C) -> Watched<C> {
        Watched { connection, stop: Some(Box::pin(self.stop.cancelled_owned())), _counted: self.counted }
    }
}

/// A connection that can be told to end after what is under way.
pub(super) trait Closing: Future {
    /// Tells it.
    fn close(self: Pin<&mut Self>);
}

impl<I, S> Closing for http1::UpgradeableConnection<I, S>
where
    S: HttpService<hyper::body::Incoming>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::ResBody: http_body::Body + 'static,
    <S::ResBody as http_body::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    fn close(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<I, S, B> Closing for auto::Connection<'static, hyper_util::rt::TokioIo<I>, S, TokioExecutor>
where
    S: hyper::service::Service<http::Request<hyper::body::Incoming>, Response = http::Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: AsyncRead + AsyncWrite + Unpin + 'static,
{
    fn close(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

pin_project_lite::pin_project! {
    /// A connection under watch.
    pub(super) struct Watched<C> {
        #[pin]
        connection: C,
        stop: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
        _counted: TaskTrackerToken,
    }
}

impl<C: Closing> Future for Watched<C> {
    type Output = C::Output;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<C::Output> {
        let mut this = self.project();
        if this.stop.as_mut().is_some_and(|stop| stop.as_mut().poll(task).is_ready()) {
            *this.stop = None;
            this.connection.as_mut().close();
        }
        this.connection.poll(task)
    }
}
