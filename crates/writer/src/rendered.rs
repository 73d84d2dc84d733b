//! The prompt as the ids of its tokens, as an engine sees it: what a chat template puts around each message, tools, and
//! placeholders where pictures and sound are. Answers are written after it, so the next prompt of a conversation begins
//! with this one and its answer, token for token.

use std::hash::Hasher;
use std::ops::Range;

use fakeai_tokens::{CountMemo, Tokenizer};
use rustc_hash::FxHasher;

use crate::count::{SCHEMA_TOKENS, part_tokens};
use crate::tools::signature;
use crate::{Choice, Format, GenerationRequest, Part, Prompt, Role, SegmentKind, Turn};

/// Start of a message, end of its role, end of a message: their ids in `OpenAI`'s newer vocabulary.
const START: u32 = 200_264;
const END: u32 = 200_265;
const SEPARATOR: u32 = 200_266;
/// Stands for tokens that have no text: around tools and calls, and pictures.
const PLACEHOLDER: u32 = 200_267;

/// A prompt in tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The ids.
    pub ids: Vec<u32>,
    /// Where something is shown or heard, and a hash of what it is.
    pub media: Vec<(Range<u32>, u64)>,
}

impl Rendered {
    /// The prompt of `request`.
    pub fn of(request: &GenerationRequest) -> Self {
        let tokenizer = request.tokenizer();
        let mut rendered = Self::default();
        let turns = match &request.prompt {
            Prompt::Completion(continuation) => {
                rendered.text(tokenizer, &continuation.text);
                rendered.text(tokenizer, continuation.suffix.as_deref().unwrap_or_default());
                return rendered;
            }
            Prompt::Chat(turns) => turns,
        };
        if !request.tools.offered.is_empty() {
            rendered.text(tokenizer, &signature::described(&request.tools.offered));
            rendered.placeholders(signature::OVERHEAD_TOKENS);
        }
        if let Format::Schema(shape) = &request.format {
            rendered.text(tokenizer, &shape.source().to_string());
            rendered.placeholders(SCHEMA_TOKENS);
        }
        for turn in turns {
            rendered.turn(request, tokenizer, turn);
        }
        if tokenizer != Tokenizer::Words {
            rendered.header(tokenizer, Role::Assistant);
        }
        rendered
    }

    /// Adds what the model writes after the prompt.
    pub fn add_answer(&mut self, choice: &Choice) {
        let written = choice.segments.iter().filter(|segment| segment.kind != SegmentKind::Echo);
        self.ids.extend(written.flat_map(|segment| segment.tokens.iter().map(|token| token.id)));
    }

    fn turn(&mut self, request: &GenerationRequest, tokenizer: Tokenizer, turn: &Turn) {
        let is_framed = tokenizer != Tokenizer::Words;
        if is_framed {
            self.header(tokenizer, turn.role);
        }
        if let Some(name) = &turn.name {
            self.text(tokenizer, name);
        }
        for part in &turn.parts {
            match part {
                Part::Text(text) => self.text(tokenizer, text),
                media => self.media(media, request),
            }
        }
        for call in &turn.calls {
            self.placeholders(signature::CALL_TOKENS);
            self.text(tokenizer, &call.name);
            self.text(tokenizer, &call.input);
        }
        if is_framed {
            self.ids.push(END);
        }
    }

    fn header(&mut self, tokenizer: Tokenizer, role: Role) {
        self.ids.push(START);
        // Every role is one token.
        self.ids.extend(tokenizer.encode(role.name()).first().map(|token| token.id));
        self.ids.push(SEPARATOR);
    }

    fn text(&mut self, tokenizer: Tokenizer, text: &str) {
        self.ids.extend(tokenizer.encode(text).iter().map(|token| token.id));
    }

    fn placeholders(&mut self, tokens: u32) {
        self.ids.extend(std::iter::repeat_n(PLACEHOLDER, tokens as usize));
    }

    fn media(&mut self, part: &Part, request: &GenerationRequest) {
        let mut hasher = FxHasher::default();
        part.hash_into(&mut hasher);
        let tokens = part_tokens(part, &request.model, &CountMemo::default());
        let first = self.ids.len() as u32;
        self.placeholders(tokens);
        self.media.push((first..first + tokens, hasher.finish()));
    }
}

#[cfg(test)]
mod tests {
    use fakeai_core::Seed;

    use super::*;
    use crate::fixtures::{chat, chat_with_system};
    use crate::{Writer, WriterOptions, count_prompt};

    #[test]
    fn as_many_ids_as_are_counted() {
        for request in [chat("Tell me about the tides."), chat_with_system("Be brief.", "Who owns the moon?")] {
            let counted = count_prompt(&request, &CountMemo::default()).tokens;
            assert_eq!(Rendered::of(&request).ids.len() as u32, counted);
        }
    }

    #[test]
    fn a_conversation_goes_on_where_it_ended() {
        let first = chat("Tell me about the tides.");
        let count = count_prompt(&first, &CountMemo::default());
        let generation = Writer::new(WriterOptions::default()).write(&first, count, Seed::new(42));
        let answer = &generation.choices[0];
        let mut written = Rendered::of(&first);
        written.add_answer(answer);
        let mut second = first;
        let Prompt::Chat(turns) = &mut second.prompt else { panic!("a chat") };
        turns.push(Turn::new(Role::Assistant, answer.segments[0].text.clone()));
        turns.push(Turn::new(Role::User, "And the moon?"));
        let rendered = Rendered::of(&second);
        assert_eq!(rendered.ids[..written.ids.len()], written.ids[..]);
        assert!(rendered.ids.len() > written.ids.len());
    }
}
