//! Metrics as text: which format a scraper takes.

use axum::response::{IntoResponse, Response};
use fakeai_telemetry::{CONTENT_TYPE, OPENMETRICS_CONTENT_TYPE, openmetrics};
use http::{HeaderMap, header};

/// An exposition of the Prometheus text format 0.0.4, as `OpenMetrics` if the client likes that better.
pub(in crate::api) fn exposition(headers: &HeaderMap, text: String) -> Response {
    let (kind, text) =
        if likes_openmetrics(headers) { (OPENMETRICS_CONTENT_TYPE, openmetrics(&text)) } else { (CONTENT_TYPE, text) };
    ([(header::CONTENT_TYPE, kind), (header::VARY, "accept")], text).into_response()
}

/// Whether the client is a scraper, which asks for text.
pub(super) fn is_scraper(headers: &HeaderMap) -> bool {
    quality(accept(headers), "text/plain").is_some() || likes_openmetrics(headers)
}

fn likes_openmetrics(headers: &HeaderMap) -> bool {
    let accept = accept(headers);
    let open = quality(accept, "application/openmetrics-text");
    open.is_some_and(|open| open > 0.0 && quality(accept, "text/plain").is_none_or(|plain| open >= plain))
}

fn accept(headers: &HeaderMap) -> &str {
    headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default()
}

/// How much the client likes `kind`, from 0 to 1; `None` if it does not name it.
fn quality(accept: &str, kind: &str) -> Option<f64> {
    let of = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        if !parts.next()?.eq_ignore_ascii_case(kind) {
            return None;
        }
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
        Some(quality.unwrap_or(1.0))
    };
    accept.split(',').filter_map(of).reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(accept: &str) -> HeaderMap {
        HeaderMap::from_iter(HeaderValue::from_str(accept).ok().map(|accept| (header::ACCEPT, accept)))
    }

    #[test]
    fn scrapers_are_known_by_what_they_accept() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
        assert!(likes_openmetrics(&headers(prometheus)) && is_scraper(&headers(prometheus)));
        let older = "application/openmetrics-text; version=0.0.1;q=0.2, text/plain;version=0.0.4;q=0.5";
        assert!(!likes_openmetrics(&headers(older)) && is_scraper(&headers(older)));
        for other in ["*/*", "application/json", "", "text/html, application/xml;q=0.9"] {
            assert!(!is_scraper(&headers(other)), "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read(accept in any::<String>()) {
            let _ = is_scraper(&headers(&accept));
        }
    }
}
