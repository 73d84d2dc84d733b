//! Images: made, edited and varied; kept for a while where answers give URLs.

mod answer;
mod edits;
mod family;
mod keep;
mod make;
mod routes;
mod stream;
mod time;
mod tokens;
mod wanted;

pub(super) use make::{Painting, encode, paint_at, sign};
pub(super) use routes::endpoints;
pub(super) use wanted::{Format, size_of_prompt};
