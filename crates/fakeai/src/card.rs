//! What is printed when the server has started: all that a newcomer needs, on one card.

use std::fmt::Write;

use fakeai_server::serve::Bound;

use crate::config::{Config, EngineChoice, Latency, Settings};

/// The card.
pub(crate) fn card(settings: &Settings, bound: &Bound) -> String {
    let config = &settings.config;
    let scheme = if config.server.ssl_certfile.is_some() { "https" } else { "http" };
    let url = match bound {
        Bound::Tcp(address) => format!("{scheme}://{address}"),
        Bound::Unix(path) => format!("{scheme}+unix://{}", path.display()),
    };
    let mut card = String::new();
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(card, "\n  fakeai {} listens on {url}\n", env!("CARGO_PKG_VERSION"));
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(card, "  {name:<10} {value}");
    };
    match bound {
        Bound::Tcp(_) => {
            line("Python", &format!("OpenAI(base_url=\"{url}/v1\", api_key=\"any\")"));
            line("Node", &format!("new OpenAI({{ baseURL: \"{url}/v1\", apiKey: \"any\" }})"));
            line("env", &format!("OPENAI_BASE_URL={url}/v1 OPENAI_API_KEY=any"));
            line("workspace", &format!("{url}/w/NAME/v1 keeps models, seed, clock and requests to itself"));
        }
        Bound::Unix(path) => {
            line("curl", &format!("curl --unix-socket {} {scheme}://localhost/v1/models", path.display()));
        }
    }
    line("metrics", &format!("{url}/metrics   {url}/metrics/prometheus   {url}/health/detailed"));
    line("auth", &auth(config));
    line("limits", &limits(config));
    if let Some(faults) = faults(config) {
        line("faults", &faults);
    }
    line("latency", &latency(config));
    line("seed", &seed(config));
    if let Some(file) = &settings.file {
        line("config", &file.display().to_string());
    }
    line("stop", "Ctrl-C\n");
    card
}

fn auth(config: &Config) -> String {
    match (config.auth.api_keys.len(), config.auth.require_api_key) {
        (0, false) => "off: any key is accepted".to_owned(),
        (0, true) => "on: a key is required, any will do".to_owned(),
        (1, _) => "on: keys of 1 entry".to_owned(),
        (many, _) => format!("on: keys of {many} entries"),
    }
}

/// What goes wrong on purpose, if anything does.
fn faults(config: &Config) -> Option<String> {
    let metrics = &config.metrics;
    let mut parts = metrics.faults.clone();
    if metrics.error_injection_enabled {
        parts.push(format!("{} % errors", metrics.error_injection_rate * 100.0));
    }
    (!parts.is_empty()).then(|| parts.join("   "))
}

fn limits(config: &Config) -> String {
    let models = if config.models.strict { "only models of the catalog" } else { "any model name" };
    let bytes = config.security.max_request_size;
    let size = if bytes >= 1 << 20 { format!("{} MiB", bytes >> 20) } else { format!("{} KiB", bytes >> 10) };
    let limits = &config.rate_limits;
    let quota = if limits.enabled { format!(", {} quotas a key and model", limits.tier) } else { String::new() };
    let security = &config.security;
    let screens = security.enable_security || security.enable_input_validation || security.enable_injection_detection;
    let screening = if screens {
        format!(", attacks in texts: {} ({})", security.validation_mode, security.validation_level)
    } else {
        String::new()
    };
    let bans = if security.enable_abuse_detection || security.enable_security { ", abuse is banned" } else { "" };
    format!("{models}, bodies up to {size}{quota}{bans}{screening}")
}

fn latency(config: &Config) -> String {
    let (generation, engine) = (&config.generation, &config.engine);
    if engine.kind != EngineChoice::None {
        let gpus = engine.tensor_parallel_size * engine.pipeline_parallel_size * engine.data_parallel_size;
        let replicas = match config.kv_cache.num_workers {
            1 => "one replica".to_owned(),
            many => format!("{many} replicas"),
        };
        let faster = if (engine.time_scale - 1.0).abs() < 1e-9 {
            String::new()
        } else {
            format!(", time × {}", engine.time_scale)
        };
        let (kind, model, gpu) = (engine.kind.word(), &engine.model, &engine.gpu);
        return format!("as {kind} serves {model}: {replicas} of {gpus} × {gpu}{faster}");
    }
    if let Some(table) = &generation.latency_table {
        return format!("as measured in {}", table.display());
    }
    match generation.latency {
        Latency::Instant => "instant".to_owned(),
        Latency::Profile => "each model at its own speed".to_owned(),
        Latency::Knobs => format!(
            "first token {} ms ± {} %, then {} ms ± {} %",
            generation.ttft_ms, generation.ttft_variance_percent, generation.itl_ms, generation.itl_variance_percent
        ),
    }
}

fn seed(config: &Config) -> String {
    let seed = config.generation.seed;
    if config.generation.deterministic {
        format!("{seed}, deterministic: ids and dates follow from it too")
    } else {
        format!("{seed}: the same requests in the same order get the same words")
    }
}
