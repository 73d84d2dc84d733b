//! The outermost service: everything that is the same for every request.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use axum::body::{Body, HttpBody};
use axum::response::IntoResponse;
use bytes::Bytes;
use fakeai_telemetry::Outcome;
use futures_util::FutureExt;
use futures_util::future::Either;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, header};
use tower::Service;

use super::cors;
use crate::api::{self, Routes, azure};
use crate::app::App;
use crate::audit;
use crate::context::{BatchLine, Context};
use crate::error::{ApiError, ErrorNote};
use crate::gate::{Line, Passage, broken, put_standing};
use crate::station::Station;
use crate::wire::named_model;
use crate::workspace::{NoWorkspace, Workspace};

/// Names the workspace a request belongs to.
const WORKSPACE: HeaderName = HeaderName::from_static("x-fakeai-workspace");
/// Marks what a dashboard or a scraper asks for, so that it is not counted as traffic; only where it asks for what it
/// watches.
const WATCHER: HeaderName = HeaderName::from_static("x-fakeai-watcher");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const PROCESSING_MS: HeaderName = HeaderName::from_static("openai-processing-ms");
const VERSION: HeaderName = HeaderName::from_static("openai-version");
const ORGANIZATION: HeaderName = HeaderName::from_static("openai-organization");
const BUDGET: HeaderName = HeaderName::from_static("x-fakeai-budget");
const MODEL: HeaderName = HeaderName::from_static("openai-model");

/// Headers that the door adds to an answer.
pub(crate) const ADDED_HEADERS: usize = 5;

/// The whole server as one service: the layers and the router behind them. Each thread that serves should have made its
/// own; clones share what requests count on.
#[derive(Clone, Debug)]
pub struct Door {
    station: Arc<Station>,
    routes: Arc<Routes>,
}

impl Door {
    /// The server of `app`.
    pub fn new(app: Arc<App>) -> Self {
        Self { station: Station::new(app), routes: Arc::new(Routes::new()) }
    }

    /// The state behind it.
    pub fn app(&self) -> &Arc<App> {
        self.station.app()
    }

    /// Takes one request through.
    pub fn enter<B>(&self, request: Request<B>) -> Passing
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        self.enter_from(request, None)
    }

    /// The same for a request that came over `line`.
    pub(crate) fn enter_from<B>(&self, mut request: Request<B>, line: Option<&Arc<Line>>) -> Passing
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        if let Some(answer) = cors::preflight(&self.app().settings.cors, &request) {
            return Box::pin(std::future::ready(Ok(answer)));
        }
        let asked = request.headers().contains_key(header::ORIGIN).then(|| request.headers().clone());
        // A request of no workspace is refused as any other is: with an id, with CORS, written down.
        let (workspace, refused) = match workspace(self.app(), &mut request) {
            Ok(workspace) => (workspace, None),
            Err(error) => (None, Some(error)),
        };
        if request.uri().path().starts_with(azure::PREFIX) {
            // These go on to the room of the same operation of OpenAI's.
            request.extensions_mut().insert(self.clone());
        }
        let path = request.uri().path_and_query().map_or_else(String::new, |path| path.as_str().to_owned());
        let watcher = request.method() == http::Method::GET && request.headers().contains_key(WATCHER);
        let of_batch = request.extensions_mut().remove::<BatchLine>();
        let caller = match &of_batch {
            None => self.station.caller(request.headers()),
            Some(line) => line.caller.clone(),
        };
        let context =
            Context::new(Arc::clone(&self.station), workspace, request.method().clone(), path, watcher, of_batch);
        context.note().caller = caller;
        if audit::concerns(request.method(), context.path()) {
            let sender = self.app().gate.sender(request.headers(), line);
            context.note().sender = Some(Box::new(sender));
        }
        let refused = refused.or_else(|| oversized(&request, self.app().settings.body_limit(context.path())));
        let answer = match refused {
            None if self.app().gate.stands_open(request.headers()) => self.answer(&context, request),
            None => Either::Right(self.pass(&context, request, line)),
            Some(error) => Either::Right(Box::pin(ready(error.into_response())) as Routed),
        };
        Box::pin(Guarded { answer, asked, hung_up: HungUp { context: Some(context) } })
    }

    /// The way of a request that the gate looks at.
    fn pass<B>(&self, context: &Context, request: Request<B>, line: Option<&Arc<Line>>) -> Routed
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let (head, body) = request.into_parts();
        let passage = self.app().gate.enter(context, &head, line);
        let request = Request::from_parts(head, body);
        match passage {
            Passage::Open => Box::pin(self.answer(context, request)),
            Passage::Closed(error) => Box::pin(ready(error.into_response())),
            Passage::Later(later) => {
                let (door, context) = (self.clone(), context.clone());
                Box::pin(async move {
                    match later.await {
                        None => door.answer(&context, request).await,
                        Some(error) => error.into_response(),
                    }
                })
            }
        }
    }

    /// The same for a room that puts a request in another room's words.
    pub(crate) fn ask(&self, context: &Context, request: Request<Body>) -> Routed {
        Box::pin(self.answer(context, request))
    }

    /// What the room of the request says to it.
    fn answer<B>(
        &self,
        context: &Context,
        mut request: Request<B>,
    ) -> Either<impl Future<Output = Response<Body>> + Send + use<B>, Routed>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        if let Some(way) = self.routes.ways.find(&request) {
            return Either::Left(way.answer(context.clone(), request));
        }
        request.extensions_mut().insert(context.clone());
        // What comes over a socket, and what rooms ask on behalf of clients, goes through the same door.
        request.extensions_mut().insert(self.clone());
        let answer = self.routes.router.clone().call(request.map(Body::new));
        // Boxed, so that the straight ways need not carry its room about.
        Either::Right(Box::pin(answer.map(|answer| answer.unwrap_or_else(|never| match never {}))))
    }
}

