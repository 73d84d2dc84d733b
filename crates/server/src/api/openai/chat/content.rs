//! Pieces of messages: words as they are, media measured.

use fakeai_tokens::ImageDetail;
use fakeai_writer::Part;

use super::wire::{ContentPart, FileWire, InputAudio, MediaUrl};
use crate::api::openai::media::{document, film, picture, sound, stored_document};
use crate::context::Context;
use crate::error::ApiError;

const KINDS: [&str; 6] = ["text", "image_url", "input_audio", "video_url", "file", "refusal"];

/// The part a piece of content stands for; `param` is its path.
pub(super) fn measure(context: &Context, part: ContentPart, param: &str) -> Result<Part, ApiError> {
    let missing = |field: &str| ApiError::missing(&format!("{param}.{field}"));
    match part.kind.as_deref() {
        None => Err(missing("type")),
        Some("text") => part.text.map(Part::Text).ok_or_else(|| missing("text")),
        Some("refusal") => part.refusal.map(Part::Text).ok_or_else(|| missing("refusal")),
        Some("image_url") => image(part.image_url.ok_or_else(|| missing("image_url"))?, param),
        Some("video_url") => video(part.video_url.ok_or_else(|| missing("video_url"))?, param),
        Some("input_audio") => audio(part.input_audio.ok_or_else(|| missing("input_audio"))?, param),
        Some("file") => file(context, part.file.ok_or_else(|| missing("file"))?, param),
        Some(other) => Err(ApiError::unsupported_value(&format!("{param}.type"), other, &KINDS)),
    }
}

fn detail(detail: Option<&str>, param: &str) -> Result<ImageDetail, ApiError> {
    match detail {
        None | Some("auto") => Ok(ImageDetail::Auto),
        Some("low") => Ok(ImageDetail::Low),
        Some("high") => Ok(ImageDetail::High),
        Some(other) => Err(ApiError::unsupported_value(&format!("{param}.detail"), other, &["auto", "low", "high"])),
    }
}

fn image(image: MediaUrl, param: &str) -> Result<Part, ApiError> {
    let param = format!("{param}.image_url");
    let detail = detail(image.detail.as_deref(), &param)?;
    let url = image.url.ok_or_else(|| ApiError::missing(&format!("{param}.url")))?;
    picture(&url, detail, &format!("{param}.url"))
}

fn audio(audio: InputAudio, param: &str) -> Result<Part, ApiError> {
    let param = format!("{param}.input_audio");
    let format = audio.format.ok_or_else(|| ApiError::missing(&format!("{param}.format")))?;
    if !matches!(format.as_str(), "wav" | "mp3") {
        return Err(ApiError::unsupported_value(&format!("{param}.format"), &format, &["wav", "mp3"]));
    }
    let data = audio.data.ok_or_else(|| ApiError::missing(&format!("{param}.data")))?;
    sound(&data, &format!("{param}.data"))
}

fn file(context: &Context, file: FileWire, param: &str) -> Result<Part, ApiError> {
    let param = format!("{param}.file");
    if let Some(id) = &file.file_id {
        return stored_document(context, id, &format!("{param}.file_id"));
    }
    let data = file.file_data.ok_or_else(|| ApiError::missing(&format!("{param}.file_data")))?;
    document(&data, file.filename, &format!("{param}.file_data"))
}

fn video(video: MediaUrl, param: &str) -> Result<Part, ApiError> {
    let param = format!("{param}.video_url");
    let detail = detail(video.detail.as_deref(), &param)?;
    let url = video.url.ok_or_else(|| ApiError::missing(&format!("{param}.url")))?;
    film(&url, detail, &format!("{param}.url"))
}
