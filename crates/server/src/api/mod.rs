//! The table of contents: families of endpoints, one list each; router, labels and coverage follow from the lists.

mod fakeai;
mod fallback;
mod kv_events;
mod observe;
mod openai;
mod vllm;

use std::sync::LazyLock;

use axum::Router;
use axum::routing::MethodRouter;
use rustc_hash::FxHashMap;

/// One operation: where it is, what it is called, who answers.
#[derive(Debug)]
pub struct Endpoint {
    /// `POST`.
    pub method: &'static str,
    /// With `/v1` where the family has it; parameters in braces.
    pub path: &'static str,
    /// `operationId` in OpenAI's document, or ours.
    pub operation: &'static str,
    prefixed: bool,
    handler: MethodRouter,
}

impl Endpoint {
    /// An operation of the API: it answers under `/v1` and, for clients whose base URL lacks it, without.
    const fn api(method: &'static str, path: &'static str, operation: &'static str, handler: MethodRouter) -> Self {
        Self { method, path, operation, prefixed: true, handler }
    }

    /// An operation of the server itself.
    const fn own(method: &'static str, path: &'static str, operation: &'static str, handler: MethodRouter) -> Self {
        Self { method, path, operation, prefixed: false, handler }
    }
}

/// Every operation there is.
pub fn endpoints() -> Vec<Endpoint> {
    [openai::endpoints(), observe::endpoints(), fakeai::endpoints(), kv_events::endpoints(), vllm::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}

/// The router of all endpoints. Rooms read bodies with [`crate::wire`], which keeps to the server's own limit; axum's
/// extractors would stop at 2 MB, and telling them not to costs every request a layer.
pub(crate) fn router() -> Router {
    let mut router = Router::new();
    for endpoint in endpoints() {
        if endpoint.prefixed {
            router = router.route(&format!("/v1{}", endpoint.path), endpoint.handler.clone());
        }
        router = router.route(endpoint.path, endpoint.handler);
    }
    router.fallback(fallback::not_found).method_not_allowed_fallback(fallback::method_not_allowed)
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
