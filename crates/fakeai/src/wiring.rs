//! From the configuration to the server: every key finds the place where it does what it says.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fakeai_catalog::Catalog;
use fakeai_core::{Clock, Seed, Tasks};
use fakeai_engine::step::EngineKind;
use fakeai_engine::{Jittered, Knobs, LatencyModel, LoadFactor};
use fakeai_server::settings::{Address, Audio, Cors, Listen, Physics, PromptCaching, ResponseDelay, Streams, Tls};
use fakeai_server::{Kit, Settings};
use fakeai_store::{Durable, Memory};
use fakeai_tokens::{Encoding, Tokenizer};
use fakeai_writer::{OutputLength, ReplyMode, Safety, WriterOptions};

use crate::config::{
    Config, EngineChoice, Features, Generation, Latency, OutputTokens, Reply, Server, TokenizerChoice,
};
use crate::deployment::{Options, deployment};
use crate::start_error::StartError;

/// The server's settings as `config` has them, but for the physical engine, which needs the catalog ([`physics`]).
pub(crate) fn settings(config: &Config) -> Settings {
    let Config { server, generation, models, api, features, metrics, security, workspaces, .. } = config.clone();
    Settings {
        listen: listen(&server),
        latency: latency(config),
        physics: None,
        response_delay: ResponseDelay {
            mean: Duration::from_secs_f64(generation.response_delay),
            variance: if generation.random_delay { generation.max_variance } else { 0.0 },
        },
        tokenizer: tokenizer(generation.tokenizer),
        deterministic: generation.deterministic,
        strict_models: models.strict,
        validation_status: http::StatusCode::from_u16(api.validation_status).unwrap_or(http::StatusCode::BAD_REQUEST),
        context_validation: features.enable_context_validation,
        prompt_cache: features.enable_prompt_caching.then(|| PromptCaching {
            retention: Duration::from_secs(features.cache_ttl_seconds),
            min_tokens: features.min_tokens_for_cache,
        }),
        max_body_bytes: security.max_request_size as u64,
        cors: Cors { origins: security.cors_allowed_origins, credentials: security.cors_allow_credentials },
        streams: streams(&features),
        audio: Audio {
            enabled: features.enable_audio,
            voice: features.default_voice.clone(),
            format: features.default_audio_format.clone(),
        },
        safety_message: features.prepend_safety_message,
        metrics: metrics.enable_metrics,
        prometheus: metrics.enable_prometheus,
        max_workspaces: workspaces.max,
        workspace_idle: Duration::from_secs_f64(workspaces.idle_seconds),
        writer: writer(generation, &features),
        journal_entries: Settings::default().journal_entries,
    }
}

fn listen(server: &Server) -> Listen {
    let tls = server.ssl_certfile.clone().zip(server.ssl_keyfile.clone());
    Listen {
        address: match &server.uds {
            Some(path) => Address::Unix(path.clone()),
            None => Address::Tcp(server.host.clone(), server.port),
        },
        tls: tls.map(|(certificates, key)| Tls { certificates, key }),
        http2: server.http2,
        grace: Duration::from_secs_f64(server.grace_seconds),
        header_timeout: Duration::from_secs_f64(server.header_timeout_seconds),
        max_header_bytes: server.max_header_bytes,
        max_connections: server.max_connections,
        threads: match server.workers {
            0 => std::thread::available_parallelism().map_or(1, NonZero::get),
            threads => threads,
        },
    }
}

fn latency(config: &Config) -> LatencyModel {
    match config.generation.latency {
        Latency::Instant => LatencyModel::Instant,
        Latency::Profile => LatencyModel::Profile,
        Latency::Knobs => LatencyModel::Knobs(knobs(config)),
    }
}

fn knobs(config: &Config) -> Knobs {
    let Config { generation, engine, .. } = config;
    let knob = |mean_ms, jitter_percent, deviation_ms| Jittered { mean_ms, jitter_percent, deviation_ms };
    let by_length = generation.prefill_overhead_ms > 0.0 || generation.prefill_time_per_token_ms > 0.0;
    let ttft = if by_length {
        knob(generation.prefill_overhead_ms, 0.0, generation.prefill_time_std_dev_ms)
    } else {
        knob(generation.ttft_ms, generation.ttft_variance_percent, generation.ttft_std_dev_ms)
    };
    let is_loaded = generation.time_factor_under_load > 1.0 || engine.max_num_seqs > 0;
    Knobs {
        ttft,
        itl: knob(generation.itl_ms, generation.itl_variance_percent, generation.itl_std_dev_ms),
        prefill_token_ms: generation.prefill_time_per_token_ms,
        load: is_loaded.then_some(LoadFactor {
            factor: generation.time_factor_under_load,
            // As many as llm-d's simulator runs where it is not told.
            slots: if engine.max_num_seqs > 0 { engine.max_num_seqs } else { 5 },
            most_waiting: match engine.max_waiting_queue_length {
                0 => usize::MAX,
                most => most,
            },
        }),
    }
}

