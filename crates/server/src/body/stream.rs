//! The body of a streamed answer.
//!
//! No task and no channel per stream: the connection polls the body, the body writes whatever is due into one buffer
//! and hands it out as one frame, or asks to be woken when the next token is. Deadlines are absolute, so a slow
//! reader gets more tokens a frame, never later ones. Dropping the body ends the generation and settles its record.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use fakeai_core::Tick;
use fakeai_engine::Readiness;
use fakeai_telemetry::{Gaps, OpenStream, Outcome, Ticket};
use fakeai_writer::{CalledTool, Finish, SegmentKind, Usage};
use http::{HeaderValue, header};
use http_body::Frame;

use super::script::{Piece, Script};
use crate::context::Context;
use crate::error::{ApiError, SERVER_ERROR};
use crate::generation::{Answer, Pace, Prepaid, charge_cached};
use crate::settings::Streams;

/// A frame is handed out when it holds this much, even if more is due.
const FRAME_BYTES: usize = 16 * 1024;

/// Room for a usual event.
const EVENT_BYTES: usize = 512;

/// How an answer looks as a stream of events. Each call appends whole events to `out`.
pub(crate) trait StreamDialect: Send + 'static {
    /// At once, before any token is ready.
    fn begin(&mut self, _out: &mut BytesMut) {}
    /// Before the first token of a choice. `first_call` is the first segment that calls a tool, if one does.
    fn start(&mut self, choice: usize, first_call: Option<(usize, &CalledTool)>, out: &mut BytesMut);
    /// One token.
    fn piece(&mut self, choice: usize, piece: &Piece<'_>, out: &mut BytesMut);
    /// After the last token of a choice.
    fn finish(&mut self, choice: usize, finish: Finish, out: &mut BytesMut);
    /// Whether somebody ended the answer before its last token: nothing more of it is said then.
    fn stopped(&mut self) -> bool {
        false
    }
    /// After the last choice.
    fn end(&mut self, usage: Usage, out: &mut BytesMut);
    /// Instead of all that was still to come.
    fn fail(&mut self, error: &ApiError, out: &mut BytesMut) {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&error.to_line());
        out.extend_from_slice(b"\n\n");
    }
}

/// Where one choice stands.
#[derive(Debug)]
struct Lane {
    pace: Pace,
    script: Script,
    started: bool,
    finished: bool,
}

/// An event stream that is written as its tokens become ready.
struct Stream<D> {
    context: Context,
    usage: Usage,
    /// Of its prompts, what only the physical engine knows.
    readings: Vec<Prepaid>,
    lanes: Box<[Lane]>,
    dialect: D,
    out: BytesMut,
    limits: Streams,
    /// When something was last sent; silence is counted from here.
    last_sent: Tick,
    delivered: u32,
    /// Bytes handed out.
    bytes: u64,
    gaps: Gaps,
    open: Arc<OpenStream>,
    ticket: Ticket,
    opened: bool,
    ended: bool,
}

