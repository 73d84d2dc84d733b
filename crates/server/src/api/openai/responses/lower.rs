//! Request for a response → [`GenerationRequest`]: every parameter checked, in OpenAI's words where it is wrong.

use fakeai_catalog::ModelCard;
use fakeai_writer::{
    Format, GenerationRequest, Limits, Part, Prompt, Reasoning, Role, Sampling, Seeding, Turn, Verbosity,
};
use serde_json::{Value, json};

use super::echo::Echo;
use super::hosted::{self, Asked, Performed};
use super::items::{ItemIds, wrong_type};
use super::offers::{self, Offers};
use super::seal::Seal;
use super::wire::{CreateResponse, Object, PromptWire, ReasoningWire};
use super::{history, truncation, turns};
use crate::api::openai::chat::{cache_retention, metadata, service_tier, verbosity};
use crate::api::openai::format::{SchemaWire, json_schema};
use crate::api::openai::media;
use crate::api::openai::moderations::{Form, Inline};
use crate::api::openai::reasoning::{self, Wish, only_default, refuses_sampling, unsupported_parameter};
use crate::context::Context;
use crate::error::ApiError;
use crate::gate::policy;
use crate::generation::{Terms, TokenLimit};
use crate::wire::{Range, integer, number};

/// The model of a request that leaves it to its stored prompt, which nobody knows here.
const MODEL_OF_PROMPTS: &str = "gpt-4.1";

/// A request for a response, understood.
pub(super) struct Lowered {
    pub request: GenerationRequest,
    pub terms: Terms,
    /// The request's own items, in their full form.
    pub input: Vec<Value>,
    /// What hosted tools did.
    pub performed: Vec<Performed>,
    pub conversation: Option<String>,
    /// Names of tools, and the namespaces they are in.
    pub namespaces: Vec<(String, String)>,
    pub echo: Echo,
    pub manner: Manner,
    /// How request and answer are to be judged, if they are.
    pub moderation: Option<Inline>,
}

/// How the client wants its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub store: bool,
    pub background: bool,
    pub stream: bool,
    /// Deltas are padded to hide the length of their tokens.
    pub obfuscation: bool,
    pub include: Include,
    pub thoughts: Thoughts,
}

/// What is shown only when it is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Include {
    pub logprobs: bool,
    pub encrypted: bool,
    pub sources: bool,
    pub results: bool,
    pub code_outputs: bool,
}

/// What is shown of thoughts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thoughts {
    /// That there were some.
    Hidden,
    /// At most so many of their sentences, as a summary.
    Summary(usize),
    /// All of them, as open models do.
    Open,
}

pub(super) fn lower(context: &Context, mut wire: CreateResponse, ids: &ItemIds) -> Result<Lowered, ApiError> {
    let model = model(&mut wire)?;
    if !wire.says_something() {
        return Err(ApiError::missing("input"));
    }
    if wire.store != Some(false) && !policy::stores(context)? {
        wire.store = Some(false);
    }
    let conversation = conversation(wire.conversation.take(), wire.previous_response_id.as_deref())?;
    let checked = check(&mut wire)?;
    let one_at_a_time = wire.parallel_tool_calls == Some(false);
    let offers = offers::read(wire.tools.take().unwrap_or_default(), wire.tool_choice.take(), one_at_a_time)?;
    let moderation = Inline::parse(context, wire.moderation.as_ref(), Form::Response)?;
    let card = context.model(&model)?;
    let reasoning_wire = wire.reasoning.take();
    let (reasoning, thoughts) = think(&card, reasoning_wire.as_ref(), &wire)?;
    let manner = Manner { thoughts, ..checked.manner };
    let Told { input, turns, performed } =
        tell(context, &mut wire, conversation.as_deref(), &offers, ids, (manner.include, checked.most_calls))?;
    media::check(context, &card, &turns, |_, _| "input".to_owned())?;
    let (limit, cached_for_a_day, cache_key) = (checked.limit, checked.cached_for_a_day, wire.prompt_cache_key.clone());
    let terms = Terms { limit, cache_key, cached_for_a_day, ..Terms::default() };
    let max_tokens = terms.limit.map_or(card.max_output_tokens, |limit| limit.tokens);
    let temperature = wire.temperature;
    let echo = Echo {
        model,
        effort: reasoning.map(|reasoning| reasoning.effort.name()),
        summary: reasoning_wire.and_then(|wire| wire.summary.or(wire.generate_summary)),
        format: checked.format_echo,
        verbosity: checked.verbosity_echo,
        tier: checked.tier,
        tools: offers.echo,
        tool_choice: offers.choice,
        top_logprobs: checked.top_logprobs,
        conversation: conversation.clone(),
        wire,
    };
    let mut request = GenerationRequest {
        model: card,
        prompt: Prompt::Chat(turns),
        choices: 1,
        sampling: Sampling {
            seed: if temperature == Some(0.0) { Seeding::Same } else { Seeding::Repeat(0) },
            temperature,
            logit_bias: Vec::new(),
        },
        limits: Limits { max_tokens, min_tokens: 0, ignore_eos: false, stop: Vec::new() },
        format: checked.format,
        logprobs: manner.include.logprobs.then_some(checked.top_logprobs as u8),
        verbosity: checked.verbosity,
        tools: offers.tools,
        reasoning,
        prediction: None,
    };
    if checked.truncate {
        truncation::fit(context, &mut request, terms.limit);
    }
    let namespaces = offers.namespaces;
    Ok(Lowered { request, terms, input, performed, conversation, namespaces, echo, manner, moderation })
}

