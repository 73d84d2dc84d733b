//! From the configuration to the server: every key finds the place where it does what it says.

pub(crate) mod gate;
mod timing;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fakeai_catalog::Catalog;
use fakeai_core::{Clock, Seed, Tasks};
use fakeai_engine::LatencyModel;
use fakeai_server::settings::{
    Address, Audio, Cors, Directory, Flavor, Gatekeeping, Images, Jobs, Library, Listen, Moderation, Persistence,
    PromptCaching, ResponseDelay, Streams, Tls,
};
use fakeai_server::{Kit, Settings};
use fakeai_store::{Durable, Memory};
use fakeai_tokens::{Encoding, Tokenizer};
use fakeai_writer::{OutputLength, ReplyMode, Safety, WriterOptions};

use crate::config::{
    Config, EngineChoice, Features, Generation, Metrics, MetricsFlavor, OutputTokens, Reply, Server, TokenizerChoice,
};
use crate::start_error::StartError;
use crate::{adapters, kv_events};

pub(crate) use timing::{latency, physics};

/// The server's settings as `config` has them, but for what needs files, chance or the catalog: [`latency`], [`physics`],
/// [`persistence`], [`rag`] and [`gate::gate`].
pub(crate) fn settings(config: &Config) -> Settings {
    let Config { server, generation, models, api, features, metrics, storage, security, workspaces, jobs, .. } =
        config.clone();
    Settings {
        listen: listen(&server),
        latency: LatencyModel::Instant,
        physics: None,
        adapters: if config.engine.kind == EngineChoice::None { None } else { adapters::loaded(&config.engine) },
        kv_events: kv_events::settings(&config.kv_events),
        response_delay: ResponseDelay {
            mean: Duration::from_secs_f64(generation.response_delay),
            variance: if generation.random_delay { generation.max_variance } else { 0.0 },
        },
        tokenizer: tokenizer(generation.tokenizer),
        deterministic: generation.deterministic,
        strict_models: models.strict,
        fabricate: api.fabricate,
        validation_status: http::StatusCode::from_u16(api.validation_status).unwrap_or(http::StatusCode::BAD_REQUEST),
        context_validation: features.enable_context_validation,
        prompt_cache: features.enable_prompt_caching.then(|| PromptCaching {
            retention: Duration::from_secs(features.cache_ttl_seconds),
            min_tokens: features.min_tokens_for_cache,
        }),
        max_body_bytes: security.max_request_size as u64,
        max_body_bytes_by_route: gate::route_sizes(&security),
        cors: Cors { origins: security.cors_allowed_origins, credentials: security.cors_allow_credentials },
        streams: streams(&features),
        audio: Audio {
            enabled: features.enable_audio,
            voice: features.default_voice.clone(),
            format: features.default_audio_format.clone(),
            rtf: features.speech_rtf,
            session_limit: Duration::from_secs(features.realtime_session_limit),
        },
        moderation: features.enable_moderation.then_some(Moderation { threshold: features.moderation_threshold }),
        images: Images {
            retention: Duration::from_secs_f64(storage.image_retention_hours * 3600.0),
            delay: generation.image_delay.map(Duration::from_secs_f64),
            caption: features.caption_images,
        },
        safety_message: features.prepend_safety_message,
        azure_deployments: api.deployments(),
        rag: None,
        metrics: metrics.enable_metrics,
        log_requests: server.log_requests,
        stream_clients: metrics.stream_clients,
        persistence: None,
        prometheus: metrics.enable_prometheus,
        metrics_flavor: flavor(metrics.flavor),
        jobs: Jobs { batch: jobs.batch_speed.0, fine_tuning: jobs.job_speed.0 },
        max_workspaces: workspaces.max,
        workspace_idle: Duration::from_secs_f64(workspaces.idle_seconds),
        writer: writer(generation, &features),
        ingest: Duration::from_secs_f64(config.storage.ingest_ms / 1000.0),
        journal_entries: Settings::default().journal_entries,
        gate: Gatekeeping::default(),
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

const fn flavor(flavor: MetricsFlavor) -> Flavor {
    match flavor {
        MetricsFlavor::Fakeai => Flavor::Fakeai,
        MetricsFlavor::Vllm => Flavor::Vllm,
        MetricsFlavor::Sglang => Flavor::Sglang,
        MetricsFlavor::Trtllm => Flavor::Trtllm,
        MetricsFlavor::Nim => Flavor::Nim,
        MetricsFlavor::Dynamo => Flavor::Dynamo,
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
    let clock = clock(config)?;
    clock.spin(Duration::from_micros(config.server.spin_us));
    Ok(Kit {
        home: match &config.storage.path {
            Some(path) => Arc::new(Durable::open(path)?),
            None => Arc::new(Memory::default()),
        },
        clock,
        seed: Seed::new(config.generation.seed),
        entropy: entropy(),
        tasks: Tasks::default(),
    })
}

/// The machine's clock. Where metrics are kept there are ticks for a year before it began.
fn clock(config: &Config) -> std::io::Result<Clock> {
    const YEAR: Duration = Duration::from_secs(366 * 24 * 3600);
    if config.metrics.dir.is_some() { Clock::system_with_past(YEAR) } else { Clock::system() }
}

/// Where metrics are kept; `None` if they are not.
pub(crate) fn persistence(config: &Config) -> Result<Option<Persistence>, StartError> {
    let Metrics { dir: Some(path), write_interval_seconds, metrics_retention_hours, enable_metrics: true, .. } =
        &config.metrics
    else {
        return Ok(None);
    };
    let directory = Directory::open(path).map_err(|source| StartError::Metrics { path: path.clone(), source })?;
    Ok(Some(Persistence {
        directory: Arc::new(directory),
        interval: Duration::from_secs_f64(*write_interval_seconds),
        retention: Duration::from_secs(metrics_retention_hours * 3600),
    }))
}

/// The documents to retrieve; `None` for the built-in sample.
pub(crate) fn rag(config: &Config) -> Result<Option<Arc<Library>>, StartError> {
    let directory = config.storage.rag_docs.as_deref();
    Ok(directory.map(Library::open).transpose()?.map(Arc::new))
}

/// A number nobody can guess: the standard library seeds its hash maps from the operating system.
fn entropy() -> Seed {
    Seed::new(RandomState::new().build_hasher().finish())
}
