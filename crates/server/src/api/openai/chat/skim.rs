//! The chat requests that most clients send: texts and a few numbers.

use super::wire::{ChatRequest, Content, Message, StreamOptions};
use crate::wire::{Skimmer, put};

/// Reads a request of nothing but these fields; `None` of any other. What is read is what serde would read.
pub(super) fn skim(text: &str) -> Option<Box<ChatRequest>> {
    let mut request = Box::<ChatRequest>::default();
    let mut skimmer = Skimmer::new(text);
    skimmer.object(|value, name| match name {
        "model" => put(&mut request.model, value.string()),
        "messages" => put(&mut request.messages, value.array(message)),
        "stream" => put(&mut request.stream, value.scalar()),
        "stream_options" => put(&mut request.stream_options, stream_options(value)),
        "temperature" => put(&mut request.temperature, value.scalar()),
        "top_p" => put(&mut request.top_p, value.scalar()),
        "n" => put(&mut request.n, value.scalar()),
        "max_tokens" => put(&mut request.max_tokens, value.scalar()),
        "max_completion_tokens" => put(&mut request.max_completion_tokens, value.scalar()),
        "presence_penalty" => put(&mut request.presence_penalty, value.scalar()),
        "frequency_penalty" => put(&mut request.frequency_penalty, value.scalar()),
        "seed" => put(&mut request.seed, value.scalar()),
        "user" => put(&mut request.user, value.string()),
        "min_tokens" => put(&mut request.min_tokens, value.scalar()),
        "ignore_eos" => put(&mut request.ignore_eos, value.scalar()),
        _ => None,
    })?;
    skimmer.is_done().then_some(request)
}

/// A message that is a text.
fn message(skimmer: &mut Skimmer<'_>) -> Option<Message> {
    let mut message = Message::default();
    skimmer.object(|value, name| match name {
        "role" => put(&mut message.role, value.string()),
        "content" => put(&mut message.content, value.string().map(Content::Text)),
        "name" => put(&mut message.name, value.string()),
        _ => None,
    })?;
    Some(message)
}

fn stream_options(skimmer: &mut Skimmer<'_>) -> Option<StreamOptions> {
    let mut options = StreamOptions::default();
    skimmer.object(|value, name| match name {
        "include_usage" => put(&mut options.include_usage, value.scalar()),
        "include_obfuscation" => put(&mut options.include_obfuscation, value.scalar()),
        _ => None,
    })?;
    Some(options)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is skimmed is what serde reads.
    fn agrees(text: &str) -> bool {
        let Some(skimmed) = skim(text) else { return false };
        let read: ChatRequest = serde_json::from_str(text).unwrap();
        assert_eq!(format!("{skimmed:?}"), format!("{read:?}"), "{text}");
        true
    }

    #[test]
    fn what_most_clients_send_is_skimmed() {
        let all = [
            r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]}"#,
            r#" { "messages" : [ { "role" : "user" , "content" : "a\n\"b\" \u00e9 世" } ] , "model" : "m" } "#,
            r#"{"messages":[],"temperature":1,"top_p":0.5e-1,"n":2,"stream":true,"seed":-7,"user":"me"}"#,
            r#"{"stream_options":{"include_usage":true},"max_tokens":5,"ignore_eos":false,"presence_penalty":-0.0}"#,
            "{}",
        ];
        assert!(all.into_iter().all(agrees));
    }

    #[test]
    fn the_unusual_is_left_to_serde() {
        let all = [
            "",
            " ",
            "[]",
            "{",
            "{}x",
            r#"{"model":null}"#,
            r#"{"model":"a","model":"b"}"#,
            r#"{"model":5}"#,
            r#"{"modèle":"a"}"#,
            r#"{"model":"a",}"#,
            r#"{"model":"a" "n":1}"#,
            r#"{"n":1.5}"#,
            r#"{"n":01}"#,
            r#"{"n":"#,
            r#"{"model":"\"#,
            r#"{"model":"\ud800"}"#,
            "{\"model\":\"a\nb\"}",
            r#"{"tools":[]}"#,
            r#"{"messages":[{"content":[{"type":"text"}]}]}"#,
            r#"{"mod\u0065l":"a"}"#,
            r#"{"seed":1e400}"#,
        ];
        for text in all {
            assert!(!agrees(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_read_that_serde_reads_otherwise(
            fields in prop::collection::vec((0_usize..17, 0_usize..14, " {0,2}"), 0..5),
            cut in 0_usize..400,
            put_in in "[\\\\\"{}\\[\\],:0-9a-z.é \n-]{0,2}",
            breaks: bool,
        ) {
            const NAMES: [&str; 17] = [
                "model", "messages", "stream", "stream_options", "temperature", "top_p", "n", "max_tokens", "user",
                "max_completion_tokens", "presence_penalty", "frequency_penalty", "seed", "min_tokens", "ignore_eos",
                "stop", "modèle",
            ];
            const VALUES: [&str; 14] = [
                "\"text\"", "\"a\\n\\u00e9 \\\\\"", "1", "-0.25e3", "true", "false", "null", "{}", "[]", "99999999999999999999",
                "[{\"role\":\"user\",\"content\":\"Hi é\\\"\"},{\"content\":\"x\",\"name\":\"n\"}]",
                "{\"include_usage\":true}", "[{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}]", "[{\"role\":7}]",
            ];
            let fields: Vec<String> =
                fields.iter().map(|(name, value, space)| format!("{space}\"{}\"{space}:{space}{}{space}", NAMES[*name], VALUES[*value])).collect();
            let mut text = format!("{{{}}}", fields.join(","));
            if breaks {
                let at = text.floor_char_boundary(cut % text.len());
                text.insert_str(at, &put_in);
            }
            agrees(&text);
        }

        #[test]
        fn any_text_can_be_skimmed(text in any::<String>(), role in "[a-z]{0,9}") {
            let quoted = serde_json::to_string(&text).unwrap();
            let request = format!("{{\"messages\":[{{\"role\":\"{role}\",\"content\":{quoted}}}]}}");
            prop_assert!(agrees(&request));
            agrees(&text);
        }
    }
}
