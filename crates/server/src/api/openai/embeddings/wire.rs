//! Embeddings on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fakeai_core::Seed;
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
    // NIM's own.
    pub input_type: Option<String>,
    pub truncate: Option<String>,
}

/// Which side of a search a text is on. Models for retrieval point questions and passages a little apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InputType {
    Query,
    Passage,
}

impl InputType {
    pub(super) fn named(name: Option<&str>) -> Result<Option<Self>, ApiError> {
        match name {
            None => Ok(None),
            Some("query") => Ok(Some(Self::Query)),
            Some("passage") => Ok(Some(Self::Passage)),
            Some(other) => Err(ApiError::unsupported_value("input_type", other, &["query", "passage"])),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Passage => "passage",
        }
    }

    /// `vector` moved towards the direction of its side, of length 1 again. `salt` is the model's.
    pub(super) fn lean(self, mut vector: Vec<f32>, salt: u64) -> Vec<f32> {
        const SHARE: f32 = 0.2;
        let side = fakeai_writer::embed("", vector.len() as u32, Seed::new(salt).derive(self.name()).value());
        for (number, side) in vector.iter_mut().zip(side) {
            *number += SHARE * side;
        }
        let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
        if length > 0.0 {
            for number in &mut vector {
                *number /= length;
            }
        }
        vector
    }
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
