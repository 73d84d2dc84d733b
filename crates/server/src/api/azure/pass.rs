//! Requests in Azure's form, handed to the room of the same operation of OpenAI's API.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use bytes::Bytes;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Uri, header};
use http_body_util::BodyExt;
use serde_json::{Map, Value, json};

use super::errors::{filtered, no_resource};
use super::filter::{Verdict, annotate, prompts};
use super::stream::annotated;
use super::target::{Target, is_version};
use crate::api::{Endpoint, label};
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::aside;
use crate::layers::Door;
use crate::wire::{Query, json as json_answer, read_bytes};

/// What deployments' queries say.
const VERSION: &[(&str, &str)] =
    &[("api-version", "a version of Azure's, `2024-10-21`; required except under /openai/v1/")];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("POST", "/openai/deployments/{deployment}/{*operation}", "askAzureDeployment", post(pass))
            .asks(VERSION),
        Endpoint::own("GET", "/openai/{*operation}", "getAzureResource", get(pass)).asks(VERSION),
        Endpoint::own("POST", "/openai/{*operation}", "postAzureResource", post(pass)).asks(VERSION),
        Endpoint::own("DELETE", "/openai/{*operation}", "deleteAzureResource", delete(pass)).asks(VERSION),
    ]
}

async fn pass(request: Request<Body>) -> Result<Response, ApiError> {
    // The door puts both there.
    let context = request.extensions().get::<Context>().cloned().ok_or_else(ApiError::internal)?;
    let door = request.extensions().get::<Door>().cloned().ok_or_else(ApiError::internal)?;
    let path = request.uri().path().to_owned();
    let target = Target::of(&path).ok_or_else(no_resource)?;
    let query = Query::of(context.path());
    let version = query.get("api-version");
    let needs_version = !matches!(target, Target::Resource { versioned: false, .. });
    if needs_version && !version.is_some_and(is_version) {
        return Err(no_resource());
    }
    let (mut head, body) = request.into_parts();
    head.uri = meant(&head.uri, target.operation())?;
    let body = if head.method == Method::POST {
        Some(read_bytes(body, context.app().settings.max_body_bytes).await?)
    } else {
        None
    };
    let Some(body) = body else { return Ok(ask(&door, &context, head, Body::empty()).await) };
    let (body, asked) = rewritten(&context, &target, &head.headers, body);
    let asked = if context.app().settings.moderation.is_some() { asked } else { None };
    let Some(asked) = asked else { return Ok(ask(&door, &context, head, body.into()).await) };
    let operation = target.operation().to_owned();
    let judged = aside(&context, body.len() as u64, move || Ok(prompts(&operation, &asked))).await?;
    let Some(verdicts) = judged else { return Ok(ask(&door, &context, head, body.into()).await) };
    if let Some(verdict) = verdicts.iter().find(|verdict| verdict.is_filtered()) {
        context.note().endpoint = label(&format!("/{}", target.operation()));
        context.note().body = body;
        return Ok(filtered(*verdict));
    }
    let answer = ask(&door, &context, head, body.into()).await;
    annotated_answer(&context, answer, &verdicts).await
}

/// The same operation in OpenAI's form. The version is Azure's business.
fn meant(uri: &Uri, operation: &str) -> Result<Uri, ApiError> {
    let query = uri.query().unwrap_or_default().split('&');
    let kept: Vec<&str> = query.filter(|pair| !pair.is_empty() && !pair.starts_with("api-version=")).collect();
    let path = if kept.is_empty() { format!("/v1/{operation}") } else { format!("/v1/{operation}?{}", kept.join("&")) };
    Ok(Uri::from(path.parse::<PathAndQuery>().map_err(|_| no_resource())?))
}

/// Asks the room of OpenAI's API. It must not see which parameters the path of Azure's had, so what the router left with
/// the request stays behind; what a WebSocket needs goes along.
async fn ask(door: &Door, context: &Context, head: Parts, body: Body) -> Response {
    let mut request = Request::new(body);
    *request.method_mut() = head.method;
    *request.uri_mut() = head.uri;
    *request.headers_mut() = head.headers;
    let mut extensions = head.extensions;
    if let Some(upgrade) = extensions.remove::<hyper::upgrade::OnUpgrade>() {
        request.extensions_mut().insert(upgrade);
        request.extensions_mut().insert(door.clone());
    }
    if request.method() == Method::POST {
        // The body may have another length now.
        request.headers_mut().remove(header::CONTENT_LENGTH);
    }
    door.ask(context, request).await
}