/// The physical engine, if there is one; its model is listed.
pub(crate) fn physics(config: &Config, catalog: &mut Catalog) -> Result<Option<Physics>, StartError> {
    let engine = &config.engine;
    let kind = match engine.kind {
        EngineChoice::None => return Ok(None),
        EngineChoice::Vllm => EngineKind::Vllm,
        EngineChoice::Sglang => EngineKind::Sglang,
        EngineChoice::Trtllm => EngineKind::Trtllm,
    };
    let cannot = |source| StartError::Deployment { model: engine.model.clone(), source };
    let deployment = deployment(&options(kind, config), catalog).map_err(cannot)?;
    if catalog.get(&engine.model).is_none() {
        catalog.insert(catalog.infer(&engine.model));
    }
    Ok(Some(Physics { deployment, time_scale: engine.time_scale }))
}

fn options(kind: EngineKind, config: &Config) -> Options {
    let Config { engine, kv_cache, .. } = config;
    let some = |number: u32| (number > 0).then_some(number);
    let word = |word: &str| (!matches!(word, "auto" | "none")).then(|| word.to_owned());
    Options {
        model: engine.model.clone(),
        engine: kind,
        gpu: engine.gpu.clone(),
        tensor_parallel_size: engine.tensor_parallel_size,
        pipeline_parallel_size: engine.pipeline_parallel_size,
        data_parallel_size: engine.data_parallel_size,
        enable_expert_parallel: engine.enable_expert_parallel,
        replicas: kv_cache.num_workers,
        max_num_seqs: some(engine.max_num_seqs),
        max_num_batched_tokens: some(engine.max_num_batched_tokens),
        max_model_len: some(engine.max_model_len),
        long_prefill_token_threshold: some(engine.long_prefill_token_threshold),
        block_size: some(kv_cache.block_size),
        kv_blocks: some(engine.kv_blocks),
        gpu_memory_utilization: Some(engine.gpu_memory_utilization),
        // `none` says that the name of the model means nothing.
        quantization: (engine.quantization != "auto").then(|| engine.quantization.clone()),
        kv_cache_dtype: word(&engine.kv_cache_dtype),
        enable_prefix_caching: kv_cache.enabled,
        enable_chunked_prefill: engine.enable_chunked_prefill,
        scheduling_policy: word(&engine.scheduling_policy),
        speculative: word(&engine.speculative),
        max_waiting: Some(engine.max_waiting_queue_length).filter(|waiting| *waiting > 0),
        coefficients: None,
        seed: config.generation.seed,
    }
}

const fn tokenizer(choice: TokenizerChoice) -> Option<Tokenizer> {
    match choice {
        TokenizerChoice::Auto => None,
        TokenizerChoice::Words => Some(Tokenizer::Words),
        TokenizerChoice::O200k => Some(Tokenizer::Bpe(Encoding::O200k)),
        TokenizerChoice::Cl100k => Some(Tokenizer::Bpe(Encoding::Cl100k)),
    }
}

fn streams(features: &Features) -> Streams {
    let keepalive = Duration::from_secs_f64(features.stream_keepalive_interval_seconds);
    Streams {
        timeout: Duration::from_secs_f64(features.stream_timeout_seconds),
        token_timeout: Duration::from_secs_f64(features.stream_token_timeout_seconds),
        keepalive: features.stream_keepalive_enabled.then_some(keepalive),
    }
}

fn writer(generation: Generation, features: &Features) -> WriterOptions {
    WriterOptions {
        output_tokens: match generation.output_tokens {
            OutputTokens::Auto => OutputLength::Auto,
            OutputTokens::Exactly(tokens) => OutputLength::Fixed(tokens),
            OutputTokens::LogNormal { mu, sigma } => OutputLength::LogNormal { mu, sigma },
            OutputTokens::Uniform { min, max } => OutputLength::Uniform { low: min, high: max },
        },
        reply: match generation.reply {
            Reply::Auto => ReplyMode::Auto,
            Reply::Echo => ReplyMode::Echo,
            Reply::Lorem => ReplyMode::Lorem,
            Reply::Fixed(text) => ReplyMode::Fixed(text),
        },
        safety: Safety {
            refusals: features.refuses(),
            jailbreaks: features.enable_jailbreak_detection,
            filter: features.enable_safety_features,
        },
    }
}

/// The built-in models and the user's own.
pub(crate) fn catalog(files: &[impl AsRef<Path>]) -> Result<Catalog, StartError> {
    let mut catalog = Catalog::builtin()?;
    for file in files {
        let file = file.as_ref();
        let text =
            std::fs::read_to_string(file).map_err(|source| StartError::File { path: file.to_owned(), source })?;
        catalog.add_toml(&text, &file.display().to_string())?;
    }
    Ok(catalog)
}

/// Time, chance and tasks of a real server. Must be called inside its runtime.
pub(crate) fn kit(config: &Config) -> Result<Kit, StartError> {
    Ok(Kit {
        home: match &config.storage.path {
            Some(path) => Arc::new(Durable::open(path)?),
            None => Arc::new(Memory::default()),
        },
        clock: Clock::system()?,
        seed: Seed::new(config.generation.seed),
        entropy: entropy(),
        tasks: Tasks::default(),
    })
}

/// A number nobody can guess: the standard library seeds its hash maps from the operating system.
fn entropy() -> Seed {
    Seed::new(RandomState::new().build_hasher().finish())
}