/// Parameters that can be judged by themselves.
struct Checked {
    manner: Manner,
    limit: Option<TokenLimit>,
    most_calls: Option<i64>,
    top_logprobs: i64,
    verbosity: Verbosity,
    verbosity_echo: String,
    format: Format,
    format_echo: Value,
    tier: &'static str,
    cached_for_a_day: bool,
    truncate: bool,
}

fn check(wire: &mut CreateResponse) -> Result<Checked, ApiError> {
    not_built(wire)?;
    metadata(wire.metadata.as_ref())?;
    number("temperature", wire.temperature, Range::new(0.0, 2.0))?;
    number("top_p", wire.top_p, Range::new(0.0, 1.0))?;
    let text = wire.text.take().unwrap_or_default();
    let (format, format_echo) = format(text.format)?;
    Ok(Checked {
        manner: manner(wire)?,
        limit: limit(wire.max_output_tokens)?,
        most_calls: integer("max_tool_calls", wire.max_tool_calls, Range::from(1))?,
        top_logprobs: integer("top_logprobs", wire.top_logprobs, Range::new(0, 20))?.unwrap_or(0),
        verbosity: verbosity(text.verbosity.as_deref(), "text.verbosity")?,
        verbosity_echo: text.verbosity.unwrap_or_else(|| "medium".to_owned()),
        format,
        format_echo,
        tier: service_tier(wire.service_tier.as_deref())?,
        cached_for_a_day: cache_retention(wire.prompt_cache_retention.as_deref())?,
        truncate: truncation::wanted(wire.truncation.as_deref())?,
    })
}

/// How the model thinks, and what is shown of it.
fn think(
    card: &ModelCard,
    wanted: Option<&ReasoningWire>,
    wire: &CreateResponse,
) -> Result<(Option<Reasoning>, Thoughts), ApiError> {
    let wish = Wish { effort: wanted.and_then(|wanted| wanted.effort.as_deref()), ..Wish::default() };
    let reasoning = reasoning::reasoning(card, wish, "reasoning.effort")?;
    if refuses_sampling(card, reasoning) {
        only_default("temperature", wire.temperature, 1.0)?;
        only_default("top_p", wire.top_p, 1.0)?;
        if wire.top_logprobs.is_some_and(|top| top > 0) {
            return Err(unsupported_parameter("top_logprobs", ""));
        }
    }
    let thoughts = match summary(wanted, card)? {
        _ if !reasoning::is_openai(card) => Thoughts::Open,
        Some(sentences) => Thoughts::Summary(sentences),
        None => Thoughts::Hidden,
    };
    Ok((reasoning, thoughts))
}

/// What the model is told.
struct Told {
    /// The request's own items.
    input: Vec<Value>,
    turns: Vec<Turn>,
    performed: Vec<Performed>,
}

/// Puts together what came before, what is said now, what hosted tools find about it, and the instructions.
fn tell(
    context: &Context,
    wire: &mut CreateResponse,
    conversation: Option<&str>,
    offers: &Offers,
    ids: &ItemIds,
    (include, most_calls): (Include, Option<i64>),
) -> Result<Told, ApiError> {
    let prompt_turn = prompt(wire.prompt.as_ref())?;
    let before = history::before(context, wire.previous_response_id.as_deref(), conversation)?;
    let input = history::own(context, wire.input.take(), &before, ids)?;
    let mut items = before;
    items.extend(input.iter().cloned());
    let seal = Seal::new(context.app().kit.seed)?;
    let mut turns = turns::turns(context, &items, &seal)?;
    turns.extend(prompt_turn);
    if turns.is_empty() {
        let message = "Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array \
                       instead.";
        return Err(ApiError::invalid(message).param("input").code("empty_array"));
    }
    let performed = perform(offers, &items, (context, ids), include, most_calls)?;
    show_results(&performed, &mut turns);
    if let Some(instructions) = &wire.instructions {
        turns.insert(0, Turn::new(Role::System, instructions.clone()));
    }
    Ok(Told { input, turns, performed })
}

