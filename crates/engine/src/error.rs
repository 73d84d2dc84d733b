//! What can be wrong with a model, a GPU, a sequence or a measurement.

/// Why the engine refuses.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EngineError {
    /// No GPU of this name is in the table.
    #[error("unknown GPU `{name}`; the nearest is `{nearest}` (known: {known})")]
    UnknownGpu {
        /// The name as given.
        name: String,
        /// The known name most like it.
        nearest: String,
        /// All known names.
        known: String,
    },
    /// No model of this name is in the table.
    #[error("the shape of model `{name}` is not known; the nearest known is `{nearest}`")]
    UnknownModel {
        /// The name as given.
        name: String,
        /// The known name most like it.
        nearest: String,
    },
    /// A model card does not say enough to compute step times.
    #[error("the shape of model `{name}` lacks {missing}")]
    IncompleteShape {
        /// The model.
        name: String,
        /// What is missing.
        missing: &'static str,
    },
    /// The weights leave no room for the KV cache.
    #[error(
        "`{model}` does not fit {gpus} × {gpu}: weights take {weights_gib:.1} GiB per GPU, {usable_gib:.1} GiB are \
         usable; try more tensor parallelism or a lower precision"
    )]
    ModelTooLarge {
        /// The model.
        model: String,
        /// The GPU.
        gpu: String,
        /// GPUs that share the weights.
        gpus: u32,
        /// Weights on each GPU, GiB.
        weights_gib: f64,
        /// Memory an engine may use on each GPU, less its own overhead, GiB.
        usable_gib: f64,
    },
    /// The sequence is longer than the model's context window.
    #[error("{tokens} tokens are more than the longest sequence of {limit} tokens")]
    SequenceTooLong {
        /// Prompt and longest answer, tokens.
        tokens: u32,
        /// The limit, tokens.
        limit: u32,
    },
    /// The sequence would not fit the KV cache even alone.
    #[error("{blocks} KV blocks are needed, the whole cache has {limit}")]
    SequenceTooLarge {
        /// Blocks for prompt and answer.
        blocks: u32,
        /// Blocks of the cache.
        limit: u32,
    },
    /// Nothing to read or nothing to write.
    #[error("a sequence needs at least one prompt token and one output token")]
    EmptySequence,
    /// The waiting queue is at its limit.
    #[error("{waiting} sequences are waiting already")]
    QueueFull {
        /// Sequences waiting.
        waiting: usize,
    },
    /// A setting that cannot work.
    #[error("{what}")]
    InvalidSettings {
        /// What is wrong, as a sentence part.
        what: String,
    },
    /// A data file could not be read.
    #[error("{file}: {reason}")]
    Data {
        /// The file.
        file: &'static str,
        /// What is wrong with it, and where.
        reason: String,
    },
    /// A line of measurements could not be read.
    #[error("line {line}: {reason}")]
    Measurement {
        /// Line number, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A fit needs more than it was given.
    #[error("a fit needs at least {needed} measurements, {given} were given")]
    TooFewMeasurements {
        /// Measurements needed.
        needed: usize,
        /// Measurements given.
        given: usize,
    },
}
