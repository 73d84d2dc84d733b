//! Where connections come from: TCP or a unix socket, plain or TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::wired::Wired;
use super::{Protocol, ServeError, tls};
use crate::settings::{Address, Listen};

/// Where a server listens.
#[derive(Clone, Debug)]
pub enum Bound {
    /// A TCP address.
    Tcp(SocketAddr),
    /// A unix socket.
    Unix(PathBuf),
}

/// A bound socket.
pub struct Listener {
    socket: Socket,
    bound: Bound,
    tls: Option<TlsAcceptor>,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Listener")
            .field("bound", &self.bound)
            .field("tls", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    pub(super) async fn bind(listen: &Listen) -> Result<Self, ServeError> {
        let tls = listen.tls.as_ref().map(|files| tls::acceptor(files, listen.http2)).transpose()?;
        let (socket, bound) = match &listen.address {
            Address::Tcp(host, port) => {
                let failed = |source| ServeError::Bind { address: format!("{host}:{port}"), source };
                let listener = TcpListener::bind((host.as_str(), *port)).await.map_err(failed)?;
                let bound = Bound::Tcp(listener.local_addr().map_err(failed)?);
                (Socket::Tcp(listener), bound)
            }
            Address::Unix(path) => {
                let failed = |source| ServeError::Bind { address: path.display().to_string(), source };
                remove_stale(path).await.map_err(failed)?;
                (Socket::Unix(UnixListener::bind(path).map_err(failed)?), Bound::Unix(path.clone()))
            }
        };
        Ok(Self { socket, bound, tls })
    }

    pub(super) const fn bound(&self) -> &Bound {
        &self.bound
    }

    /// The next connection, not yet secured.
    pub(super) async fn accept(&mut self) -> io::Result<Accepted> {
        let plain = match &self.socket {
            Socket::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // Nagle's algorithm and delayed acknowledgements would add 40 ms to small events.
                stream.set_nodelay(true)?;
                Plain::Tcp(stream)
            }
            Socket::Unix(listener) => Plain::Unix(listener.accept().await?.0),
        };
        Ok(match &self.tls {
            None => Accepted::Plain(plain),
            Some(tls) => Accepted::Tls(Handshake { plain, tls: tls.clone() }),
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Bound::Unix(path) = &self.bound {
            // Left behind, it would only be in the next server's way.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Removes a socket nobody listens on any more; one in use stays, and binding then fails.
async fn remove_stale(path: &std::path::Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|data| data.file_type().is_socket());
    if is_socket && UnixStream::connect(path).await.is_err() {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

/// A connection just accepted.
pub(super) enum Accepted {
    /// Ready for HTTP.
    Plain(Plain),
    /// Not yet secured: slow handshakes must not hold up others.
    Tls(Handshake),
}

/// A connection between two runtimes: it belongs to neither.
pub(super) struct Underway {
    socket: Detached,
    tls: Option<TlsAcceptor>,
}

enum Detached {
    Tcp(std::net::TcpStream),
    Unix(std::os::unix::net::UnixStream),
}

impl Accepted {
    /// Takes leave of the runtime that accepted it.
    pub(super) fn leave(self) -> io::Result<Underway> {
        let (plain, tls) = match self {
            Self::Plain(plain) => (plain, None),
            Self::Tls(Handshake { plain, tls }) => (plain, Some(tls)),
        };
        let socket = match plain {
            Plain::Tcp(stream) => Detached::Tcp(stream.into_std()?),
            Plain::Unix(stream) => Detached::Unix(stream.into_std()?),
        };
        Ok(Underway { socket, tls })
    }
}

impl Underway {
    /// Settles in the runtime this is called in.
    pub(super) fn arrive(self) -> io::Result<Accepted> {
        let plain = match self.socket {
            Detached::Tcp(stream) => Plain::Tcp(TcpStream::from_std(stream)?),
            Detached::Unix(stream) => Plain::Unix(UnixStream::from_std(stream)?),
        };
        Ok(match self.tls {
            None => Accepted::Plain(plain),
            Some(tls) => Accepted::Tls(Handshake { plain, tls }),
        })
    }
}

/// A TLS handshake to be done.
pub(super) struct Handshake {
    plain: Plain,
    tls: TlsAcceptor,
}

impl Handshake {
    /// Shakes hands and agrees on a protocol; `None` if the client does not speak TLS as it should.
    pub(super) async fn done(self) -> Option<(TlsStream<Wired>, Protocol)> {
        let done = self.tls.accept(Wired::new(self.plain)).await;
        let stream = done.inspect_err(|error| tracing::debug!(%error, "a TLS handshake failed")).ok()?;
        let protocol = match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => Protocol::Http2,
            Some(_) => Protocol::Http1,
            None => Protocol::Unknown,
        };
        Some((stream, protocol))
    }
}

pub(super) enum Plain {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Calls a method of whichever stream it is.
macro_rules! each {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Self::Tcp($stream) => $call,
            Self::Unix($stream) => $call,
        }
    };
}

impl Plain {
    /// What the client speaks, as its first bytes say, which stay to be read.
    pub(super) async fn protocol(&self) -> Protocol {
        // "PRI * HTTP/2.0" begins HTTP/2 in the clear; no HTTP/1 method begins with these three letters.
        let mut first = [0; 3];
        let seen = match self {
            Self::Tcp(stream) => stream.peek(&mut first).await,
            Self::Unix(_) => return Protocol::Unknown,
        };
        match seen {
            Ok(3) if &first == b"PRI" => Protocol::Http2,
            Ok(3) => Protocol::Http1,
            _ => Protocol::Unknown,
        }
    }

    /// Who is at the other end.
    pub(super) fn peer(&self) -> Option<IpAddr> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().ok().map(|address| address.ip()),
            Self::Unix(_) => None,
        }
    }

    /// Lets it be reset when it is dropped, instead of closed.
    pub(super) fn forget(&self) {
        if let Self::Tcp(stream) = self
            && let Err(error) = stream.set_zero_linger()
        {
            tracing::debug!(%error, "a connection is closed instead of reset");
        }
    }
}

impl AsyncRead for Plain {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Plain {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        each!(self, stream => Pin::new(stream).poll_write(cx, data))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self, stream => Pin::new(stream).poll_write_vectored(cx, data))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}
