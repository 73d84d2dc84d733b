//! From what an operator types to a deployment: the one place where model names, GPUs, formats and limits become
//! [`Deployment`], so that server and simulator read the same words the same way. Knows no flag and no file.

mod flags;

use fakeai_catalog::Catalog;
use fakeai_core::Seed;
use fakeai_engine::cluster::Link;
use fakeai_engine::kv::Memory;
use fakeai_engine::route::{RouteSettings, Strategy};
use fakeai_engine::scheduler::{Policy, Speculation};
use fakeai_engine::step::{Coefficients, EngineKind};
use fakeai_engine::{Architecture, Deployment, Disaggregation, EngineError, Gpu, Precision, Shape};

pub use flags::{FLAGS, Flag, SWITCH};

/// A deployment in the words of its operator; vLLM's names where it has them. `None` takes what the engine itself
/// would take.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The model: a name of the engine's table or of the catalog. A suffix such as `-FP8` or `-AWQ` says how its
    /// weights are stored.
    pub model: String,
    /// The engine.
    pub engine: EngineKind,
    /// The kind of GPU.
    pub gpu: String,
    /// GPUs that share every layer.
    pub tensor_parallel_size: u32,
    /// Groups of GPUs that each hold some of the layers.
    pub pipeline_parallel_size: u32,
    /// Copies of the model inside one replica.
    pub data_parallel_size: u32,
    /// Whether whole experts are spread over the GPUs.
    pub enable_expert_parallel: bool,
    /// Copies of the whole.
    pub replicas: u32,
    /// Copies that only read prompts, for the others that then only write answers; 0 has each do both.
    pub prefill_replicas: u32,
    /// How a replica is chosen: a strategy of the engine's routers.
    pub router: Option<String>,
    /// Sequences of a step at most.
    pub max_num_seqs: Option<u32>,
    /// Tokens of a step at most.
    pub max_num_batched_tokens: Option<u32>,
    /// Prompt and answer at most, tokens.
    pub max_model_len: Option<u32>,
    /// Prompt tokens of one sequence in a step at most.
    pub long_prefill_token_threshold: Option<u32>,
    /// Tokens of a KV block.
    pub block_size: Option<u32>,
    /// KV blocks of each replica.
    pub kv_blocks: Option<u32>,
    /// Share of the GPU's memory that the engine takes.
    pub gpu_memory_utilization: Option<f64>,
    /// How weights are stored: `fp8`, `awq` …
    pub quantization: Option<String>,
    /// How the KV cache is stored: `auto`, `fp8` …
    pub kv_cache_dtype: Option<String>,
    /// Whether beginnings of prompts are found again.
    pub enable_prefix_caching: bool,
    /// Whether prompts are read in pieces.
    pub enable_chunked_prefill: bool,
    /// Who is admitted first: `fcfs`, `priority`, `lpm`.
    pub scheduling_policy: Option<String>,
    /// Speculative decoding: see [`speculation`].
    pub speculative: Option<String>,
    /// Sequences that may wait; more are refused.
    pub max_waiting: Option<usize>,
    /// Numbers of the step model, instead of the built-in profile's.
    pub coefficients: Option<Coefficients>,
    /// Decides every draw.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            model: "meta-llama/Llama-3.1-8B-Instruct".to_owned(),
            engine: EngineKind::Vllm,
            gpu: "h100".to_owned(),
            tensor_parallel_size: 1,
            pipeline_parallel_size: 1,
            data_parallel_size: 1,
            enable_expert_parallel: false,
            replicas: 1,
            prefill_replicas: 0,
            router: None,
            max_num_seqs: None,
            max_num_batched_tokens: None,
            max_model_len: None,
            long_prefill_token_threshold: None,
            block_size: None,
            kv_blocks: None,
            gpu_memory_utilization: None,
            quantization: None,
            kv_cache_dtype: None,
            enable_prefix_caching: true,
            enable_chunked_prefill: true,
            scheduling_policy: None,
            speculative: None,
            max_waiting: None,
            coefficients: None,
            seed: 42,
        }
    }
}

