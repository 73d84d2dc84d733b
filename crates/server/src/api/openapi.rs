//! The server's own document of itself and a page of it to read, both out of the lists of endpoints: what is declared is
//! documented. What OpenAI's operations take and answer is said by OpenAI's document, under the same `operationId`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderValue, header};
use serde_json::{Map, Value, json};

use super::{Endpoint, endpoints as all_endpoints};
use crate::wire::json_bytes;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("GET", "/openapi.json", "getOpenApiDocument", get(document)),
        Endpoint::own("GET", "/docs", "getDocumentationPage", get(page)),
    ]
}

async fn document() -> Response {
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| write_document(&all_endpoints()).to_string().into());
    json_bytes(DOCUMENT.clone())
}

async fn page() -> Response {
    static PAGE: LazyLock<Bytes> = LazyLock::new(|| write_page(&all_endpoints()).into());
    let mut response = PAGE.clone().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // Nothing on the page comes from elsewhere, and nothing runs.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

/// The path that is documented: with `/v1` where there are both.
fn path(endpoint: &Endpoint) -> String {
    let path = endpoint.path.replace("{*", "{");
    if endpoint.prefixed { format!("/v1{path}") } else { path }
}

/// The group an endpoint belongs to: the first word of its path that is not the version.
fn tag(path: &str) -> &str {
    let mut words = path.split('/').filter(|word| !word.is_empty() && !word.starts_with('{'));
    let first = words.next().unwrap_or("root");
    if first == "v1" { words.next().unwrap_or("root") } else { first }
}

/// `createChatCompletion` as `Create chat completion`.
fn summary(operation: &str) -> String {
    let mut words = String::with_capacity(operation.len() + 8);
    for (at, letter) in operation.chars().enumerate() {
        match letter {
            _ if at == 0 => words.extend(letter.to_uppercase()),
            'A'..='Z' => {
                words.push(' ');
                words.extend(letter.to_lowercase());
            }
            _ => words.push(letter),
        }
    }
    words
}

/// Names of the parameters of a path.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|word| word.strip_prefix('{')?.strip_suffix('}'))
}

fn write_document(endpoints: &[Endpoint]) -> Value {
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for endpoint in endpoints {
        let path = path(endpoint);
        let operation = operation(endpoint, &path);
        paths.entry(path).or_default().insert(endpoint.method.to_ascii_lowercase(), operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "fakeai",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every operation this server answers. Operations of OpenAI's API have OpenAI's operationId \
                            and answer with and without /v1; their schemas are those of OpenAI's document.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": error_schema()},
            "responses": {
                "Error": {
                    "description": "The request was refused or failed.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                },
            },
        },
    })
}

fn error_schema() -> Value {
    let text = |nullable: bool| if nullable { json!({"type": ["string", "null"]}) } else { json!({"type": "string"}) };
    json!({
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["message", "type", "param", "code"],
                "properties": {"message": text(false), "type": text(false), "param": text(true), "code": text(true)},
            },
        },
    })
}

fn operation(endpoint: &Endpoint, path: &str) -> Value {
    let in_path =
        names(path).map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
    let in_query = endpoint.parameters.iter().map(|(name, what)| {
        json!({"name": name, "in": "query", "required": false, "description": what, "schema": {"type": "string"}})
    });
    let mut operation = json!({
        "operationId": endpoint.operation,
        "summary": summary(endpoint.operation),
        "tags": [tag(path)],
        "parameters": in_path.chain(in_query).collect::<Vec<_>>(),
        "responses": {
            "200": {"description": "The answer."},
            "default": {"$ref": "#/components/responses/Error"},
        },
    });
    if endpoint.method == "POST" {
        operation["requestBody"] = json!({"content": {"application/json": {"schema": {"type": "object"}}}});
    }
    operation
}

const STYLE: &str = include_str!("openapi.css");

fn write_page(endpoints: &[Endpoint]) -> String {
    let mut groups: BTreeMap<String, Vec<(String, &Endpoint)>> = BTreeMap::new();
    for endpoint in endpoints {
        let path = path(endpoint);
        groups.entry(tag(&path).to_owned()).or_default().push((path, endpoint));
    }
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>fakeai</title>\
         <style>{STYLE}</style></head><body><header><h1>fakeai <small>{}</small></h1>\
         <p>{} operations. Those under <code>/v1</code> answer without it, too. \
         For programs: <a href=\"/openapi.json\">/openapi.json</a>.</p><nav>",
        env!("CARGO_PKG_VERSION"),
        endpoints.len(),
    );
    // Writing to a String cannot fail, here and below.
    for (group, operations) in &groups {
        let _ = write!(html, "<a href=\"#{group}\">{group} <small>{}</small></a> ", operations.len());
    }
    html.push_str("</nav></header><main>");
    for (group, operations) in &groups {
        let _ = write!(html, "<section><h2 id=\"{group}\">{group}</h2>");
        for (path, endpoint) in operations {
            write_operation(&mut html, path, endpoint);
        }
        html.push_str("</section>");
    }
    html.push_str("</main></body></html>\n");
    html
}

fn write_operation(html: &mut String, path: &str, endpoint: &Endpoint) {
    let (method, operation) = (endpoint.method, endpoint.operation);
    let _ = write!(
        html,
        "<details id=\"{operation}\"><summary><b class=\"{method}\">{method}</b> <code>{path}</code> \
         <span>{}</span></summary><p>operationId <code>{operation}</code></p>",
        summary(operation),
    );
    if !endpoint.parameters.is_empty() {
        html.push_str("<dl>");
        for (name, what) in endpoint.parameters {
            let _ = write!(html, "<dt><code>?{name}=</code></dt><dd>{}</dd>", escaped(what));
        }
        html.push_str("</dl>");
    }
    let more = match method {
        "GET" => String::new(),
        "POST" => " -X POST -H 'content-type: application/json' -d '{}'".to_owned(),
        other => format!(" -X {other}"),
    };
    let _ = write!(html, "<pre>curl{} \"$FAKEAI_URL{path}\"</pre></details>", escaped(&more));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_have_readable_summaries_and_groups() {
        assert_eq!(summary("createChatCompletion"), "Create chat completion");
        assert_eq!((tag("/v1/chat/completions"), tag("/metrics/{x}"), tag("/v1/{x}")), ("chat", "metrics", "root"));
        assert_eq!(names("/v1/threads/{thread_id}/runs/{run_id}").collect::<Vec<_>>(), ["thread_id", "run_id"]);
    }

    #[test]
    fn every_operation_is_documented_once() {
        let all = all_endpoints();
        let document = write_document(&all);
        let paths = document["paths"].as_object().unwrap();
        let operations: Vec<&Value> = paths.values().flat_map(|path| path.as_object().unwrap().values()).collect();
        assert_eq!(operations.len(), all.len());
        let mut ids: Vec<&str> = operations.iter().filter_map(|operation| operation["operationId"].as_str()).collect();
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count, "two operations have one id");
        for endpoint in &all {
            assert!(write_page(&all).contains(&format!("id=\"{}\"", endpoint.operation)));
        }
    }
}
