//! Model cards: what each model is, can do, costs, and how fast it is.
//!
//! One record per model in one file per provider under `data/`. Knows nothing of requests or workspaces: models made
//! on first use live with whoever made them.

mod card;
mod catalog;
mod error;
mod infer;
mod pricing;
mod record;

pub use card::{Architecture, Capabilities, EmbeddingSize, Latency, Modality, ModelCard, ModelKind};
pub use catalog::Catalog;
pub use error::CatalogError;
pub use pricing::{OffPeak, Pricing, Volume};
