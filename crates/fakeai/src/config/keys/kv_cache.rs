//! Section `kv_cache`.

use crate::config::section::section;

section! {
    /// The physical engine's KV caches and their replicas.
    kv_cache: KvCache {
        /// Find beginnings of prompts again.
        enabled: bool = true,
            Key::switch().flat("kv_cache_enabled").flag("kv-cache-enabled").aliases(&["enable-kv-cache", "enable-prefix-caching"]);
        /// Tokens of a block. 0 is the engine's own default.
        block_size: u32 = 0, Key::integer(0, 4096)
            .flat("kv_cache_block_size").flag("kv-cache-block-size").aliases(&["block-size"]).value("TOKENS");
        /// Replicas of the deployment, each with a cache of its own.
        num_workers: u32 = 1, Key::integer(1, 4096)
            .flat("kv_cache_num_workers").flag("kv-cache-num-workers").aliases(&["kv-cache-workers", "replicas"]);
        /// What a block that must be read costs the routers hybrid and kv.
        overlap_weight: f64 = 1.0, Key::number(0.0, 2.0)
            .flat("kv_overlap_weight").flag("kv-overlap-weight").value("WEIGHT");
        /// What an active request costs the router hybrid.
        load_balance_weight: f64 = 0.5, Key::number(0.0, 2.0).value("WEIGHT");
    }
}
