//! The examples of a training file: checked line by line, their tokens counted.

use fakeai_catalog::ModelKind;
use fakeai_store::{Space, StoreError};
use fakeai_tokens::{ChatOverhead, Tokenizer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use xxhash_rust::xxh3::Xxh3;

use super::method::Kind;
use crate::api::openai::files::LineReader;

/// Fewest examples of a training file.
pub(super) const FEWEST: u64 = 10;

/// What was found in a file.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Survey {
    pub examples: u64,
    /// Of all examples, each cut where the model's window ends.
    pub tokens: u64,
    /// Of its content.
    pub hash: u64,
    /// The first thing that is wrong with it.
    pub wrong: Option<String>,
}

/// How the examples of a file are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub kind: Kind,
    pub model: ModelKind,
    pub tokenizer: Tokenizer,
    pub window_tokens: u32,
}

impl Reading {
    /// Reads a file to its end, or to the first wrong line.
    pub(super) async fn survey(self, space: Space, file: &str) -> Result<Survey, StoreError> {
        let mut lines = LineReader::from(space, file, 0, 0);
        let (mut survey, mut hash) = (Survey { examples: 0, tokens: 0, hash: 0, wrong: None }, Xxh3::new());
        while let Some(line) = lines.next().await? {
            hash.update(&line.text);
            match self.tokens(&line.text) {
                Ok(tokens) => {
                    survey.examples += 1;
                    survey.tokens += tokens.min(self.window_tokens.into());
                }
                Err(wrong) => {
                    survey.wrong = Some(format!("Invalid file format. Line {}, {wrong}", line.number));
                    break;
                }
            }
        }
        survey.hash = hash.digest();
        Ok(survey)
    }

    /// The tokens of an example, or what is wrong with it.
    fn tokens(self, text: &[u8]) -> Result<u64, String> {
        let example: Map<String, Value> =
            serde_json::from_slice(text).map_err(|_| "expected a JSON object.".to_owned())?;
        if self.model == ModelKind::Completion && self.kind == Kind::Supervised {
            return self.completion(&example);
        }
        match self.kind {
            Kind::Supervised => self.conversation(&example),
            Kind::Dpo => self.preference(&example),
            Kind::Reinforcement => {
                let messages = messages(&example, "messages")?;
                let tokens = self.turns(messages, "messages")?;
                let last = messages.last().and_then(|message| message["role"].as_str());
                if last != Some("user") {
                    return Err("key \"messages\": the last message must be from the user.".to_owned());
                }
                Ok(tokens)
            }
        }
    }

    fn completion(self, example: &Map<String, Value>) -> Result<u64, String> {
        let field = |name: &str| {
            let text = example.get(name).and_then(Value::as_str);
            text.ok_or_else(|| format!("key \"{name}\": expected a string."))
        };
        Ok((self.tokenizer.count(field("prompt")?) + self.tokenizer.count(field("completion")?)) as u64)
    }

    fn conversation(self, example: &Map<String, Value>) -> Result<u64, String> {
        let messages = messages(example, "messages")?;
        let tokens = self.turns(messages, "messages")?;
        let trained = |message: &&Value| message["role"] == "assistant" && message["weight"] != 0;
        if messages.iter().find(trained).is_none() {
            return Err("key \"messages\": the example has no message from the assistant to learn from.".to_owned());
        }
        if messages.last().is_some_and(|message| message["role"] != "assistant") {
            return Err("key \"messages\": the last message must be from the assistant.".to_owned());
        }
        Ok(tokens + self.text(example.get("tools")))
    }

    fn preference(self, example: &Map<String, Value>) -> Result<u64, String> {
        let input = example.get("input").and_then(Value::as_object);
        let input = input.ok_or("key \"input\": expected an object with messages.")?;
        let mut tokens = self.turns(messages(input, "messages")?, "input.messages")? + self.text(input.get("tools"));
        for name in ["preferred_output", "non_preferred_output"] {
            let output = messages(example, name)?;
            if output.iter().any(|message| !matches!(message["role"].as_str(), Some("assistant" | "tool"))) {
                return Err(format!("key \"{name}\": all messages must be from the assistant or tools."));
            }
            tokens += self.turns(output, name)?;
        }
        Ok(tokens)
    }

