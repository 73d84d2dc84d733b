//! All models by id: those we ship, then those of the user's file.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::card::{ModelCard, ModelKind};
use crate::error::CatalogError;
use crate::record::{File, Record, unix_seconds};

/// One file for each provider, in the order they are listed in.
const FILES: [(&str, &str); 9] = [
    ("openai.toml", include_str!("../data/openai.toml")),
    ("anthropic.toml", include_str!("../data/anthropic.toml")),
    ("meta.toml", include_str!("../data/meta.toml")),
    ("mistral.toml", include_str!("../data/mistral.toml")),
    ("deepseek.toml", include_str!("../data/deepseek.toml")),
    ("nvidia.toml", include_str!("../data/nvidia.toml")),
    ("google.toml", include_str!("../data/google.toml")),
    ("qwen.toml", include_str!("../data/qwen.toml")),
    ("other.toml", include_str!("../data/other.toml")),
];

/// All models by id.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    cards: Vec<Arc<ModelCard>>,
    /// Ids and aliases to places in `cards`.
    places: FxHashMap<String, usize>,
}

impl Catalog {
    /// The models we ship. Parses their files: call it once.
    pub fn builtin() -> Result<Self, CatalogError> {
        let mut catalog = Self::default();
        for (origin, text) in FILES {
            catalog.add(text, origin, |_, id| Self::custom(id))?;
        }
        Ok(catalog)
    }

    /// Adds the models of a user's file; `origin` is the name errors give it.
    ///
    /// A record with the id of a known model changes that model, one with `like` starts from another, and one with
    /// neither starts from what its id gives away ([`Self::infer`]). On an error the catalog may hold a part of the
    /// file.
    pub fn add_toml(&mut self, text: &str, origin: &str) -> Result<(), CatalogError> {
        self.add(text, origin, Self::infer)
    }

    /// The model with this id or alias, exactly as written.
    pub fn get(&self, id: &str) -> Option<&Arc<ModelCard>> {
        self.places.get(id).and_then(|place| self.cards.get(*place))
    }

    /// All models: providers in the order of our files, models in the order of their file, the user's own last.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ModelCard>> {
        self.cards.iter()
    }

    /// How many models there are.
    pub fn len(&self) -> usize {
        self.cards.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.cards.is_empty()
    }

    fn add(&mut self, text: &str, origin: &str, start: impl Fn(&Self, &str) -> ModelCard) -> Result<(), CatalogError> {
        let file: File = toml::from_str(text).map_err(|error| locate(text, origin, &error))?;
        let mut seen: FxHashMap<String, String> = FxHashMap::default();
        for (index, record) in file.model.into_iter().enumerate() {
            let Some(id) = record.id.clone().filter(|id| !id.trim().is_empty()) else {
                return Err(field_error(origin, &format!("#{}", index + 1), "id", "is missing or empty"));
            };
            let known = self.get(&id).filter(|card| card.id == id && !seen.contains_key(&id));
            let mut card = match (&record.like, known) {
                (Some(like), _) => ModelCard { aliases: Vec::new(), ..self.like(like, &id, origin)? },
                (None, Some(known)) => ModelCard::clone(known),
                (None, None) => {
                    let mut card = start(self, &id);
                    file.defaults.clone().apply(&mut card);
                    card
                }
            };
            record.apply(&mut card);
            check(&card, origin)?;
            for name in std::iter::once(&card.id).chain(&card.aliases) {
                if let Some(other) = seen.insert(name.clone(), id.clone()) {
                    let (origin, id) = (origin.to_owned(), name.clone());
                    return Err(CatalogError::Duplicate { origin, model: card.id, id, other });
                }
            }
            self.insert(card);
        }
        Ok(())
    }

    fn like(&self, like: &str, id: &str, origin: &str) -> Result<ModelCard, CatalogError> {
        self.get(like).map(|card| ModelCard::clone(card)).ok_or_else(|| CatalogError::UnknownLike {
            origin: origin.to_owned(),
            model: id.to_owned(),
            like: like.to_owned(),
        })
    }

    /// Adds a model. One that goes by the alias of an earlier one takes the alias over; one with its id replaces it.
    pub fn insert(&mut self, card: ModelCard) {
        let place = self.places.get(&card.id).copied().filter(|place| self.cards[*place].id == card.id);
        let place = place.unwrap_or(self.cards.len());
        if let Some(old) = self.cards.get(place) {
            for alias in &old.aliases {
                self.places.remove(alias);
            }
        }
        for name in std::iter::once(&card.id).chain(&card.aliases) {
            let earlier = self.places.insert(name.clone(), place).filter(|earlier| *earlier != place);
            if let Some(earlier) = earlier.and_then(|earlier| self.cards.get_mut(earlier)) {
                Arc::make_mut(earlier).aliases.retain(|alias| alias != name);
            }
        }
        let card = Arc::new(card);
        match self.cards.get_mut(place) {
            Some(old) => *old = card,
            None => self.cards.push(card),
        }
    }
}

