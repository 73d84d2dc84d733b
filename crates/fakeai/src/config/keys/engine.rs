//! Section `engine`.

use std::path::PathBuf;

use crate::config::kind::Kind;
use crate::config::section::section;
use crate::config::values::EngineChoice;

section! {
    /// The physical engine: what is deployed, on which GPUs, and how it schedules. It replaces `generation.latency`.
    engine: Engine {
        /// Which engine times the tokens under load: vllm, sglang or trtllm. `none` leaves it to `generation.latency`.
        kind: EngineChoice = EngineChoice::None,
            Key::new(Kind::OneOf(EngineChoice::WORDS)).flat("engine_kind").flag("engine").value("ENGINE");
        /// The model that is deployed; requests for other models run on it too, with caches of their own.
        model: String = "meta-llama/Llama-3.1-8B-Instruct".to_owned(), text("the name of a model whose shape is known")
            .flat("engine_model").flag("model").value("MODEL");
        /// The kind of GPU: a100, h100, h200, b100, b200, gb200, l40s and others.
        gpu: String = "h100".to_owned(), text("the name of a GPU").flat("gpu").flag("gpu").value("GPU");
        /// GPUs that share every layer.
        tensor_parallel_size: u32 = 1, Key::integer(1, 1024).aliases(&["tp"]);
        /// Groups of GPUs that each hold some of the layers.
        pipeline_parallel_size: u32 = 1, Key::integer(1, 128).aliases(&["pp"]);
        /// Copies of the model inside one replica.
        data_parallel_size: u32 = 1, Key::integer(1, 1024).aliases(&["dp"]);
        /// Spread whole experts over the GPUs.
        enable_expert_parallel: bool = false, Key::switch();
        /// Most sequences in a step. 0 is the engine's own default.
        max_num_seqs: u32 = 0, Key::integer(0, 1_000_000);
        /// Most tokens in a step. 0 is the engine's own default.
        max_num_batched_tokens: u32 = 0, Key::integer(0, 100_000_000);
        /// Most tokens of a prompt and its answer. 0 is the model's context window.
        max_model_len: u32 = 0, Key::integer(0, 1_000_000_000);
        /// Most tokens of one prompt in a step. 0 is no limit of its own.
        long_prefill_token_threshold: u32 = 0, Key::integer(0, 100_000_000);
        /// Blocks of each replica's KV cache. 0 is what the GPUs' memory leaves.
        kv_blocks: u32 = 0, Key::integer(0, 1_000_000_000).aliases(&["num-gpu-blocks-override"]);
        /// Share of a GPU's memory the engine takes.
        gpu_memory_utilization: f64 = 0.9, Key::number(0.01, 1.0).value("SHARE");
        /// How weights are stored: fp8, awq, gptq, nvfp4, mxfp4, or none. `auto` is as the model is published.
        quantization: String = "auto".to_owned(), text("a precision, `none` or `auto`").value("PRECISION");
        /// How the KV cache is stored: fp8, or auto for 16 bit.
        kv_cache_dtype: String = "auto".to_owned(), text("a precision or `auto`").value("PRECISION");
        /// Read prompts in pieces.
        enable_chunked_prefill: bool = true, Key::switch();
        /// Who is admitted first: fcfs, priority or lpm (longest cached prefix). `auto` is the engine's own.
        scheduling_policy: String = "auto".to_owned(), text("fcfs, priority, lpm or auto").value("POLICY");
        /// Speculative decoding: a method such as eagle3 or ngram, or chances such as 0.8,0.6,0.4. `none` is without.
        speculative: String = "none".to_owned(), text("a method, chances or `none`").value("METHOD");
        /// Most sequences that may wait for a replica; more are refused with 503. 0 is no limit.
        max_waiting_queue_length: usize = 0, Key::integer(0, 100_000_000).aliases(&["max-waiting"]);
        /// Take adapters (`LoRA`). `lora_modules` does so too.
        enable_lora: bool = false, Key::switch();
        /// Adapters that are there from the start, as NAME=PATH; nothing is read from the path.
        lora_modules: Vec<String> = Vec::new(), Key::new(Kind::Texts { allowed: "NAME=PATH", accepts: is_module })
            .value("NAME=PATH");
        /// Most distinct adapters in a step, and kept loaded.
        max_loras: u32 = 1, Key::integer(1, 1_000_000);
        /// Rank of the adapters.
        max_lora_rank: u32 = 16, Key::integer(1, 512);
        /// Numbers of the step model that `fakeai simulate --calibrate … --save-profile` fitted, instead of the built-in.
        profile: Option<PathBuf> = None, Key::new(Kind::File).flat("engine_profile");
        /// Replicas that only read prompts, for the others that then only write answers. 0 has each do both.
        prefill_replicas: u32 = 0, Key::integer(0, 4096);
        /// How a replica is chosen: by turns, by load, by what it has cached, or by what was learned.
        router: String = "least_loaded".to_owned(), text("round_robin, least_loaded, cache_aware, kv, hybrid or learned").value("STRATEGY");
        /// How often a request moves to another replica when its own fails. 0 loses it.
        migration_limit: u32 = 0, Key::integer(0, 1000);
        /// Mean seconds from a replica's recovery to its next failure. 0 is never.
        mtbf_seconds: f64 = 0.0, Key::number(0.0, 1e9).flag("mtbf").value("SECONDS");
        /// Mean seconds from a replica's failure to its recovery.
        mttr_seconds: f64 = 30.0, Key::number(0.001, 1e9).flag("mttr").value("SECONDS");
        /// Most requests in flight; more are refused with 429. 0 is no limit.
        max_in_flight: usize = 0, Key::integer(0, 1_000_000_000);
        /// Share of a replica's KV blocks in use above which it is busy; if all are, requests are refused with 503, as
        /// Dynamo does. 0 is never.
        busy_threshold: f64 = 0.0, Key::number(0.0, 1.0).value("SHARE");
        /// Seconds of the engine's time that pass in one second.
        time_scale: f64 = 1.0, Key::number(0.001, 1_000_000.0).value("FACTOR");
    }
}

/// What the words mean is found out where they are put together.
const fn text(allowed: &'static str) -> crate::config::key::Key {
    crate::config::key::Key::new(Kind::Text { allowed, accepts: is_some })
}

fn is_module(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, path)| is_some(name) && is_some(path))
}

fn is_some(text: &str) -> bool {
    !text.trim().is_empty()
}
