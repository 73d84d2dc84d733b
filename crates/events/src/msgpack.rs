//! Batches as vLLM's `KVEventBatch` in msgpack.
//!
//! The structs are those of `vllm/distributed/kv_events.py`, as msgspec writes them. Until vLLM pull request #42892 they
//! were arrays by position with the tag first, now they are maps that leave out fields with their default. Hashes are
//! 64-bit numbers (`VLLM_KV_EVENTS_USE_INT_BLOCK_HASHES`) or bytes.

use rmp::encode::{self, ByteBuf};

use crate::batch::{Batch, CacheEvent, StoredBlocks};

/// Where blocks are, in vLLM's word; other places are not modelled.
const MEDIUM: &str = "GPU";

/// How batches are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// How structs are.
    pub format: Format,
    /// How hashes are.
    pub hashes: Hashes,
}

/// How structs are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Arrays by position, tag first.
    #[default]
    Arrays,
    /// Maps by name, tag under `type`.
    Maps,
}

/// How hashes are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hashes {
    /// Numbers of 64 bits.
    #[default]
    Integers,
    /// The same 64 bits as bytes, most significant first.
    Bytes,
}

/// The batch in msgpack.
pub fn encode(batch: &Batch, style: Style) -> Vec<u8> {
    let mut writer = Writer { out: ByteBuf::new(), style };
    let Batch { sequence: _, first_event: _, unix_seconds, rank, events } = batch;
    writer.open(3);
    writer.name("ts");
    done(encode::write_f64(&mut writer.out, *unix_seconds));
    writer.name("events");
    writer.list(events.len());
    for event in events {
        writer.event(event);
    }
    writer.name("data_parallel_rank");
    writer.number((*rank).into());
    writer.out.into_vec()
}

struct Writer {
    out: ByteBuf,
    style: Style,
}

/// A buffer takes everything.
#[expect(clippy::needless_pass_by_value, reason = "it is there to use results up")]
fn done<T, E>(written: Result<T, E>) {
    debug_assert!(written.is_ok(), "a buffer has room");
}

impl Writer {
    fn event(&mut self, event: &CacheEvent) {
        match event {
            CacheEvent::Stored(stored) => self.stored(stored),
            CacheEvent::Removed { block_hashes } => {
                self.open_tagged("BlockRemoved", 2);
                self.name("block_hashes");
                self.hashes(block_hashes);
                self.name("medium");
                self.text(MEDIUM);
            }
            CacheEvent::Cleared => self.open_tagged("AllBlocksCleared", 0),
        }
    }

    fn stored(&mut self, stored: &StoredBlocks) {
        let StoredBlocks { block_hashes, parent_block_hash, token_ids, block_tokens, adapter } = stored;
        self.open_tagged("BlockStored", 7);
        self.name("block_hashes");
        self.hashes(block_hashes);
        self.name("parent_block_hash");
        match parent_block_hash {
            Some(hash) => self.hash(*hash),
            None => self.nothing(),
        }
        self.name("token_ids");
        self.list(token_ids.len());
        for id in token_ids {
            self.number((*id).into());
        }
        self.name("block_size");
        self.number((*block_tokens).into());
        self.name("lora_id");
        match adapter {
            Some(adapter) => self.number(adapter.id),
            None => self.nothing(),
        }
        self.name("medium");
        self.text(MEDIUM);
        self.name("lora_name");
        match adapter {
            Some(adapter) => self.text(&adapter.name),
            None => self.nothing(),
        }
    }

    /// Begins a struct of so many fields.
    fn open(&mut self, fields: u32) {
        match self.style.format {
            Format::Arrays => done(encode::write_array_len(&mut self.out, fields)),
            Format::Maps => done(encode::write_map_len(&mut self.out, fields)),
        }
    }

    /// Begins a struct of so many fields and its tag.
    fn open_tagged(&mut self, tag: &str, fields: u32) {
        self.open(fields + 1);
        self.name("type");
        self.text(tag);
    }

    /// The name of the field that follows, where fields have names.
    fn name(&mut self, name: &str) {
        if self.style.format == Format::Maps {
            self.text(name);
        }
    }

    fn hashes(&mut self, hashes: &[u64]) {
        self.list(hashes.len());
        for hash in hashes {
            self.hash(*hash);
        }
    }

    fn hash(&mut self, hash: u64) {
        match self.style.hashes {
            Hashes::Integers => self.number(hash),
            Hashes::Bytes => done(encode::write_bin(&mut self.out, &hash.to_be_bytes())),
        }
    }

    fn list(&mut self, length: usize) {
        done(encode::write_array_len(&mut self.out, length as u32));
    }

    fn number(&mut self, number: u64) {
        done(encode::write_uint(&mut self.out, number));
    }

    fn text(&mut self, text: &str) {
        done(encode::write_str(&mut self.out, text));
    }

    fn nothing(&mut self) {
        done(encode::write_nil(&mut self.out));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Adapter;

    fn batch() -> Batch {
        let stored = StoredBlocks {
            block_hashes: vec![(1 << 63) + 1],
            parent_block_hash: None,
            token_ids: vec![1, 2],
            block_tokens: 2,
            adapter: None,
        };
        Batch {
            sequence: 7,
            first_event: 7,
            unix_seconds: 1.5,
            rank: 0,
            events: vec![
                CacheEvent::Stored(stored),
                CacheEvent::Removed { block_hashes: vec![9] },
                CacheEvent::Cleared,
            ],
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }

    /// What msgspec 0.22 writes for the same batch, with vLLM's structs of that time.
    #[test]
    fn arrays_are_what_msgspec_writes() {
        let expected = "93cb3ff80000000000009398ab426c6f636b53746f72656491cf8000000000000001c092010202c0a3475055c0\
                        93ac426c6f636b52656d6f7665649109a347505591b0416c6c426c6f636b73436c656172656400";
        assert_eq!(hex(&encode(&batch(), Style::default())), expected);
    }

    #[test]
    fn maps_have_names_and_bytes_are_bytes() {
        let style = Style { format: Format::Maps, hashes: Hashes::Bytes };
        let mut batch = batch();
        let CacheEvent::Stored(stored) = &mut batch.events[0] else { panic!("stored") };
        stored.parent_block_hash = Some(3);
        stored.adapter = Some(Adapter { id: 1, name: "sql".into() });
        let written = encode(&batch, style);
        let expected = "83a27473cb3ff8000000000000a66576656e74739388a474797065ab426c6f636b53746f726564ac626c6f636b5f\
                        68617368657391c4088000000000000001b1706172656e745f626c6f636b5f68617368c4080000000000000003a9\
                        746f6b656e5f696473920102aa626c6f636b5f73697a6502a76c6f72615f696401a66d656469756da3475055a96c\
                        6f72615f6e616d65a373716c83a474797065ac426c6f636b52656d6f766564ac626c6f636b5f68617368657391c4\
                        080000000000000009a66d656469756da347505581a474797065b0416c6c426c6f636b73436c6561726564b26461\
                        74615f706172616c6c656c5f72616e6b00";
        assert_eq!(hex(&written), expected);
    }
}
