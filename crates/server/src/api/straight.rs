//! Operations that are asked for so often that requests go straight to them.
//!
//! On its way through the router a request's body, its handler and its future are boxed one by one, and four values are
//! put into a map by their types; that takes as long as reading the body. A straight operation has one path without
//! parameters and takes a JSON body, so that nothing of this is needed. The router has it as well: for other methods.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

use axum::body::HttpBody;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request};
use rustc_hash::FxHashMap;
use serde::de::DeserializeOwned;

use super::{Endpoint, label};
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{JsonBody, content_type, read_json};

/// An answer under way.
type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Reads a body and answers it.
#[derive(Clone)]
pub(super) struct Straight(Arc<dyn Fn(Context, Bytes) -> Answering + Send + Sync>);

impl fmt::Debug for Straight {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Straight")
    }
}

impl Straight {
    /// The way to `handler`. Bodies that `skim` understands need not be read by serde; it must read them as serde does.
    pub(super) fn to<T, F>(skim: fn(&str) -> Option<T>, handler: fn(JsonBody<T>) -> F) -> Self
    where
        T: DeserializeOwned + 'static,
        F: Future<Output = Result<Response, ApiError>> + Send + 'static,
    {
        Self(Arc::new(move |context, bytes| match JsonBody::parse(context, &bytes, skim) {
            Ok(body) => Box::pin(handler(body).map(IntoResponse::into_response)),
            Err(error) => Box::pin(ready(error.into_response())),
        }))
    }
}

/// All straight operations by path.
#[derive(Debug, Default)]
pub(crate) struct Ways(FxHashMap<String, Way>);

/// A straight operation.
#[derive(Debug)]
pub(crate) struct Way {
    method: Method,
    label: &'static str,
    straight: Straight,
}

impl Ways {
    /// Adds the straight operation of an endpoint, if it has one, under `path`.
    pub(super) fn add(&mut self, path: &str, endpoint: &Endpoint) {
        let method = Method::from_bytes(endpoint.method.as_bytes()).ok();
        if let Some((straight, method)) = endpoint.straight.clone().zip(method) {
            self.0.insert(path.to_owned(), Way { method, label: label(path), straight });
        }
    }

    /// The way of a request that has one.
    pub(crate) fn find<B>(&self, request: &Request<B>) -> Option<&Way> {
        self.0.get(request.uri().path()).filter(|way| way.method == request.method())
    }
}

impl Way {
    /// Answers a request of this way. Only its body becomes part of the future.
    pub(crate) fn answer<B>(
        &self,
        context: Context,
        request: Request<B>,
    ) -> impl Future<Output = Response> + Send + use<B>
    where
        B: HttpBody<Data = Bytes> + Send,
    {
        context.note().endpoint = self.label;
        let refused = content_type(request.headers()).err();
        let (straight, body) = (self.straight.clone(), request.into_body());
        async move {
            let read = match refused {
                None => read_json(&context, body).await,
                Some(error) => Err(error),
            };
            match read {
                Ok(bytes) => (straight.0)(context, bytes).await,
                Err(error) => error.into_response(),
            }
        }
    }
}
