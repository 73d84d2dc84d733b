//! The dashboards: pages, styles and scripts that are part of the binary. They come from here alone, so that they work
//! without a network, and are allowed nothing else.

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};

use super::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::PathText;

/// What pages may load, run and connect to: what this server serves, and no script or style written into a page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// A file by its name, with its type.
const ASSETS: [(&str, &str, &str); 13] = [
    ("style.css", CSS, include_str!("assets/style.css")),
    ("icon.svg", SVG, include_str!("assets/icon.svg")),
    ("traffic.js", SCRIPT, include_str!("assets/traffic.js")),
    ("engine.js", SCRIPT, include_str!("assets/engine.js")),
    ("feed.js", SCRIPT, include_str!("assets/feed.js")),
    ("frame.js", SCRIPT, include_str!("assets/frame.js")),
    ("chart.js", SCRIPT, include_str!("assets/chart.js")),
    ("heat.js", SCRIPT, include_str!("assets/heat.js")),
    ("format.js", SCRIPT, include_str!("assets/format.js")),
    ("models.js", SCRIPT, include_str!("assets/models.js")),
    ("log.js", SCRIPT, include_str!("assets/log.js")),
    ("tiles.js", SCRIPT, include_str!("assets/tiles.js")),
    ("workers.js", SCRIPT, include_str!("assets/workers.js")),
];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("GET", "/dashboard", "getDashboard", get(traffic)),
        Endpoint::own("GET", "/dashboard/dynamo", "getDynamoDashboard", get(engine)),
        Endpoint::own("GET", "/dashboard/assets/{name}", "getDashboardAsset", get(asset)),
    ]
}

async fn traffic(_: Context) -> Response {
    file(HTML, include_str!("assets/traffic.html"))
}

async fn engine(_: Context) -> Response {
    file(HTML, include_str!("assets/engine.html"))
}

async fn asset(_: Context, PathText(name): PathText<String>) -> Result<Response, ApiError> {
    let found = ASSETS.iter().find(|(known, ..)| *known == name);
    let (_, kind, text) =
        found.ok_or_else(|| ApiError::invalid("The dashboard has no such file.").status(StatusCode::NOT_FOUND))?;
    Ok(file(kind, text))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        // Another version of the server has other files under the same names.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, text).into_response()
}
