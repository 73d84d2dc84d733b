//! The server on a socket: listening, accepting, draining.
//!
//! Our own accept loop instead of `axum::serve`: it takes TLS and unix sockets, caps connections, times out slow
//! heads, and drains streams.

mod crew;
mod drain;
mod kv_events;
mod listener;
mod tls;
mod wired;

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::Body;
use fakeai_core::Tasks;
use futures_util::TryFutureExt;
use futures_util::future::Either;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio::time::Sleep;

use crate::app::App;
use crate::gate::Line;
use crate::layers::{Door, Passing};
use crate::persistence;
use crate::settings::Listen;

use crew::{Crew, Seat};
use drain::Watcher;
use listener::Accepted;
pub use listener::{Bound, Listener};
use wired::Wired;

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken, not ours, or no address.
    #[error("can't listen on {address}: {source}")]
    Bind {
        /// What was asked for.
        address: String,
        /// Why not.
        source: std::io::Error,
    },
    /// KV events can't be published as asked.
    #[error(transparent)]
    KvEvents(#[from] fakeai_events::EventsError),
    /// The certificate or key is missing or no certificate or key.
    #[error("can't use the TLS file {file}: {reason}")]
    Tls {
        /// Which file.
        file: String,
        /// Why not.
        reason: String,
    },
}

/// A server about to run: bound, so that its address is known.
#[derive(Debug)]
pub struct Server {
    app: Arc<App>,
    listener: Listener,
}

impl Server {
    /// Binds the addresses of the app's settings. Must be called inside the runtime it will run on.
    pub async fn bind(app: Arc<App>) -> Result<Self, ServeError> {
        let listener = Listener::bind(&app.settings.listen).await?;
        kv_events::publish(&app).await?;
        crate::api::resume(&app).await;
        if let Bound::Tcp(address) = listener.bound() {
            app.set_address(address.ip().to_string(), address.port());
        }
        Ok(Self { app, listener })
    }

    /// Where it listens.
    pub const fn bound(&self) -> &Bound {
        self.listener.bound()
    }

    /// Serves on the caller's thread, and on as many more as the settings say, until the app's tasks are told to stop;
    /// then lets answers under way end, at most for the grace.
    pub async fn run(self) {
        let Self { app, mut listener } = self;
        let listen = app.settings.listen.clone();
        app.kit.tasks.spawn(persistence::run(Arc::clone(&app)));
        let mut crew = Crew::assemble(&app, &listen);
        let slots = Arc::new(Semaphore::new(match listen.max_connections {
            0 => Semaphore::MAX_PERMITS,
            most => most,
        }));
        loop {
            // A full house leaves newcomers waiting in the kernel's queue.
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { break };
            let stream = tokio::select! {
                () = app.kit.tasks.stopping() => break,
                stream = listener.accept() => stream,
            };
            match stream {
                Ok(accepted) => crew.seat(accepted, slot),
                Err(error) => {
                    // Out of descriptors, most likely: waiting beats spinning.
                    tracing::warn!(%error, "can't accept a connection");
                    app.kit.clock.sleep(Duration::from_millis(100)).await;
                }
            }
        }
        drop(listener);
        end_all(&app, &mut crew, listen.grace).await;
        crew.dismiss().await;
    }
}

/// Lets answers under way end; when the grace is over, ends streams with an error event.
async fn end_all(app: &App, crew: &mut Crew, grace: Duration) {
    let mut ended = std::pin::pin!(crew.finish());
    tokio::select! {
        () = &mut ended => return,
        () = app.kit.clock.sleep(grace) => {}
    }
    tracing::info!("the grace is over: ending streams");
    app.close_streams();
    // What still does not end is a client that does not read.
    tokio::select! {
        () = ended => {}
        () = app.kit.clock.sleep(Duration::from_secs(1)) => {}
    }
}

/// How connections are served.
struct Connections {
    /// By the protocol spoken: telling it apart inside hyper would double every connection's read buffer.
    http1: http1::Builder,
    http2: auto::Builder<TokioExecutor>,
    unknown: auto::Builder<TokioExecutor>,
    door: Door,
    patience: Duration,
}

/// What a client speaks.
#[derive(Clone, Copy)]
enum Protocol {
    Http1,
    Http2,
    /// Not known yet: hyper reads on and decides.
    Unknown,
}

