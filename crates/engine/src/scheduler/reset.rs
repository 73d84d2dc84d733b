//! Emptying the cache on request.

use super::replica::Replica;
use crate::kv::KvEvent;

impl Replica {
    /// Forgets what is cached, if nobody holds a block; what observers of the cache were to be told. `None` if a block is
    /// in use, and then nothing changes.
    pub fn reset_prefix_cache(&mut self) -> Option<Vec<KvEvent>> {
        if self.pool.free() < self.pool.size() {
            return None;
        }
        self.pool.clear();
        Some(self.pool.take_events())
    }
}
