//! When tokens are ready: from keys and files to a model of time, or to a physical engine.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fakeai_catalog::Catalog;
use fakeai_core::Seed;
use fakeai_engine::cluster::Outages;
use fakeai_engine::route::Strategy;
use fakeai_engine::step::{Coefficients, EngineKind};
use fakeai_engine::{Deployment, Jittered, Knobs, LatencyModel, LatencyTable, LoadFactor};
use fakeai_server::settings::Physics;

use crate::adapters;
use crate::config::{Config, EngineChoice, Latency};
use crate::deployment::{Options, deployment};
use crate::start_error::StartError;

/// The model of time that knows no steps.
pub(crate) fn latency(config: &Config) -> Result<LatencyModel, StartError> {
    if let Some(path) = &config.generation.latency_table {
        let table = LatencyTable::read_csv(&text(path)?);
        let table = table.map_err(|source| StartError::Measurements { path: path.clone(), source })?;
        return Ok(LatencyModel::Table(Arc::new(table)));
    }
    Ok(match config.generation.latency {
        Latency::Instant => LatencyModel::Instant,
        Latency::Profile => LatencyModel::Profile,
        Latency::Knobs => LatencyModel::Knobs(knobs(config)),
    })
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
        transfer: if generation.kv_cache_transfer_latency_ms > 0.0 {
            knob(generation.kv_cache_transfer_latency_ms, 0.0, generation.kv_cache_transfer_latency_std_dev_ms)
        } else {
            knob(0.0, 0.0, generation.kv_cache_transfer_time_std_dev_ms)
        },
        transfer_token_ms: generation.kv_cache_transfer_time_per_token_ms,
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
    let options = Options { coefficients: coefficients(config)?, ..options(kind, config) };
    let mut deployment = deployment(&options, catalog).map_err(cannot)?;
    operate(&mut deployment, config);
    deployment.settings.adapters = adapters::costs(engine, &deployment.architecture);
    // What cannot be is found out now, and not at the first request.
    deployment.cluster().map_err(cannot)?;
    if catalog.get(&engine.model).is_none() {
        catalog.insert(catalog.infer(&engine.model));
    }
    Ok(Some(Physics { model: engine.model.clone(), deployment, time_scale: engine.time_scale }))
}

/// Numbers that were fitted before.
fn coefficients(config: &Config) -> Result<Option<Coefficients>, StartError> {
    let Some(path) = &config.engine.profile else { return Ok(None) };
    let coefficients = toml::from_str(&text(path)?);
    coefficients.map(Some).map_err(|error| StartError::Profile { path: path.clone(), reason: error.to_string() })
}

fn text(path: &Path) -> Result<String, StartError> {
    std::fs::read_to_string(path).map_err(|source| StartError::File { path: path.to_owned(), source })
}

/// How the router and its workers are run.
fn operate(deployment: &mut Deployment, config: &Config) {
    let Config { engine, kv_cache, .. } = config;
    let cluster = &mut deployment.cluster;
    match &mut cluster.route.strategy {
        Strategy::Hybrid(hybrid) => {
            hybrid.overlap_weight = kv_cache.overlap_weight;
            hybrid.load_balance_weight = kv_cache.load_balance_weight;
        }
        Strategy::Kv(cost) => cost.prefill_load_scale = kv_cache.overlap_weight,
        _ => {}
    }
    cluster.migration_limit = engine.migration_limit;
    cluster.limits.max_in_flight = Some(engine.max_in_flight).filter(|limit| *limit > 0);
    cluster.limits.busy_blocks = Some(engine.busy_threshold).filter(|share| *share > 0.0);
    cluster.outages = (engine.mtbf_seconds > 0.0).then(|| Outages {
        mtbf: Duration::from_secs_f64(engine.mtbf_seconds),
        mttr: Duration::from_secs_f64(engine.mttr_seconds),
        seed: Seed::new(config.generation.seed),
    });
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
        prefill_replicas: engine.prefill_replicas,
        router: Some(engine.router.clone()),
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
