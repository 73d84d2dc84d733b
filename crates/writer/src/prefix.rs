//! The beginnings of a prompt as a chain of hashes, to find out which were read before.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use crate::tools::signature;
use crate::{GenerationRequest, Part, Prompt};

/// The tokens of a chain's blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// Of the first.
    pub first_tokens: u32,
    /// Of each other.
    pub step_tokens: u32,
}

impl Blocks {
    /// The tokens of `count` blocks.
    pub const fn tokens(self, count: usize) -> u32 {
        if count == 0 { 0 } else { self.first_tokens + (count as u32 - 1) * self.step_tokens }
    }
}

/// One hash for each whole block of the prompt; each stands for everything from the start to the end of its block.
/// Prompts of different models, or with different `salt`, share nothing.
pub fn prefix_chain(request: &GenerationRequest, salt: u64, blocks: Blocks) -> Vec<u64> {
    let mut chain = Chain { hasher: FxHasher::default(), tokens: 0, blocks, hashes: Vec::new() };
    (salt, &request.model.id).hash(&mut chain.hasher);
    let tokenizer = request.tokenizer();
    let text = |chain: &mut Chain, text: &str| {
        tokenizer.encode(text).iter().for_each(|token| chain.add(u64::from(token.id), 1));
    };
    if !request.tools.offered.is_empty() {
        text(&mut chain, &signature::described(&request.tools.offered));
    }
    match &request.prompt {
        Prompt::Completion(continuation) => text(&mut chain, &continuation.text),
        Prompt::Chat(turns) => {
            for turn in turns {
                // What surrounds a message are tokens too.
                chain.add(turn.role as u64 + (1 << 40), 4);
                for call in &turn.calls {
                    text(&mut chain, &call.name);
                    text(&mut chain, &call.input);
                }
                for part in &turn.parts {
                    match part {
                        Part::Text(words) | Part::File { text: words, .. } => text(&mut chain, words),
                        media => chain.media(media),
                    }
                }
            }
        }
    }
    chain.hashes
}

struct Chain {
    hasher: FxHasher,
    tokens: u32,
    blocks: Blocks,
    hashes: Vec<u64>,
}

impl Chain {
    fn add(&mut self, id: u64, tokens: u32) {
        id.hash(&mut self.hasher);
        self.tokens += tokens;
        while self.tokens >= self.blocks.tokens(self.hashes.len() + 1) {
            self.hashes.push(self.hasher.finish());
        }
    }

    /// A picture or a sound; what it is tells its measures apart.
    fn media(&mut self, part: &Part) {
        part.hash_into(&mut self.hasher);
        self.add(1 << 41, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{chat, chat_with_system};

    const BLOCKS: Blocks = Blocks { first_tokens: 64, step_tokens: 16 };

    #[test]
    fn prompts_that_begin_alike_share_the_beginning_of_their_chains() {
        let system = "You are a careful assistant who knows all about the tides and the moon. ".repeat(8);
        let chain = |text: &str| prefix_chain(&chat_with_system(&system, text), 0, BLOCKS);
        let (a, b) = (chain("What is a spring tide?"), chain("Who owns the moon?"));
        assert!(a.len() > 3 && a[..a.len() - 1] == b[..a.len() - 1], "{a:?} {b:?}");
        assert_eq!(a, chain("What is a spring tide?"));
        let salted = prefix_chain(&chat_with_system(&system, "What is a spring tide?"), 1, BLOCKS);
        assert!(a.iter().zip(&salted).all(|(a, b)| a != b));
        assert!(prefix_chain(&chat("Hi"), 0, BLOCKS).is_empty());
        assert_eq!(BLOCKS.tokens(3), 96);
    }
}
