//! Text to tokens and back, the overhead of a chat, and the token rules of images, audio and video.
//!
//! One count serves all: what is counted here is what is streamed, priced, cached and limited. Knows no model cards
//! and no wire formats.

mod chat;
mod encoding;
mod media;
mod memo;
mod phrases;
mod pieces;

pub use chat::ChatOverhead;
pub use encoding::{Encoding, Quote, Token, Tokenizer};
pub use media::{ImageDetail, ImageRule, audio_tokens, image_tokens, video_tokens};
pub use memo::CountMemo;
