//! Which worker a request goes to.
//!
//! A [`Router`] is told what is known of each worker ([`Candidate`]) and answers with a [`Choice`] and its reasons. It
//! knows no engine and no request, only counts, so each rule is tested with numbers worked out by hand. Beside the
//! rules, this room has what routers remember: what should be cached where ([`Remembered`]), what they sent where
//! ([`Book`]), and which session went where ([`Affinity`]).

mod affinity;
mod book;
mod cache_aware;
mod hybrid;
mod kv;
mod learned;
mod least_loaded;
mod recent;
mod remembered;
mod round_robin;
mod router;
mod settings;

pub use affinity::Affinity;
pub use book::Book;
pub use cache_aware::CacheAware;
pub use hybrid::Hybrid;
pub use kv::KvCost;
pub use learned::{FEATURES, Learned, TtftModel};
pub use recent::Recent;
pub use remembered::Remembered;
pub use router::{Candidate, Choice, Query, Reason, Router, Score, Stage};
pub use settings::{OverlapSource, RouteSettings, SessionSettings, Strategy};
