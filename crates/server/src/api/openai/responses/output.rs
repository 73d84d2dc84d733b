//! A generation as output items, and as what of its tokens shows.

use fakeai_tokens::Token;
use fakeai_writer::{CalledTool, Choice, Finish, Format, Generation, GenerationRequest, Logprob, Segment, SegmentKind};
use serde_json::{Value, json};

use super::hosted::Performed;
use super::items::ItemIds;
use super::lower::{Manner, Thoughts};
use super::seal::Seal;
use crate::api::openai::chat::TokenLogprob;

/// Makes room in the limits for what hosted tools write.
pub(super) fn reserve(performed: &[Performed], request: &mut GenerationRequest) {
    let tokenizer = request.tokenizer();
    let written: usize = performed.iter().map(|run| tokenizer.encode(&run.written).len()).sum();
    let limits = &mut request.limits;
    limits.max_tokens = limits.max_tokens.saturating_sub(written as u32).max(1);
}

/// Puts what hosted tools write between the thoughts and the answer, and what they found behind it. An answer that
/// waits for the client says nothing yet.
pub(super) fn insert(performed: &[Performed], request: &GenerationRequest, generation: &mut Generation) {
    if performed.is_empty() {
        return;
    }
    let tokenizer = request.tokenizer();
    let Some(choice) = generation.choices.first_mut() else { return };
    let thoughts = choice.segments.iter().take_while(|segment| segment.kind == SegmentKind::Reasoning).count();
    let mut rest = choice.segments.split_off(thoughts);
    choice.segments.extend(performed.iter().map(|run| Segment {
        kind: SegmentKind::Call,
        tool: Some(Box::new(CalledTool { name: String::new(), custom: true })),
        tokens: tokenizer.encode(&run.written),
        text: run.written.clone(),
        ..Segment::default()
    }));
    if performed.iter().any(|run| run.waits) {
        choice.finish = Finish::ToolCalls;
    } else {
        if choice.finish == Finish::Stop && matches!(request.format, Format::Text) {
            let room = request.limits.max_tokens.saturating_sub(choice.token_count());
            rest.iter_mut().filter(|segment| segment.kind == SegmentKind::Text).for_each(|text| {
                cite(performed, request, room, text);
            });
        }
        choice.segments.extend(rest);
    }
    generation.usage.completion_tokens = choice.written_tokens();
}

/// Adds links to what was found to an answer's text.
fn cite(performed: &[Performed], request: &GenerationRequest, room: u32, text: &mut Segment) {
    for (title, url) in performed.iter().flat_map(|run| &run.sources) {
        let tokens = request.tokenizer().encode(&link(title, url));
        if text.text.is_empty() || text.tokens.len() + tokens.len() > room as usize {
            return;
        }
        let start = text.text.len() as u32;
        text.tokens.extend(tokens.iter().map(|token| Token { end: token.end + start, ..*token }));
        if request.logprobs.is_some() {
            // It is not drawn but given: certain.
            text.logprobs.extend(tokens.iter().map(|_| Logprob { logprob: 0.0, top: Vec::new() }));
        }
        text.text.push_str(&link(title, url));
    }
}

fn link(title: &str, url: &str) -> String {
    format!(" ([{title}]({url}))")
}

/// The links and quotes in a text, as annotations; places are counted in characters.
fn annotations(performed: &[Performed], text: &str) -> Vec<Value> {
    let sources = performed.iter().flat_map(|run| &run.sources);
    let found = sources.filter_map(|(title, url)| {
        let link = link(title, url);
        let at = text.find(&link)?;
        let start = text[..at].chars().count() + 1;
        let end = start + link.chars().count() - 1;
        Some(json!({"type": "url_citation", "start_index": start, "end_index": end, "title": title, "url": url}))
    });
    let mut annotations: Vec<Value> = found.collect();
    for cited in performed.iter().flat_map(|run| &run.cited) {
        // Only what the answer really takes from a file is cited, behind it.
        let Some(at) = text.find(&cited.passage).filter(|_| !cited.passage.is_empty()) else { continue };
        let index = text[..at].chars().count() + cited.passage.chars().count();
        annotations.push(json!({
            "type": "file_citation", "index": index, "file_id": cited.file_id, "filename": cited.filename,
        }));
    }
    annotations
}

/// The items of an answer, and for each the tokens as far as they show.
pub(super) struct Output {
    pub items: Vec<Value>,
    pub shown: Vec<Segment>,
}

impl Output {
    /// Says of calls which namespace their tool is in.
    pub(super) fn place(&mut self, namespaces: &[(String, String)]) {
        for item in self.items.iter_mut().filter(|item| item["call_id"].is_string() && item["name"].is_string()) {
            if let Some((_, namespace)) = namespaces.iter().find(|(name, _)| item["name"] == **name) {
                item["namespace"] = json!(namespace);
            }
        }
    }
}

