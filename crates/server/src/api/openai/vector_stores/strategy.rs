//! `chunking_strategy`: how a file is cut.

use fakeai_search::Chunking;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::wire::{Range, integer};

/// Tokens of a chunk that `OpenAI` allows.
const CHUNK_TOKENS: Range<i64> = Range { least: Some(100), most: Some(4096) };

/// A strategy as clients write it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StrategyWire {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(rename = "static")]
    fixed: Option<StaticWire>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct StaticWire {
    max_chunk_size_tokens: Option<i64>,
    chunk_overlap_tokens: Option<i64>,
}

/// How to cut; `param` is the path of the strategy.
pub(super) fn chunking(wire: Option<&StrategyWire>, param: &str) -> Result<Chunking, ApiError> {
    let Some(StrategyWire { kind, fixed }) = wire else { return Ok(Chunking::AUTO) };
    match kind.as_deref() {
        None => return Err(ApiError::missing(&format!("{param}.type"))),
        Some("auto") => return Ok(Chunking::AUTO),
        Some("static") => {}
        Some(other) => return Err(ApiError::unsupported_value(&format!("{param}.type"), other, &["auto", "static"])),
    }
    let fixed = fixed.as_ref().ok_or_else(|| ApiError::missing(&format!("{param}.static")))?;
    let field = |name: &str, value: Option<i64>, range: Range<i64>| {
        let param = format!("{param}.static.{name}");
        integer(&param, value, range)?.ok_or_else(|| ApiError::missing(&param))
    };
    let most = field("max_chunk_size_tokens", fixed.max_chunk_size_tokens, CHUNK_TOKENS)?;
    let overlap = field("chunk_overlap_tokens", fixed.chunk_overlap_tokens, Range::from(0))?;
    Chunking::new(most as usize, overlap as usize).ok_or_else(|| {
        let param = format!("{param}.static.chunk_overlap_tokens");
        let message = format!(
            "Invalid '{param}': {overlap} is more than half of 'max_chunk_size_tokens', which is {most}. The overlap must \
             not exceed half of it."
        );
        ApiError::invalid(message).param(param).code("invalid_value")
    })
}

/// As files show it: what was `auto` shows as what it was.
pub(super) fn shown(max_tokens: usize, overlap_tokens: usize) -> Value {
    let fixed = json!({"max_chunk_size_tokens": max_tokens, "chunk_overlap_tokens": overlap_tokens});
    json!({"type": "static", "static": fixed})
}