/// The deployment that `options` describe. Models the engine's table lacks are taken from the catalog.
///
/// # Errors
/// [`EngineError`] for what is unknown (the nearest is named), what does not fit and what cannot work.
pub fn deployment(options: &Options, catalog: &Catalog) -> Result<Deployment, EngineError> {
    let (architecture, named) = architecture(&options.model, catalog)?;
    let gpu = Gpu::find(&options.gpu)?;
    let replicas = replicas(options, &architecture)?;
    let weights = match options.quantization.as_deref() {
        None | Some("none") => named.unwrap_or(architecture.weights),
        Some(name) => name.parse()?,
    };
    let kv = match options.kv_cache_dtype.as_deref() {
        None | Some("auto") => Precision::Bf16,
        Some(name) => name.parse()?,
    };
    let mut deployment = Deployment::new(options.engine, architecture, gpu.clone())?;
    deployment.tensor_parallel = options.tensor_parallel_size;
    deployment.pipeline_parallel = options.pipeline_parallel_size;
    deployment.replicas = replicas;
    spread_experts(&mut deployment, options);
    deployment.kv_blocks = options.kv_blocks;
    let memory = Memory::of_model(&deployment.architecture, weights, kv);
    deployment.memory = Memory {
        utilization: share(options.gpu_memory_utilization.unwrap_or(memory.utilization))?,
        block_tokens: options.block_size.unwrap_or(memory.block_tokens),
        ..memory
    };
    if options.prefill_replicas > 0 {
        let link = Link::network(&deployment.gpu);
        deployment.disaggregation = Some(Disaggregation { prefill_replicas: options.prefill_replicas, link });
    }
    if let Some(name) = options.router.as_deref() {
        deployment.cluster.route = RouteSettings::of(strategy(name)?);
    }
    if let Some(coefficients) = options.coefficients {
        deployment.coefficients = coefficients;
    }
    schedule(&mut deployment, options, catalog)?;
    deployment.settings_of(0)?.check()?;
    Ok(deployment)
}

fn strategy(name: &str) -> Result<Strategy, EngineError> {
    let all = Strategy::all();
    let folded = name.replace('-', "_");
    all.iter().find(|(known, _)| *known == folded).map(|(_, strategy)| *strategy).ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|(known, _)| *known).collect();
        EngineError::InvalidSettings { what: format!("`{name}` is no router; {} are", known.join(", ")) }
    })
}

/// Copies of the model that share nothing: data-parallel ranks of a mixture share its experts.
fn replicas(options: &Options, architecture: &Architecture) -> Result<u32, EngineError> {
    let counts =
        [options.tensor_parallel_size, options.pipeline_parallel_size, options.data_parallel_size, options.replicas];
    if counts.contains(&0) {
        return Err(EngineError::InvalidSettings { what: "GPUs and replicas are counted from 1".to_owned() });
    }
    let copies = if architecture.experts.is_some() { 1 } else { options.data_parallel_size };
    Ok(options.replicas.saturating_mul(copies))
}

/// Ranks of a mixture run in lock-step, with the experts spread over the GPUs of all of them.
fn spread_experts(deployment: &mut Deployment, options: &Options) {
    let ranks = if deployment.architecture.experts.is_some() { options.data_parallel_size } else { 1 };
    let is_spread = options.enable_expert_parallel || ranks > 1;
    deployment.data_parallel = ranks;
    deployment.expert_parallel = if is_spread { options.tensor_parallel_size.saturating_mul(ranks) } else { 1 };
}

fn share(utilization: f64) -> Result<f64, EngineError> {
    if utilization > 0.0 && utilization <= 1.0 {
        Ok(utilization)
    } else {
        let what = format!("GPU memory utilization is a share above 0 and up to 1, not {utilization}");
        Err(EngineError::InvalidSettings { what })
    }
}

fn schedule(deployment: &mut Deployment, options: &Options, catalog: &Catalog) -> Result<(), EngineError> {
    let is_small = deployment.gpu.memory_gib < 70.0 || deployment.gpu.name == "A100";
    let settings = &mut deployment.settings;
    if is_small && options.engine == EngineKind::Vllm {
        // vLLM's API server is this careful unless the GPU has 70 GiB and is no A100.
        (settings.max_batched_tokens, settings.max_sequences) = (2048, 256);
    }
    settings.max_sequences = options.max_num_seqs.unwrap_or(settings.max_sequences);
    settings.max_batched_tokens = options.max_num_batched_tokens.unwrap_or(settings.max_batched_tokens);
    settings.long_prefill_tokens = options.long_prefill_token_threshold.filter(|tokens| *tokens > 0);
    settings.is_chunked = options.enable_chunked_prefill;
    settings.is_prefix_cached = options.enable_prefix_caching;
    settings.max_waiting = options.max_waiting;
    settings.seed = Seed::new(options.seed);
    settings.policy = match options.scheduling_policy.as_deref() {
        None => settings.policy,
        Some("fcfs") => Policy::Fcfs,
        Some("priority") => Policy::Priority,
        Some("lpm") => Policy::LongestPrefix,
        Some(other) => {
            let what = format!("`{other}` is no scheduling policy; fcfs, priority or lpm are");
            return Err(EngineError::InvalidSettings { what });
        }
    };
    settings.speculation = options.speculative.as_deref().map(speculation).transpose()?.flatten();
    let window = catalog.get(&options.model).map(|card| card.context_window_tokens);
    settings.max_sequence_tokens = options.max_model_len.or(window).unwrap_or(settings.max_sequence_tokens);
    Ok(())
}

