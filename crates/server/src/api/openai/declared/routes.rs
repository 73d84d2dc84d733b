//! The endpoints of a declared resource, by its verbs.

use axum::response::Response;
use axum::routing::{delete, get, post};
use serde_json::{Map, Value};

use super::{Identity, Resource, Verb};
use crate::api::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{BodyParts, JsonBody, Part, PartsBody, PathText, broken, json as json_answer};

/// Longest recording, bytes: OpenAI's 10 MB.
const MOST_FILE_BYTES: usize = 10 << 20;

type Params = PathText<Vec<(String, String)>>;
type Body = JsonBody<Map<String, Value>>;

fn answer(context: &Context, object: Result<Map<String, Value>, ApiError>) -> Result<Response, ApiError> {
    object.map(|object| json_answer(&object)).map_err(|error| context.validation(error))
}

impl Resource {
    /// Its operations.
    pub(in crate::api::openai) fn endpoints(&'static self) -> impl Iterator<Item = Endpoint> {
        self.verbs.iter().map(|(verb, operation)| self.endpoint(*verb, operation))
    }

    fn endpoint(&'static self, verb: Verb, operation: &'static str) -> Endpoint {
        let item = if matches!(self.identity, Identity::Single) { self.path } else { self.item };
        match verb {
            Verb::Create if self.file.is_some() => {
                let create = move |params: Params, parts: PartsBody| self.take_form(params, parts);
                Endpoint::api("POST", self.path, operation, post(create))
            }
            Verb::Create => {
                let create = async move |PathText(params): Params, JsonBody(context, body): Body| {
                    let made = self.create(&context, &params, &body).await;
                    answer(&context, made)
                };
                Endpoint::api("POST", self.path, operation, post(create))
            }
            Verb::List => {
                let list = async move |context: Context, PathText(params): Params| {
                    let listed = self.list(&context, &params).await;
                    listed.map(|list| json_answer(&list)).map_err(|error| context.validation(error))
                };
                Endpoint::api("GET", self.path, operation, get(list))
            }
            Verb::Get => {
                let show = async move |context: Context, PathText(params): Params| {
                    answer(&context, self.get(&context, &params))
                };
                Endpoint::api("GET", item, operation, get(show))
            }
            Verb::Update => {
                let update = async move |PathText(params): Params, JsonBody(context, body): Body| {
                    let updated = self.update(&context, &params, &body).await;
                    answer(&context, updated)
                };
                Endpoint::api("POST", item, operation, post(update))
            }
            Verb::Delete => {
                let remove = async move |context: Context, PathText(params): Params| {
                    let deleted = self.delete(&context, &params).await;
                    answer(&context, deleted)
                };
                Endpoint::api("DELETE", item, operation, delete(remove))
            }
            Verb::Set(path, fields) => {
                let set = async move |context: Context, PathText(params): Params| {
                    let changed = self.set(&context, &params, fields).await;
                    answer(&context, changed)
                };
                Endpoint::api("POST", path, operation, post(set))
            }
        }
    }

    /// Makes one of a form.
    async fn take_form(
        &'static self,
        PathText(params): Params,
        PartsBody(context, parts): PartsBody,
    ) -> Result<Response, ApiError> {
        let body = self.read_form(parts).await.map_err(|error| context.validation(error))?;
        let made = self.create(&context, &params, &body).await;
        answer(&context, made)
    }

    /// The texts of a form. Its file must be there and hold something; nobody reads it back, so it is not kept.
    async fn read_form(&self, mut parts: BodyParts) -> Result<Map<String, Value>, ApiError> {
        let (mut body, mut bytes) = (Map::new(), None);
        while let Some(part) = parts.next().await? {
            match part {
                Part::Text(name, text) => {
                    body.insert(name, text.into());
                }
                Part::File(name, _, mut content) if Some(name.as_str()) == self.file => {
                    let size = bytes.get_or_insert(0);
                    while let Some(chunk) = content.chunk().await.map_err(broken)? {
                        *size += chunk.len();
                        if *size > MOST_FILE_BYTES {
                            let message = format!("File is too large: the maximum size is {MOST_FILE_BYTES} bytes.");
                            return Err(ApiError::invalid(message).param(name));
                        }
                    }
                }
                Part::File(..) => {}
            }
        }
        let param = self.file.unwrap_or_default();
        match bytes {
            None => Err(ApiError::missing(param)),
            Some(0) => Err(ApiError::invalid("File is empty.").param(param).code("empty_file")),
            Some(_) => Ok(body),
        }
    }
}
