//! The words of a deployment as flags: one table, from which every command makes its own.

use std::str::FromStr;

use fakeai_engine::EngineError;

use super::Options;

/// One flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Its name, without dashes.
    pub name: &'static str,
    /// A shorter name.
    pub alias: Option<&'static str>,
    /// What its value is called.
    pub value: &'static str,
    /// What it does.
    pub help: &'static str,
    /// Whether a simulation may sweep over it.
    pub is_axis: bool,
}

const fn flag(name: &'static str, value: &'static str, help: &'static str) -> Flag {
    Flag { name, alias: None, value, help, is_axis: false }
}

const fn axis(name: &'static str, alias: Option<&'static str>, value: &'static str, help: &'static str) -> Flag {
    Flag { name, alias, value, help, is_axis: true }
}

/// The value of a flag that is on or off.
pub const SWITCH: &str = "BOOL";

/// All flags of a deployment, vLLM's names where it has them.
pub const FLAGS: &[Flag] = &[
    axis("model", None, "MODEL", "The model; a suffix such as -FP8 or -AWQ says how its weights are stored"),
    axis("engine", None, "ENGINE", "vllm, sglang or trtllm"),
    axis("gpu", None, "GPU", "a100, h100, h200, b100, b200, b300, gb200, gb300 or l40s"),
    axis("tensor-parallel-size", Some("tp"), "N", "GPUs that share every layer"),
    axis("pipeline-parallel-size", Some("pp"), "N", "Groups of GPUs that each hold some of the layers"),
    axis("data-parallel-size", Some("dp"), "N", "Copies of the model inside a replica"),
    axis("replicas", None, "N", "Copies of the whole behind one router"),
    axis("prefill-replicas", None, "N", "Copies that only read prompts, for the others that then only write answers"),
    axis(
        "router",
        None,
        "STRATEGY",
        "How a replica is chosen: round_robin, least_loaded, cache_aware, kv, hybrid or learned",
    ),
    flag("enable-expert-parallel", SWITCH, "Spread whole experts over the GPUs"),
    axis("max-num-seqs", None, "N", "Sequences of a step at most"),
    axis("max-num-batched-tokens", None, "N", "Tokens of a step at most"),
    flag("max-model-len", "N", "Prompt and answer at most, tokens [default: the model card's window, or none]"),
    flag("long-prefill-token-threshold", "N", "Prompt tokens of one sequence in a step at most; 0 for no limit"),
    flag("block-size", "N", "Tokens of a KV block"),
    axis("kv-blocks", Some("num-gpu-blocks-override"), "N", "KV blocks of each replica [default: what memory leaves]"),
    axis("gpu-memory-utilization", None, "SHARE", "Share of the GPU's memory that the engine takes"),
    axis(
        "quantization",
        None,
        "FORMAT",
        "How weights are stored: bf16, fp8, awq, gptq, nvfp4, mxfp4 … [default: the model's own]",
    ),
    axis("kv-cache-dtype", None, "FORMAT", "How the KV cache is stored: auto or fp8"),
    flag("enable-prefix-caching", SWITCH, "Find beginnings of prompts again"),
    flag("enable-chunked-prefill", SWITCH, "Read prompts in pieces"),
    axis("scheduling-policy", None, "POLICY", "Who is admitted first: fcfs, priority or lpm"),
    flag(
        "speculative",
        "DRAFTS",
        "Speculative decoding: ngram, eagle, eagle3, mtp or draft_model with the number of drafts (eagle3:3), or the \
         chances that drafts hold (0.8,0.6@0.03)",
    ),
    flag("max-waiting", "N", "Sequences that may wait; more are refused"),
];