/// The answer of a room that the router found.
pub(crate) type Routed = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// A request on its way through.
pub type Passing = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<B> Service<Request<B>> for Door
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Passing;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Passing {
        self.enter(request)
    }
}

pin_project_lite::pin_project! {
    /// A request whose answer is under way. A future by hand: those of async blocks hold what is moved into them twice,
    /// and this one is made and moved for every request.
    struct Guarded<F> {
        #[pin]
        answer: F,
        // The head of a request that a browser sent.
        asked: Option<HeaderMap>,
        hung_up: HungUp,
    }
}

impl<F: Future<Output = Response<Body>>> Future for Guarded<F> {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = catch_unwind(AssertUnwindSafe(|| this.answer.poll(task)));
        let answered = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(response)) => Ok(response),
            Err(panic) => Err(panic),
        };
        // Without it the answer was given before.
        let Some(context) = this.hung_up.context.take() else { return Poll::Pending };
        let mut response = answered.unwrap_or_else(|panic| {
            tracing::error!(id = context.request_id(), panic = panic_message(&*panic), "a handler panicked");
            ApiError::internal().into_response()
        });
        if context.app().settings.fabricate && response.status() == StatusCode::NOT_FOUND {
            response = api::fabricate(&context).unwrap_or(response);
        }
        if let Some(asked) = &this.asked {
            cors::mark(&context.app().settings.cors, asked, response.headers_mut());
        }
        if context.path().starts_with(azure::PREFIX) {
            azure::shape(&context, &mut response);
        }
        finish(&context, &mut response);
        let planned = context.note_fault();
        Poll::Ready(Ok(match planned {
            Some(planned) if response.status().is_success() => broken(response, planned, context.clock()),
            _ => response,
        }))
    }
}

/// Writes a request down whose client left before there was an answer.
struct HungUp {
    context: Option<Context>,
}

