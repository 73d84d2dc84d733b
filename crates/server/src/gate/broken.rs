//! Answers that break off, stand still or say nonsense.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use fakeai_core::{Clock, Sleep};
use fakeai_guard::{Fault, FaultKind};
use http::{Response, header};
use http_body::Frame;

use super::faults::Planned;
use crate::error::ApiError;

/// Why a body ends early, for hyper, which then closes the connection.
#[derive(Debug, thiserror::Error)]
#[error("broken off on purpose")]
struct BrokenOff;

/// `response` with its fault in it.
pub(crate) fn broken(response: Response<Body>, planned: Planned, clock: &Clock) -> Response<Body> {
    let is_stream = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let (mut head, body) = response.into_parts();
    let Planned { fault, line } = planned;
    if !is_stream && fault.kind == FaultKind::MalformedChunk {
        // The length is no longer what it was.
        head.headers.remove(header::CONTENT_LENGTH);
    }
    let length = if is_stream { None } else { body.size_hint().exact() };
    let body = Body::new(Broken {
        inner: Some(body),
        left: Left::new(&fault, is_stream, length),
        fault,
        rest: Bytes::new(),
        sleep: None,
        clock: clock.clone(),
        line,
        length: length.filter(|_| fault.kind != FaultKind::MalformedChunk),
    });
    Response::from_parts(head, body)
}

/// How much is said before the fault.
enum Left {
    /// Events of a stream.
    Events(u32),
    /// Bytes of anything else.
    Bytes(u64),
    /// It has happened.
    Nothing,
}

impl Left {
    fn new(fault: &Fault, is_stream: bool, length: Option<u64>) -> Self {
        match (is_stream, fault.kind) {
            (true, FaultKind::BadArguments) | (false, FaultKind::ErrorEvent | FaultKind::BadArguments) => Self::Nothing,
            (true, _) => Self::Events(fault.after.unwrap_or(0)),
            (false, FaultKind::Stall) => Self::Bytes(0),
            (false, _) => Self::Bytes(length.unwrap_or(2) / 2),
        }
    }

    /// Where in `data` the fault happens, if it does.
    fn place_in(&mut self, data: &[u8]) -> Option<usize> {
        match self {
            Self::Nothing => None,
            Self::Bytes(left) => {
                if (data.len() as u64) < *left {
                    *left -= data.len() as u64;
                    return None;
                }
                Some(*left as usize)
            }
            Self::Events(left) => {
                let mut place = 0;
                while *left > 0 {
                    let end = data[place..].windows(2).position(|pair| pair == b"\n\n")?;
                    place += end + 2;
                    *left -= 1;
                }
                Some(place)
            }
        }
    }
}

pin_project_lite::pin_project! {
    struct Broken {
        inner: Option<Body>,
        left: Left,
        fault: Fault,
        rest: Bytes,
        sleep: Option<Sleep>,
        clock: Clock,
        line: Option<std::sync::Arc<super::line::Line>>,
        length: Option<u64>,
    }
}

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.project();
        if let Some(sleep) = this.sleep.as_mut() {
            if Pin::new(sleep).poll(task).is_pending() {
                return Poll::Pending;
            }
            *this.sleep = None;
        }
        if !this.rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(this.rest)))));
        }
        let Some(inner) = this.inner.as_mut() else {
            if this.fault.kind == FaultKind::Reset {
                // What was said before has left by now.
                if let Some(line) = this.line {
                    line.reset();
                }
                return Poll::Pending;
            }
            let ends_badly = matches!(this.fault.kind, FaultKind::Cut) && this.length.is_some();
            return Poll::Ready(ends_badly.then(|| Err(axum::Error::new(BrokenOff))));
        };
        let frame = match Pin::new(inner).poll_frame(task) {
            Poll::Ready(Some(Ok(frame))) => frame,
            other => return other,
        };
        let Ok(data) = frame.into_data() else { return Poll::Ready(Some(Ok(Frame::data(Bytes::new())))) };
        let Some(place) = this.left.place_in(&data) else { return Poll::Ready(Some(Ok(Frame::data(data)))) };
        *this.left = Left::Nothing;
        let before = data.slice(..place);
        match this.fault.kind {
            FaultKind::Stall => {
                *this.sleep = Some(this.clock.sleep(this.fault.lasts));
                *this.rest = data.slice(place..);
            }
            FaultKind::MalformedChunk if this.length.is_none() && this.fault.after.is_some() => {
                let nonsense = b"data: {\"id\":\"chatcmpl-broken\",\"choices\":[{\"index\":0,\"del\n\n";
                *this.rest = [nonsense, &data[place..]].concat().into();
            }
            FaultKind::ErrorEvent => {
                *this.inner = None;
                let error = ApiError::internal().code("injected_error").to_line();
                *this.rest = [b"data: ", &error[..], b"\n\n"].concat().into();
            }
            _ => *this.inner = None,
        }
        if before.is_empty() {
            // Nothing to say now: what follows is asked for at once.
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(Frame::data(before))))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.length.map_or_else(http_body::SizeHint::default, http_body::SizeHint::with_exact)
    }
}
