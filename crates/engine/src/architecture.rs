//! What a model costs: weights, active weights, attention and KV cache, as counts. Knows no GPU and no time.
//!
//! An [`Architecture`] comes from the table of published shapes, or from the few numbers of a model card
//! ([`Shape`]) where the table lacks the model.

mod table;

use crate::EngineError;
use crate::hardware::Precision;

/// A model as the step model sees it. Counts of weights are absolute, not billions.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// The model's name.
    pub name: String,
    /// Layers.
    pub layers: u32,
    /// Of those, with attention (the others keep a state of fixed size).
    pub attention_layers: u32,
    /// Width of a layer.
    pub hidden_size: u32,
    /// Query heads.
    pub attention_heads: u32,
    /// Key/value heads.
    pub kv_heads: u32,
    /// Width of a head.
    pub head_size: u32,
    /// Tokens known to the output layer.
    pub vocabulary: u32,
    /// Weights of the embedding and of the output layer, kept in 16 bit.
    pub embedding_parameters: f64,
    /// Weights every token goes through, embeddings not counted.
    pub dense_parameters: f64,
    /// Experts, if it is a mixture.
    pub experts: Option<Experts>,
    /// Compressed attention (multi-head latent attention), if it has that.
    pub latent: Option<Latent>,
    /// Layers that look back a bounded distance only.
    pub window: Option<Window>,
    /// State of fixed size that each sequence holds (Mamba layers), bytes.
    pub state_bytes_per_sequence: f64,
    /// The precision it is published in.
    pub weights: Precision,
}

/// The routed experts of a mixture; shared ones count as dense.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Experts {
    /// Experts of a layer.
    pub count: u32,
    /// Experts a token goes through.
    pub per_token: u32,
    /// Weights of one expert, summed over all layers.
    pub parameters: f64,
    /// Layers that have experts.
    pub layers: u32,
}

/// Multi-head latent attention: the cache holds one compressed vector for all heads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latent {
    /// Width of the compressed vector.
    pub kv_rank: u32,
    /// Width of the part that carries positions.
    pub rope_size: u32,
    /// Width of a value head.
    pub value_size: u32,
}

/// Sliding-window attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Tokens a windowed layer looks back.
    pub tokens: u32,
    /// Layers that have the window.
    pub layers: u32,
}

/// What a model card says; the rest is estimated. Unknown numbers are `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// Weights in billions. Needed.
    pub parameters_billions: Option<f64>,
    /// Weights used for each token, in billions.
    pub active_parameters_billions: Option<f64>,
    /// Experts of each layer.
    pub experts: Option<u32>,
    /// Experts a token goes through.
    pub experts_per_token: Option<u32>,
    /// Layers. Needed.
    pub layers: Option<u32>,
    /// Width of a layer. Needed.
    pub hidden_size: Option<u32>,
    /// Query heads; by default as many as the width has heads of 128.
    pub attention_heads: Option<u32>,
    /// Key/value heads; by default as many as query heads.
    pub kv_heads: Option<u32>,
    /// Width of a head; by default the width shared among the heads.
    pub head_size: Option<u32>,
}

/// Vocabulary of a model whose card does not say: most of 2024 and later have about as many.
const USUAL_VOCABULARY: u32 = 128_256;

