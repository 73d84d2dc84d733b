//! A radix tree over chained block hashes: paths from the root are beginnings of prompts, edges are runs of hashes.
//!
//! A hash of a chain stands for everything up to its end, so the first hash of a run names its node wherever it hangs,
//! and one map from first hashes to nodes takes the place of each node's table of children. Finding the longest
//! beginning takes one look-up for each node on the way and one comparison for each block. Whoever uses the tree keeps
//! something with each run, [`Run`]: block numbers in a pool ([`super::BlockPool`]), holders in a router
//! ([`super::WorkerIndex`]). A node that is left with one child is not joined with it: that would cost as much as it
//! saves, and changes no answer.

use rustc_hash::FxHashMap;

/// What is kept with a run of hashes.
pub trait Run: Default {
    /// Parts the run before its hash number `at`: returns what belongs to the hashes before, keeps the rest.
    fn take_head(&mut self, at: usize) -> Self;
}

/// One value for each hash.
impl<T> Run for Vec<T> {
    fn take_head(&mut self, at: usize) -> Self {
        let rest = self.split_off(at);
        std::mem::replace(self, rest)
    }
}

/// A node of one tree; given again after the node is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeId(u32);

impl NodeId {
    /// No node: above the first hash of every chain.
    pub(crate) const ROOT: Self = Self(u32::MAX);
}

/// A place between two hashes: behind the first `offset` of a node's run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The node.
    pub node: NodeId,
    /// Hashes of its run before the place.
    pub offset: usize,
}

impl Cursor {
    /// Before the first hash of every chain.
    pub const ROOT: Self = Self { node: NodeId::ROOT, offset: 0 };
}

/// Some hashes of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The node.
    pub node: NodeId,
    /// Hashes of its run before the span.
    pub offset: usize,
    /// Hashes of the span, at least one.
    pub count: usize,
}

impl Span {
    /// The place behind the span.
    pub const fn end(self) -> Cursor {
        Cursor { node: self.node, offset: self.offset + self.count }
    }
}

#[derive(Clone, Debug)]
struct Node<P> {
    run: Vec<u64>,
    payload: P,
    parent: NodeId,
    children: u32,
    /// Hashes between the root and the run.
    depth: usize,
}

/// The tree. Every hash is in it once.
#[derive(Clone, Debug)]
pub struct RadixTree<P> {
    nodes: Vec<Node<P>>,
    vacant: Vec<u32>,
    /// First hashes of runs.
    firsts: FxHashMap<u64, NodeId>,
    hashes: usize,
}

impl<P> Default for RadixTree<P> {
    fn default() -> Self {
        Self { nodes: Vec::new(), vacant: Vec::new(), firsts: FxHashMap::default(), hashes: 0 }
    }
}

impl<P: Run> RadixTree<P> {
    /// Hashes in the tree.
    pub const fn len(&self) -> usize {
        self.hashes
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.hashes == 0
    }

    /// Its nodes, the root not counted.
    pub fn nodes(&self) -> usize {
        self.firsts.len()
    }

    /// The next hashes behind `cursor` that the tree shares with `chain`, all in one run; `None` where they part. Spans
    /// one behind the other are the longest common beginning.
    pub fn next_span(&self, cursor: Cursor, chain: &[u64]) -> Option<Span> {
        let first = *chain.first()?;
        let Cursor { mut node, mut offset } = cursor;
        if offset == self.run(node).len() {
            let parent = node;
            node = *self.firsts.get(&first)?;
            // Chained hashes have one parent; anything else is not the same beginning.
            if self.node(node).parent != parent {
                return None;
            }
            offset = 0;
        }
        let count = common(&self.run(node)[offset..], chain);
        (count > 0).then_some(Span { node, offset, count })
    }

    /// Makes `cursor` the end of a node. If it lies within a run, the hashes before it become a node of their own, which
    /// is where the returned cursor points; the rest keeps the node's id and its children.
    pub fn part(&mut self, cursor: Cursor) -> Cursor {
        let Cursor { node, offset } = cursor;
        if offset == self.run(node).len() {
            return cursor;
        }
        let rest = self.node_mut(node);
        let tail = rest.run.split_off(offset);
        let run = std::mem::replace(&mut rest.run, tail);
        let payload = rest.payload.take_head(offset);
        let (parent, depth) = (rest.parent, rest.depth);
        rest.depth += offset;
        let (first, second) = (run[0], rest.run[0]);
        let head = self.place(Node { run, payload, parent, children: 1, depth });
        self.node_mut(node).parent = head;
        self.firsts.insert(first, head);
        self.firsts.insert(second, node);
        Cursor { node: head, offset }
    }

