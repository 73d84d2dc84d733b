//! Keys of the original system whose feature is not built yet. They are refused, because a key that is accepted and
//! ignored misleads. A key moves to `keys/` with the change that builds its feature.

/// A key that is refused.
#[derive(Clone, Copy, Debug)]
pub struct UnbuiltKey {
    /// The section it belongs to.
    pub section: &'static str,
    /// Its name in the section.
    pub name: &'static str,
    flat: Option<&'static str>,
    /// The flags that would set it, without dashes.
    pub flags: &'static [&'static str],
    /// What has to be built first, with its verb: `rate limits are`.
    pub feature: &'static str,
}

impl UnbuiltKey {
    /// Its name without the section.
    pub fn flat_name(&self) -> &'static str {
        self.flat.unwrap_or(self.name)
    }

    const fn flat(mut self, flat: &'static str) -> Self {
        self.flat = Some(flat);
        self
    }

    const fn flags(mut self, flags: &'static [&'static str]) -> Self {
        self.flags = flags;
        self
    }
}

const fn key(section: &'static str, name: &'static str, feature: &'static str) -> UnbuiltKey {
    UnbuiltKey { section, name, flat: None, flags: &[], feature }
}

const KEYS: &str = "API keys are";
const RATE_LIMITS: &str = "rate limits are";
const LANGUAGE_MODEL: &str = "text from a language model is";
const EMBEDDING_MODEL: &str = "embeddings from a language model are";
const IMAGE_STORAGE: &str = "a storage of images apart from that of `storage.path` is";
const METRICS_HISTORY: &str = "metrics history is";
const FAULTS: &str = "error injection is";
const FILES: &str = "file storage is";
const INJECTION: &str = "injection detection is";
const ABUSE: &str = "abuse detection is";

/// Every key that is refused.
pub const UNBUILT: &[UnbuiltKey] = &[
    key("auth", "require_api_key", KEYS).flags(&["require-api-key"]),
    key("auth", "api_keys", KEYS).flags(&["api-key", "api-keys"]),
    key("auth", "hash_api_keys", KEYS).flags(&["hash-api-keys"]),
    key("rate_limits", "enabled", RATE_LIMITS)
        .flat("rate_limit_enabled")
        .flags(&["rate-limit-enabled", "enable-rate-limiting"]),
    key("rate_limits", "tier", RATE_LIMITS).flat("rate_limit_tier").flags(&["rate-limit-tier"]),
    key("rate_limits", "rpm_override", RATE_LIMITS).flat("rate_limit_rpm").flags(&["rate-limit-rpm"]),
    key("rate_limits", "tpm_override", RATE_LIMITS).flat("rate_limit_tpm").flags(&["rate-limit-tpm"]),
    key("generation", "use_llm_generation", LANGUAGE_MODEL).flags(&["use-llm-generation"]),
    key("generation", "llm_model_name", LANGUAGE_MODEL).flags(&["llm-model-name"]),
    key("generation", "llm_use_gpu", LANGUAGE_MODEL).flags(&["llm-use-gpu"]),
    key("generation", "use_semantic_embeddings", EMBEDDING_MODEL).flags(&["use-semantic-embeddings"]),
    key("generation", "embedding_model", EMBEDDING_MODEL).flags(&["embedding-model"]),
    key("generation", "embedding_use_gpu", EMBEDDING_MODEL).flags(&["embedding-use-gpu"]),
    key("metrics", "metrics_retention_hours", METRICS_HISTORY).flags(&["metrics-retention-hours"]),
    key("metrics", "error_injection_enabled", FAULTS).flags(&["error-injection-enabled"]),
    key("metrics", "error_injection_rate", FAULTS).flags(&["error-injection-rate"]),
    key("metrics", "error_injection_types", FAULTS).flags(&["error-injection-types"]),
    key("storage", "file_storage_backend", FILES).flags(&["file-storage-backend"]),
    key("storage", "file_storage_path", FILES).flags(&["file-storage-path"]),
    key("storage", "file_cleanup_enabled", FILES).flags(&["file-cleanup-enabled"]),
    key("storage", "file_retention_hours", FILES).flags(&["file-retention-hours"]),
    key("storage", "image_storage_backend", IMAGE_STORAGE).flags(&["image-storage-backend"]),
    key("storage", "image_storage_path", IMAGE_STORAGE).flags(&["image-storage-path"]),
    key("security", "enable_security", "the checks it would turn on are").flags(&["enable-security", "security"]),
    key("security", "enable_input_validation", INJECTION).flags(&["enable-input-validation"]),
    key("security", "enable_injection_detection", INJECTION).flags(&["enable-injection-detection"]),
    key("security", "enable_abuse_detection", ABUSE).flags(&["enable-abuse-detection"]),
    key("security", "abuse_cleanup_interval", ABUSE).flags(&["abuse-cleanup-interval"]),
];