impl Drop for HungUp {
    fn drop(&mut self) {
        if let Some(context) = self.context.take() {
            // nginx's status for it; no client sees it.
            context.note().status = 499;
            context.settle(Some(Outcome::ClientClosed));
        }
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// Headers every answer carries, and the record unless the body will write it when it ends.
fn finish(context: &Context, response: &mut Response<Body>) {
    let status = response.status();
    let error = response.extensions_mut().remove::<ErrorNote>();
    let (streams, model, standing, alert) = {
        let mut note = context.note();
        note.status = status.as_u16();
        if let Some(ErrorNote { label, detail }) = error {
            if let Some((client, bans)) = note.client.zip(context.app().gate.bans.as_ref()) {
                bans.note(client, label, context.app().kit.clock.now());
            }
            (note.error, note.detail) = (Some(label), Some(detail));
        }
        let streams = note.stream && status.is_success();
        if !streams {
            note.bytes_out = response.body().size_hint().exact().unwrap_or(0);
        }
        let model = note.model.clone();
        let body = std::mem::take(&mut note.body);
        if note.error.is_some() && note.model.is_none() {
            note.model = named_model(&body);
        }
        (streams, model, note.standing, note.alert.take())
    };
    let headers = response.headers_mut();
    // One table for all of them instead of three that grow.
    headers.reserve(ADDED_HEADERS);
    put(headers, REQUEST_ID, context.request_id());
    headers.insert(VERSION, HeaderValue::from_static("2020-10-01"));
    headers.insert(ORGANIZATION, HeaderValue::from_static("fakeai"));
    if let Some(model) = model {
        put(headers, MODEL, &model);
    }
    if let Some(alert) = alert {
        put(headers, BUDGET, &alert);
    }
    if let Some(standing) = standing {
        put_standing(headers, &standing);
    }
    if context.clock().has_fixed_date() {
        fixed_headers(context, headers);
    } else {
        let spent = context.clock().now().since(context.arrived());
        headers.insert(PROCESSING_MS, milliseconds(u64::try_from(spent.as_millis()).unwrap_or(u64::MAX)));
    }
    if !streams {
        context.settle(None);
    }
}

/// A time as `openai-processing-ms` shows it: at least 1, which most answers take.
fn milliseconds(spent: u64) -> HeaderValue {
    if spent <= 1 { HeaderValue::from_static("1") } else { HeaderValue::from(spent) }
}

/// Headers that would differ between two runs, held to the workspace's own clock.
fn fixed_headers(context: &Context, headers: &mut HeaderMap) {
    headers.insert(PROCESSING_MS, HeaderValue::from_static("1"));
    let date = context.clock().timestamp().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    put(headers, header::DATE, &date);
}

/// Inserts a value that may hold anything a client sent; what is no header value is left out.
fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Refuses a body that says it is over the limit, before a byte of it is read.
fn oversized<B>(request: &Request<B>, limit: u64) -> Option<ApiError> {
    let length = request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse::<u64>().ok()?;
    (length > limit).then(|| ApiError::too_large(limit))
}

/// The workspace the request names by path prefix or header; the prefix is taken off.
fn workspace<B>(app: &App, request: &mut Request<B>) -> Result<Option<Arc<Workspace>>, ApiError> {
    let find = |name: &str| app.workspaces.get(name, app.kit.clock.now());
    let found = if let Some((name, rest)) = prefixed(request.uri().path()) {
        let found = find(name);
        *request.uri_mut() = without_prefix(request.uri(), rest);
        found
    } else if let Some(name) = request.headers().get(WORKSPACE) {
        find(name.to_str().unwrap_or_default())
    } else {
        return Ok(None);
    };
    found.map(Some).map_err(|problem| match problem {
        NoWorkspace::BadName => {
            ApiError::invalid("A workspace's name is 1 to 64 letters, digits, dots, dashes and underscores.")
                .code("invalid_workspace")
        }
        NoWorkspace::TooMany => {
            ApiError::invalid("All workspaces are in use; delete one or wait until one has idled out.")
                .status(StatusCode::TOO_MANY_REQUESTS)
                .code("too_many_workspaces")
        }
    })
}

/// `/w/{name}/rest` as name and length of the rest.
fn prefixed(path: &str) -> Option<(&str, usize)> {
    let after = path.strip_prefix("/w/")?;
    let (name, rest) = after.split_once('/')?;
    Some((name, rest.len() + 1))
}

fn without_prefix(uri: &Uri, rest: usize) -> Uri {
    let path = &uri.path()[uri.path().len() - rest..];
    let joined = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = joined.parse::<PathAndQuery>().ok();
    Uri::from_parts(parts).unwrap_or_default()
}