    /// Adds `hashes`, at least one, behind `cursor`, which is the end of a node and where the tree and a chain part: to
    /// its run if nothing follows it, else as a new child with an empty payload. `None`, with nothing changed, if the
    /// first of them is in the tree elsewhere: then they are no chain.
    pub fn grow(&mut self, cursor: Cursor, hashes: &[u64]) -> Option<Span> {
        let Cursor { node: parent, offset } = cursor;
        let first = *hashes.first()?;
        if self.firsts.contains_key(&first) {
            return None;
        }
        self.hashes += hashes.len();
        let depth = if parent == NodeId::ROOT {
            0
        } else {
            let node = self.node_mut(parent);
            if node.children == 0 {
                node.run.extend_from_slice(hashes);
                return Some(Span { node: parent, offset, count: hashes.len() });
            }
            node.children += 1;
            node.depth + node.run.len()
        };
        let node = self.place(Node { run: hashes.to_vec(), payload: P::default(), parent, children: 0, depth });
        self.firsts.insert(first, node);
        Some(Span { node, offset: 0, count: hashes.len() })
    }

    /// Takes away what lies behind the first `keep` hashes of a node that nothing follows; the node itself if none are
    /// left, and then says what it hung from. The payload is the caller's to shorten.
    pub fn truncate(&mut self, node: NodeId, keep: usize) -> Option<NodeId> {
        let target = self.node_mut(node);
        debug_assert!(target.children == 0, "only ends of paths are taken away");
        let removed = target.run.len().saturating_sub(keep);
        let first = target.run.first().copied();
        target.run.truncate(keep);
        self.hashes -= removed;
        if keep > 0 {
            return None;
        }
        let target = self.node_mut(node);
        let parent = target.parent;
        // Its memory is given back: a vacant node may stay vacant for long.
        (target.run, target.payload) = (Vec::new(), P::default());
        if let Some(first) = first {
            self.firsts.remove(&first);
        }
        self.vacant.push(node.0);
        if parent != NodeId::ROOT {
            self.node_mut(parent).children -= 1;
        }
        Some(parent)
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The hashes of a node; none for the root.
    pub fn run(&self, node: NodeId) -> &[u64] {
        if node == NodeId::ROOT { &[] } else { &self.node(node).run }
    }

    /// Whether no node hangs from this one.
    pub fn is_leaf(&self, node: NodeId) -> bool {
        self.node(node).children == 0
    }

    /// Hashes between the root and the node's run.
    pub fn depth(&self, node: NodeId) -> usize {
        self.node(node).depth
    }

    /// What is kept with its run.
    pub fn payload(&self, node: NodeId) -> &P {
        &self.node(node).payload
    }

    /// What is kept with its run, to change.
    pub fn payload_mut(&mut self, node: NodeId) -> &mut P {
        &mut self.node_mut(node).payload
    }

    /// All nodes, in no order.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> {
        self.firsts.values().copied()
    }

    fn node(&self, node: NodeId) -> &Node<P> {
        &self.nodes[node.0 as usize]
    }

    fn node_mut(&mut self, node: NodeId) -> &mut Node<P> {
        &mut self.nodes[node.0 as usize]
    }

    fn place(&mut self, node: Node<P>) -> NodeId {
        if let Some(vacant) = self.vacant.pop() {
            self.nodes[vacant as usize] = node;
            return NodeId(vacant);
        }
        self.nodes.push(node);
        NodeId(self.nodes.len() as u32 - 1)
    }
}

