//! What a session has others do, because it takes a while, and what comes of it.

use super::heard::{Listening, Understood, understand};
use super::prompt::Given;
use super::voice::{Made, Speaking};
use crate::api::openai::audio::keep;
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::{Answer, Generating};

/// What others do for a session.
pub(super) enum Work {
    /// Make a response's next words heard.
    Speak { response: String, speaking: Box<Speaking> },
    /// Say what a response says.
    Answer { response: String, given: Given, generating: Generating },
    /// Remember a text whose speech carries its number only.
    Keep { number: u64, text: String },
    /// Find out what is said in a recording.
    Listen(Box<Listening>),
}

/// What came of it.
pub(super) enum Done {
    Spoken { response: String, made: Option<Made> },
    Answered { response: String, given: Given, answer: Result<Box<Answer>, ApiError> },
    Kept,
    Understood(Box<Understood>),
}

impl Work {
    /// Does it.
    pub(super) async fn perform(self, context: Context) -> Done {
        match self {
            Self::Speak { response, speaking } => {
                let made = context.app().kit.tasks.compute(move || speaking.make()).await;
                Done::Spoken { response, made }
            }
            Self::Answer { response, given, generating } => {
                Done::Answered { response, given, answer: generating.await.map(Box::new) }
            }
            Self::Keep { number, text } => {
                if let Err(error) = keep(&context, number, &text).await {
                    tracing::warn!(%error, "a spoken text could not be kept: its sound can't be read again");
                }
                Done::Kept
            }
            Self::Listen(listening) => Done::Understood(Box::new(understand(&context, *listening).await)),
        }
    }
}