fn model(wire: &mut CreateResponse) -> Result<String, ApiError> {
    match wire.model.take().filter(|model| !model.is_empty()) {
        Some(model) => Ok(model),
        None if wire.prompt.is_some() => Ok(MODEL_OF_PROMPTS.to_owned()),
        None => Err(ApiError::missing("model")),
    }
}

/// What the model is told of a prompt that is kept elsewhere: its variables, because its words are not known here.
fn prompt(prompt: Option<&PromptWire>) -> Result<Option<Turn>, ApiError> {
    let Some(PromptWire { id, variables, .. }) = prompt else { return Ok(None) };
    if id.is_none() {
        return Err(ApiError::missing("prompt.id"));
    }
    let value = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other["text"].as_str().map_or_else(|| other.to_string(), str::to_owned),
    };
    let lines = variables.iter().flatten().map(|(name, variable)| format!("{name}: {}", value(variable)));
    Ok(Some(Turn::new(Role::Developer, lines.collect::<Vec<_>>().join("\n"))))
}

fn not_built(wire: &CreateResponse) -> Result<(), ApiError> {
    if wire.context_management.as_ref().is_none_or(Value::is_null) {
        return Ok(());
    }
    let message = "'context_management' is not built yet; refused rather than ignored.";
    Err(ApiError::invalid(message).param("context_management").code("not_built_yet"))
}

fn conversation(conversation: Option<Value>, previous: Option<&str>) -> Result<Option<String>, ApiError> {
    let id = match conversation {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(id)) => id,
        Some(Value::Object(fields)) => match fields.get("id") {
            Some(Value::String(id)) => id.clone(),
            _ => return Err(ApiError::missing("conversation.id")),
        },
        Some(_) => return Err(wrong_type("conversation", "one of a string or object")),
    };
    if previous.is_some() {
        let message = "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. Ensure you are only \
                       providing one of: 'previous_response_id' or 'conversation'.";
        return Err(ApiError::invalid(message).code("mutually_exclusive_parameters"));
    }
    Ok(Some(id))
}

fn manner(wire: &CreateResponse) -> Result<Manner, ApiError> {
    let stream = wire.stream.unwrap_or_default();
    if !stream && wire.stream_options.is_some() {
        return Err(ApiError::invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.")
            .param("stream_options"));
    }
    let store = wire.store.unwrap_or(true);
    let background = wire.background.unwrap_or_default();
    if background && !store {
        return Err(ApiError::invalid("Background responses must be stored: 'store' cannot be false.").param("store"));
    }
    let obfuscation = wire.stream_options.as_ref().and_then(|options| options.include_obfuscation);
    let include = include(wire.include.as_deref().unwrap_or_default(), wire.top_logprobs)?;
    let obfuscation = obfuscation.unwrap_or_default();
    Ok(Manner { store, background, stream, obfuscation, include, thoughts: Thoughts::Hidden })
}

fn include(names: &[String], top_logprobs: Option<i64>) -> Result<Include, ApiError> {
    const KNOWN: [&str; 8] = [
        "file_search_call.results",
        "web_search_call.results",
        "web_search_call.action.sources",
        "message.input_image.image_url",
        "computer_call_output.output.image_url",
        "code_interpreter_call.outputs",
        "reasoning.encrypted_content",
        "message.output_text.logprobs",
    ];
    if let Some((index, name)) = names.iter().enumerate().find(|(_, name)| !KNOWN.contains(&name.as_str())) {
        return Err(ApiError::unsupported_value(&format!("include[{index}]"), name, &KNOWN));
    }
    let has = |name: &str| names.iter().any(|known| known == name);
    Ok(Include {
        logprobs: has("message.output_text.logprobs") || top_logprobs.is_some_and(|top| top > 0),
        encrypted: has("reasoning.encrypted_content"),
        sources: has("web_search_call.action.sources"),
        results: has("file_search_call.results"),
        code_outputs: has("code_interpreter_call.outputs"),
    })
}

