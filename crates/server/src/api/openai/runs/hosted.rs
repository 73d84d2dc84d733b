//! The tools the platform runs itself. One runs when `tool_choice` demands it or when the user's words clearly ask for
//! it; files are also searched for what they may have to say. Nothing is executed: sums are worked out, and any other
//! code prints nothing.

use fakeai_tokens::{Token, Tokenizer};
use fakeai_writer::{Call, CalledTool as Named, Finish, Generation, Part, Role, Segment, SegmentKind, Turn};

use super::run::{CalledTool, SearchResult, ToolCall};
use super::settings::{Forced, Understood};
use crate::api::openai::assistants::Searching;
use crate::api::openai::sums::{CUES, sum};
use crate::api::openai::vector_stores::{Found, Search, search};
use crate::context::Context;
use crate::error::ApiError;

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

/// From this score on what is found is worth telling though nobody asked for the files.
const RELEVANT: f32 = 0.25;
/// A second file is told of if its score is at least this share of the first's.
const AS_GOOD: f32 = 0.8;
/// Most that is told of a file, bytes.
const PASSAGE_BYTES: usize = 400;

/// What was done before the model answers.
#[derive(Debug, Default)]
pub(super) struct Performed {
    pub calls: Vec<ToolCall>,
    /// What the model reads of files.
    pub files: Vec<Part>,
}

/// What `text`, the user's last, leads to; `stores` are those of the run.
pub(super) fn performed(
    context: &Context,
    understood: &Understood,
    text: &str,
    stores: &[String],
) -> Result<Performed, ApiError> {
    let lower = format!(" {} ", text.to_lowercase());
    let asks = |cues: &[&str]| cues.iter().any(|cue| lower.contains(cue));
    let Understood { code, forced, ref search, .. } = *understood;
    let any = forced == Some(Forced::Any);
    let searching = search.as_ref();
    let search =
        searching.is_some() && (forced == Some(Forced::Search) || (forced != Some(Forced::Code) && asks(SEARCH_CUES)));
    let code = code && (forced == Some(Forced::Code) || (forced != Some(Forced::Search) && asks(CUES)));
    let (code, search) = if any && !code && !search { (understood.code, !understood.code) } else { (code, search) };
    let mut performed = Performed::default();
    if let Some(searching) = searching.filter(|_| search || (!code && forced.is_none() && !stores.is_empty())) {
        let (tool, files, best) = searched(context, searching, understood, text, stores)?;
        if search || best >= RELEVANT {
            performed.calls.push(ToolCall { id: context.id("call_", 24), tool });
            performed.files = files;
        }
    }
    {
        let units = &mut context.note().units;
        units.file_searches += performed.calls.len() as u64;
        units.code_sessions += u64::from(code);
    }
    if code {
        performed.calls.push(ToolCall { id: context.id("call_", 24), tool: written(text) });
    }
    Ok(performed)
}

/// A search of the stores: the call, what the model reads, and the best score.
fn searched(
    context: &Context,
    searching: &Searching,
    understood: &Understood,
    text: &str,
    stores: &[String],
) -> Result<(CalledTool, Vec<Part>, f32), ApiError> {
    let query = text.trim();
    let query = query[..query.floor_char_boundary(LONGEST_QUERY_BYTES)].to_owned();
    let usual = if understood.card.id.starts_with("gpt-3.5") { 5 } else { 20 };
    let wanted = Search {
        queries: vec![query.clone()],
        most: searching.most.unwrap_or(usual),
        ranking: searching.ranking,
        // OpenAI's runs wait for files that were just added.
        early: true,
        ..Search::default()
    };
    let found = search(context, stores, &wanted)?;
    let best = found.first().map_or(0.0, |found| found.score);
    let (mut passages, mut results): (Vec<String>, Vec<SearchResult>) = (Vec::new(), Vec::new());
    for (index, found) in found.iter().enumerate() {
        let other = results.iter().all(|known| known.marker.is_none() || known.file_id != found.file_id);
        let told = other && passages.len() < 2 && found.score >= AS_GOOD * best;
        if told {
            passages.push(fakeai_writer::passage(&found.text, text, PASSAGE_BYTES));
        }
        results.push(SearchResult {
            store: found.store.clone(),
            file_id: found.file_id.clone(),
            filename: found.filename.clone(),
            score: found.score,
            span: found.span.clone(),
            marker: told.then(|| format!("【0:{index}†{}】", found.filename)),
        });
    }
    let answer = if passages.is_empty() { NOTHING.to_owned() } else { passages.join(" ") };
    let tool = CalledTool::Search {
        query,
        results,
        answer: (!stores.is_empty()).then_some(answer),
        ranker: searching.ranker.to_owned(),
        threshold: searching.ranking.threshold,
    };
    let file = |found: Found| Part::File { name: found.filename, pages: 0, text: found.text };
    Ok((tool, found.into_iter().map(file).collect(), best))
}