impl Options {
    /// Sets what the flag of that name says.
    ///
    /// # Errors
    /// [`EngineError::InvalidSettings`] for an unknown name or a value that means nothing.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), EngineError> {
        match name {
            "model" => value.clone_into(&mut self.model),
            "engine" => self.engine = value.parse()?,
            "gpu" => value.clone_into(&mut self.gpu),
            "tensor-parallel-size" => self.tensor_parallel_size = count(name, value)?,
            "pipeline-parallel-size" => self.pipeline_parallel_size = count(name, value)?,
            "data-parallel-size" => self.data_parallel_size = count(name, value)?,
            "replicas" => self.replicas = count(name, value)?,
            "prefill-replicas" => self.prefill_replicas = read(name, value)?,
            "router" => self.router = Some(value.to_owned()),
            "enable-expert-parallel" => self.enable_expert_parallel = read(name, value)?,
            "max-num-seqs" => self.max_num_seqs = Some(read(name, value)?),
            "max-num-batched-tokens" => self.max_num_batched_tokens = Some(read(name, value)?),
            "max-model-len" => self.max_model_len = Some(count(name, value)?),
            "long-prefill-token-threshold" => self.long_prefill_token_threshold = Some(read(name, value)?),
            "block-size" => self.block_size = Some(count(name, value)?),
            "kv-blocks" => self.kv_blocks = Some(count(name, value)?),
            "gpu-memory-utilization" => self.gpu_memory_utilization = Some(read(name, value)?),
            "quantization" => self.quantization = told(value),
            "kv-cache-dtype" => self.kv_cache_dtype = Some(value.to_owned()),
            "enable-prefix-caching" => self.enable_prefix_caching = read(name, value)?,
            "enable-chunked-prefill" => self.enable_chunked_prefill = read(name, value)?,
            "scheduling-policy" => self.scheduling_policy = told(value),
            "speculative" => self.speculative = Some(value.to_owned()),
            "max-waiting" => self.max_waiting = Some(read(name, value)?),
            _ => return Err(EngineError::InvalidSettings { what: format!("a deployment has no `{name}`") }),
        }
        Ok(())
    }
}

/// `auto` leaves it to the engine.
fn told(value: &str) -> Option<String> {
    (value != "auto").then(|| value.to_owned())
}

fn read<T: FromStr>(name: &str, value: &str) -> Result<T, EngineError> {
    let kind = if std::any::type_name::<T>() == "bool" { "true or false" } else { "a number" };
    let wrong = || EngineError::InvalidSettings { what: format!("--{name} expects {kind}, not `{value}`") };
    value.trim().parse().map_err(|_| wrong())
}

/// Counts beyond this are no counts of GPUs, tokens or blocks.
const MOST: u32 = 100_000_000;

fn count(name: &str, value: &str) -> Result<u32, EngineError> {
    let number: u32 = read(name, value)?;
    if (1..=MOST).contains(&number) {
        return Ok(number);
    }
    Err(EngineError::InvalidSettings { what: format!("--{name} is counted from 1 to {MOST}, not {number}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_knows_the_same_flags() {
        let server: Vec<String> = crate::config::args()
            .iter()
            .flat_map(|arg| {
                let aliases = arg.get_all_aliases().unwrap_or_default();
                arg.get_long().into_iter().chain(aliases).map(str::to_owned).collect::<Vec<_>>()
            })
            .collect();
        let unknown = |flag: &&Flag| !server.iter().any(|name| name == flag.name);
        let missing: Vec<&str> = FLAGS.iter().filter(unknown).map(|flag| flag.name).collect();
        assert_eq!(missing, [""; 0]);
    }

    #[test]
    fn every_flag_can_be_set() {
        for flag in FLAGS {
            let value = match flag.name {
                "engine" => "sglang",
                _ if flag.value == SWITCH => "true",
                _ => "7",
            };
            Options::default().set(flag.name, value).unwrap();
        }
        let wrong = |name, value| Options::default().set(name, value).unwrap_err().to_string();
        assert_eq!(wrong("replicas", "0"), "--replicas is counted from 1 to 100000000, not 0");
        assert_eq!(wrong("max-waiting", "x"), "--max-waiting expects a number, not `x`");
        assert_eq!(wrong("enable-prefix-caching", "x"), "--enable-prefix-caching expects true or false, not `x`");
    }
}
