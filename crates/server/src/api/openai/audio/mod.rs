//! `/audio`: text spoken, and speech written down.

mod answer;
mod speaking;
mod speech;
mod transcript;
mod transcriptions;
mod upload;
mod wanted;
mod wish;

use axum::routing::post;

use crate::api::Endpoint;
use crate::context::Context;
use crate::error::ApiError;

pub(super) use answer::logprob;
pub(super) use transcript::{Transcript, keep, transcript_of};

pub(in crate::api::openai) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::api("POST", "/audio/speech", "createSpeech", post(speech::create)),
        Endpoint::api(
            "POST",
            "/audio/transcriptions",
            "createTranscription",
            post(transcriptions::create_transcription),
        ),
        Endpoint::api("POST", "/audio/translations", "createTranslation", post(transcriptions::create_translation)),
    ]
}

/// Refuses everything where the server was told to have no audio.
fn check_enabled(context: &Context) -> Result<(), ApiError> {
    if context.app().settings.audio.enabled {
        return Ok(());
    }
    let message = "Audio is turned off on this server (features.enable_audio).";
    Err(ApiError::invalid(message).status(http::StatusCode::NOT_FOUND).code("audio_disabled"))
}
