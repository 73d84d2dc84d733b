//! Pieces of messages: words as they are, media measured.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fakeai_tokens::ImageDetail;
use fakeai_writer::Part;

use super::wire::{ContentPart, InputAudio, MediaUrl};
use crate::error::ApiError;

const KINDS: [&str; 6] = ["text", "image_url", "input_audio", "video_url", "file", "refusal"];

/// The part a piece of content stands for; `param` is its path.
pub(in crate::api::openai) fn measure(part: ContentPart, param: &str) -> Result<Part, ApiError> {
    let missing = |field: &str| ApiError::missing(&format!("{param}.{field}"));
    match part.kind.as_deref() {
        None => Err(missing("type")),
        Some("text") => part.text.map(Part::Text).ok_or_else(|| missing("text")),
        Some("refusal") => part.refusal.map(Part::Text).ok_or_else(|| missing("refusal")),
        Some("image_url") => image(part.image_url.ok_or_else(|| missing("image_url"))?, param),
        Some("video_url") => video(part.video_url.ok_or_else(|| missing("video_url"))?, param),
        Some("input_audio") => audio(part.input_audio.ok_or_else(|| missing("input_audio"))?, param),
        Some("file") => Err(ApiError::invalid("File inputs are not built yet: send the text itself.").param(param)),
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

/// The bytes of a base64 data URL; `None` for any other URL, which is never fetched.
fn data_url(url: &str) -> Option<Result<Vec<u8>, base64::DecodeError>> {
    let (kind, data) = url.strip_prefix("data:")?.split_once(',')?;
    kind.ends_with(";base64").then(|| STANDARD.decode(data))
}

fn image(image: MediaUrl, param: &str) -> Result<Part, ApiError> {
    let param = format!("{param}.image_url");
    let detail = detail(image.detail.as_deref(), &param)?;
    let url = image.url.ok_or_else(|| ApiError::missing(&format!("{param}.url")))?;
    let wrong =
        |message: &'static str| ApiError::invalid(message).param(format!("{param}.url")).code("invalid_image_url");
    let (width, height) = match data_url(&url) {
        Some(Ok(bytes)) => fakeai_media::image_size(&bytes)
            .ok_or_else(|| wrong("You uploaded an unsupported image. Please make sure your image is valid."))?,
        Some(Err(_)) => return Err(wrong("Invalid base64 image_url.")),
        None if url.starts_with("http://") || url.starts_with("https://") => {
            hints(&url).size.unwrap_or(fakeai_media::DEFAULT_IMAGE_SIZE)
        }
        None => return Err(wrong("Invalid image_url: expected an https URL or a base64 data URL.")),
    };
    Ok(Part::Image { width, height, detail })
}

fn video(video: MediaUrl, param: &str) -> Result<Part, ApiError> {
    let param = format!("{param}.video_url");
    let detail = detail(video.detail.as_deref(), &param)?;
    let url = video.url.ok_or_else(|| ApiError::missing(&format!("{param}.url")))?;
    let hints = hints(&url);
    let (width, height) = hints.size.unwrap_or((512, 288));
    let seconds = hints.seconds.unwrap_or(5.0);
    Ok(Part::Video { width, height, seconds, frames_per_second: hints.frames_per_second.unwrap_or(4.0), detail })
}

fn audio(audio: InputAudio, param: &str) -> Result<Part, ApiError> {
    let param = format!("{param}.input_audio");
    let format = audio.format.ok_or_else(|| ApiError::missing(&format!("{param}.format")))?;
    if !matches!(format.as_str(), "wav" | "mp3") {
        return Err(ApiError::unsupported_value(&format!("{param}.format"), &format, &["wav", "mp3"]));
    }
    let data = audio.data.ok_or_else(|| ApiError::missing(&format!("{param}.data")))?;
    let wrong = || {
        ApiError::invalid("The audio data could not be decoded: expected base64 of a complete file.")
            .param(format!("{param}.data"))
            .code("invalid_audio")
    };
    let bytes = STANDARD.decode(data).map_err(|_| wrong())?;
    let seconds = fakeai_media::audio_seconds(&bytes).ok_or_else(wrong)?;
    Ok(Part::Audio { seconds })
}

/// What a URL says about what is behind it: `?width=&height=&duration=&fps=`.
#[derive(Default)]
struct Hints {
    size: Option<(u32, u32)>,
    seconds: Option<f64>,
    frames_per_second: Option<f64>,
}

fn hints(url: &str) -> Hints {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let number = |name: &str| value(name).and_then(|text| text.parse::<f64>().ok()).filter(|number| *number > 0.0);
    let pixels = |name: &str| value(name).and_then(|text| text.parse::<u32>().ok()).filter(|pixels| *pixels > 0);
    Hints { size: pixels("width").zip(pixels("height")), seconds: number("duration"), frames_per_second: number("fps") }
}
