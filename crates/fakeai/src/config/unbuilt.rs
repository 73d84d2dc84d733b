//! Keys of the original system whose feature is not built yet. They are refused, because a key that is accepted and
//! ignored misleads. A key moves to `keys/` with the change that builds its feature.

/// A key that is refused.
#[derive(Clone, Copy, Debug)]
pub struct UnbuiltKey {
    /// The section it belongs to.
    pub section: &'static str,
    /// Its name in the section.
    pub name: &'static str,
    /// The flags that would set it, without dashes.
    pub flags: &'static [&'static str],
    /// What has to be built first, with its verb: `rate limits are`.
    pub feature: &'static str,
}

impl UnbuiltKey {
    /// Its name without the section.
    pub const fn flat_name(&self) -> &'static str {
        self.name
    }

    const fn flags(mut self, flags: &'static [&'static str]) -> Self {
        self.flags = flags;
        self
    }
}

const fn key(section: &'static str, name: &'static str, feature: &'static str) -> UnbuiltKey {
    UnbuiltKey { section, name, flags: &[], feature }
}

const LANGUAGE_MODEL: &str = "text from a language model is";
const EMBEDDING_MODEL: &str = "embeddings from a language model are";
const IMAGE_STORAGE: &str = "a storage of images apart from that of `storage.path` is";
const FILES: &str = "file storage is";

/// Every key that is refused.
pub const UNBUILT: &[UnbuiltKey] = &[
    key("generation", "use_llm_generation", LANGUAGE_MODEL).flags(&["use-llm-generation"]),
    key("generation", "llm_model_name", LANGUAGE_MODEL).flags(&["llm-model-name"]),
    key("generation", "llm_use_gpu", LANGUAGE_MODEL).flags(&["llm-use-gpu"]),
    key("generation", "use_semantic_embeddings", EMBEDDING_MODEL).flags(&["use-semantic-embeddings"]),
    key("generation", "embedding_model", EMBEDDING_MODEL).flags(&["embedding-model"]),
    key("generation", "embedding_use_gpu", EMBEDDING_MODEL).flags(&["embedding-use-gpu"]),
    key("storage", "file_storage_backend", FILES).flags(&["file-storage-backend"]),
    key("storage", "file_storage_path", FILES).flags(&["file-storage-path"]),
    key("storage", "file_cleanup_enabled", FILES).flags(&["file-cleanup-enabled"]),
    key("storage", "file_retention_hours", FILES).flags(&["file-retention-hours"]),
    key("storage", "image_storage_backend", IMAGE_STORAGE).flags(&["image-storage-backend"]),
    key("storage", "image_storage_path", IMAGE_STORAGE).flags(&["image-storage-path"]),
];
