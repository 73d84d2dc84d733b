//! `POST /chat/completions`.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::Arc;

use axum::response::Response;
use fakeai_catalog::ModelCard;
use fakeai_writer::{Generation, GenerationRequest};
use futures_util::TryFutureExt;
use futures_util::future::Either;
use serde::Deserialize;

use super::chunks::Chunks;
use super::encode;
use super::head::{CallIds, Head, Manner};
use super::lower::{Lowered, lower};
use super::plain::plain;
use super::skim::skim;
use super::stored::{self, Keep};
use super::voice::{self, Spoken};
use super::wire::ChatRequest;
use crate::api::Endpoint;
use crate::api::openai::transfer::TransferAnswer;
use crate::body::stream;
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::{Answer, Elsewhere, collect, generate_with};
use crate::wire::{JsonBody, json, json_bytes};

pub(in crate::api::openai) fn endpoints() -> Vec<Endpoint> {
    let mut all = vec![Endpoint::straight("/chat/completions", "createChatCompletion", skim, create)];
    all.extend(stored::endpoints());
    all
}

/// A chat as it would be asked, for one who only wants to know its prompt.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(in crate::api) struct Chat(Box<ChatRequest>);

impl Chat {
    /// The model it names, if it names one.
    pub(in crate::api) fn model(&self) -> Option<&str> {
        self.0.model.as_deref().filter(|model| !model.is_empty())
    }
}

/// The request that a chat is.
pub(in crate::api) async fn prompt(context: &Context, chat: Chat) -> Result<GenerationRequest, ApiError> {
    let (here, wire) = (context.clone(), chat.0);
    let lowered = if wire.carries_media() {
        context.app().kit.tasks.compute(move || lower(&here, wire)).await.unwrap_or_else(|| Err(ApiError::internal()))
    } else {
        lower(context, wire)
    };
    lowered.map(|lowered| lowered.request)
}

/// A chat whose answer is there.
struct Begun {
    head: Head,
    answer: Answer,
    card: Arc<ModelCard>,
    streaming: bool,
    spoken: Option<Spoken>,
    keep: Option<Keep>,
    /// Which part another server does, if the answer says what that one has to know.
    transfer: Option<Elsewhere>,
}

/// What has begun, at once or beside the connections.
type Beginning =
    Either<Ready<Result<Box<Begun>, ApiError>>, Pin<Box<dyn Future<Output = Result<Box<Begun>, ApiError>> + Send>>>;

async fn create(JsonBody(context, wire): JsonBody<Box<ChatRequest>>) -> Result<Response, ApiError> {
    let begun = begin(&context, wire).await.map_err(|error| context.validation(error))?;
    if let Some(spoken) = begun.spoken {
        return Box::pin(say(context, begun, spoken)).await;
    }
    finish(context, begun).await
}

/// Answers aloud.
async fn say(context: Context, mut begun: Box<Begun>, spoken: Spoken) -> Result<Response, ApiError> {
    let generation = &mut begun.answer.generation;
    voice::charge(&context, spoken, &begun.card, generation);
    if begun.streaming {
        let live = voice::Live::all(&context, spoken, generation).await?;
        return Ok(stream(context, begun.answer, Chunks::new(begun.head).spoken(live)));
    }
    begun.head.spoken = voice::say(&context, spoken, generation).await?;
    finish(context, begun).await
}

/// Keeps an answer that is to be kept, and shows it once it is complete.
async fn finish(context: Context, mut begun: Box<Begun>) -> Result<Response, ApiError> {
    if let Some(keep) = begun.keep.take() {
        begun.answer.admitted(&context).await;
        let completion = serde_json::to_value(encode::completion(&begun.head, &begun.answer.generation));
        keep.put(&context, completion.map_err(|_| ApiError::internal())?).await?;
    }
    if begun.streaming {
        return Ok(stream(context, begun.answer, Chunks::new(begun.head)));
    }
    let generation = collect(&context, std::mem::take(&mut begun.answer)).await?;
    if let Some(elsewhere) = begun.transfer {
        let prompt_tokens = generation.usage.prompt_tokens;
        begun.head.transfer = Some(TransferAnswer::of(&context, elsewhere, &begun.head.id, prompt_tokens));
    }
    let written = plain(&begun.head, &generation);
    Ok(written.map_or_else(|| json(&encode::completion(&begun.head, &generation)), json_bytes))
}

/// Understands a request and has it answered. Media are measured beside the connections. All that is short is done by
/// this call: the future of an answer is made and moved with every request, and need not have the request in it.
fn begin(context: &Context, wire: Box<ChatRequest>) -> Beginning {
    if !wire.carries_media() {
        return match lower(context, wire) {
            Ok(lowered) => answered(context, lowered),
            Err(error) => Either::Left(ready(Err(error))),
        };
    }
    let (here, there) = (context.clone(), context.clone());
    Either::Right(Box::pin(async move {
        let lowered = here.app().kit.tasks.compute(move || lower(&there, wire)).await;
        answered(&here, lowered.unwrap_or_else(|| Err(ApiError::internal()))?).await
    }))
}

fn answered(context: &Context, lowered: Lowered) -> Beginning {
    let Lowered { request, terms, model, service_tier, stream: streaming, manner, transfers, keep, spoken, moderation } =
        lowered;
    let transfer = transfers.then_some(terms.elsewhere);
    let card = Arc::clone(&request.model);
    {
        let mut note = context.note();
        note.model = Some(card.id.as_str().into());
        note.grade = Some(service_tier);
    }
    let head = head(context, &card.id, model, service_tier, manner);
    let here = context.clone();
    let judge = moderation.clone();
    let edit = move |request: &GenerationRequest, generation: &mut Generation| {
        if let Some(judge) = judge {
            judge.moderate(request, generation);
        }
    };
    let begun = move |answer: Answer| {
        let moderation = moderation.map(|judge| judge.found());
        let head = named(Head { moderation, ..head }, &here, &answer.generation);
        Box::new(Begun { head, answer, card, streaming, spoken, keep, transfer })
    };
    match generate_with(context, request, terms, edit) {
        Either::Left(answer) => Either::Left(ready(answer.into_inner().map(begun))),
        Either::Right(answer) => Either::Right(Box::pin(answer.map_ok(begun))),
    }
}

fn head(context: &Context, card_id: &str, model: String, service_tier: &'static str, manner: Manner) -> Head {
    Head {
        id: context.id("chatcmpl-", 29),
        created: context.created(),
        fingerprint: context.fingerprint(card_id),
        model,
        service_tier,
        manner,
        call_ids: CallIds::default(),
        spoken: Vec::new(),
        transfer: None,
        moderation: None,
    }
}

/// The head with an id for each call of the answer.
fn named(head: Head, context: &Context, generation: &Generation) -> Head {
    Head { call_ids: CallIds::new(context, generation), ..head }
}
