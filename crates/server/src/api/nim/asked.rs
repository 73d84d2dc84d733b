//! What rankers are asked: texts in the forms that clients write them in, checked, counted and judged.

use std::fmt;
use std::sync::Arc;

use fakeai_catalog::ModelCard;
use fakeai_core::Seed;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::relevance::relevance;
use crate::api::truncate::Truncate;
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::{aside, delay};

/// Texts of a request.
pub(super) const MOST_TEXTS: usize = 512;

/// A text: `"text"` or `{"text": "text"}`.
#[derive(Clone, Debug)]
pub(super) struct TextWire(pub Option<String>);

impl<'de> Deserialize<'de> for TextWire {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        #[derive(Deserialize)]
        struct Object {
            text: Option<String>,
        }

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = TextWire;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("one of a string or an object")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<TextWire, E> {
                Ok(TextWire(Some(text.to_owned())))
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<TextWire, A::Error> {
                Object::deserialize(MapAccessDeserializer::new(fields)).map(|object| TextWire(object.text))
            }
        }

        deserializer.deserialize_any(TextVisitor)
    }
}

/// The text of `wire`, which must have one; `param` is its path.
pub(super) fn text(wire: Option<TextWire>, param: &str) -> Result<String, ApiError> {
    let text = wire.and_then(|wire| wire.0).ok_or_else(|| ApiError::missing(param))?;
    if text.trim().is_empty() {
        let message = format!("Invalid '{param}': expected a text that is not empty.");
        return Err(ApiError::invalid(message).param(param).code("invalid_value"));
    }
    Ok(text)
}

/// The texts of a list, of which there must be one.
pub(super) fn texts(wires: Option<Vec<TextWire>>, param: &str) -> Result<Vec<String>, ApiError> {
    let wires = wires.ok_or_else(|| ApiError::missing(param))?;
    if wires.is_empty() {
        let message = format!(
            "Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead."
        );
        return Err(ApiError::invalid(message).param(param).code("empty_array"));
    }
    if wires.len() > MOST_TEXTS {
        return Err(ApiError::too_many(param, MOST_TEXTS, wires.len()));
    }
    // A passage may be empty: it answers nothing.
    let text =
        |(index, wire): (usize, TextWire)| wire.0.ok_or_else(|| ApiError::missing(&format!("{param}[{index}].text")));
    wires.into_iter().enumerate().map(text).collect()
}

/// A question and texts that may answer it.
pub(super) struct Asked {
    pub model: Option<String>,
    pub query: String,
    pub texts: Vec<String>,
    pub truncate: Truncate,
    /// Most tokens of a text, if the client says so.
    pub most_tokens: Option<usize>,
}

/// How well each text answers the question.
pub(super) struct Judged {
    /// The model as the client wrote it.
    pub model: String,
    /// The texts, as they were sent.
    pub texts: Vec<String>,
    /// 0 to 1, in the order of the texts.
    pub scores: Vec<f32>,
    /// Tokens read.
    pub tokens: u32,
}

impl Asked {
    /// Judges the texts, and takes as long as answers without tokens do.
    pub(super) async fn judged(self, context: &Context) -> Result<Judged, ApiError> {
        let model = self.model.clone().filter(|model| !model.is_empty()).ok_or_else(ApiError::missing_model)?;
        let card = context.model(&model)?;
        context.note().model = Some(card.id.as_str().into());
        let bytes = self.texts.iter().map(String::len).sum::<usize>() as u64;
        let reader = Arc::clone(&card);
        // Comparing takes a few times as long as counting, which `aside` has its limit from.
        let judged = aside(context, bytes * 4, move || self.read(model, &reader)).await?;
        {
            let mut note = context.note();
            note.tokens.prompt += judged.tokens;
            note.cost_usd += card.pricing.cost_usd(judged.tokens.into(), 0, 0);
        }
        delay(context, Seed::new(0).derive(&card.id).mix(judged.tokens.into()).value()).await;
        Ok(judged)
    }

    fn read(self, model: String, card: &ModelCard) -> Result<Judged, ApiError> {
        let Self { query, texts, truncate, most_tokens, .. } = self;
        // A pair of question and text has to fit.
        let window = card.context_window_tokens as usize;
        let (query, asked) = truncate.cut(card.tokenizer, query, window)?;
        let room = window - asked;
        let (mut read, mut tokens) = (Vec::with_capacity(texts.len()), 0);
        for text in &texts {
            let (text, count) = match most_tokens {
                Some(most) => Truncate::End.cut(card.tokenizer, text.clone(), most.min(room))?,
                None => truncate.cut(card.tokenizer, text.clone(), room)?,
            };
            tokens += asked + count;
            read.push(text);
        }
        let tokens = u32::try_from(tokens).unwrap_or(u32::MAX);
        Ok(Judged { model, scores: relevance(&query, &read), texts, tokens })
    }
}