/// How far both agree. Compares eight at a time, without a branch for each.
fn common(run: &[u64], chain: &[u64]) -> usize {
    const LANES: usize = 8;
    let most = run.len().min(chain.len());
    let (run, chain) = (&run[..most], &chain[..most]);
    let mut same = 0;
    for (left, right) in run.chunks_exact(LANES).zip(chain.chunks_exact(LANES)) {
        if left.iter().zip(right).fold(0, |differs, (left, right)| differs | (left ^ right)) != 0 {
            break;
        }
        same += LANES;
    }
    same + run[same..].iter().zip(&chain[same..]).take_while(|(left, right)| left == right).count()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// A chain: each hash stands for all before it.
    fn chained(numbers: &[u64]) -> Vec<u64> {
        let next = |hash: &mut u64, number: &u64| {
            *hash = hash.wrapping_mul(31).wrapping_add(*number);
            Some(*hash)
        };
        numbers.iter().scan(7, next).collect()
    }

    fn matched(tree: &RadixTree<Vec<u64>>, chain: &[u64]) -> usize {
        let (mut cursor, mut place) = (Cursor::ROOT, 0);
        while let Some(span) = tree.next_span(cursor, &chain[place..]) {
            assert_eq!(tree.depth(span.node) + span.offset, place);
            // The payload travels with its run.
            assert_eq!(tree.payload(span.node), tree.run(span.node));
            (cursor, place) = (span.end(), place + span.count);
        }
        place
    }

    fn insert(tree: &mut RadixTree<Vec<u64>>, chain: &[u64]) {
        let (mut cursor, mut place) = (Cursor::ROOT, 0);
        while let Some(span) = tree.next_span(cursor, &chain[place..]) {
            (cursor, place) = (span.end(), place + span.count);
        }
        if place < chain.len() {
            let cursor = tree.part(cursor);
            let span = tree.grow(cursor, &chain[place..]).unwrap();
            tree.payload_mut(span.node).extend_from_slice(&chain[place..]);
        }
    }

    #[test]
    fn runs_are_parted_where_chains_part() {
        let mut tree = RadixTree::default();
        insert(&mut tree, &chained(&[1, 2, 3, 4]));
        assert_eq!(tree.nodes(), 1);
        insert(&mut tree, &chained(&[1, 2, 5]));
        insert(&mut tree, &chained(&[1, 2, 3, 4, 6]));
        assert_eq!((tree.nodes(), tree.len()), (3, 6));
        assert_eq!(matched(&tree, &chained(&[1, 2, 3, 4, 6, 7])), 5);
        assert_eq!(matched(&tree, &chained(&[1, 2, 6])), 2);
        assert_eq!(matched(&tree, &chained(&[2])), 0);
    }

    #[test]
    fn what_is_no_chain_is_not_taken_in() {
        let mut tree: RadixTree<Vec<u64>> = RadixTree::default();
        tree.grow(Cursor::ROOT, &[1, 2]).unwrap();
        let one = tree.grow(Cursor::ROOT, &[3]).unwrap();
        assert_eq!(tree.grow(one.end(), &[1]), None);
        assert_eq!(tree.next_span(one.end(), &[1]), None);
        assert_eq!(tree.len(), 3);
    }

    proptest! {
        #[test]
        fn it_finds_what_a_set_of_beginnings_finds(
            acts in prop::collection::vec((any::<bool>(), prop::collection::vec(1_u64..4, 1..12)), 0..60),
        ) {
            let mut tree = RadixTree::default();
            let mut known: BTreeSet<Vec<u64>> = BTreeSet::new();
            for (is_insert, numbers) in acts {
                let chain = chained(&numbers);
                let expected = (0..=chain.len()).rev().find(|len| *len == 0 || known.contains(&chain[..*len]));
                prop_assert_eq!(matched(&tree, &chain), expected.unwrap());
                if is_insert {
                    insert(&mut tree, &chain);
                    known.extend((1..=chain.len()).map(|len| chain[..len].to_vec()));
                    continue;
                }
                let leaf = tree.ids().find(|node| tree.is_leaf(*node));
                if let Some(leaf) = leaf {
                    // Evicts the end of a path.
                    let keep = tree.run(leaf).len() - 1;
                    let last = tree.run(leaf)[keep];
                    tree.payload_mut(leaf).truncate(keep);
                    tree.truncate(leaf, keep);
                    known.retain(|beginning| beginning.last() != Some(&last));
                }
                prop_assert_eq!(tree.len(), known.len());
                prop_assert_eq!(tree.ids().map(|node| tree.run(node).len()).sum::<usize>(), known.len());
            }
        }
    }
}
