//! The server on a socket: listening, accepting, draining.
//!
//! Our own accept loop instead of `axum::serve`: it takes TLS and unix sockets, caps connections, times out slow
//! heads, and drains streams.

mod listener;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;

use crate::app::App;
use crate::layers::Door;
use crate::settings::Listen;

pub use listener::{Bound, Listener};

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
    /// Binds the address of the app's settings.
    pub async fn bind(app: Arc<App>) -> Result<Self, ServeError> {
        let listener = Listener::bind(&app.settings.listen).await?;
        Ok(Self { app, listener })
    }

    /// Where it listens.
    pub const fn bound(&self) -> &Bound {
        self.listener.bound()
    }

    /// Serves until the app's tasks are told to stop, then lets answers under way end, at most for the grace.
    pub async fn run(self) {
        let Self { app, mut listener } = self;
        let listen = app.settings.listen.clone();
        let connections = Arc::new(Connections::new(&app, &listen));
        let graceful = GracefulShutdown::new();
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
                Ok(stream) => {
                    let (connections, watcher) = (Arc::clone(&connections), graceful.watcher());
                    app.kit.tasks.spawn(async move {
                        if let Some(stream) = stream.secured().await {
                            connections.serve(stream, watcher).await;
                        }
                        drop(slot);
                    });
                }
                Err(error) => {
                    // Out of descriptors, most likely: waiting beats spinning.
                    tracing::warn!(%error, "can't accept a connection");
                    app.kit.clock.sleep(Duration::from_millis(100)).await;
                }
            }
        }
        drop(listener);
        drain(&app, graceful, listen.grace).await;
    }
}

/// Lets answers under way end; when the grace is over, ends streams with an error event.
async fn drain(app: &App, graceful: GracefulShutdown, grace: Duration) {
    let mut ended = std::pin::pin!(graceful.shutdown());
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
    builder: auto::Builder<TokioExecutor>,
    service: TowerToHyperService<Door>,
}

impl Connections {
    fn new(app: &Arc<App>, listen: &Listen) -> Self {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        if !listen.http2 {
            builder = builder.http1_only();
        }
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(listen.header_timeout)
            .max_buf_size(listen.max_header_bytes.max(8192))
            // One write for head and body.
            .writev(true);
        builder.http2().timer(TokioTimer::new()).max_header_list_size(listen.max_header_bytes as u32);
        Self { builder, service: TowerToHyperService::new(Door::new(Arc::clone(app))) }
    }

    async fn serve<S>(&self, stream: S, watcher: hyper_util::server::graceful::Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let connection = self.builder.serve_connection_with_upgrades(TokioIo::new(stream), self.service.clone());
        if let Err(error) = watcher.watch(connection.into_owned()).await {
            tracing::debug!(%error, "a connection broke off");
        }
    }
}

/// The request bodies the server reads.
pub type Body = Incoming;