impl Architecture {
    /// The model of that name or alias from the table.
    ///
    /// # Errors
    /// [`EngineError::UnknownModel`], which names the nearest; then [`Architecture::from_shape`] may help.
    pub fn find(name: &str) -> Result<&'static Self, EngineError> {
        table::find(name)
    }

    /// The names of all models of the table.
    pub fn names() -> Result<impl Iterator<Item = &'static str>, EngineError> {
        table::names()
    }

    /// A model that is in no table, from the numbers of its card.
    ///
    /// # Errors
    /// [`EngineError::IncompleteShape`] when size, layers or width are unknown, as they are for closed models.
    pub fn from_shape(name: &str, shape: &Shape) -> Result<Self, EngineError> {
        let missing = |missing| EngineError::IncompleteShape { name: name.to_owned(), missing };
        let positive = |number: Option<u32>| number.filter(|number| *number > 0);
        let total = shape.parameters_billions.filter(|billions| *billions > 0.0).ok_or(missing("its parameters"))?;
        let layers = positive(shape.layers).ok_or(missing("its layers"))?;
        let hidden_size = positive(shape.hidden_size).ok_or(missing("its hidden size"))?;
        let attention_heads = positive(shape.attention_heads).unwrap_or((hidden_size / 128).max(1));
        let head_size = positive(shape.head_size).unwrap_or((hidden_size / attention_heads).max(1));
        let embeddings = (2.0 * f64::from(hidden_size) * f64::from(USUAL_VOCABULARY)).min(total * 1e9 * 0.5);
        let routed = positive(shape.experts).zip(positive(shape.experts_per_token));
        let active = shape.active_parameters_billions.unwrap_or(total);
        let (dense_parameters, experts) = split(total * 1e9, active * 1e9, embeddings, routed, layers);
        Ok(Self {
            name: name.to_owned(),
            layers,
            attention_layers: layers,
            hidden_size,
            attention_heads,
            kv_heads: positive(shape.kv_heads).unwrap_or(attention_heads),
            head_size,
            vocabulary: USUAL_VOCABULARY,
            embedding_parameters: embeddings,
            dense_parameters,
            experts,
            latent: None,
            window: None,
            state_bytes_per_sequence: 0.0,
            weights: Precision::Bf16,
        })
    }

    /// All weights.
    pub fn parameters(&self) -> f64 {
        self.embedding_parameters + self.body_parameters()
    }

    /// Weights without embeddings and output layer.
    pub fn body_parameters(&self) -> f64 {
        self.dense_parameters + self.experts.map_or(0.0, |experts| experts.parameters * f64::from(experts.count))
    }

    /// Weights one token goes through, without embeddings and output layer.
    pub fn active_parameters(&self) -> f64 {
        self.dense_parameters + self.experts.map_or(0.0, |experts| experts.parameters * f64::from(experts.per_token))
    }

    /// Memory of all weights when the body is stored as `precision`, bytes; embeddings stay 16 bit.
    pub fn weight_bytes(&self, precision: Precision) -> f64 {
        self.body_parameters() * precision.bytes() + self.embedding_parameters * Precision::Bf16.bytes()
    }

    /// KV cache of one token in one attention layer over all heads, bytes.
    pub fn kv_bytes_per_token_and_layer(&self, kv: Precision) -> f64 {
        let width = match self.latent {
            Some(latent) => latent.kv_rank + latent.rope_size,
            None => 2 * self.kv_heads * self.head_size,
        };
        f64::from(width) * kv.bytes()
    }

    /// KV cache of one token over all heads and layers, bytes, as a plain cache keeps it (windowed layers in full).
    pub fn kv_bytes_per_token(&self, kv: Precision) -> f64 {
        f64::from(self.attention_layers) * self.kv_bytes_per_token_and_layer(kv)
    }
}

/// Tells the weights of one expert (over all layers) from those that all tokens share:
/// `total = shared + count × expert`, `active = shared + per_token × expert`.
fn split(total: f64, active: f64, embeddings: f64, routed: Option<(u32, u32)>, layers: u32) -> (f64, Option<Experts>) {
    match routed {
        Some((count, per_token)) if count > per_token && active < total => {
            let most = (total - embeddings) / f64::from(count);
            let parameters = ((total - active) / f64::from(count - per_token)).min(most);
            let dense = (total - embeddings - parameters * f64::from(count)).max(0.0);
            (dense, Some(Experts { count, per_token, parameters, layers }))
        }
        _ => (total - embeddings, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_of_few_numbers_is_enough() {
        let shape = Shape {
            parameters_billions: Some(46.7),
            active_parameters_billions: Some(12.9),
            experts: Some(8),
            experts_per_token: Some(2),
            layers: Some(32),
            hidden_size: Some(4096),
            attention_heads: Some(32),
            kv_heads: Some(8),
            head_size: Some(128),
        };
        let guessed = Architecture::from_shape("mixtral", &shape).unwrap();
        let known = Architecture::find("mixtral-8x7b").unwrap();
        let ratio = guessed.experts.unwrap().parameters / known.experts.unwrap().parameters;
        assert!((ratio - 1.0).abs() < 0.01, "{ratio}");
        assert!((guessed.kv_bytes_per_token(Precision::Bf16) - 131_072.0).abs() < 1.0);
    }

    #[test]
    fn a_closed_model_says_what_it_lacks() {
        let error = Architecture::from_shape("gpt-4o", &Shape::default()).unwrap_err();
        assert_eq!(error.to_string(), "the shape of model `gpt-4o` lacks its parameters");
    }
}