fn field_error(origin: &str, model: &str, field: &str, message: &str) -> CatalogError {
    let [origin, model, field, message] = [origin, model, field, message].map(str::to_owned);
    CatalogError::Field { origin, model, field, message }
}

/// Names the model and field that `error` is about. Runs the parser again: only broken files pay for it.
fn locate(text: &str, origin: &str, error: &toml::de::Error) -> CatalogError {
    if let Ok(table) = text.parse::<toml::Table>() {
        let defaults =
            table.get("defaults").and_then(toml::Value::as_table).map(|table| ("defaults".to_owned(), table));
        let models = table.get("model").and_then(toml::Value::as_array).into_iter().flatten().enumerate();
        let models = models.filter_map(|(index, model)| {
            let model = model.as_table()?;
            let id = model.get("id").and_then(toml::Value::as_str);
            Some((id.map_or_else(|| format!("#{}", index + 1), str::to_owned), model))
        });
        for (model, record) in defaults.into_iter().chain(models) {
            for (field, value) in record {
                let alone = toml::Table::from_iter([(field.clone(), value.clone())]);
                if let Err(error) = alone.try_into::<Record>() {
                    return field_error(origin, &model, field, error.message());
                }
            }
        }
    }
    let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    CatalogError::Syntax { origin: origin.to_owned(), line, message: error.message().to_owned() }
}

/// A card must make sense before the server builds on it.
fn check(card: &ModelCard, origin: &str) -> Result<(), CatalogError> {
    let wrong = |field: &str, message: &str| Err(field_error(origin, &card.id, field, message));
    if card.context_window_tokens == 0 {
        return wrong("context_window_tokens", "must be above 0");
    }
    if card.max_output_tokens > card.context_window_tokens {
        return wrong("max_output_tokens", "is more than `context_window_tokens`");
    }
    if matches!(card.kind, ModelKind::Chat | ModelKind::Completion) && card.max_output_tokens == 0 {
        return wrong("max_output_tokens", "must be above 0");
    }
    if card.kind == ModelKind::Embedding && card.embedding.is_none_or(|size| !(1..=4096).contains(&size.dimensions)) {
        return wrong("embedding", "an embedding model needs `dimensions` of 1 to 4096");
    }
    let latency = &card.latency;
    let times = [latency.ttft_ms, latency.ttft_deviation_ms, latency.itl_ms, latency.itl_deviation_ms];
    if !times.iter().all(|time| time.is_finite() && *time >= 0.0) || latency.prefill_tokens_per_second.is_nan() {
        return wrong("latency", "times must be 0 or more");
    }
    if latency.prefill_tokens_per_second <= 0.0 {
        return wrong("latency", "`prefill_tokens_per_second` must be above 0");
    }
    if card.pricing.all().any(|price| !price.is_finite() || price < 0.0) {
        return wrong("pricing", "prices must be 0 or more");
    }
    if card.release_date.as_deref().is_some_and(|day| unix_seconds(day).is_none()) {
        return wrong("release_date", "is no day like 2024-05-13");
    }
    Ok(())
}