/// The response that streams `answer` in `dialect`.
pub(crate) fn stream<D: StreamDialect + Unpin>(context: Context, answer: Answer, dialect: D) -> Response {
    context.note().stream = true;
    let Answer { generation, paces, readings } = answer;
    let lane = |(choice, pace)| Lane { pace, script: Script::from(choice), started: false, finished: false };
    let tokens = generation.choices.iter().map(fakeai_writer::Choice::written_tokens).sum();
    let (endpoint, model) = {
        let note = context.note();
        (note.endpoint, note.model.clone())
    };
    let (request, workspace) = (context.request_id().into(), Arc::clone(context.workspace_name()));
    let open = Arc::new(OpenStream::new(request, endpoint, model, workspace, context.arrived(), tokens));
    let stream = Stream {
        ticket: context.app().ledger.open(Arc::clone(&open)),
        open,
        limits: context.app().settings.streams,
        lanes: generation.choices.into_iter().zip(paces).map(lane).collect(),
        usage: generation.usage,
        readings,
        out: BytesMut::new(),
        last_sent: context.arrived(),
        delivered: 0,
        bytes: 0,
        gaps: Gaps::default(),
        opened: false,
        ended: false,
        dialect,
        context,
    };
    let mut response = Response::new(Body::new(stream));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Told to nginx and its kin, which otherwise hold events back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

impl Lane {
    /// Opens the choice, once: what comes before its first token, and the prompt it echoes, which nobody has to write.
    fn begin<D: StreamDialect>(&mut self, choice: usize, dialect: &mut D, out: &mut BytesMut) {
        if self.started {
            return;
        }
        self.started = true;
        dialect.start(choice, self.script.first_call(), out);
        while self.script.next_kind() == Some(SegmentKind::Echo) {
            self.say(choice, dialect, out);
        }
    }

    /// Says the next token.
    fn say<D: StreamDialect>(&mut self, choice: usize, dialect: &mut D, out: &mut BytesMut) {
        if let Some(piece) = self.script.say() {
            dialect.piece(choice, &piece, out);
        }
    }
}

impl<D: StreamDialect> Stream<D> {
    /// Writes everything that is due at `now`; the tick of the next token, or `None` at the end.
    fn write_due(&mut self, now: Tick) -> Option<Tick> {
        while self.out.len() < FRAME_BYTES {
            let open = self.lanes.iter_mut().enumerate().filter(|(_, lane)| !lane.finished);
            let timed = open.map(|(number, lane)| (lane.pace.next().unwrap_or_default(), number, lane));
            let (_, number, lane) = timed.min_by_key(|(next, ..)| *next)?;
            match lane.pace.poll(now) {
                Readiness::At(tick) => return Some(tick),
                Readiness::Ready(due) => {
                    lane.begin(number, &mut self.dialect, &mut self.out);
                    lane.say(number, &mut self.dialect, &mut self.out);
                    lane.pace.take();
                    self.delivered += 1;
                    if self.delivered == 1 {
                        self.context.note().first_token = Some(now);
                    }
                    let late = now.since(due);
                    self.gaps.late += late;
                    self.gaps.latest = self.gaps.latest.max(late);
                    self.context.app().ledger.pacing().observe(late, 1);
                }
                Readiness::Done => {}
            }
            if lane.pace.next().is_none() {
                lane.begin(number, &mut self.dialect, &mut self.out);
                lane.finished = true;
                self.dialect.finish(number, lane.script.finish, &mut self.out);
            }
        }
        Some(now)
    }

    /// Why the stream must end before its time, if it must.
    fn cut(&self, now: Tick, next: Tick) -> Option<ApiError> {
        let error = |message: &'static str, code| {
            Some(ApiError { kind: SERVER_ERROR, ..ApiError::invalid(message).code(code) })
        };
        if self.context.app().is_closing() {
            return error("The server is shutting down.", "server_shutdown");
        }
        if let Some(failure) = self.lanes.iter().find_map(|lane| lane.pace.failure()) {
            return Some(failure);
        }
        if now >= self.context.arrived() + self.limits.timeout {
            return error("The stream took longer than it may.", "stream_timeout");
        }
        if now < next && now >= self.last_sent + self.limits.token_timeout {
            return error("The next token took longer than it may.", "stream_token_timeout");
        }
        None
    }

    /// Ends the stream with an error event.
    fn fail(&mut self, error: &ApiError) {
        self.dialect.fail(error, &mut self.out);
        self.ended = true;
        self.context.note().detail = Some(error.detail());
        self.settle(Some(Outcome::Error(error.label())));
    }

    fn settle(&self, outcome: Option<Outcome>) {
        let mut note = self.context.note();
        note.tokens.delivered = self.delivered;
        note.gaps = self.gaps;
        note.bytes_out = self.bytes + self.out.len() as u64;
        drop(note);
        self.context.app().ledger.close(self.ticket);
        self.context.settle(outcome);
    }

    /// When to look again although no token is due: to break the silence or to give up.
    fn look_again(&self, next: Tick) -> Tick {
        let limits = self.limits;
        let keepalive = limits.keepalive.unwrap_or(Duration::MAX);
        let quiet = self.last_sent + keepalive.min(limits.token_timeout);
        next.min(quiet).min(self.context.arrived() + limits.timeout)
    }

    fn step(&mut self, now: Tick) -> Option<Tick> {
        let next = if self.dialect.stopped() { None } else { self.write_due(now) };
        match next {
            None => {
                charge_cached(&self.context, &mut self.readings, &mut self.usage);
                self.dialect.end(self.usage, &mut self.out);
                self.ended = true;
                self.settle(None);
            }
            Some(next) => {
                if let Some(error) = self.cut(now, next) {
                    self.fail(&error);
                } else if self.out.is_empty() && self.limits.keepalive.is_some_and(|gap| now >= self.last_sent + gap) {
                    self.out.extend_from_slice(b": keep-alive\n\n");
                    // Counted from the token, so that comments do not hide that a token is overdue.
                    self.limits.keepalive = self.limits.keepalive.map(|gap| gap + self.interval());
                }
            }
        }
        next
    }

    fn interval(&self) -> Duration {
        self.context.app().settings.streams.keepalive.unwrap_or(Duration::MAX)
    }
}

impl<D: StreamDialect + Unpin> http_body::Body for Stream<D> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        if this.out.capacity() < EVENT_BYTES {
            // Takes the old memory back where the connection has sent it, so a paced stream lives in one small block.
            this.out.reserve(2 * EVENT_BYTES);
        }
        if !this.opened {
            this.opened = true;
            this.dialect.begin(&mut this.out);
        }
        let now = this.context.clock().now();
        let before = this.delivered;
        let next = this.step(now);
        if this.out.is_empty() {
            if this.lanes.iter().any(|lane| !lane.finished && lane.pace.listen(task.waker())) {
                // Tokens came since they were looked for.
                task.waker().wake_by_ref();
            }
            let again = this.look_again(next.unwrap_or(now));
            this.context.clock().wake_at(again, task.waker());
            return Poll::Pending;
        }
        if this.delivered > before {
            if before > 0 {
                this.gaps.longest = this.gaps.longest.max(now.since(this.last_sent));
            }
            this.open.deliver(this.delivered, now);
            this.last_sent = now;
            this.limits.keepalive = this.context.app().settings.streams.keepalive;
        }
        this.bytes += this.out.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(this.out.split().freeze()))))
    }

    fn is_end_stream(&self) -> bool {
        self.ended && self.out.is_empty()
    }
}

impl<D> Drop for Stream<D> {
    fn drop(&mut self) {
        if !self.ended {
            charge_cached(&self.context, &mut self.readings, &mut self.usage);
            let mut note = self.context.note();
            note.leave(self.delivered);
            note.gaps = self.gaps;
            note.bytes_out = self.bytes;
            drop(note);
            self.context.app().ledger.close(self.ticket);
            self.context.settle(Some(Outcome::ClientClosed));
        }
    }
}
