//! Emptying the cache on request.

use super::replica::Replica;
use crate::kv::KvEvent;

impl Replica {
    /// Forgets what a rank has cached, if nobody holds a block there; what observers of its cache were to be told.
    /// `None` if a block is in use or there is no such rank, and then nothing changes.
    pub fn reset_prefix_cache(&mut self, rank: usize) -> Option<Vec<KvEvent>> {
        let pool = &mut self.ranks.get_mut(rank)?.pool;
        if pool.free() < pool.size() {
            return None;
        }
        pool.clear();
        Some(pool.take_events())
    }
}
