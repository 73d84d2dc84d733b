//! Section `kv_events`.

use crate::config::kind::Kind;
use crate::config::section::section;
use crate::config::values::{HashForm, StructForm};
use crate::kv_events::{self, VllmConfig};

section! {
    /// How changes of the physical engine's KV caches are told to routers.
    kv_events: KvEvents {
        /// Tell them. Naming an endpoint does so too.
        enabled: bool = false, Key::switch().flat("kv_events_enabled").flag("kv-events");
        /// vLLM's own flag, as JSON: `enable_kv_cache_events`, `publisher`, `endpoint`, `replay_endpoint`, `topic`,
        /// `buffer_steps`, `hwm` and `max_queue_size`. What it sets holds instead of the other keys.
        config: String = String::new(), Key::new(Kind::Text { allowed: VllmConfig::ALLOWED, accepts: VllmConfig::is_valid })
            .flat("kv_events_config").flag("kv-events-config").value("JSON");
        /// Where the first worker publishes over ZMQ; worker n takes the port and n. `*` is bound on the server's own host,
        /// another host is connected to. Unset is tcp://*:5557; `none` only keeps events for HTTP.
        endpoint: String = String::new(), endpoint().flat("kv_events_endpoint").flag("kv-events-endpoint").aliases(&["zmq-endpoint"]);
        /// Where the first worker gives missed batches again.
        replay_endpoint: String = String::new(),
            endpoint().flat("kv_events_replay_endpoint").flag("kv-events-replay-endpoint");
        /// The first frame of each message.
        topic: String = String::new(), Key::new(Kind::Text { allowed: "any text", accepts: |_| true })
            .flat("kv_events_topic").flag("kv-events-topic").value("TEXT");
        /// Batches of each worker that can be asked for again.
        buffer_steps: usize = 10_000, Key::integer(0, 100_000_000)
            .flat("kv_events_buffer_steps").flag("kv-events-buffer-steps");
        /// Batches of each worker that may wait to be sent; beyond that the oldest is dropped and counted.
        max_queue_size: usize = 100_000, Key::integer(1, 100_000_000)
            .flat("kv_events_max_queue_size").flag("kv-events-max-queue-size");
        /// Events of a batch at least, unless the oldest has waited for a second. 1 makes a batch of each step.
        batch_size: usize = 1, Key::integer(1, 1_000_000).flat("kv_events_batch_size").flag("event-batch-size");
        /// How structs are written: arrays (by position) or maps (by name, as vLLM does since pull request 42892).
        format: StructForm = StructForm::Arrays, Key::new(Kind::OneOf(StructForm::WORDS))
            .flat("kv_events_format").flag("kv-events-format").value("FORM");
        /// How hashes are written: integers of 64 bits, or bytes.
        block_hashes: HashForm = HashForm::Integers, Key::new(Kind::OneOf(HashForm::WORDS))
            .flat("kv_events_block_hashes").flag("kv-events-block-hashes").value("FORM");
    }
}

const fn endpoint() -> crate::config::key::Key {
    crate::config::key::Key::new(Kind::Text { allowed: "tcp://HOST:PORT or none", accepts: kv_events::is_endpoint })
        .value("ENDPOINT")
}