/// Suffixes that say how the weights are stored, as hubs name such models.
const STORED: [(&str, Precision); 10] = [
    ("fp8", Precision::Fp8),
    ("fp8-dynamic", Precision::Fp8),
    ("fp8-kv", Precision::Fp8),
    ("awq", Precision::Int4),
    ("awq-int4", Precision::Int4),
    ("gptq", Precision::Int4),
    ("gptq-int4", Precision::Int4),
    ("nvfp4", Precision::Nvfp4),
    ("fp4", Precision::Nvfp4),
    ("mxfp4", Precision::Mxfp4),
];

/// The model, and how the name says its weights are stored.
fn architecture(name: &str, catalog: &Catalog) -> Result<(Architecture, Option<Precision>), EngineError> {
    let folded = name.to_ascii_lowercase();
    let suffix = STORED.iter().rev().find_map(|(suffix, precision)| {
        let rest = folded.strip_suffix(suffix)?.strip_suffix(['-', '_'])?;
        Some((&name[..rest.len()], *precision))
    });
    match (known(name, catalog), suffix) {
        (Ok(architecture), suffix) => Ok((architecture, suffix.map(|(_, precision)| precision))),
        (Err(error), Some((base, precision))) => {
            known(base, catalog).map(|found| (found, Some(precision))).map_err(|_| error)
        }
        (Err(error), None) => Err(error),
    }
}

/// From the engine's table, whoever publishes it, else from the catalog's card.
fn known(name: &str, catalog: &Catalog) -> Result<Architecture, EngineError> {
    let unknown = match Architecture::find(name) {
        Ok(architecture) => return Ok(architecture.clone()),
        Err(error) => error,
    };
    let bare = name.rsplit_once('/').map_or(name, |(_, bare)| bare);
    let of_others = Architecture::names()?
        .find(|known| known.rsplit_once('/').is_some_and(|(_, known)| known.eq_ignore_ascii_case(bare)));
    if let Some(found) = of_others {
        return Architecture::find(found).cloned();
    }
    let Some(card) = catalog.get(name) else { return Err(unknown) };
    let card = &card.architecture;
    let shape = Shape {
        parameters_billions: card.parameters_billions,
        active_parameters_billions: card.active_parameters_billions,
        experts: card.experts,
        experts_per_token: card.experts_per_token,
        layers: card.layers,
        hidden_size: card.hidden_size,
        attention_heads: card.attention_heads,
        kv_heads: card.kv_heads,
        head_size: card.head_size,
    };
    Architecture::from_shape(name, &shape).map_err(|error| match unknown {
        EngineError::UnknownModel { nearest, .. } => {
            EngineError::InvalidSettings { what: format!("{error}; the nearest that is known is `{nearest}`") }
        }
        _ => error,
    })
}

/// The ways of drafting known by name: the chance that each further draft holds if those before it did, and what
/// drafting one token costs as a share of the step. The chances are typical of published reports, not measured here:
/// who knows their own gives them instead.
const DRAFTERS: [(&str, [f64; 5], f64); 5] = [
    ("ngram", [0.5, 0.6, 0.6, 0.6, 0.6], 0.0),
    ("eagle", [0.75, 0.65, 0.6, 0.55, 0.5], 0.03),
    ("eagle3", [0.8, 0.7, 0.6, 0.55, 0.5], 0.03),
    ("mtp", [0.85, 0.3, 0.3, 0.3, 0.3], 0.03),
    ("draft_model", [0.8, 0.75, 0.7, 0.7, 0.7], 0.12),
];

