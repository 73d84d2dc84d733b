//! The table of published shapes, `data/models.toml`, and what follows from each.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::{Architecture, Experts, Latent, Window, split};
use crate::EngineError;
use crate::hardware::Precision;
use crate::nearest::{fold, nearest};

#[derive(Deserialize)]
struct File {
    model: Vec<Row>,
}

/// One model of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    layers: u32,
    attention_layers: Option<u32>,
    hidden_size: u32,
    attention_heads: u32,
    kv_heads: u32,
    head_size: u32,
    ffn_size: Option<u32>,
    dense_layers: Option<u32>,
    vocabulary: u32,
    #[serde(default)]
    tied_embeddings: bool,
    experts: Option<ExpertsRow>,
    latent: Option<LatentRow>,
    window: Option<WindowRow>,
    #[serde(default)]
    weights: Precision,
    #[serde(default)]
    state_bytes_per_sequence: f64,
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests compare it with what the shape decides"))]
    published_billions: Option<f64>,
    parameters_billions: Option<f64>,
    active_parameters_billions: Option<f64>,
    routed: Option<RoutedRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpertsRow {
    count: u32,
    per_token: u32,
    ffn_size: u32,
    shared_ffn_size: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoutedRow {
    count: u32,
    per_token: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LatentRow {
    kv_rank: u32,
    rope_size: u32,
    query_rank: u32,
    value_size: u32,
    no_rope_size: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowRow {
    tokens: u32,
    layers: u32,
}

struct Table {
    models: Vec<Architecture>,
    /// Folded names and aliases to places in `models`.
    places: FxHashMap<String, usize>,
}

static TABLE: LazyLock<Result<Table, EngineError>> = LazyLock::new(|| {
    let rows = rows()?;
    let mut places = FxHashMap::default();
    for (place, row) in rows.iter().enumerate() {
        for name in std::iter::once(&row.name).chain(&row.aliases) {
            places.insert(fold(name), place);
        }
    }
    Ok(Table { models: rows.iter().map(Row::architecture).collect(), places })
});

fn rows() -> Result<Vec<Row>, EngineError> {
    let file: Result<File, _> = toml::from_str(include_str!("../../data/models.toml"));
    file.map(|file| file.model)
        .map_err(|error| EngineError::Data { file: "engine/data/models.toml", reason: error.to_string() })
}

fn table() -> Result<&'static Table, EngineError> {
    TABLE.as_ref().map_err(Clone::clone)
}

pub(super) fn find(name: &str) -> Result<&'static Architecture, EngineError> {
    let table = table()?;
    table.places.get(&fold(name)).and_then(|place| table.models.get(*place)).ok_or_else(|| {
        let known = table.models.iter().map(|model| model.name.as_str());
        EngineError::UnknownModel { name: name.to_owned(), nearest: nearest(name, known) }
    })
}

pub(super) fn names() -> Result<impl Iterator<Item = &'static str>, EngineError> {
    Ok(table()?.models.iter().map(|model| model.name.as_str()))
}

impl Row {
    fn architecture(&self) -> Architecture {
        let copies = if self.tied_embeddings { 1.0 } else { 2.0 };
        let embedding_parameters = copies * f64::from(self.hidden_size) * f64::from(self.vocabulary);
        let (dense_parameters, experts) = match self.parameters_billions {
            Some(total) => {
                let active = self.active_parameters_billions.unwrap_or(total);
                let routed = self.routed.as_ref().map(|routed| (routed.count, routed.per_token));
                split(total * 1e9, active * 1e9, embedding_parameters, routed, self.layers)
            }
            None => (self.dense_parameters(), self.experts()),
        };
        Architecture {
            name: self.name.clone(),
            layers: self.layers,
            attention_layers: self.attention_layers.unwrap_or(self.layers),
            hidden_size: self.hidden_size,
            attention_heads: self.attention_heads,
            kv_heads: self.kv_heads,
            head_size: self.head_size,
            vocabulary: self.vocabulary,
            embedding_parameters,
            dense_parameters,
            experts,
            latent: self.latent.as_ref().map(|latent| Latent {
                kv_rank: latent.kv_rank,
                rope_size: latent.rope_size,
                value_size: latent.value_size,
            }),
            window: self.window.as_ref().map(|window| Window { tokens: window.tokens, layers: window.layers }),
            state_bytes_per_sequence: self.state_bytes_per_sequence,
            weights: self.weights,
        }
    }

