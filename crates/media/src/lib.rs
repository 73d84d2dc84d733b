//! Pixels, sound, video, documents: read, measured, described and made.
//!
//! Takes bytes and gives plain structs. Reads no more than is needed, never trusts a header beyond the bytes that are
//! there, sets limits before it allocates, and knows no requests, no HTTP and no clock.

mod archive;
pub mod art;
mod document;
mod error;
mod film;
mod pcm;
mod picture;
mod provenance;
mod sound;
pub mod speech;
mod video;

pub use archive::{Archive, pack};
pub use document::{Document, DocumentKind, MOST_TEXT_BYTES, document_text};
pub use error::MediaError;
pub use film::{FRAMES_PER_SECOND, Film};
pub use pcm::Pcm;
pub use picture::{
    COLOURS, ColourShare, DEFAULT_IMAGE_SIZE, ImageFacts, ImageFormat, Layout, MOST_DECODED_BYTES, MOST_PIXELS,
    MOST_WORKED_PIXELS, Picture, PixelFacts, Writing, describe_image, image_size,
};
pub use provenance::{Claim, Provenance, claim, provenance};
#[cfg(feature = "audio")]
pub use sound::{AudioFacts, DecodedAudio, Heard, MOST_HEARD_SECONDS, SILENCE_DBFS, audio_facts, decode_audio, hear};
pub use sound::{
    AudioFormat, SoundEncoder, SoundFormat, VoiceActivity, audio_seconds, decode_alaw, decode_mulaw, encode,
    encode_alaw, encode_mulaw,
};
pub use video::{VideoContainer, VideoFacts, video_facts};
