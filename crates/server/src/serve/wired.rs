//! A connection that can be broken off.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::listener::Plain;
use crate::gate::Line;

/// A connection and what is known of it. One that was to be broken off is reset instead of closed when it is dropped.
pub(super) struct Wired {
    plain: Plain,
    line: Arc<Line>,
}

impl Wired {
    pub(super) fn new(plain: Plain) -> Self {
        let line = Arc::new(Line::new(plain.peer()));
        Self { plain, line }
    }

    /// What is known of it.
    pub(super) const fn line(&self) -> &Arc<Line> {
        &self.line
    }

    /// The connection itself.
    pub(super) const fn plain(&self) -> &Plain {
        &self.plain
    }
}

impl Drop for Wired {
    fn drop(&mut self) {
        if self.line.was_reset() {
            self.plain.forget();
        }
    }
}

impl AsyncRead for Wired {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().plain).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wired {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().plain).poll_write(cx, data)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().plain).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().plain).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().plain).poll_write_vectored(cx, data)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}
