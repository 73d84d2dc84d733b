//! Whether prompt and answer fit the model, in OpenAI's words where they do not.

use fakeai_writer::{GenerationRequest, Prompt};

use crate::error::ApiError;

/// The length of answer a client asked for, and by which name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenLimit {
    /// `max_tokens` or `max_completion_tokens`.
    pub param: &'static str,
    /// Tokens.
    pub tokens: u32,
}

/// Refuses what is too long for the model.
pub(super) fn fits(request: &GenerationRequest, prompt_tokens: u32, limit: Option<TokenLimit>) -> Result<(), ApiError> {
    let window = request.model.context_window_tokens;
    let chat = matches!(request.prompt, Prompt::Chat(_));
    let most = request.model.max_output_tokens;
    if let Some(TokenLimit { param, tokens }) = limit.filter(|limit| chat && limit.tokens > most) {
        let message = format!(
            "{param} is too large: {tokens}. This model supports at most {most} completion tokens, whereas you \
             provided {tokens}."
        );
        return Err(ApiError::invalid(message).param(param).code("invalid_value"));
    }
    let asked = limit.map_or(0, |limit| limit.tokens);
    let total = u64::from(prompt_tokens) + u64::from(asked);
    if total <= u64::from(window) && prompt_tokens < window.saturating_add(u32::from(asked == 0)) {
        return Ok(());
    }
    let (what, them) = if chat { ("messages", "the messages") } else { ("prompt", "your prompt") };
    let message = match (chat, asked) {
        (true, 0) => format!(
            "This model's maximum context length is {window} tokens. However, your messages resulted in \
             {prompt_tokens} tokens. Please reduce the length of the messages."
        ),
        (true, _) => format!(
            "This model's maximum context length is {window} tokens. However, you requested {total} tokens \
             ({prompt_tokens} in {them}, {asked} in the completion). Please reduce the length of the messages or \
             completion."
        ),
        (false, _) => format!(
            "This model's maximum context length is {window} tokens, however you requested {total} tokens \
             ({prompt_tokens} in {them}; {asked} for the completion). Please reduce your prompt; or completion length."
        ),
    };
    Err(ApiError::invalid(message).param(what).code("context_length_exceeded"))
}
