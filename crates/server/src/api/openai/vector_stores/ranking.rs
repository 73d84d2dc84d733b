//! `ranking_options`: how what is found is put in order.

use fakeai_search::{Fusion, Weights};
use serde::Deserialize;

use crate::error::ApiError;
use crate::wire::{Range, number};

/// Options as clients write them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::api::openai) struct RankingWire {
    pub ranker: Option<String>,
    pub score_threshold: Option<f64>,
    pub hybrid_search: Option<HybridWire>,
}

/// Weights as clients write them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::api::openai) struct HybridWire {
    embedding_weight: Option<f64>,
    text_weight: Option<f64>,
}

/// How what is found is put in order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::api::openai) struct Ranking {
    pub weights: Weights,
    pub fusion: Fusion,
    /// Lower scores are left out.
    pub threshold: f32,
}

impl Ranking {
    /// What `wire` asks for, `rankers` being the names there are; `param` is its path.
    pub(in crate::api::openai) fn read(
        wire: Option<&RankingWire>,
        rankers: &[&str],
        param: &str,
    ) -> Result<Self, ApiError> {
        let Some(RankingWire { ranker, score_threshold, hybrid_search }) = wire else { return Ok(Self::default()) };
        let ranker = ranker.as_deref().unwrap_or("auto");
        if !rankers.contains(&ranker) {
            return Err(ApiError::unsupported_value(&format!("{param}.ranker"), ranker, rankers));
        }
        let threshold =
            number(&format!("{param}.score_threshold"), *score_threshold, Range::new(0.0, 1.0))?.unwrap_or(0.0);
        let mut weights = Weights::default();
        // Who gives weights asks for reciprocal rank fusion, which they are the weights of.
        let mut fusion = if ranker == "none" { Fusion::Places } else { Fusion::Scores };
        if let Some(HybridWire { embedding_weight, text_weight }) = hybrid_search {
            let weight = |name: &str, value: Option<f64>| {
                let param = format!("{param}.hybrid_search.{name}");
                number(&param, value, Range::from(0.0))?.ok_or_else(|| ApiError::missing(&param))
            };
            let (vector, text) = (weight("embedding_weight", *embedding_weight)?, weight("text_weight", *text_weight)?);
            if vector + text <= 0.0 {
                let message = "At least one of 'embedding_weight' and 'text_weight' must be greater than zero.";
                return Err(ApiError::invalid(message).param(format!("{param}.hybrid_search")).code("invalid_value"));
            }
            weights = Weights { vector: vector as f32, text: text as f32 };
            fusion = Fusion::Places;
        }
        Ok(Self { weights, fusion, threshold: threshold as f32 })
    }
}
