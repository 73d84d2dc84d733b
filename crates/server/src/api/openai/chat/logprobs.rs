//! Log probabilities as chat shows them.

use fakeai_writer::{Logprob, Segment, SegmentKind};
use serde::Serialize;

use crate::body::Piece;

/// `logprobs` of a choice or a chunk.
#[derive(Serialize)]
pub(super) struct LogprobsWire {
    content: Option<Vec<TokenLogprob>>,
    refusal: Option<Vec<TokenLogprob>>,
}

/// One token and what else it might have been.
#[derive(Serialize)]
pub(in crate::api::openai) struct TokenLogprob {
    token: String,
    logprob: f64,
    bytes: Vec<u8>,
    top_logprobs: Vec<TopLogprob>,
}

#[derive(Serialize)]
struct TopLogprob {
    token: String,
    logprob: f64,
    bytes: Vec<u8>,
}

impl LogprobsWire {
    pub(super) fn of(segments: &[Segment]) -> Self {
        let tokens = |kind| {
            let segment = segments.iter().find(|segment| segment.kind == kind)?;
            let logprobs = segment.logprobs.iter().enumerate();
            Some(logprobs.map(|(index, logprob)| TokenLogprob::of(segment.token_bytes(index), logprob)).collect())
        };
        Self { content: tokens(SegmentKind::Text), refusal: tokens(SegmentKind::Refusal) }
    }

    pub(super) fn of_piece(piece: &Piece<'_>, logprob: &Logprob) -> Self {
        let token = vec![TokenLogprob::of(piece.bytes, logprob)];
        if piece.kind == SegmentKind::Refusal {
            Self { content: None, refusal: Some(token) }
        } else {
            Self { content: Some(token), refusal: None }
        }
    }
}

impl TokenLogprob {
    /// Of a token's bytes.
    pub(in crate::api::openai) fn of(bytes: &[u8], logprob: &Logprob) -> Self {
        let top = |(bytes, logprob): &(Vec<u8>, f64)| TopLogprob {
            token: String::from_utf8_lossy(bytes).into_owned(),
            logprob: *logprob,
            bytes: bytes.clone(),
        };
        Self {
            token: String::from_utf8_lossy(bytes).into_owned(),
            logprob: logprob.logprob,
            bytes: bytes.to_vec(),
            top_logprobs: logprob.top.iter().map(top).collect(),
        }
    }
}
