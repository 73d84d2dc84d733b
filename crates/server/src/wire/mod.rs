//! How requests are read: lenient in what is there, exact in what is wrong with it.

mod explain;
mod multipart;
mod number;
mod path;
mod payload;
mod query;
mod skim;
mod union;

pub(crate) use multipart::{BodyParts, Part, PartsBody, broken};
pub(crate) use number::{Range, integer, number};
pub(crate) use path::PathText;
pub(crate) use payload::{JsonBody, content_type, json, json_bytes, named_model, read_body, read_bytes, read_json};
pub(crate) use query::Query;
pub(crate) use skim::{Skimmer, put};
pub(crate) use union::{OneOrMany, TokenInput, one_of};
