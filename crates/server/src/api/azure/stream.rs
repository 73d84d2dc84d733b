//! A stream with Azure's annotations: what the filter says of the prompt comes first, what it says of the text so far with
//! each chunk. Text is not held back, as with Azure's asynchronous filter: what is filtered ends with `content_filter`.

use std::collections::HashMap;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::filter::{Verdict, prompt_results};

/// How much of what was said before a chunk is judged with it, bytes.
const CONTEXT_BYTES: usize = 256;

/// Where the annotations of a stream stand.
struct Annotator {
    /// The first event, until it was sent.
    first: Option<Bytes>,
    /// Of each choice what was said last, and whether something of it was filtered.
    said: HashMap<u64, (String, bool)>,
}

/// The stream `body` with annotations.
pub(super) fn annotated(body: Body, prompts: &[Verdict]) -> Body {
    let first = json!({
        "choices": [],
        "created": 0,
        "id": "",
        "model": "",
        "object": "",
        "prompt_filter_results": prompt_results(prompts),
    });
    let first = Some(Bytes::from(format!("data: {first}\n\n")));
    let mut annotator = Annotator { first, said: HashMap::new() };
    Body::new(body.map_frame(move |frame| frame.map_data(|data| annotator.frame(&data))))
}

impl Annotator {
    /// A frame, which holds whole events.
    fn frame(&mut self, data: &[u8]) -> Bytes {
        let mut out = BytesMut::with_capacity(2 * data.len());
        // A comment that keeps the connection open may come before.
        if let Some(first) = self.first.take() {
            out.extend_from_slice(&first);
        }
        for line in data.split_inclusive(|byte| *byte == b'\n') {
            let event = line.strip_prefix(b"data: ").and_then(|json| serde_json::from_slice::<Value>(json).ok());
            match event {
                Some(mut event) if event["choices"].is_array() => {
                    self.chunk(&mut event);
                    out.extend_from_slice(b"data: ");
                    out.extend_from_slice(event.to_string().as_bytes());
                    out.extend_from_slice(b"\n");
                }
                _ => out.extend_from_slice(line),
            }
        }
        out.freeze()
    }

    fn chunk(&mut self, event: &mut Value) {
        // What is no object is no choice.
        let choices = event["choices"].as_array_mut().into_iter().flatten();
        for choice in choices.filter(|choice| choice.is_object()) {
            let text = choice["delta"]["content"].as_str().or_else(|| choice["text"].as_str()).unwrap_or_default();
            let (said, filtered) = self.said.entry(choice["index"].as_u64().unwrap_or_default()).or_default();
            if text.is_empty() {
                choice["content_filter_results"] = json!({});
            } else {
                said.push_str(text);
                let verdict = Verdict::of(said);
                *filtered |= verdict.is_filtered();
                choice["content_filter_results"] = verdict.results();
                if said.len() > 2 * CONTEXT_BYTES {
                    said.drain(..said.ceil_char_boundary(said.len() - CONTEXT_BYTES));
                }
            }
            if *filtered && choice["finish_reason"].is_string() {
                choice["finish_reason"] = json!("content_filter");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn annotator() -> Annotator {
        Annotator { first: Some(Bytes::from_static(b"first\n\n")), said: HashMap::new() }
    }

    #[test]
    fn what_was_filtered_ends_so() {
        let mut annotator = annotator();
        let chunk = |text: &str, finish: Value| {
            let delta = if text.is_empty() { json!({}) } else { json!({"content": text}) };
            format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}))
        };
        let mut text = String::new();
        for (word, finish) in [("I am going", Value::Null), (" to kill you.", Value::Null), ("", json!("stop"))] {
            text += std::str::from_utf8(&annotator.frame(chunk(word, finish).as_bytes())).unwrap();
        }
        assert!(text.starts_with("first\n\ndata: {") && text.ends_with("}\n\n"), "{text}");
        assert!(text.contains(r#""finish_reason":"content_filter","content_filter_results":{}"#), "{text}");
    }

    proptest! {
        #[test]
        fn what_is_no_chunk_stays_as_it_is(text in "(?s).{0,80}") {
            let mut annotator = Annotator { first: None, said: HashMap::new() };
            prop_assert_eq!(&annotator.frame(text.as_bytes())[..], text.as_bytes());
            annotator.frame(format!("data: {{\"choices\": [{text:?}]}}\n\n").as_bytes());
        }
    }
}