    /// Layers whose feed-forward part is one for all tokens.
    fn dense_layers(&self) -> u32 {
        self.dense_layers.unwrap_or(if self.experts.is_some() { 0 } else { self.layers })
    }

    fn experts(&self) -> Option<Experts> {
        let row = self.experts.as_ref()?;
        let layers = self.layers - self.dense_layers();
        let parameters = f64::from(layers) * gated(self.hidden_size, row.ffn_size);
        Some(Experts { count: row.count, per_token: row.per_token, parameters, layers })
    }

    /// Attention, dense and shared feed-forward weights and the router, over all layers.
    fn dense_parameters(&self) -> f64 {
        let dense = f64::from(self.dense_layers());
        let feed_forward = dense * self.ffn_size.map_or(0.0, |size| gated(self.hidden_size, size));
        let shared = self.experts.as_ref().map_or(0.0, |row| {
            let router = f64::from(self.hidden_size) * f64::from(row.count);
            (f64::from(self.layers) - dense) * (gated(self.hidden_size, row.shared_ffn_size) + router)
        });
        feed_forward + shared + f64::from(self.layers) * self.attention_parameters()
    }

    fn attention_parameters(&self) -> f64 {
        let hidden = f64::from(self.hidden_size);
        let heads = f64::from(self.attention_heads);
        match &self.latent {
            None => 2.0 * hidden * f64::from(self.head_size) * (heads + f64::from(self.kv_heads)),
            Some(latent) => {
                let query = f64::from(latent.query_rank);
                let kv = f64::from(latent.kv_rank);
                let (plain, rope) = (f64::from(latent.no_rope_size), f64::from(latent.rope_size));
                let value = f64::from(latent.value_size);
                hidden * query
                    + query * heads * (plain + rope)
                    + hidden * (kv + rope)
                    + kv * heads * (plain + value)
                    + heads * value * hidden
            }
        }
    }
}

/// Weights of a gated feed-forward layer: gate, up and down.
fn gated(hidden_size: u32, ffn_size: u32) -> f64 {
    3.0 * f64::from(hidden_size) * f64::from(ffn_size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_decide_the_published_counts() {
        for row in rows().unwrap() {
            let Some(published) = row.published_billions else { continue };
            let computed = row.architecture().parameters() / 1e9;
            assert!((computed / published - 1.0).abs() < 0.02, "{}: {computed} B, not {published} B", row.name);
        }
    }

    #[test]
    fn active_parameters_are_as_published() {
        for (name, billions) in
            [("mixtral-8x7b", 12.9), ("deepseek-v3", 37.6), ("qwen3-235b-a22b", 22.2), ("MiniMax-M2.5", 11.0)]
        {
            let model = find(name).or_else(|_| find(&format!("MiniMaxAI/{name}"))).unwrap();
            let active = (model.active_parameters() + model.embedding_parameters) / 1e9;
            assert!((active / billions - 1.0).abs() < 0.05, "{name}: {active}");
        }
    }

    #[test]
    fn kv_bytes_are_as_published() {
        for (name, kib) in
            [("llama-3.1-70b", 320.0), ("deepseek-r1", 68.6), ("gpt-oss-120b", 72.0), ("nemotron-3-nano-30b-a3b", 6.0)]
        {
            let bytes = find(name).unwrap().kv_bytes_per_token(Precision::Bf16);
            assert!((bytes / 1024.0 / kib - 1.0).abs() < 0.01, "{name}: {bytes}");
        }
    }

    #[test]
    fn an_unknown_model_names_the_nearest() {
        let error = find("llama-3.1-71b").unwrap_err();
        assert!(matches!(&error, EngineError::UnknownModel { nearest, .. } if nearest.contains("lama")), "{error}");
    }

    #[test]
    fn no_name_is_given_twice() {
        let rows = rows().unwrap();
        let names = rows.iter().map(|row| 1 + row.aliases.len()).sum::<usize>();
        assert_eq!(table().unwrap().places.len(), names);
    }
}