/// The items that a generation is.
pub(super) fn of(choice: &Choice, performed: &[Performed], manner: Manner, ids: &ItemIds, seal: &Seal) -> Output {
    let thoughts = choice.segments.iter().take_while(|segment| segment.kind == SegmentKind::Reasoning).count();
    let last = choice.segments.len().saturating_sub(1);
    let cut = matches!(choice.finish, Finish::Length | Finish::ContentFilter);
    let run_count = performed.len();
    let items = choice.segments.iter().enumerate().map(|(index, segment)| {
        if let Some(run) = index.checked_sub(thoughts).and_then(|place| performed.get(place)) {
            return run.item.clone();
        }
        let status = if cut && index == last { "incomplete" } else { "completed" };
        match segment.kind {
            SegmentKind::Reasoning => reasoning(segment, manner, ids, seal),
            SegmentKind::Call => call(segment, status, ids),
            SegmentKind::Refusal => {
                let content = json!([{"type": "refusal", "refusal": segment.text}]);
                json!({
                    "id": ids.next("msg_"), "type": "message", "status": status, "content": content,
                    "role": "assistant",
                })
            }
            SegmentKind::Text | SegmentKind::Echo => message(segment, status, performed, manner, ids),
        }
    });
    let mut items: Vec<Value> = items.collect();
    let mut segments: Vec<&Segment> = choice.segments.iter().collect();
    // A call that waits says nothing beside itself.
    if run_count == 0 && items.is_empty() {
        items.push(message(&Segment::default(), "incomplete", &[], manner, ids));
        segments.clear();
    }
    let empty = Segment::default();
    let shown = items.iter().enumerate().map(|(index, item)| {
        let ends = segments.get(index).unwrap_or(&&empty).tokens.iter().map(|token| token.end);
        shown(item, ends)
    });
    Output { shown: shown.collect(), items }
}

fn message(segment: &Segment, status: &str, performed: &[Performed], manner: Manner, ids: &ItemIds) -> Value {
    let mut logprobs = Vec::new();
    if manner.include.logprobs {
        let tokens = segment.logprobs.iter().enumerate();
        logprobs =
            tokens.map(|(index, logprob)| json!(TokenLogprob::of(segment.token_bytes(index), logprob))).collect();
    }
    let content = json!([{
        "type": "output_text", "annotations": annotations(performed, &segment.text), "logprobs": logprobs,
        "text": segment.text,
    }]);
    json!({"id": ids.next("msg_"), "type": "message", "status": status, "content": content, "role": "assistant"})
}

fn call(segment: &Segment, status: &str, ids: &ItemIds) -> Value {
    let tool = segment.tool.as_deref();
    let (name, custom) = tool.map_or(("", false), |tool| (tool.name.as_str(), tool.custom));
    if custom {
        return json!({
            "id": ids.next("ctc_"), "type": "custom_tool_call", "status": status, "call_id": ids.call(),
            "input": segment.text, "name": name,
        });
    }
    json!({
        "id": ids.next("fc_"), "type": "function_call", "status": status, "arguments": segment.text,
        "call_id": ids.call(), "name": name,
    })
}

fn reasoning(segment: &Segment, manner: Manner, ids: &ItemIds, seal: &Seal) -> Value {
    let id = ids.next("rs_");
    let mut item = json!({"id": id, "type": "reasoning", "summary": []});
    match manner.thoughts {
        Thoughts::Hidden => {}
        Thoughts::Summary(sentences) => {
            let text = first_sentences(&segment.text, sentences);
            if !text.is_empty() {
                item["summary"] = json!([{"type": "summary_text", "text": text}]);
            }
        }
        Thoughts::Open => item["content"] = json!([{"type": "reasoning_text", "text": segment.text}]),
    }
    if manner.include.encrypted {
        item["encrypted_content"] = json!(seal.close(&segment.text, &id));
    }
    item
}

/// At most so many sentences from the beginning.
fn first_sentences(text: &str, most: usize) -> &str {
    let ends = text.match_indices(['.', '!', '?', '\n']).map(|(at, mark)| at + mark.len());
    let ends = ends.filter(|end| text[*end..].chars().next().is_none_or(char::is_whitespace));
    ends.take(most).last().map_or(text, |end| text[..end].trim_end())
}

/// What an item shows while it is written.
pub(super) fn shown_text(item: &Value) -> &str {
    let part = |field: &str| &item[field][0];
    let text = match item["type"].as_str().unwrap_or_default() {
        "message" => {
            let part = part("content");
            if part["type"] == "refusal" { &part["refusal"] } else { &part["text"] }
        }
        "function_call" | "mcp_call" => &item["arguments"],
        "custom_tool_call" => &item["input"],
        "code_interpreter_call" => &item["code"],
        "reasoning" if item["content"].is_array() => &part("content")["text"],
        "reasoning" => &part("summary")["text"],
        _ => &Value::Null,
    };
    text.as_str().unwrap_or_default()
}

/// An item's tokens, as far as they show; `ends` are those of all its tokens.
pub(super) fn shown(item: &Value, ends: impl Iterator<Item = u32>) -> Segment {
    let text = shown_text(item).to_owned();
    let most = text.len() as u32;
    let tokens = ends.map(|end| Token { id: 0, end: end.min(most) }).collect();
    Segment { text, tokens, ..Segment::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_whole_sentences() {
        let text = "One. Two 3.5 is it? Three!\nFour";
        assert_eq!(first_sentences(text, 1), "One.");
        assert_eq!(first_sentences(text, 2), "One. Two 3.5 is it?");
        assert_eq!(first_sentences(text, 9), "One. Two 3.5 is it? Three!");
        assert_eq!(first_sentences("no end", 2), "no end");
        assert_eq!(first_sentences("", 2), "");
    }
}