    /// The tokens of messages, or which of them is wrong.
    fn turns(self, messages: &[Value], key: &str) -> Result<u64, String> {
        const ROLES: [&str; 6] = ["system", "developer", "user", "assistant", "tool", "function"];
        let overhead = if self.tokenizer == Tokenizer::Words { ChatOverhead::NONE } else { ChatOverhead::OPENAI };
        let mut tokens = u64::from(overhead.reply_tokens);
        for (place, message) in messages.iter().enumerate() {
            let at = |what: &str| format!("key \"{key}[{place}]\": {what}");
            let Value::Object(fields) = message else { return Err(at("expected an object.")) };
            let role = fields.get("role").and_then(Value::as_str).ok_or_else(|| at("the role is missing."))?;
            if !ROLES.contains(&role) {
                return Err(at(&format!("'{role}' is no role; roles are {}.", ROLES.join(", "))));
            }
            if fields.get("weight").is_some_and(|weight| *weight != 0 && *weight != 1) {
                return Err(at("the weight must be 0 or 1."));
            }
            let calls =
                fields.get("tool_calls").or_else(|| fields.get("function_call")).filter(|calls| !calls.is_null());
            let content = fields.get("content").filter(|content| !content.is_null());
            match content {
                None if role == "assistant" && calls.is_some() => {}
                Some(Value::String(_) | Value::Array(_)) => {}
                None => return Err(at("the content is missing.")),
                Some(_) => return Err(at("the content must be a string or an array of parts.")),
            }
            let name = fields.get("name").and_then(Value::as_str);
            tokens += u64::from(overhead.message(self.tokenizer, role, name)) + self.text(content) + self.text(calls);
        }
        Ok(tokens)
    }

    /// The tokens of the texts in a value.
    fn text(self, value: Option<&Value>) -> u64 {
        match value {
            Some(Value::String(text)) => self.tokenizer.count(text) as u64,
            Some(Value::Array(list)) => list.iter().map(|value| self.text(Some(value))).sum(),
            Some(Value::Object(fields)) => {
                let own = fields.iter().filter(|(name, _)| !matches!(name.as_str(), "type" | "id" | "image_url"));
                own.map(|(_, value)| self.text(Some(value))).sum()
            }
            _ => 0,
        }
    }
}

fn messages<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a [Value], String> {
    let messages = fields.get(name).ok_or_else(|| format!("key \"{name}\": it is missing."))?;
    let messages = messages.as_array().ok_or_else(|| format!("key \"{name}\": expected an array of messages."))?;
    if messages.is_empty() { Err(format!("key \"{name}\": there must be a message.")) } else { Ok(messages) }
}

#[cfg(test)]
mod tests {
    use fakeai_tokens::Encoding;
    use proptest::prelude::*;

    use super::*;

    fn reading(kind: Kind) -> Reading {
        let tokenizer = Tokenizer::Bpe(Encoding::O200k);
        Reading { kind, model: ModelKind::Chat, tokenizer, window_tokens: 100 }
    }

    #[test]
    fn wrong_examples_say_what_is_wrong() {
        let supervised = |text: &str| reading(Kind::Supervised).tokens(text.as_bytes());
        let user = r#"{"role":"user","content":"Hi"}"#;
        assert!(supervised(&format!(r#"{{"messages":[{user},{{"role":"assistant","content":"Yes"}}]}}"#)).unwrap() > 8);
        for (text, words) in [
            ("{}", "\"messages\": it is missing"),
            (r#"{"messages":[]}"#, "there must be a message"),
            (&format!(r#"{{"messages":[{user}]}}"#), "no message from the assistant"),
            (&format!(r#"{{"messages":[{{"role":"assistant","content":"a"}},{user}]}}"#), "last message must be"),
            (r#"{"messages":[{"role":"pirate","content":"a"}]}"#, "messages[0]\": 'pirate' is no role"),
            (r#"{"messages":[{"role":"user"}]}"#, "content is missing"),
        ] {
            assert!(supervised(text).unwrap_err().contains(words), "{text}");
        }
        let dpo = r#"{"input":{"messages":[{"role":"user","content":"Hi"}]},"preferred_output":[{"role":"assistant","content":"a"}]}"#;
        assert!(reading(Kind::Dpo).tokens(dpo.as_bytes()).unwrap_err().contains("non_preferred_output"));
    }

    proptest! {
        #[test]
        fn any_line_is_read(text in any::<Vec<u8>>(), words in "[\\{\\}\\[\\]\":,a-z0-9]{0,60}") {
            for kind in [Kind::Supervised, Kind::Dpo, Kind::Reinforcement] {
                let _ = reading(kind).tokens(&text);
                let _ = reading(kind).tokens(words.as_bytes());
            }
        }
    }
}
