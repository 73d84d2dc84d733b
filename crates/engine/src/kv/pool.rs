//! The blocks of one KV cache: who holds them, which of the free ones still have content, and who is evicted next.
//!
//! As vLLM's block pool: free blocks stand in one queue, least recently used first, cached or not; a sequence frees its
//! last block first, so that the end of a prompt is evicted before its beginning. Taking a cached block out of the
//! queue keeps its content. Every operation costs O(1) for each block.

use rustc_hash::FxHashMap;

/// A block of one pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlockId(u32);

/// What happened to the content of a cache; the order of events is the order of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KvEvent {
    /// A block is now known by its hash.
    Stored {
        /// Its hash.
        hash: u64,
        /// The hash of the block before it, if it is not the first.
        parent: Option<u64>,
    },
    /// The content of a block is gone.
    Removed {
        /// Its hash.
        hash: u64,
    },
    /// All content is gone.
    Cleared,
}

/// The end of the queue, as a place.
const NOBODY: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Block {
    /// 0: no content that could be found again.
    hash: u64,
    holders: u32,
    before: u32,
    after: u32,
}

/// A pool of equal blocks. Blocks are conserved: free ones and held ones are all there are.
#[derive(Clone, Debug)]
pub struct BlockPool {
    blocks: Vec<Block>,
    cached: FxHashMap<u64, u32>,
    head: u32,
    tail: u32,
    free: u32,
    events: Option<Vec<KvEvent>>,
}

impl BlockPool {
    /// A pool of `count` free blocks.
    pub fn new(count: u32) -> Self {
        let count = count.min(NOBODY - 1);
        let blocks = (0..count).map(|place| Block {
            hash: 0,
            holders: 0,
            before: place.checked_sub(1).unwrap_or(NOBODY),
            after: if place + 1 < count { place + 1 } else { NOBODY },
        });
        let (head, tail) = if count == 0 { (NOBODY, NOBODY) } else { (0, count - 1) };
        Self { blocks: blocks.collect(), cached: FxHashMap::default(), head, tail, free: count, events: None }
    }

    /// From now on notes what happens, for [`BlockPool::take_events`]. Whoever asks for it must take them.
    pub fn note_events(&mut self) {
        self.events.get_or_insert_default();
    }

