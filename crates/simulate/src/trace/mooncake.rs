//! Mooncake's JSON lines (<https://github.com/kvcache-ai/Mooncake>): `timestamp` in milliseconds, `input_length`,
//! `output_length`, and `hash_ids`, one number for each 512 tokens of the prompt, the last of which may be fewer.

use serde::Deserialize;

use super::lines::words;
use super::{Collected, of_segments, seconds, tokens};
use crate::SimulateError;
use crate::workload::Segment;

/// Tokens of one hash id.
const BLOCK_TOKENS: u32 = 512;

/// Contents of the trace are told apart from all others by this bit.
const OF_MOONCAKE: u64 = 1 << 63;

#[derive(Deserialize)]
struct Row {
    timestamp: f64,
    input_length: u64,
    output_length: u64,
    #[serde(default)]
    hash_ids: Vec<u64>,
}

/// Adds the request of one line.
pub(super) fn add(line: &str, number: usize, collected: &mut Collected<'_>) -> Result<(), SimulateError> {
    let row: Row = match serde_json::from_str(line) {
        Ok(row) => row,
        Err(error) => return collected.bad(number, words(&error)),
    };
    let parsed = seconds(row.timestamp / 1e3)
        .and_then(|arrival| Ok((arrival, tokens(row.input_length)?, tokens(row.output_length)?)));
    match parsed {
        Ok((arrival, prompt, output)) => {
            let turn = of_segments(prompt, output, segments(&row.hash_ids, prompt));
            collected.add(arrival, [turn]);
            Ok(())
        }
        Err(reason) => collected.bad(number, reason),
    }
}

fn segments(hash_ids: &[u64], prompt_tokens: u32) -> Vec<Segment> {
    let mut left = prompt_tokens;
    let mut segments = Vec::with_capacity(hash_ids.len());
    for id in hash_ids {
        let tokens = left.min(BLOCK_TOKENS);
        if tokens == 0 {
            break;
        }
        segments.push(Segment { content: id | OF_MOONCAKE, tokens });
        left -= tokens;
    }
    segments
}