/// The body with the model that the deployment stands for, and what it says if it is JSON.
fn rewritten(
    context: &Context,
    target: &Target<'_>,
    headers: &HeaderMap,
    body: Bytes,
) -> (Bytes, Option<Map<String, Value>>) {
    let deployments = &context.app().settings.azure_deployments;
    let stands_for = |name: &str| deployments.get(name).cloned();
    if let Some(boundary) = boundary(headers) {
        let Target::Deployment { name, .. } = target else { return (body, None) };
        let model = stands_for(name).unwrap_or_else(|| name.clone());
        return (with_field(&boundary, &model, &body), None);
    }
    // What is no JSON object is refused by the room.
    let Ok(Value::Object(mut fields)) = serde_json::from_slice::<Value>(&body) else { return (body, None) };
    let model = match target {
        Target::Deployment { name, .. } => Some(stands_for(name).unwrap_or_else(|| name.clone())),
        Target::Resource { .. } => fields.get("model").and_then(Value::as_str).and_then(stands_for),
    };
    let body = match model {
        Some(model) if fields.get("model").and_then(Value::as_str) != Some(&model) => {
            fields.insert("model".to_owned(), json!(model));
            Value::Object(fields.clone()).to_string().into()
        }
        _ => body,
    };
    (body, Some(fields))
}

/// The boundary of a form; `None` if the body is none.
fn boundary(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    if !kind.trim_start().to_ascii_lowercase().starts_with("multipart/") {
        return None;
    }
    multer::parse_boundary(kind).ok()
}

/// A form with this `model` in front, and without one of its own: the deployment says which it is.
fn with_field(boundary: &str, model: &str, body: &[u8]) -> Bytes {
    // A name that could end the field early is none.
    let model: String = model.chars().filter(|letter| !letter.is_control()).collect();
    let field = format!("--{boundary}\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n");
    let mut form = Vec::with_capacity(field.len() + body.len());
    form.extend_from_slice(field.as_bytes());
    for part in parts(boundary, body) {
        if !is_model(part) {
            form.extend_from_slice(part);
        }
    }
    form.into()
}

/// A form cut before each of its boundaries; together the pieces are the form.
fn parts<'a>(boundary: &str, body: &'a [u8]) -> Vec<&'a [u8]> {
    let delimiter = format!("\r\n--{boundary}");
    // The first boundary has no line before it; all others keep their line's end with what lies before them.
    let cuts = memchr::memmem::find_iter(body, &delimiter).map(|at| at + 2);
    let ends: Vec<usize> = cuts.chain([body.len()]).collect();
    let mut start = 0;
    let mut all = Vec::with_capacity(ends.len());
    for end in ends {
        all.push(&body[start..end]);
        start = end;
    }
    all
}

/// Whether a part of a form is the field `model`.
fn is_model(part: &[u8]) -> bool {
    let head = memchr::memmem::find(part, b"\r\n\r\n").map(|end| &part[..end]);
    let head = head.map(|head| String::from_utf8_lossy(head).to_ascii_lowercase()).unwrap_or_default();
    head.lines().any(|line| {
        line.starts_with("content-disposition:")
            && line.split(';').map(str::trim).any(|piece| piece == "name=\"model\"" || piece == "name=model")
    })
}

async fn annotated_answer(context: &Context, answer: Response, verdicts: &[Verdict]) -> Result<Response, ApiError> {
    if !answer.status().is_success() {
        return Ok(answer);
    }
    let (head, body) = answer.into_parts();
    if context.note().stream {
        return Ok(Response::from_parts(head, annotated(body, verdicts)));
    }
    let bytes = body.collect().await.map_err(|_| ApiError::internal())?.to_bytes();
    let mut value: Value = serde_json::from_slice(&bytes).map_err(|_| ApiError::internal())?;
    annotate(&mut value, verdicts);
    let mut response = json_answer(&value).into_response();
    *response.status_mut() = head.status;
    response.extensions_mut().extend(head.extensions);
    for (name, value) in &head.headers {
        if *name != header::CONTENT_LENGTH {
            response.headers_mut().insert(name, value.clone());
        }
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_forms_own_model_gives_way() {
        let part = |name: &str, text: &str| {
            format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
        };
        let body = [part("language", "en"), part("model", "gpt-4o"), part("prompt", "model"), "--xyz--\r\n".to_owned()];
        let form = with_field("xyz", "whisper-1", body.concat().as_bytes());
        let expected = format!(
            "--xyz\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n{}{}--xyz--\r\n",
            part("language", "en"),
            part("prompt", "model"),
        );
        assert_eq!(String::from_utf8_lossy(&form), expected);
    }

    proptest! {
        #[test]
        fn any_form_is_kept_but_for_its_model(body in prop::collection::vec(any::<u8>(), 0..200), text in "(--x|\r\n|model|name=|[;: \"]){0,30}") {
            for body in [body.as_slice(), text.as_bytes()] {
                prop_assert_eq!(parts("x", body).concat(), body);
                let form = with_field("x", "m", body);
                let kept = parts("x", body).into_iter().filter(|part| !is_model(part)).collect::<Vec<_>>().concat();
                prop_assert!(form.ends_with(&kept));
            }
        }
    }
}
