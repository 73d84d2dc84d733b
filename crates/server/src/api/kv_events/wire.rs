//! A batch in JSON, its parts named as vLLM names them.

use fakeai_events::{Batch, CacheEvent, StoredBlocks};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct BatchWire<'a> {
    sequence: u64,
    ts: f64,
    events: Vec<EventWire<'a>>,
    data_parallel_rank: u32,
}

#[derive(Serialize)]
#[serde(tag = "type")]
enum EventWire<'a> {
    BlockStored {
        block_hashes: &'a [u64],
        parent_block_hash: Option<u64>,
        token_ids: &'a [u32],
        block_size: u32,
        lora_id: Option<u64>,
        medium: &'static str,
        lora_name: Option<&'a str>,
    },
    BlockRemoved {
        block_hashes: &'a [u64],
        medium: &'static str,
    },
    AllBlocksCleared,
}

impl<'a> BatchWire<'a> {
    pub(super) fn of(batch: &'a Batch) -> Self {
        Self {
            sequence: batch.sequence,
            ts: batch.unix_seconds,
            events: batch.events.iter().map(EventWire::of).collect(),
            data_parallel_rank: batch.rank,
        }
    }
}

impl<'a> EventWire<'a> {
    fn of(event: &'a CacheEvent) -> Self {
        match event {
            CacheEvent::Stored(StoredBlocks { block_hashes, parent_block_hash, token_ids, block_tokens, adapter }) => {
                Self::BlockStored {
                    block_hashes,
                    parent_block_hash: *parent_block_hash,
                    token_ids,
                    block_size: *block_tokens,
                    lora_id: adapter.as_ref().map(|adapter| adapter.id),
                    medium: "GPU",
                    lora_name: adapter.as_ref().map(|adapter| &*adapter.name),
                }
            }
            CacheEvent::Removed { block_hashes } => Self::BlockRemoved { block_hashes, medium: "GPU" },
            CacheEvent::Cleared => Self::AllBlocksCleared,
        }
    }
}
