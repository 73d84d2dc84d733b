//! What has been said so far, and the request that asks for the next answer.

use bytes::Bytes;
use serde_json::{Map, Value, json};

/// A conversation.
#[derive(Debug)]
pub(super) struct Conversation {
    /// The model that answers.
    pub(super) model: String,
    /// The system message.
    pub(super) system: Option<String>,
    /// Whether answers come token by token.
    pub(super) stream: bool,
    /// Parameters of the request, `temperature` and others.
    pub(super) parameters: Map<String, Value>,
    /// Who said what.
    turns: Vec<(&'static str, String)>,
}

impl Conversation {
    /// An empty conversation.
    pub(super) fn new(model: String, system: Option<String>) -> Self {
        Self { model, system, stream: true, parameters: Map::new(), turns: Vec::new() }
    }

    /// Sets a request parameter; an empty value unsets it. What is no JSON is text.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let (name, value) = (name.trim(), value.trim());
        if value.is_empty() {
            self.parameters.remove(name);
        } else {
            let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
            self.parameters.insert(name.to_owned(), value);
        }
    }

    /// Forgets what was said.
    pub(super) fn clear(&mut self) {
        self.turns.clear();
    }

    /// Who said what, oldest first.
    pub(super) fn turns(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let system = self.system.iter().map(|text| ("system", text.as_str()));
        system.chain(self.turns.iter().map(|(role, text)| (*role, text.as_str())))
    }

    /// Adds a question and its answer.
    pub(super) fn remember(&mut self, question: String, answer: String) {
        self.turns.push(("user", question));
        self.turns.push(("assistant", answer));
    }

    /// The request that asks `question`.
    pub(super) fn request(&self, question: &str) -> Bytes {
        let turns = self.turns().chain(std::iter::once(("user", question)));
        let messages: Vec<Value> = turns.map(|(role, content)| json!({"role": role, "content": content})).collect();
        let mut request = json!({"model": self.model, "messages": messages, "stream": self.stream});
        if self.stream {
            request["stream_options"] = json!({"include_usage": true});
        }
        for (name, value) in &self.parameters {
            request[name] = value.clone();
        }
        request.to_string().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_holds_the_whole_conversation() {
        let mut conversation = Conversation::new("m".to_owned(), Some("Be brief.".to_owned()));
        conversation.remember("Hi".to_owned(), "Hello".to_owned());
        conversation.set("temperature", " 0.5 ");
        conversation.set("user", "me");
        conversation.set("seed", "7");
        conversation.set("seed", "");
        let request: Value = serde_json::from_slice(&conversation.request("Why?")).unwrap();
        insta::assert_json_snapshot!(request);
        conversation.clear();
        conversation.stream = false;
        let request: Value = serde_json::from_slice(&conversation.request("Why?")).unwrap();
        assert_eq!(request["messages"].as_array().unwrap().len(), 2);
        assert!(request.get("stream_options").is_none());
    }
}
