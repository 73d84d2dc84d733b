//! The blocks of one KV cache: who holds them, which of the free ones still have content, and who is evicted next.
//!
//! As vLLM's block pool: free blocks stand in one queue, least recently used first, cached or not; a sequence frees its
//! last block first, so that the end of a prompt is evicted before its beginning. Taking a cached block out of the
//! queue keeps its content. Every operation costs O(1) for each block.
//!
//! Content is found by a radix tree of chained hashes. Two sequences that read the same beginning at once both keep
//! their blocks, as in vLLM: the tree names one copy, the others stand in a ring with it. So whoever holds a block
//! holds a copy of everything before it, and lets go of it before that; hence the queue, least recently used first,
//! reaches the last copy of a block only after all that follows it, and an eviction always takes the end of a path.

use super::radix::{Cursor, NodeId, RadixTree};

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
    /// Where its content is found; [`NodeId::ROOT`] for no content that could be found again.
    node: NodeId,
    /// The number of its hash in the chain.
    number: u32,
    /// The next copy of the same content; itself if it is the only one.
    twin: u32,
    holders: u32,
    before: u32,
    after: u32,
}

/// A pool of equal blocks. Blocks are conserved: free ones and held ones are all there are.
#[derive(Clone, Debug)]
pub struct BlockPool {
    blocks: Vec<Block>,
    /// For each hash one block that has its content.
    tree: RadixTree<Vec<u32>>,
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
            node: NodeId::ROOT,
            number: 0,
            twin: place,
            holders: 0,
            before: place.checked_sub(1).unwrap_or(NOBODY),
            after: if place + 1 < count { place + 1 } else { NOBODY },
        });
        let (head, tail) = if count == 0 { (NOBODY, NOBODY) } else { (0, count - 1) };
        Self { blocks: blocks.collect(), tree: RadixTree::default(), head, tail, free: count, events: None }
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

    /// Hashes whose content is in the pool.
    pub const fn cached(&self) -> usize {
        self.tree.len()
    }

    /// Nodes of the tree that finds them, the root not counted.
    pub fn nodes(&self) -> usize {
        self.tree.nodes()
    }

    /// How many blocks of `chain`, from its start, have their content here; and how many of those nobody holds.
    pub fn match_prefix(&self, chain: &[u64]) -> (u32, u32) {
        let (mut cursor, mut matched, mut idle) = (Cursor::ROOT, 0, 0);
        while let Some(span) = self.tree.next_span(cursor, &chain[matched..]) {
            let places = &self.tree.payload(span.node)[span.offset..][..span.count];
            idle += places.iter().filter(|place| self.blocks[**place as usize].holders == 0).count();
            matched += span.count;
            cursor = span.end();
        }
        (matched as u32, idle as u32)
    }

    /// Holds the cached blocks of `chain`, as many as [`BlockPool::match_prefix`] found, and adds them to `held`.
    pub fn hold_prefix(&mut self, chain: &[u64], held: &mut Vec<BlockId>) {
        let (mut cursor, mut matched) = (Cursor::ROOT, 0);
        while let Some(span) = self.tree.next_span(cursor, &chain[matched..]) {
            let places = &self.tree.payload(span.node)[span.offset..][..span.count];
            held.extend(places.iter().map(|place| BlockId(*place)));
            matched += span.count;
            cursor = span.end();
        }
        let others = held.len() - matched;
        for BlockId(place) in held.iter().skip(others).copied() {
            if self.blocks[place as usize].holders == 0 {
                self.unlink(place);
                self.free -= 1;
            }
            self.blocks[place as usize].holders += 1;
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

    /// Makes the content of `held` known by the hashes of `chain`, one for each block, from block number `from` on; those
    /// before it were made known, or found, before. Does nothing where the block before is not known any more.
    pub fn publish(&mut self, held: &[BlockId], chain: &[u64], from: usize) {
        let end = chain.len().min(held.len());
        let mut cursor = Cursor::ROOT;
        if let Some(before) = from.checked_sub(1).and_then(|before| held.get(before)) {
            let Block { node, number, .. } = self.blocks[before.0 as usize];
            if node == NodeId::ROOT {
                return;
            }
            cursor = Cursor { node, offset: number as usize + 1 - self.tree.depth(node) };
        }
        let mut number = from;
        while let Some(span) = self.tree.next_span(cursor, chain.get(number..end).unwrap_or_default()) {
            for step in 0..span.count {
                let first = self.tree.payload(span.node)[span.offset + step];
                self.join(first, held[number + step].0);
            }
            number += span.count;
            cursor = span.end();
        }
        if number < end {
            self.store(cursor, &held[number..end], &chain[number..end], number);
        }
    }

    /// Puts a block beside another of the same content.
    fn join(&mut self, first: u32, place: u32) {
        let Block { node, number, twin, .. } = self.blocks[first as usize];
        let block = &mut self.blocks[place as usize];
        if place != first && block.node == NodeId::ROOT {
            (block.node, block.number, block.twin) = (node, number, twin);
            self.blocks[first as usize].twin = place;
        }
    }

    /// Adds content that is new, behind `cursor`.
    fn store(&mut self, cursor: Cursor, held: &[BlockId], chain: &[u64], number: usize) {
        let end = self.tree.part(cursor);
        if end.node != cursor.node {
            for place in 0..end.offset {
                let mut twin = self.tree.payload(end.node)[place];
                while self.blocks[twin as usize].node != end.node {
                    self.blocks[twin as usize].node = end.node;
                    twin = self.blocks[twin as usize].twin;
                }
            }
        }
        let parent = self.tree.run(end.node).last().copied();
        let Some(span) = self.tree.grow(end, chain) else { return };
        self.tree.payload_mut(span.node).extend(held.iter().map(|block| block.0));
        for (BlockId(place), number) in held.iter().zip(number..) {
            let block = &mut self.blocks[*place as usize];
            (block.node, block.number, block.twin) = (span.node, number as u32, *place);
        }
        if let Some(events) = &mut self.events {
            let parents = std::iter::once(parent).chain(chain.iter().copied().map(Some));
            events.extend(chain.iter().zip(parents).map(|(hash, parent)| KvEvent::Stored { hash: *hash, parent }));
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
        for (place, block) in (0..).zip(&mut self.blocks) {
            (block.node, block.twin) = (NodeId::ROOT, place);
        }
        self.tree.clear();
        if let Some(events) = &mut self.events {
            events.push(KvEvent::Cleared);
        }
    }

    /// A block loses its content.
    fn forget(&mut self, place: u32) {
        let Block { node, number, twin, .. } = self.blocks[place as usize];
        if node == NodeId::ROOT {
            return;
        }
        let offset = number as usize - self.tree.depth(node);
        let block = &mut self.blocks[place as usize];
        (block.node, block.twin) = (NodeId::ROOT, place);
        if twin != place {
            let mut before = twin;
            while self.blocks[before as usize].twin != place {
                before = self.blocks[before as usize].twin;
            }
            self.blocks[before as usize].twin = twin;
            self.tree.payload_mut(node)[offset] = twin;
            return;
        }
        let hash = self.tree.run(node)[offset];
        self.tree.payload_mut(node).truncate(offset);
        self.tree.truncate(node, offset);
        if let Some(events) = &mut self.events {
            events.push(KvEvent::Removed { hash });
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
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A prompt taken in: cached beginning, new blocks, all made known.
    pub(in crate::kv) fn take(pool: &mut BlockPool, chain: &[u64]) -> Option<Vec<BlockId>> {
        let (matched, idle) = pool.match_prefix(chain);
        if chain.len() as u32 - matched + idle > pool.free() {
            return None;
        }
        let mut held = Vec::new();
        pool.hold_prefix(&chain[..matched as usize], &mut held);
        assert!(pool.allocate(chain.len() as u32 - matched, &mut held));
        pool.publish(&held, chain, matched as usize);
        Some(held)
    }

    /// A chain: each hash stands for all before it.
    pub(in crate::kv) fn chained(numbers: &[u64]) -> Vec<u64> {
        let next = |hash: &mut u64, number: &u64| {
            *hash = hash.wrapping_mul(31).wrapping_add(*number);
            Some(*hash)
        };
        numbers.iter().scan(7, next).collect()
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

    #[test]
    fn content_stays_while_one_copy_of_it_does() {
        let mut pool = BlockPool::new(5);
        pool.note_events();
        // Both read the same two blocks at the same time.
        let (mut one, mut two) = (Vec::new(), Vec::new());
        assert!(pool.allocate(2, &mut one) && pool.allocate(2, &mut two));
        pool.publish(&one, &[1, 2], 0);
        pool.publish(&two, &[1, 2], 0);
        assert_eq!((pool.cached(), pool.take_events().len()), (2, 2));
        pool.release(&mut one);
        let mut other = take(&mut pool, &[7, 8, 9]).unwrap();
        assert_eq!(pool.match_prefix(&[1, 2]), (2, 0));
        pool.release(&mut two);
        assert_eq!(pool.match_prefix(&[1, 2]), (2, 2));
        pool.release(&mut other);
        let _all = take(&mut pool, &[10, 11, 12, 13, 14]).unwrap();
        assert_eq!(pool.match_prefix(&[1, 2]), (0, 0));
    }

    #[test]
    fn nothing_is_stored_behind_what_was_cleared() {
        let mut pool = BlockPool::new(4);
        let mut held = take(&mut pool, &[1, 2]).unwrap();
        pool.clear();
        assert!(pool.allocate(1, &mut held));
        pool.publish(&held, &[1, 2, 3], 2);
        assert_eq!((pool.cached(), pool.match_prefix(&[1, 2, 3])), (0, (0, 0)));
    }

    /// The pool as the rules say it, in lists: free blocks in their order, the content of each block.
    struct Naive {
        queue: Vec<u32>,
        holders: Vec<u32>,
        content: Vec<Option<u64>>,
    }

    impl Naive {
        fn find(&self, hash: u64) -> Option<u32> {
            self.content.iter().position(|content| *content == Some(hash)).map(|place| place as u32)
        }

        fn hold(&mut self, place: u32) {
            self.queue.retain(|other| *other != place);
            self.holders[place as usize] += 1;
        }

        /// Holds `found` and takes the rest from the queue.
        fn take(&mut self, found: &[BlockId], chain: &[u64]) -> Vec<u32> {
            let mut held: Vec<u32> = found.iter().map(|block| block.0).collect();
            for place in &held {
                self.hold(*place);
            }
            while held.len() < chain.len() {
                let place = self.queue[0];
                self.hold(place);
                self.content[place as usize] = None;
                held.push(place);
            }
            for (place, hash) in held.iter().zip(chain) {
                self.content[*place as usize] = Some(*hash);
            }
            held
        }

        fn release(&mut self, held: &[BlockId]) {
            for block in held.iter().rev() {
                self.holders[block.0 as usize] -= 1;
                if self.holders[block.0 as usize] == 0 {
                    self.queue.push(block.0);
                }
            }
        }
    }

    /// What a sequence does: takes a prompt in, of which it looks up only so many blocks, or one of them ends.
    type Act = (bool, u32, Vec<u64>);

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        prop::collection::vec((any::<bool>(), 0_u32..9, prop::collection::vec(1_u64..5, 1..9)), 0..120)
    }

    fn is_ring(pool: &BlockPool, place: u32) -> bool {
        let Block { node, number, .. } = pool.blocks[place as usize];
        let mut twin = place;
        for _ in 0..pool.blocks.len() {
            twin = pool.blocks[twin as usize].twin;
            let block = pool.blocks[twin as usize];
            if twin == place || block.node != node || block.number != number {
                break;
            }
        }
        twin == place
    }

    proptest! {
        /// The queue, the content of every block and what is found are those of the naive pool; and each eviction takes
        /// the end of a path, or the tree would not hold exactly what the blocks do.
        #[test]
        fn the_tree_says_what_a_search_of_all_blocks_says(size in 1_u32..30, acts in acts()) {
            let mut pool = BlockPool::new(size);
            let count = size as usize;
            let mut naive = Naive { queue: (0..size).collect(), holders: vec![0; count], content: vec![None; count] };
            let mut held: Vec<Vec<BlockId>> = Vec::new();
            for (is_release, looked_up, numbers) in acts {
                if is_release && !held.is_empty() {
                    let mut blocks = held.remove(looked_up as usize % held.len());
                    naive.release(&blocks);
                    pool.release(&mut blocks);
                } else {
                    let chain = chained(&numbers);
                    let found = chain.iter().take_while(|hash| naive.find(**hash).is_some()).count();
                    prop_assert_eq!(pool.match_prefix(&chain).0 as usize, found);
                    let known = &chain[..found.min(looked_up as usize)];
                    let (_, idle) = pool.match_prefix(known);
                    let missing = (chain.len() - known.len()) as u32;
                    if idle + missing > pool.free() {
                        continue;
                    }
                    let mut blocks = Vec::new();
                    pool.hold_prefix(known, &mut blocks);
                    let expected = naive.take(&blocks, &chain);
                    prop_assert!(pool.allocate(missing, &mut blocks));
                    pool.publish(&blocks, &chain, known.len());
                    prop_assert_eq!(blocks.iter().map(|block| block.0).collect::<Vec<_>>(), expected);
                    held.push(blocks);
                }
                prop_assert_eq!(queue(&pool), naive.queue.clone());
                let distinct: std::collections::BTreeSet<u64> = naive.content.iter().flatten().copied().collect();
                prop_assert_eq!(pool.cached(), distinct.len());
                for (place, block) in (0..).zip(&pool.blocks) {
                    let content = (block.node != NodeId::ROOT)
                        .then(|| pool.tree.run(block.node)[block.number as usize - pool.tree.depth(block.node)]);
                    prop_assert_eq!(content, naive.content[place as usize]);
                    prop_assert!(is_ring(&pool, place));
                }
            }
        }

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
                    let chain = chained(&numbers);
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