fn limit(tokens: Option<i64>) -> Result<Option<TokenLimit>, ApiError> {
    let tokens = integer("max_output_tokens", tokens, Range::from(16))?;
    Ok(tokens
        .map(|tokens| TokenLimit { param: "max_output_tokens", tokens: u32::try_from(tokens).unwrap_or(u32::MAX) }))
}

/// How many sentences of its thoughts are shown, if a summary is asked for.
fn summary(wire: Option<&ReasoningWire>, card: &ModelCard) -> Result<Option<usize>, ApiError> {
    let Some(wanted) = wire.and_then(|wire| wire.summary.as_deref().or(wire.generate_summary.as_deref())) else {
        return Ok(None);
    };
    if !card.capabilities.reasoning && reasoning::is_openai(card) {
        return Err(unsupported_parameter("reasoning.summary", ""));
    }
    match wanted {
        "concise" => Ok(Some(2)),
        "auto" => Ok(Some(4)),
        "detailed" => Ok(Some(8)),
        other => Err(ApiError::unsupported_value("reasoning.summary", other, &["concise", "detailed", "auto"])),
    }
}

/// The shape of the text, and `text.format` as the response shows it.
fn format(format: Option<Object>) -> Result<(Format, Value), ApiError> {
    const PARAM: &str = "text.format.type";
    let Some(format) = format else { return Ok((Format::Text, json!({"type": "text"}))) };
    match format.get("type").and_then(Value::as_str) {
        None => Err(ApiError::missing(PARAM)),
        Some("text") => Ok((Format::Text, Value::Object(format))),
        Some("json_object") => Ok((Format::JsonObject, Value::Object(format))),
        Some("json_schema") => {
            let schema: SchemaWire = offers::parsed(&format, "text.format")?;
            let strict = schema.strict.unwrap_or_default();
            let shape = json_schema(schema, "text.format", "text.format")?;
            let mut echo = format;
            echo.insert("strict".to_owned(), json!(strict));
            Ok((shape, Value::Object(echo)))
        }
        Some(other) => Err(ApiError::unsupported_value(PARAM, other, &["json_object", "json_schema", "text"])),
    }
}

/// Runs the hosted tools that have to run, or are clearly asked for by the last turn.
fn perform(
    offers: &Offers,
    items: &[Value],
    (context, ids): (&Context, &ItemIds),
    include: Include,
    most_calls: Option<i64>,
) -> Result<Vec<Performed>, ApiError> {
    let last = items.last().filter(|item| item["type"] == "message" && item["role"] == "user");
    let text = items.iter().rev().find(|item| item["role"] == "user").and_then(|item| {
        let texts = item["content"].as_array()?.iter().filter_map(|part| part["text"].as_str());
        texts.max_by_key(|text| text.len())
    });
    let text = text.unwrap_or_default();
    let mut performed = Vec::new();
    for (place, (hosted, tool)) in offers.hosted.iter().enumerate() {
        let name = offers.forced.as_ref().and_then(|(_, name)| name.as_deref());
        hosted.find(context, tool)?;
        let is_wished = offers.forced.is_some() || hosted.is_asked_for(text);
        let asked = Asked { context, tool, text, all: &offers.echo, name, items, ids, include, is_wished };
        if offers.may_run {
            performed.extend(hosted::unasked(*hosted, &asked));
        }
        let runs = match &offers.forced {
            Some((forced, _)) => *forced == place,
            None => offers.may_run && last.is_some() && (is_wished || hosted.looks_unasked()),
        };
        let calls = performed.iter().filter(|performed: &&Performed| !performed.written.is_empty()).count();
        if runs && most_calls.is_none_or(|most| (calls as i64) < most) && !performed.iter().any(|run| run.waits) {
            performed.extend(hosted.perform(&asked)?);
        }
    }
    Ok(performed)
}

/// Lets the model read what hosted tools found.
fn show_results(performed: &[Performed], turns: &mut Vec<Turn>) {
    for run in performed {
        let Some((name, result)) = &run.told else { continue };
        let id = run.item["id"].as_str().unwrap_or_default().to_owned();
        let call = fakeai_writer::Call { id: id.clone(), name: (*name).to_owned(), input: run.written.clone() };
        turns.push(Turn { parts: Vec::new(), calls: vec![call], ..Turn::new(Role::Assistant, "") });
        let mut result = Turn { answers: Some(id), ..Turn::new(Role::Tool, result.clone()) };
        let file = |(name, text): &(String, String)| Part::File { name: name.clone(), pages: 0, text: text.clone() };
        result.parts.extend(run.files.iter().map(file));
        turns.push(result);
    }
}