/// What is told where nothing was found.
const NOTHING: &str = "I could not find anything about this in the files.";

/// What an answer cites: what stands in it, and the id of the file.
pub(super) fn marks(calls: &[ToolCall]) -> Vec<(String, String)> {
    let results = calls.iter().flat_map(|call| match &call.tool {
        CalledTool::Search { results, .. } => results.as_slice(),
        _ => &[],
    });
    results.filter_map(|result| Some((result.marker.clone()?, result.file_id.clone()))).collect()
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
        CalledTool::Search { query, .. } => query,
    }
}

/// What the model is told: the calls that had a result, the results, and `files` that it reads with those of a search.
pub(super) fn told(calls: &[ToolCall], files: Vec<Part>) -> Vec<Turn> {
    let known = |call: &ToolCall| match &call.tool {
        CalledTool::Code { input, logs: Some(logs) } => Some((
            Call { id: call.id.clone(), name: "code_interpreter".to_owned(), input: input.clone() },
            logs.clone(),
        )),
        CalledTool::Search { query, answer: Some(answer), .. } => {
            Some((Call { id: call.id.clone(), name: "file_search".to_owned(), input: query.clone() }, answer.clone()))
        }
        _ => None,
    };
    let known: Vec<(Call, String)> = calls.iter().filter_map(known).collect();
    if known.is_empty() {
        return Vec::new();
    }
    let (calls, results): (Vec<Call>, Vec<String>) = known.into_iter().unzip();
    let search = calls.iter().position(|call| call.name == "file_search");
    let mut turns = exchange(calls, results);
    // The first turn makes the calls.
    if let Some(turn) = search.and_then(|place| turns.get_mut(place + 1)) {
        turn.parts.extend(files);
    }
    turns
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

/// Puts the calls between the thoughts and the answer, and behind it what it cites, as far as `most_tokens` reach.
pub(super) fn insert(calls: &[ToolCall], tokenizer: Tokenizer, most_tokens: u32, generation: &mut Generation) {
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
    if choice.finish == Finish::Stop {
        let room = most_tokens.saturating_sub(choice.token_count()) as usize;
        choice.segments.iter_mut().filter(|segment| segment.kind == SegmentKind::Text).for_each(|text| {
            cite(calls, tokenizer, room, text);
        });
    }
    generation.usage.completion_tokens = choice.written_tokens();
}

/// Adds marks of the files that a text has its words from.
fn cite(calls: &[ToolCall], tokenizer: Tokenizer, room: usize, text: &mut Segment) {
    let taken = calls.iter().any(|call| match &call.tool {
        CalledTool::Search { answer: Some(answer), .. } => text.text.contains(answer.as_str()),
        _ => false,
    });
    let marks: String = marks(calls).into_iter().map(|(mark, _)| mark).collect();
    let tokens = tokenizer.encode(&marks);
    if !taken || tokens.len() > room {
        return;
    }
    let start = text.text.len() as u32;
    text.tokens.extend(tokens.iter().map(|token| Token { end: token.end + start, ..*token }));
    text.text.push_str(&marks);
}
