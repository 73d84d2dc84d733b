//! A generation as one chat completion.

use fakeai_writer::{Choice, Finish, Generation, Segment, SegmentKind};
use serde::Serialize;
use serde_json::Value;

use super::head::{Head, Thoughts};
use super::logprobs::LogprobsWire;
use crate::api::openai::transfer::TransferAnswer;
use crate::api::openai::usage::UsageWire;

#[derive(Serialize)]
pub(super) struct ChatCompletion<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: Vec<ChoiceWire<'a>>,
    usage: UsageWire,
    service_tier: &'static str,
    system_fingerprint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kv_transfer_params: Option<&'a TransferAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moderation: Option<&'a Value>,
}

#[derive(Serialize)]
struct ChoiceWire<'a> {
    index: usize,
    message: MessageWire<'a>,
    logprobs: Option<LogprobsWire>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct MessageWire<'a> {
    role: &'static str,
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<Vec<CallWire<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_call: Option<FunctionWire<'a>>,
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<AudioWire<'a>>,
    annotations: [(); 0],
}

#[derive(Serialize)]
struct AudioWire<'a> {
    id: &'a str,
    data: &'a str,
    expires_at: i64,
    transcript: &'a str,
}

#[derive(Serialize)]
struct CallWire<'a> {
    id: &'a str,
    #[serde(flatten)]
    called: Called<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Called<'a> {
    Function { function: FunctionWire<'a> },
    Custom { custom: CustomWire<'a> },
}

#[derive(Serialize)]
struct FunctionWire<'a> {
    name: &'a str,
    arguments: &'a str,
}

#[derive(Serialize)]
struct CustomWire<'a> {
    name: &'a str,
    input: &'a str,
}

/// The answer as one object.
pub(super) fn completion<'a>(head: &'a Head, generation: &'a Generation) -> ChatCompletion<'a> {
    let choices = generation.choices.iter().enumerate();
    ChatCompletion {
        id: &head.id,
        object: "chat.completion",
        created: head.created,
        model: &head.model,
        choices: choices.map(|(index, choice)| whole_choice(index, choice, head)).collect(),
        usage: generation.usage.into(),
        service_tier: head.service_tier,
        system_fingerprint: &head.fingerprint,
        kv_transfer_params: head.transfer.as_ref(),
        moderation: head.moderation.as_ref(),
    }
}

/// `finish_reason` of an answer.
pub(super) const fn finish_name(finish: Finish, function_call: bool) -> &'static str {
    match finish {
        Finish::ToolCalls if function_call => "function_call",
        finish => finish.name(),
    }
}

fn whole_choice<'a>(index: usize, choice: &'a Choice, head: &'a Head) -> ChoiceWire<'a> {
    let manner = head.manner;
    let text = |kind| choice.segments.iter().find(|segment| segment.kind == kind).map(|segment| segment.text.as_str());
    let refusal = text(SegmentKind::Refusal);
    let mut calls = calls(index, choice, head);
    let silent = refusal.is_some() || !calls.is_empty();
    // A model that refuses or calls says nothing else; one that has nothing to say says the empty text.
    let content = text(SegmentKind::Text).or(if silent { None } else { Some("") });
    let audio = head.spoken.get(index).and_then(Option::as_ref).map(|spoken| AudioWire {
        id: &spoken.id,
        data: &spoken.data,
        expires_at: spoken.expires_at,
        transcript: text(SegmentKind::Text).unwrap_or_default(),
    });
    let content = content.filter(|_| audio.is_none());
    let thoughts = text(SegmentKind::Reasoning);
    let function = if manner.function_call { calls.pop() } else { None };
    let function_call = function.and_then(|call| match call.called {
        Called::Function { function } => Some(function),
        Called::Custom { .. } => None,
    });
    ChoiceWire {
        index,
        message: MessageWire {
            role: "assistant",
            content,
            reasoning_content: thoughts.filter(|_| manner.reasoning == Thoughts::Content),
            reasoning: thoughts.filter(|_| manner.reasoning == Thoughts::Reasoning),
            tool_calls: (!calls.is_empty()).then_some(calls),
            function_call,
            refusal,
            audio,
            annotations: [],
        },
        logprobs: manner.logprobs.then(|| LogprobsWire::of(&choice.segments)),
        finish_reason: finish_name(choice.finish, manner.function_call),
    }
}

fn calls<'a>(index: usize, choice: &'a Choice, head: &'a Head) -> Vec<CallWire<'a>> {
    let call = |(place, segment): (usize, &'a Segment)| {
        let (_, id) = head.call_ids.get(index, place)?;
        let (name, input) = (segment.tool.as_ref()?.name.as_str(), segment.text.as_str());
        let called = if segment.tool.as_ref()?.custom {
            Called::Custom { custom: CustomWire { name, input } }
        } else {
            Called::Function { function: FunctionWire { name, arguments: input } }
        };
        Some(CallWire { id, called })
    };
    choice.segments.iter().enumerate().filter_map(call).collect()
}
