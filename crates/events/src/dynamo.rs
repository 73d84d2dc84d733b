//! NVIDIA Dynamo's form of the same events: `RouterEvent`s, as its KV router indexes them.
//!
//! There a block has two hashes: the engine's, which stands for everything up to it, and one of its own tokens alone,
//! XXH3-64 of their little-endian bytes (`kv-router/src/protocols.rs`). Dynamo's workers send these over NATS or an event
//! plane; here they are read over HTTP. Dynamo's own publisher makes them from vLLM's batches over ZMQ.

use serde::Serialize;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::batch::{Adapter, Batch, CacheEvent, StoredBlocks};

/// The seed of all its hashes.
pub const SEED: u64 = 1337;

/// A change of one worker's cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouterEvent {
    /// The worker.
    pub worker_id: u64,
    /// Where the blocks are: `device` is the GPU.
    pub storage_tier: &'static str,
    /// What changed.
    pub event: KvCacheEvent,
}

/// A change, numbered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KvCacheEvent {
    /// Its number among those of the worker.
    pub event_id: u64,
    /// What changed.
    pub data: KvCacheEventData,
    /// The worker's data-parallel rank; each of our workers is one.
    pub dp_rank: u32,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KvCacheEventData {
    /// Blocks are cached.
    Stored {
        /// The engine's hash of the block before.
        parent_hash: Option<u64>,
        /// The blocks.
        blocks: Vec<StoredBlock>,
    },
    /// Blocks are no longer cached.
    Removed {
        /// The engine's hashes.
        block_hashes: Vec<u64>,
    },
    /// Nothing is cached.
    Cleared,
}

/// A block that is cached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredBlock {
    /// The engine's hash.
    pub block_hash: u64,
    /// The hash of its tokens.
    pub tokens_hash: u64,
    /// What it shows, if anything; not told.
    pub mm_extra_info: Option<()>,
}

/// The hash of each full block's tokens. An adapter's name is mixed into the seed.
pub fn block_hashes(tokens: &[u32], block_tokens: u32, adapter: Option<&Adapter>) -> Vec<u64> {
    let seed = adapter.map_or(SEED, |adapter| SEED.wrapping_add(xxh3_64(adapter.name.as_bytes())));
    let mut bytes = Vec::with_capacity(block_tokens as usize * 4);
    let hash = |block: &[u32]| {
        bytes.clear();
        bytes.extend(block.iter().flat_map(|token| token.to_le_bytes()));
        xxh3_64_with_seed(&bytes, seed)
    };
    tokens.chunks_exact(block_tokens.max(1) as usize).map(hash).collect()
}

/// The hash of everything up to each block: the first block's own, then of the one before and the block's own.
pub fn sequence_hashes(block_hashes: &[u64]) -> Vec<u64> {
    let next = |before: &mut Option<u64>, hash: &u64| {
        let chained = before.map_or(*hash, |before| {
            let mut both = [0; 16];
            both[..8].copy_from_slice(&before.to_le_bytes());
            both[8..].copy_from_slice(&hash.to_le_bytes());
            xxh3_64_with_seed(&both, SEED)
        });
        *before = Some(chained);
        *before
    };
    block_hashes.iter().scan(None, next).collect()
}

/// The batch as Dynamo's events.
pub fn router_events(batch: &Batch) -> Vec<RouterEvent> {
    let event = |(place, event): (u64, &CacheEvent)| RouterEvent {
        worker_id: batch.rank.into(),
        storage_tier: "device",
        event: KvCacheEvent { event_id: batch.first_event + place, data: data(event), dp_rank: 0 },
    };
    (0..).zip(&batch.events).map(event).collect()
}

fn data(event: &CacheEvent) -> KvCacheEventData {
    match event {
        CacheEvent::Stored(StoredBlocks {
            block_hashes: hashes,
            parent_block_hash,
            token_ids,
            block_tokens,
            adapter,
        }) => {
            let tokens = block_hashes(token_ids, *block_tokens, adapter.as_ref());
            let block = |(block_hash, tokens_hash): (&u64, u64)| StoredBlock {
                block_hash: *block_hash,
                tokens_hash,
                mm_extra_info: None,
            };
            let blocks = hashes.iter().zip(tokens).map(block).collect();
            KvCacheEventData::Stored { parent_hash: *parent_block_hash, blocks }
        }
        CacheEvent::Removed { block_hashes } => KvCacheEventData::Removed { block_hashes: block_hashes.clone() },
        CacheEvent::Cleared => KvCacheEventData::Cleared,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The golden values of Dynamo's own tests (`lib/tokens`), seed 1337.
    #[test]
    fn hashes_are_dynamos() {
        let tokens: Vec<u32> = (1..=10).collect();
        let hashes = block_hashes(&tokens, 4, None);
        assert_eq!(hashes, [14_643_705_804_678_351_452, 16_777_012_769_546_811_212]);
        assert_eq!(sequence_hashes(&hashes), [14_643_705_804_678_351_452, 4_945_711_292_740_353_085]);
        let hashes = block_hashes(&(1..=12).collect::<Vec<u32>>(), 4, None);
        assert_eq!((hashes[2], sequence_hashes(&hashes)[2]), (483_935_686_894_639_516, 12_583_592_247_330_656_132));
    }

    #[test]
    fn an_adapter_parts_hashes() {
        let adapter = Adapter { id: 1, name: "sql".into() };
        assert_ne!(block_hashes(&[1, 2], 2, Some(&adapter)), block_hashes(&[1, 2], 2, None));
    }

    #[test]
    fn events_look_like_dynamos() {
        let stored = StoredBlocks {
            block_hashes: vec![5],
            parent_block_hash: Some(4),
            token_ids: vec![1, 2, 3, 4],
            block_tokens: 4,
            adapter: None,
        };
        let batch = Batch {
            sequence: 1,
            first_event: 6,
            unix_seconds: 0.0,
            rank: 3,
            events: vec![CacheEvent::Stored(stored), CacheEvent::Cleared],
        };
        let written = serde_json::to_value(router_events(&batch)).unwrap();
        let blocks = json!([{"block_hash": 5, "tokens_hash": 14_643_705_804_678_351_452_u64, "mm_extra_info": null}]);
        let event = |event_id: u64, data| {
            let event = json!({"event_id": event_id, "data": data, "dp_rank": 0});
            json!({"worker_id": 3, "storage_tier": "device", "event": event})
        };
        let stored = json!({"stored": {"parent_hash": 4, "blocks": blocks}});
        assert_eq!(written, json!([event(6, stored), event(7, json!("cleared"))]));
    }
}
