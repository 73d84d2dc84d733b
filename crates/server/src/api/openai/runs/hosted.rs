//! The tools the platform runs itself. One runs when `tool_choice` demands it or when the user's words clearly ask for
//! it. Nothing is executed or searched: sums are worked out, any other code prints nothing, and no file is found.

use fakeai_tokens::Tokenizer;
use fakeai_writer::{Call, CalledTool as Named, Generation, Role, Segment, SegmentKind, Turn};

use super::run::{CalledTool, ToolCall};
use super::settings::{Forced, Understood};
use crate::api::openai::sums::{CUES, sum};
use crate::context::Context;

/// Words that ask for files to be searched.
const SEARCH_CUES: &[&str] = &[
    " my file",
    " the file",
    "my document",
    "the document",
    "our document",
    "uploaded ",
    "attached",
    "attachment",
    "knowledge base",
    "file search",
];

/// Longest query, bytes.
const LONGEST_QUERY_BYTES: usize = 200;

/// The calls that `text`, the user's last, leads to.
pub(super) fn performed(context: &Context, understood: &Understood, text: &str) -> Vec<ToolCall> {
    let lower = format!(" {} ", text.to_lowercase());
    let asks = |cues: &[&str]| cues.iter().any(|cue| lower.contains(cue));
    let Understood { code, search, forced, .. } = *understood;
    let any = forced == Some(Forced::Any);
    let search = search && (forced == Some(Forced::Search) || (forced != Some(Forced::Code) && asks(SEARCH_CUES)));
    let code = code && (forced == Some(Forced::Code) || (forced != Some(Forced::Search) && asks(CUES)));
    let (code, search) = if any && !code && !search { (understood.code, !understood.code) } else { (code, search) };
    let mut calls = Vec::new();
    let mut call = |tool| calls.push(ToolCall { id: context.id("call_", 24), tool });
    if search {
        let query = text.trim();
        call(CalledTool::Search { query: query[..query.floor_char_boundary(LONGEST_QUERY_BYTES)].to_owned() });
    }
    if code {
        call(written(text));
    }
    calls
}

/// The code for a request, and what it prints.
fn written(text: &str) -> CalledTool {
    match sum(text) {
        Some((sum, value)) => CalledTool::Code { input: format!("print({sum})"), logs: Some(format!("{value}\n")) },
        None => CalledTool::Code { input: "# Code is not run on this server.\npass".to_owned(), logs: None },
    }
}

/// What the model writes to call it.
fn spoken(call: &ToolCall) -> &str {
    match &call.tool {
        CalledTool::Function { arguments, .. } => arguments,
        CalledTool::Code { input, .. } => input,
        CalledTool::Search { query } => query,
    }
}

/// What the model is told: the calls that had a result, and the results.
pub(super) fn told(calls: &[ToolCall]) -> Vec<Turn> {
    let known = |call: &ToolCall| match &call.tool {
        CalledTool::Code { input, logs: Some(logs) } => Some((
            Call { id: call.id.clone(), name: "code_interpreter".to_owned(), input: input.clone() },
            logs.clone(),
        )),
        _ => None,
    };
    let known: Vec<(Call, String)> = calls.iter().filter_map(known).collect();
    if known.is_empty() {
        return Vec::new();
    }
    let (calls, results): (Vec<Call>, Vec<String>) = known.into_iter().unzip();
    exchange(calls, results)
}

/// Calls and their results as turns.
pub(super) fn exchange(calls: Vec<Call>, results: Vec<String>) -> Vec<Turn> {
    let ids: Vec<String> = calls.iter().map(|call| call.id.clone()).collect();
    let mut turns = vec![Turn { parts: Vec::new(), calls, ..Turn::new(Role::Assistant, "") }];
    let result = |(id, result): (String, String)| Turn { answers: Some(id), ..Turn::new(Role::Tool, result) };
    turns.extend(ids.into_iter().zip(results).map(result));
    turns
}

/// How many tokens the calls take.
pub(super) fn count(calls: &[ToolCall], tokenizer: Tokenizer) -> u32 {
    calls.iter().map(|call| tokenizer.encode(spoken(call)).len() as u32).sum()
}

/// Puts the calls between the thoughts and the answer.
pub(super) fn insert(calls: &[ToolCall], tokenizer: Tokenizer, generation: &mut Generation) {
    let Some(choice) = generation.choices.first_mut().filter(|_| !calls.is_empty()) else { return };
    let thoughts = choice.segments.iter().take_while(|segment| segment.kind == SegmentKind::Reasoning).count();
    let segment = |call: &ToolCall| Segment {
        kind: SegmentKind::Call,
        tool: Some(Box::new(Named { name: String::new(), custom: true })),
        tokens: tokenizer.encode(spoken(call)),
        text: spoken(call).to_owned(),
        ..Segment::default()
    };
    choice.segments.splice(thoughts..thoughts, calls.iter().map(segment));
    generation.usage.completion_tokens = choice.written_tokens();
}
