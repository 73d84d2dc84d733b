//! Keys: which are good.

mod ring;
mod stored;

pub use ring::{KeyRing, Verdict};
pub use stored::StoredKey;
