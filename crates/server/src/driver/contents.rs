//! What is in the blocks of sequences under way: their tokens, by the hashes the engine tells.

use std::sync::Arc;

use fakeai_events::Adapter;
use rustc_hash::FxHashMap;

/// The tokens of one sequence, its answer included.
#[derive(Debug)]
pub(crate) struct Text {
    /// The tokens.
    pub(crate) ids: Vec<u32>,
    /// The hashes of its full blocks.
    pub(crate) chain: Arc<[u64]>,
    /// What it is read with.
    pub(crate) adapter: Option<Adapter>,
}

/// The blocks of sequences under way.
#[derive(Debug, Default)]
pub(super) struct Contents(FxHashMap<u64, Block>);

#[derive(Debug)]
struct Block {
    text: Arc<Text>,
    number: usize,
    /// Sequences that have it.
    holders: u32,
}

impl Contents {
    /// A sequence comes.
    pub(super) fn add(&mut self, text: &Arc<Text>) {
        for (number, hash) in text.chain.iter().enumerate() {
            let block = self.0.entry(*hash).or_insert_with(|| Block { text: Arc::clone(text), number, holders: 0 });
            block.holders += 1;
        }
    }

    /// A sequence that came has gone.
    pub(super) fn remove(&mut self, text: &Text) {
        for hash in text.chain.iter() {
            if let Some(block) = self.0.get_mut(hash) {
                block.holders -= 1;
                if block.holders == 0 {
                    self.0.remove(hash);
                }
            }
        }
    }

    /// The tokens of a block of `block_tokens`, and what they were read with.
    pub(super) fn find(&self, hash: u64, block_tokens: u32) -> Option<(&[u32], Option<&Adapter>)> {
        let Block { text, number, .. } = self.0.get(&hash)?;
        let size = block_tokens as usize;
        Some((text.ids.get(number * size..(number + 1) * size)?, text.adapter.as_ref()))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_block_stays_while_one_sequence_has_it() {
        let text =
            |ids: &[u32], chain: &[u64]| Arc::new(Text { ids: ids.to_vec(), chain: Arc::from(chain), adapter: None });
        let (one, two) = (text(&[1, 2, 3, 4], &[10, 11]), text(&[1, 2, 5, 6, 7], &[10, 12]));
        let mut contents = Contents::default();
        contents.add(&one);
        contents.add(&two);
        contents.remove(&one);
        assert_eq!(contents.find(10, 2).unwrap().0, [1, 2]);
        assert_eq!(contents.find(12, 2).unwrap().0, [5, 6]);
        assert!(contents.find(11, 2).is_none());
        contents.remove(&two);
        assert_eq!(contents.len(), 0);
    }
}
