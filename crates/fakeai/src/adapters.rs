//! What adapters (`LoRA`) cost an engine, and which there are.

use std::time::Duration;

use fakeai_engine::Architecture;
use fakeai_engine::scheduler::Adapters;
use fakeai_server::settings;

use crate::config::Engine;

/// The adapters that are there from the start; `None` if the engine takes none.
pub(crate) fn loaded(engine: &Engine) -> Option<settings::Adapters> {
    let modules = engine.lora_modules.iter().filter_map(|module| {
        let (name, path) = module.split_once('=')?;
        Some((name.to_owned(), path.to_owned()))
    });
    takes(engine).then(|| settings::Adapters { base_model: engine.model.clone(), modules: modules.collect() })
}

/// What they cost; `None` if the engine takes none.
pub(crate) fn costs(engine: &Engine, architecture: &Architecture) -> Option<Adapters> {
    let (slots, rank) = (engine.max_loras, engine.max_lora_rank);
    takes(engine).then(|| Adapters { slots, load: load_time(architecture, rank), overhead: overhead(rank) })
}

const fn takes(engine: &Engine) -> bool {
    engine.enable_lora || !engine.lora_modules.is_empty()
}

/// Time to load an adapter of all attention projections in 16 bit: 1.5 ms and 2 GB/s (BLIS).
fn load_time(architecture: &Architecture, rank: u32) -> Duration {
    let (hidden, heads) = (f64::from(architecture.hidden_size), f64::from(architecture.attention_heads));
    let (queries, keys) = (
        heads * f64::from(architecture.head_size),
        f64::from(architecture.kv_heads) * f64::from(architecture.head_size),
    );
    // Each projection has one matrix into the rank and one out of it: queries and output, keys and values.
    let sides = 2.0 * (hidden + queries) + 2.0 * (hidden + keys);
    let bytes = 2.0 * f64::from(rank) * f64::from(architecture.layers) * sides;
    Duration::from_secs_f64(0.0015 + bytes / 2e9)
}

/// What each adapter in a batch adds to its step, as a share: 0.02, 0.035 and 0.06 for ranks 8, 16 and 32 (BLIS), by
/// powers between and beyond.
fn overhead(rank: u32) -> f64 {
    let exponent = if rank <= 16 { (0.035_f64 / 0.02).log2() } else { (0.06_f64 / 0.035).log2() };
    0.035 * (f64::from(rank) / 16.0).powf(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overheads_are_the_tables() {
        for (rank, expected) in [(8, 0.02), (16, 0.035), (32, 0.06)] {
            assert!((overhead(rank) - expected).abs() < 1e-9);
        }
    }

    #[test]
    fn an_adapter_loads_in_some_hundredths_of_a_second() {
        let engine = Engine { enable_lora: true, ..Engine::default() };
        let adapters = costs(&engine, Architecture::find("llama-3.1-8b").unwrap()).unwrap();
        // 2 bytes × 16 × 32 layers × 26,624 = 27 MB.
        assert_eq!(adapters.load.as_micros(), 15_131);
        assert_eq!(costs(&Engine::default(), Architecture::find("llama-3.1-8b").unwrap()), None);
    }
}