/// Reads speculative decoding: `none`; a drafter with the number of drafts, `eagle3:3`; or the chances themselves with
/// the cost of a draft, `0.8,0.6,0.4@0.03`.
///
/// # Errors
/// [`EngineError::InvalidSettings`] for anything else.
pub fn speculation(text: &str) -> Result<Option<Speculation>, EngineError> {
    let wrong = || {
        let names: Vec<&str> = DRAFTERS.iter().map(|(name, ..)| *name).collect();
        let what = format!(
            "`{text}` is no speculation; say one of {} with the number of drafts (`eagle3:3`, at most 5), or the chances \
             that drafts hold (`0.8,0.6@0.03`, with the cost of a draft in shares of a step)",
            names.join(", ")
        );
        EngineError::InvalidSettings { what }
    };
    if text == "none" {
        return Ok(None);
    }
    let (name, count) = text.split_once(':').unwrap_or((text, "3"));
    if let Some((_, chances, draft_cost)) = DRAFTERS.iter().find(|(known, ..)| name.eq_ignore_ascii_case(known)) {
        let count: usize = count.parse().ok().filter(|count| (1..=chances.len()).contains(count)).ok_or_else(wrong)?;
        return Ok(Some(Speculation { acceptance: chances[..count].to_vec(), draft_cost: *draft_cost }));
    }
    let (chances, cost) = text.split_once('@').unwrap_or((text, "0.03"));
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
    let acceptance: Vec<f64> = chances.split(',').map(number).collect::<Option<_>>().ok_or_else(wrong)?;
    Ok(Some(Speculation { acceptance, draft_cost: number(cost).ok_or_else(wrong)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(options: &Options) -> Result<Deployment, EngineError> {
        deployment(options, &Catalog::builtin().unwrap())
    }

    fn model(name: &str) -> Options {
        Options { model: name.to_owned(), tensor_parallel_size: 4, ..Options::default() }
    }

    #[test]
    fn a_deployment_is_read_as_typed() {
        let options = Options {
            engine: EngineKind::Sglang,
            replicas: 2,
            data_parallel_size: 3,
            max_num_seqs: Some(64),
            kv_blocks: Some(1000),
            kv_cache_dtype: Some("fp8_e4m3".to_owned()),
            speculative: Some("eagle3:2".to_owned()),
            scheduling_policy: Some("lpm".to_owned()),
            ..model("meta-llama/Llama-3.1-70B-Instruct")
        };
        let deployment = of(&options).unwrap();
        assert_eq!((deployment.gpus(), deployment.replicas), (24, 6));
        assert_eq!((deployment.memory.weights, deployment.memory.kv), (Precision::Bf16, Precision::Fp8));
        assert_eq!((deployment.settings.max_sequences, deployment.settings.policy), (64, Policy::LongestPrefix));
        assert_eq!(deployment.settings.speculation.as_ref().unwrap().acceptance, [0.8, 0.7]);
        assert_eq!(deployment.capacity().unwrap().blocks, 1000);
    }

    #[test]
    fn names_say_how_weights_are_stored() {
        for (name, precision) in [
            ("nvidia/Llama-3.1-70B-Instruct-FP8", Precision::Fp8),
            ("RedHatAI/Llama-3.1-70B-Instruct-FP8-dynamic", Precision::Fp8),
            ("someone/Llama-3.1-70B-Instruct-AWQ-INT4", Precision::Int4),
            ("openai/gpt-oss-120b", Precision::Mxfp4),
        ] {
            assert_eq!(of(&model(name)).unwrap().memory.weights, precision, "{name}");
        }
        let told = Options { quantization: Some("fp8".to_owned()), ..model("Qwen/Qwen3-32B") };
        assert_eq!(of(&told).unwrap().memory.weights, Precision::Fp8);
    }

    #[test]
    fn models_of_the_catalog_have_a_shape_too() {
        let deployment = of(&model("meta-llama/Llama-2-13b-chat-hf")).unwrap();
        assert_eq!((deployment.architecture.layers, deployment.settings.max_sequence_tokens), (40, 4096));
    }

    #[test]
    fn what_cannot_be_says_why() {
        let wrong = |options: Options| of(&options).unwrap_err().to_string();
        let cases = [
            wrong(model("meta-llama/Llama-3.1-71B-Instruct")),
            wrong(model("gpt-4o")),
            wrong(Options { gpu: "h1000".to_owned(), ..model("Qwen/Qwen3-32B") }),
            wrong(Options { tensor_parallel_size: 1, ..model("meta-llama/Llama-3.1-70B-Instruct") }),
            wrong(Options { quantization: Some("fp9".to_owned()), ..model("Qwen/Qwen3-32B") }),
            wrong(Options { speculative: Some("eagle3:9".to_owned()), ..model("Qwen/Qwen3-32B") }),
            wrong(Options { gpu_memory_utilization: Some(1.5), ..model("Qwen/Qwen3-32B") }),
            wrong(Options { max_num_seqs: Some(0), ..model("Qwen/Qwen3-32B") }),
            wrong(Options { data_parallel_size: 2, pipeline_parallel_size: 2, ..model("openai/gpt-oss-120b") }),
            wrong(Options { router: Some("random".to_owned()), ..model("Qwen/Qwen3-32B") }),
        ];
        insta::assert_snapshot!(cases.join("\n"));
    }

    #[test]
    fn small_gpus_get_small_steps() {
        let options = Options { gpu: "l40s".to_owned(), ..Options::default() };
        assert_eq!(of(&options).unwrap().settings.max_batched_tokens, 2048);
    }
}
