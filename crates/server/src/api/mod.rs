//! The table of contents: families of endpoints, one list each; router, labels and coverage follow from the lists.

pub(crate) mod azure;
mod dashboard;
mod engines;
mod fakeai;
mod fallback;
mod kv_events;
mod live;
mod nim;
mod observe;
mod openai;
mod openapi;
pub(crate) mod rag;
mod straight;
mod truncate;
mod vllm;

use std::future::Future;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use rustc_hash::FxHashMap;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::error::ApiError;
use crate::jobs::open_jobs;
use crate::wire::JsonBody;

pub(crate) use live::Hub;
pub(crate) use openai::Desk;
pub(crate) use openai::Shelves;
pub(crate) use openai::fabricate;
use straight::{Straight, Ways};

/// One operation: where it is, what it is called, who answers.
#[derive(Debug)]
pub struct Endpoint {
    /// `POST`.
    pub method: &'static str,
    /// With `/v1` where the family has it; parameters in braces.
    pub path: &'static str,
    /// `operationId` in OpenAI's document, or ours.
    pub operation: &'static str,
    /// What its query may say: names and what they mean.
    pub parameters: &'static [(&'static str, &'static str)],
    prefixed: bool,
    handler: MethodRouter,
    straight: Option<Straight>,
}

impl Endpoint {
    /// An operation of the API: it answers under `/v1` and, for clients whose base URL lacks it, without.
    const fn api(method: &'static str, path: &'static str, operation: &'static str, handler: MethodRouter) -> Self {
        Self { method, path, operation, parameters: &[], prefixed: true, handler, straight: None }
    }

    /// A `POST` of the API whose requests do not pass the router; see [`straight`].
    fn straight<T, F>(
        path: &'static str,
        operation: &'static str,
        skim: fn(&str) -> Option<T>,
        handler: fn(JsonBody<T>) -> F,
    ) -> Self
    where
        T: DeserializeOwned + Send + 'static,
        F: Future<Output = Result<Response, ApiError>> + Send + 'static,
    {
        let straight = Some(Straight::to(skim, handler));
        Self { straight, ..Self::api("POST", path, operation, post(handler)) }
    }

    /// An operation of the server itself.
    const fn own(method: &'static str, path: &'static str, operation: &'static str, handler: MethodRouter) -> Self {
        Self { method, path, operation, parameters: &[], prefixed: false, handler, straight: None }
    }

    /// The same with what its query may say.
    fn asks(self, parameters: &'static [(&'static str, &'static str)]) -> Self {
        Self { parameters, ..self }
    }
}

/// What paths of requests begin with that only look: they have no number in their workspace, so that a deterministic
/// server answers the same whether or not somebody watches it.
pub(crate) const LOOKS: [&str; 22] = [
    "/fakeai/",
    "/dashboard",
    "/health",
    "/ready",
    "/metrics",
    "/vllm/metrics",
    "/sglang/metrics",
    "/trtllm/metrics",
    "/v1/metrics",
    "/v1/metadata",
    "/v1/version",
    "/v1/health/",
    "/dynamo/metrics",
    "/dynamo/kv-events",
    "/tokenize",
    "/detokenize",
    "/version",
    "/load",
    "/dcgm/metrics",
    "/kv-cache/metrics",
    "/openapi.json",
    "/docs",
];

/// Every operation there is.
pub fn endpoints() -> Vec<Endpoint> {
    [
        openai::endpoints(),
        observe::endpoints(),
        live::endpoints(),
        dashboard::endpoints(),
        engines::endpoints(),
        fakeai::endpoints(),
        kv_events::endpoints(),
        nim::endpoints(),
        azure::endpoints(),
        rag::endpoints(),
        vllm::endpoints(),
        openapi::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Goes on with the jobs that a process before this one began.
pub(crate) async fn resume(app: &Arc<App>) {
    match open_jobs(&*app.kit.home).await {
        Ok(jobs) => jobs.iter().for_each(|job| openai::resume(app, job)),
        Err(error) => tracing::error!(%error, "jobs of before can't be found: they go on when somebody looks at them"),
    }
}

/// Where requests go.
#[derive(Debug)]
pub(crate) struct Routes {
    /// Operations that are asked for all the time.
    pub ways: Ways,
    /// All operations.
    pub router: Router,
}

impl Routes {
    /// The way to every endpoint. Rooms read bodies with [`crate::wire`], which keeps to the server's own limit; axum's
    /// extractors would stop at 2 MB, and telling them not to costs every request a layer.
    pub(crate) fn new() -> Self {
        let (mut router, mut ways) = (Router::new(), Ways::default());
        for endpoint in endpoints() {
            if endpoint.prefixed {
                let path = format!("/v1{}", endpoint.path);
                ways.add(&path, &endpoint);
                router = router.route(&path, endpoint.handler.clone());
            }
            ways.add(endpoint.path, &endpoint);
            router = router.route(endpoint.path, endpoint.handler);
        }
        let router = router.fallback(fallback::not_found).method_not_allowed_fallback(fallback::method_not_allowed);
        Self { ways, router }
    }
}

/// The label of a matched path in metrics: the same with and without `/v1`.
pub(crate) fn label(path: &str) -> &'static str {
    static LABELS: LazyLock<FxHashMap<String, &'static str>> = LazyLock::new(|| {
        let mut labels = FxHashMap::default();
        for endpoint in endpoints() {
            let label: &'static str =
                if endpoint.prefixed { format!("/v1{}", endpoint.path).leak() } else { endpoint.path };
            labels.entry(endpoint.path.to_owned()).or_insert(label);
            labels.entry(label.to_owned()).or_insert(label);
        }
        labels
    });
    LABELS.get(path).copied().unwrap_or_default()
}