    /// What happened since the last call.
    pub fn take_events(&mut self) -> Vec<KvEvent> {
        self.events.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// All blocks.
    pub fn size(&self) -> u32 {
        self.blocks.len() as u32
    }

    /// Blocks nobody holds, those with content included.
    pub const fn free(&self) -> u32 {
        self.free
    }

    /// Blocks whose content can be found by its hash.
    pub fn cached(&self) -> usize {
        self.cached.len()
    }

    /// How many blocks of `chain`, from its start, have their content here; and how many of those nobody holds.
    pub fn match_prefix(&self, chain: &[u64]) -> (u32, u32) {
        let (mut matched, mut idle) = (0, 0);
        for hash in chain {
            let Some(place) = self.cached.get(hash) else { break };
            matched += 1;
            idle += u32::from(self.blocks[*place as usize].holders == 0);
        }
        (matched, idle)
    }

    /// Holds the cached blocks of `chain`, as many as [`BlockPool::match_prefix`] found, and adds them to `held`.
    pub fn hold_prefix(&mut self, chain: &[u64], held: &mut Vec<BlockId>) {
        for hash in chain {
            let Some(place) = self.cached.get(hash).copied() else { break };
            if self.blocks[place as usize].holders == 0 {
                self.unlink(place);
                self.free -= 1;
            }
            self.blocks[place as usize].holders += 1;
            held.push(BlockId(place));
        }
    }

    /// Holds `count` blocks without content and adds them to `held`, evicting the least recently used. `false`, with
    /// nothing changed, if fewer are free.
    pub fn allocate(&mut self, count: u32, held: &mut Vec<BlockId>) -> bool {
        if count > self.free {
            return false;
        }
        for _ in 0..count {
            let place = self.head;
            self.unlink(place);
            self.forget(place);
            self.blocks[place as usize].holders = 1;
            held.push(BlockId(place));
        }
        self.free -= count;
        true
    }

    /// Makes the content of a held block known by `hash`. The first block of a hash keeps it; a second copy of the same
    /// content stays unknown.
    pub fn publish(&mut self, block: BlockId, hash: u64, parent: Option<u64>) {
        let target = &mut self.blocks[block.0 as usize];
        if target.hash != 0 {
            return;
        }
        if let std::collections::hash_map::Entry::Vacant(entry) = self.cached.entry(hash) {
            entry.insert(block.0);
            target.hash = hash;
            if let Some(events) = &mut self.events {
                events.push(KvEvent::Stored { hash, parent });
            }
        }
    }

    /// Lets go of a sequence's blocks, the last one first, so that it is evicted first.
    pub fn release(&mut self, held: &mut Vec<BlockId>) {
        while let Some(BlockId(place)) = held.pop() {
            let block = &mut self.blocks[place as usize];
            block.holders -= 1;
            if block.holders == 0 {
                self.append(place);
                self.free += 1;
            }
        }
    }

    /// Forgets the content of all blocks; holders keep theirs, but nobody finds it any more.
    pub fn clear(&mut self) {
        for block in &mut self.blocks {
            block.hash = 0;
        }
        self.cached.clear();
        if let Some(events) = &mut self.events {
            events.push(KvEvent::Cleared);
        }
    }

    fn forget(&mut self, place: u32) {
        let hash = std::mem::take(&mut self.blocks[place as usize].hash);
        if hash != 0 {
            self.cached.remove(&hash);
            if let Some(events) = &mut self.events {
                events.push(KvEvent::Removed { hash });
            }
        }
    }

    fn unlink(&mut self, place: u32) {
        let Block { before, after, .. } = self.blocks[place as usize];
        if before == NOBODY {
            self.head = after;
        } else {
            self.blocks[before as usize].after = after;
        }
        if after == NOBODY {
            self.tail = before;
        } else {
            self.blocks[after as usize].before = before;
        }
    }

    fn append(&mut self, place: u32) {
        let last = self.tail;
        let block = &mut self.blocks[place as usize];
        (block.before, block.after) = (last, NOBODY);
        if last == NOBODY {
            self.head = place;
        } else {
            self.blocks[last as usize].after = place;
        }
        self.tail = place;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A prompt taken in: cached beginning, new blocks, all made known.
    fn take(pool: &mut BlockPool, chain: &[u64]) -> Option<Vec<BlockId>> {
        let (matched, idle) = pool.match_prefix(chain);
        if chain.len() as u32 - matched + idle > pool.free() {
            return None;
        }
        let mut held = Vec::new();
        pool.hold_prefix(&chain[..matched as usize], &mut held);
        assert!(pool.allocate(chain.len() as u32 - matched, &mut held));
        for (place, hash) in chain.iter().enumerate() {
            pool.publish(held[place], *hash, place.checked_sub(1).map(|before| chain[before]));
        }
        Some(held)
    }

    #[test]
    fn the_end_of_a_prompt_is_evicted_before_its_beginning() {
        let mut pool = BlockPool::new(4);
        let mut held = take(&mut pool, &[1, 2, 3, 4]).unwrap();
        pool.release(&mut held);
        let _other = take(&mut pool, &[8, 9]).unwrap();
        assert_eq!(pool.match_prefix(&[1, 2, 3, 4]), (2, 2));
    }

    #[test]
    fn a_shared_beginning_is_held_once() {
        let mut pool = BlockPool::new(8);
        let _one = take(&mut pool, &[1, 2, 3]).unwrap();
        let _two = take(&mut pool, &[1, 2, 4]).unwrap();
        assert_eq!(pool.free(), 4);
        assert!(!pool.clone().allocate(5, &mut Vec::new()));
    }

    #[test]
    fn events_tell_what_a_router_needs() {
        let mut pool = BlockPool::new(2);
        pool.note_events();
        let mut held = take(&mut pool, &[5, 6]).unwrap();
        pool.release(&mut held);
        let _other = take(&mut pool, &[7]).unwrap();
        pool.clear();
        let stored = |hash, parent| KvEvent::Stored { hash, parent };
        let expected =
            [stored(5, None), stored(6, Some(5)), KvEvent::Removed { hash: 6 }, stored(7, None), KvEvent::Cleared];
        assert_eq!(pool.take_events(), expected);
        assert!(pool.take_events().is_empty());
    }

    fn queue(pool: &BlockPool) -> Vec<u32> {
        let mut places = Vec::new();
        let mut place = pool.head;
        while place != NOBODY {
            places.push(place);
            place = pool.blocks[place as usize].after;
        }
        places
    }

    proptest! {
        #[test]
        fn blocks_are_conserved(
            size in 1_u32..30,
            steps in prop::collection::vec((any::<bool>(), prop::collection::vec(1_u64..12, 1..8)), 0..80),
        ) {
            let mut pool = BlockPool::new(size);
            pool.note_events();
            let mut held: Vec<Vec<BlockId>> = Vec::new();
            let mut known = std::collections::BTreeSet::new();
            for (is_release, numbers) in steps {
                if is_release && !held.is_empty() {
                    let place = numbers[0] as usize % held.len();
                    pool.release(&mut held[place]);
                    held.remove(place);
                } else {
                    // A chain: each hash stands for all before it.
                    let chain: Vec<u64> = numbers.iter().scan(7_u64, |hash, number| {
                        *hash = hash.wrapping_mul(31).wrapping_add(*number);
                        Some(*hash)
                    }).collect();
                    held.extend(take(&mut pool, &chain));
                }
                let mut in_use: Vec<u32> = held.iter().flatten().map(|block| block.0).collect();
                let holders: u32 = pool.blocks.iter().map(|block| block.holders).sum();
                prop_assert_eq!(holders as usize, in_use.len());
                in_use.sort_unstable();
                in_use.dedup();
                prop_assert_eq!(in_use.len() as u32 + pool.free(), size);
                let free = queue(&pool);
                prop_assert_eq!(free.len() as u32, pool.free());
                prop_assert!(free.iter().all(|place| pool.blocks[*place as usize].holders == 0));
                for event in pool.take_events() {
                    match event {
                        KvEvent::Stored { hash, .. } => prop_assert!(known.insert(hash)),
                        KvEvent::Removed { hash } => prop_assert!(known.remove(&hash)),
                        KvEvent::Cleared => known.clear(),
                    }
                }
                prop_assert_eq!(known.len(), pool.cached());
            }
        }
    }
}