impl Connections {
    fn new(app: &Arc<App>, listen: &Listen) -> Self {
        let mut plain = http1::Builder::new();
        let mut builder = auto::Builder::new(TokioExecutor::new());
        plain.max_buf_size(listen.max_header_bytes.max(8192)).writev(true);
        builder
            .http1()
            // No header_read_timeout: hyper's would arm a timer for every request and close idle connections with it.
            // A connection that never says anything whole is closed by [`Patience`] instead.
            .max_buf_size(listen.max_header_bytes.max(8192))
            // One write for head and body.
            .writev(true);
        builder.http2().timer(TokioTimer::new()).max_header_list_size(listen.max_header_bytes as u32);
        let only_http1 = builder.clone().http1_only();
        let http2 = if listen.http2 { builder.clone().http2_only() } else { only_http1.clone() };
        let unknown = if listen.http2 { builder } else { only_http1 };
        Self { http1: plain, http2, unknown, door: Door::new(Arc::clone(app)), patience: listen.header_timeout }
    }

    /// Serves a connection in a task of its own. The task is the HTTP state and little else: at ten thousand streams
    /// every kilobyte counts.
    fn spawn(self: &Arc<Self>, tasks: &Tasks, accepted: Accepted, watcher: Watcher, seat: Seat) {
        let this = Arc::clone(self);
        match accepted {
            Accepted::Plain(plain) => {
                let stream = Wired::new(plain);
                tasks.spawn(async move {
                    let protocol = tokio::select! {
                        protocol = stream.plain().protocol() => protocol,
                        () = silence(this.patience) => return,
                    };
                    let line = Arc::clone(stream.line());
                    this.serve(protocol, stream, line, watcher, seat).await;
                });
            }
            Accepted::Tls(handshake) => {
                tasks.spawn(async move {
                    let stream = tokio::select! {
                        stream = handshake.done() => stream,
                        () = silence(this.patience) => return,
                    };
                    if let Some((stream, protocol)) = stream {
                        let line = Arc::clone(stream.get_ref().0.line());
                        this.serve(protocol, stream, line, watcher, seat).await;
                    }
                });
            }
        }
    }

    /// The connection's whole life; `seat` is given back at its end.
    fn serve<S>(
        &self,
        protocol: Protocol,
        stream: S,
        line: Arc<Line>,
        watcher: Watcher,
        seat: Seat,
    ) -> impl Future<Output = ()> + use<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = Heard { door: self.door.clone(), line: Arc::clone(&line) };
        let stream = TokioIo::new(stream);
        let connection = match protocol {
            // hyper's own connection can be upgraded to a socket. hyper-util's reads 24 bytes first whatever it is
            // told, and then doubles its buffer for the rest.
            Protocol::Http1 => {
                let connection = self.http1.serve_connection(stream, service).with_upgrades();
                Either::Left(watcher.watch(connection).map_err(BoxError::from))
            }
            Protocol::Http2 | Protocol::Unknown => {
                let builder = if matches!(protocol, Protocol::Http2) { &self.http2 } else { &self.unknown };
                let connection = builder.serve_connection(stream, service).into_owned();
                Either::Right(watcher.watch(connection))
            }
        };
        Patience { connection, silence: Some(Box::pin(silence(self.patience))), line, _seat: seat }
    }
}

/// How long a client may take over the head of its first request.
#[expect(clippy::disallowed_methods, reason = "a tokio timer forgets what is dropped; its millisecond does not matter")]
fn silence(patience: Duration) -> Sleep {
    tokio::time::sleep(patience)
}

/// The server as one connection sees it: notes that the client has said something whole.
struct Heard {
    door: Door,
    line: Arc<Line>,
}

impl Service<Request<Incoming>> for Heard {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Passing;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.line.hear();
        self.door.enter_from(request, Some(&self.line))
    }
}

pin_project_lite::pin_project! {
    /// A connection that is closed if its client takes too long over the head of its first request. Later heads may
    /// take their time, as an idle connection may.
    struct Patience<C> {
        #[pin]
        connection: C,
        silence: Option<Pin<Box<Sleep>>>,
        line: Arc<Line>,
        _seat: Seat,
    }
}

impl<C, E> Future for Patience<C>
where
    C: Future<Output = Result<(), E>>,
    E: std::fmt::Display,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if let Poll::Ready(ended) = this.connection.poll(task) {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection broke off");
            }
            return Poll::Ready(());
        }
        if this.line.is_reset(task.waker()) {
            return Poll::Ready(());
        }
        if this.line.has_heard() {
            *this.silence = None;
        } else if this.silence.as_mut().is_some_and(|silence| silence.as_mut().poll(task).is_ready()) {
            tracing::debug!("a client took too long over its first request");
            return Poll::Ready(());
        }
        Poll::Pending
    }
}
