//! Legacy completions: `POST /completions`.

mod encode;
mod lower;
mod wire;

use axum::response::Response;
use axum::routing::post;

use self::encode::{Chunks, Head};
use self::lower::{Lowered, lower};
use self::wire::CompletionRequest;
use crate::api::Endpoint;
use crate::api::openai::transfer::{TransferAnswer, TransferRequest};
use crate::body::stream;
use crate::error::ApiError;
use crate::generation::{Answer, Terms, collect, generate};
use crate::wire::{JsonBody, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::api("POST", "/completions", "createCompletion", post(create))]
}

async fn create(JsonBody(context, wire): JsonBody<CompletionRequest>) -> Result<Response, ApiError> {
    let (priority, cache_salt) = (wire.priority.unwrap_or_default(), wire.cache_salt.clone());
    let transfer = wire.kv_transfer_params.as_ref().map(TransferRequest::elsewhere);
    let elsewhere = transfer.unwrap_or_default();
    let lowered = lower(&context, wire).map_err(|error| context.validation(error))?;
    let Lowered { requests, limit, model, stream: streaming, best } = lowered;
    let card_id = requests.first().map(|request| request.model.id.clone()).unwrap_or_default();
    context.note().model = Some(card_id.as_str().into());
    let mut head = Head {
        id: context.id("cmpl-", 29),
        created: context.created(),
        fingerprint: context.fingerprint(&card_id),
        model,
        transfer: None,
    };
    // One answer for each prompt; their choices follow one another.
    let mut whole = Answer::default();
    for request in requests {
        let terms =
            Terms { limit: Some(limit), priority, cache_salt: cache_salt.clone(), elsewhere, ..Terms::default() };
        let answer = generate(&context, request, terms).await.map_err(|error| context.validation(error))?;
        whole.append(best.of(answer));
    }
    if let Some(include_usage) = streaming {
        return Ok(stream(context, whole, Chunks::new(&head, include_usage)));
    }
    let generation = collect(&context, whole).await?;
    let prompt_tokens = generation.usage.prompt_tokens;
    head.transfer = transfer.map(|part| TransferAnswer::of(&context, part, &head.id, prompt_tokens));
    Ok(json(&encode::completion(&head, &generation)))
}
