//! Embeddings on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::wire::TokenInput;

/// The body of `POST /embeddings`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EmbeddingRequest {
    pub model: Option<String>,
    pub input: Option<TokenInput>,
    pub dimensions: Option<i64>,
    pub encoding_format: Option<String>,
}

/// How a vector is written.
#[derive(Clone, Copy)]
pub(super) enum Encoding {
    /// A list of numbers.
    Float,
    /// Little-endian 32-bit floats in base64: what the SDKs ask for.
    Base64,
}

impl Encoding {
    pub(super) fn named(name: Option<&str>) -> Result<Self, ApiError> {
        match name {
            None | Some("float") => Ok(Self::Float),
            Some("base64") => Ok(Self::Base64),
            Some(other) => Err(ApiError::unsupported_value("encoding_format", other, &["float", "base64"])),
        }
    }
}

#[derive(Serialize)]
pub(super) struct EmbeddingList {
    object: &'static str,
    data: Vec<EmbeddingWire>,
    model: String,
    usage: UsageWire,
}

#[derive(Serialize)]
struct EmbeddingWire {
    object: &'static str,
    index: usize,
    embedding: Vector,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Vector {
    Float(Vec<f32>),
    Base64(String),
}

#[derive(Serialize)]
struct UsageWire {
    prompt_tokens: u32,
    total_tokens: u32,
}

impl EmbeddingList {
    pub(super) fn new(
        model: &str,
        vectors: impl Iterator<Item = Vec<f32>>,
        encoding: Encoding,
        prompt_tokens: u32,
    ) -> Self {
        let vector = |numbers: Vec<f32>| match encoding {
            Encoding::Float => Vector::Float(numbers),
            Encoding::Base64 => {
                let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
                Vector::Base64(STANDARD.encode(bytes))
            }
        };
        let data = vectors.enumerate().map(|(index, numbers)| EmbeddingWire {
            object: "embedding",
            index,
            embedding: vector(numbers),
        });
        Self {
            object: "list",
            data: data.collect(),
            model: model.to_owned(),
            usage: UsageWire { prompt_tokens, total_tokens: prompt_tokens },
        }
    }
}
