//! The tokens a chat costs beyond its text.

use crate::Tokenizer;

/// What OpenAI adds to the text of a conversation ("How to count tokens with tiktoken", OpenAI cookbook).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChatOverhead {
    /// Start, role separator and end of a message.
    pub per_message_tokens: u32,
    /// A `name` beside the role, on top of its text.
    pub per_name_tokens: u32,
    /// The start of the answer.
    pub reply_tokens: u32,
}

impl ChatOverhead {
    /// GPT-3.5-turbo-0613, GPT-4 and everything since.
    pub const OPENAI: Self = Self { per_message_tokens: 3, per_name_tokens: 1, reply_tokens: 3 };

    /// No chat, no overhead: plain completions and the word count.
    pub const NONE: Self = Self { per_message_tokens: 0, per_name_tokens: 0, reply_tokens: 0 };

    /// Tokens of one message around its content.
    pub fn message(self, tokenizer: Tokenizer, role: &str, name: Option<&str>) -> u32 {
        // The roles OpenAI sends are single tokens in every vocabulary; the rare rest is counted.
        let role_tokens = match role {
            _ if self == Self::NONE => 0,
            "user" | "system" | "assistant" | "tool" | "function" | "developer" => 1,
            other => tokenizer.count(other) as u32,
        };
        let name_tokens = name.map_or(0, |name| self.per_name_tokens + tokenizer.count(name) as u32);
        self.per_message_tokens + role_tokens + name_tokens
    }
}
