//! What a prompt costs in tokens.

use fakeai_catalog::ModelCard;
use fakeai_tokens::{
    ChatOverhead, CountMemo, ImageDetail, ImageRule, Tokenizer, audio_tokens, image_tokens, video_tokens,
};

use crate::tools::signature;
use crate::{Format, GenerationRequest, Part, Prompt};

/// The tokens of a prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PromptCount {
    /// All of them.
    pub tokens: u32,
    /// Of those, sound.
    pub audio_tokens: u32,
}

/// Counts the prompt of `request` as `OpenAI` does: the text, what surrounds each message, and what is shown or heard.
/// Texts seen before are looked up in `memo`.
pub fn count_prompt(request: &GenerationRequest, memo: &CountMemo) -> PromptCount {
    let tokenizer = request.tokenizer();
    let turns = match &request.prompt {
        Prompt::Completion(continuation) => {
            let suffix = continuation.suffix.as_deref().unwrap_or_default();
            let tokens = memo.count(tokenizer, &continuation.text) + memo.count(tokenizer, suffix);
            return PromptCount { tokens, audio_tokens: 0 };
        }
        Prompt::Chat(turns) => turns,
    };
    // The word count of the original system knows only words.
    let overhead = if tokenizer == Tokenizer::Words { ChatOverhead::NONE } else { ChatOverhead::OPENAI };
    let mut count = PromptCount { tokens: overhead.reply_tokens, audio_tokens: 0 };
    count.tokens = count.tokens.saturating_add(described_tokens(request, memo));
    for turn in turns {
        let around = overhead.message(tokenizer, turn.role.name(), turn.name.as_deref());
        count.tokens = count.tokens.saturating_add(around);
        for call in &turn.calls {
            let tokens = memo.count(tokenizer, &call.name) + memo.count(tokenizer, &call.input);
            count.tokens = count.tokens.saturating_add(tokens + signature::CALL_TOKENS);
        }
        for part in &turn.parts {
            let tokens = part_tokens(part, &request.model, memo);
            count.tokens = count.tokens.saturating_add(tokens);
            if matches!(part, Part::Audio { .. }) {
                count.audio_tokens = count.audio_tokens.saturating_add(tokens);
            }
        }
    }
    count
}

/// The tokens of what the model is told about tools and about the form of its answer.
fn described_tokens(request: &GenerationRequest, memo: &CountMemo) -> u32 {
    let tokenizer = request.tokenizer();
    let tools = match &request.tools.offered[..] {
        [] => 0,
        tools => memo.count(tokenizer, &signature::described(tools)) + signature::OVERHEAD_TOKENS,
    };
    let format = match &request.format {
        Format::Schema(shape) => memo.count(tokenizer, &shape.source().to_string()) + SCHEMA_TOKENS,
        _ => 0,
    };
    tools.saturating_add(format)
}

/// Tokens around the schema of a structured answer: a heading and its name.
pub(crate) const SCHEMA_TOKENS: u32 = 12;

pub(crate) fn part_tokens(part: &Part, model: &ModelCard, memo: &CountMemo) -> u32 {
    let (tokenizer, rule) = (model.tokenizer, || image_rule(&model.id));
    match part {
        Part::Text(text) => memo.count(tokenizer, text),
        Part::Image { width, height, detail, .. } => image_tokens(rule(), *width, *height, *detail),
        Part::Audio { seconds, .. } => audio_tokens(*seconds),
        Part::File { name, pages, text } => {
            // Of a paged document, the model is given each page as a picture beside the text.
            let pictures = pages.saturating_mul(image_tokens(rule(), 512, 512, ImageDetail::Low));
            memo.count(tokenizer, name).saturating_add(memo.count(tokenizer, text)).saturating_add(pictures)
        }
        Part::Video { width, height, seconds, frames_per_second, detail, .. } => {
            video_tokens(*width, *height, *seconds, *frames_per_second, *detail)
        }
    }
}

/// The price of images by family (`OpenAI`, "Images and vision"); families of other makers are charged as GPT-4o.
fn image_rule(model: &str) -> ImageRule {
    // The dearer and the newer names contain the older ones, so they come first.
    const RULES: [(&str, ImageRule); 10] = [
        ("gpt-4o-mini", ImageRule::Tiles { base: 2833, tile: 5667 }),
        ("gpt-4.1-mini", ImageRule::Patches { factor: 1.62 }),
        ("gpt-5-mini", ImageRule::Patches { factor: 1.62 }),
        ("gpt-4.1-nano", ImageRule::Patches { factor: 2.46 }),
        ("gpt-5-nano", ImageRule::Patches { factor: 2.46 }),
        ("o4-mini", ImageRule::Patches { factor: 1.72 }),
        ("gpt-5", ImageRule::Tiles { base: 70, tile: 140 }),
        ("gpt-4", ImageRule::Tiles { base: 85, tile: 170 }),
        ("o1", ImageRule::Tiles { base: 75, tile: 150 }),
        ("o3", ImageRule::Tiles { base: 75, tile: 150 }),
    ];
    let name = model.rsplit('/').next().unwrap_or(model);
    let name = name.strip_prefix("ft:").unwrap_or(name);
    RULES
        .into_iter()
        .find(|(prefix, _)| name.starts_with(prefix))
        .map_or(ImageRule::Tiles { base: 85, tile: 170 }, |(_, rule)| rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{chat, completion};
    use crate::{Role, Turn};

    #[test]
    fn plain_chat_is_counted_as_openai_counts() {
        // "Hello, world!" is 4 tokens, its message 4 more, the answer's start 3.
        assert_eq!(count_prompt(&chat("Hello, world!"), &CountMemo::default()).tokens, 11);
        let mut named = chat("Hello, world!");
        let Prompt::Chat(turns) = &mut named.prompt else { unreachable!() };
        turns[0].name = Some("bob".to_owned());
        turns.insert(0, Turn::new(Role::System, "Be kind."));
        assert_eq!(count_prompt(&named, &CountMemo::default()).tokens, 11 + 2 + 4 + 3);
        assert_eq!(count_prompt(&completion("Hello, world!"), &CountMemo::default()).tokens, 4);
    }

    #[test]
    fn pictures_sound_and_videos_are_counted() {
        let mut request = chat("");
        let Prompt::Chat(turns) = &mut request.prompt else { unreachable!() };
        turns[0].parts = vec![
            Part::Image { width: 1024, height: 1024, detail: ImageDetail::High, facts: None },
            Part::Audio { seconds: 2.0, facts: None },
            Part::Video {
                width: 512,
                height: 288,
                seconds: 5.0,
                frames_per_second: 4.0,
                detail: ImageDetail::Auto,
                facts: None,
            },
        ];
        assert_eq!(
            count_prompt(&request, &CountMemo::default()),
            PromptCount { tokens: 7 + 765 + 20 + 685, audio_tokens: 20 }
        );
    }

    #[test]
    fn families_have_their_own_price_of_images() {
        assert_eq!(image_rule("ft:gpt-4o-mini-2024-07-18:org::id"), ImageRule::Tiles { base: 2833, tile: 5667 });
        assert_eq!(image_rule("openai/gpt-5-nano"), ImageRule::Patches { factor: 2.46 });
        assert_eq!(image_rule("o3-pro"), ImageRule::Tiles { base: 75, tile: 150 });
        assert_eq!(image_rule("claude-3-opus"), ImageRule::Tiles { base: 85, tile: 170 });
    }
}
