//! Pictures, videos, sounds and documents that requests carry or name by the id of a file: measured and read, never
//! fetched.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fakeai_catalog::ModelCard;
use fakeai_tokens::ImageDetail;
use fakeai_writer::{Part, Turn};

use super::files::File;
use crate::context::Context;
use crate::error::ApiError;

/// Largest file that a request may name, bytes: `OpenAI`'s 50 MB.
const MOST_STORED_BYTES: u64 = 50 << 20;

/// Refuses pictures, sound and videos that OpenAI's models do not take; models of other makers are taken at their word. A
/// server without audio hears nothing.
/// `path` names a part by its turn and place.
pub(super) fn check(
    context: &Context,
    card: &ModelCard,
    turns: &[Turn],
    path: impl Fn(usize, usize) -> String,
) -> Result<(), ApiError> {
    let can = card.capabilities;
    let theirs = card.provider != "openai";
    let hears = context.app().settings.audio.enabled;
    for (index, turn) in turns.iter().enumerate() {
        for (place, part) in turn.parts.iter().enumerate() {
            let (kind, taken) = match part {
                Part::Text(_) | Part::File { .. } => continue,
                Part::Image { .. } => ("image_url", theirs || can.vision),
                Part::Audio { .. } => ("input_audio", hears && (theirs || can.audio_input)),
                Part::Video { .. } => ("video_url", theirs || can.video_input),
            };
            if !taken {
                let message = format!("Invalid content type. {kind} is only supported by certain models.");
                return Err(ApiError::invalid(message).param(path(index, place)));
            }
        }
    }
    Ok(())
}

/// The bytes of a base64 data URL; `None` for any other URL, which is never fetched.
pub(super) fn data_url(url: &str) -> Option<Result<Vec<u8>, base64::DecodeError>> {
    let (kind, data) = url.strip_prefix("data:")?.split_once(',')?;
    kind.ends_with(";base64").then(|| STANDARD.decode(data))
}

/// A picture by its URL: looked at if the URL holds it, never fetched.
pub(super) fn picture(url: &str, detail: ImageDetail, param: &str) -> Result<Part, ApiError> {
    let wrong = |message: &'static str| ApiError::invalid(message).param(param).code("invalid_image_url");
    match data_url(url) {
        Some(Ok(bytes)) => looked_at(&bytes, detail, param),
        Some(Err(_)) => Err(wrong("Invalid base64 image_url.")),
        None if url.starts_with("http://") || url.starts_with("https://") => {
            let (width, height) = hints(url).size.unwrap_or(fakeai_media::DEFAULT_IMAGE_SIZE);
            Ok(Part::Image { width, height, detail, facts: None })
        }
        None => Err(wrong("Invalid image_url: expected an https URL or a base64 data URL.")),
    }
}

fn looked_at(bytes: &[u8], detail: ImageDetail, param: &str) -> Result<Part, ApiError> {
    let facts = fakeai_media::describe_image(bytes).map_err(|_| {
        let message = "You uploaded an unsupported image. Please make sure your image is valid.";
        ApiError::invalid(message).param(param).code("invalid_image_url")
    })?;
    Ok(Part::Image { width: facts.width, height: facts.height, detail, facts: Some(facts.to_string()) })
}

/// A picture by the id of its file.
pub(super) fn stored_picture(context: &Context, id: &str, detail: ImageDetail, param: &str) -> Result<Part, ApiError> {
    looked_at(&stored(context, id, param)?.1, detail, param)
}

/// A document by the id of its file.
pub(super) fn stored_document(context: &Context, id: &str, param: &str) -> Result<Part, ApiError> {
    let (file, bytes) = stored(context, id, param)?;
    read(&bytes, Some(file.filename), None, param)
}

/// A file that a request names, and its bytes. Reads do not wait.
fn stored(context: &Context, id: &str, param: &str) -> Result<(File, Vec<u8>), ApiError> {
    let gone = || ApiError::invalid(format!("No such File object: {id}")).param(param).code("file_not_found");
    let file = File::look(context, id)?.ok_or_else(gone)?;
    if file.bytes > MOST_STORED_BYTES {
        let message =
            format!("The file '{id}' is too large for a request: at most {MOST_STORED_BYTES} bytes are read.");
        return Err(ApiError::invalid(message).param(param).code("file_too_large"));
    }
    let bytes = file.read_all(context)?.ok_or_else(gone)?;
    Ok((file, bytes))
}

/// A video by its URL: measured if the URL holds it, never fetched. What its query says goes before.
pub(super) fn film(url: &str, detail: ImageDetail, param: &str) -> Result<Part, ApiError> {
    let hints = hints(url);
    let wrong = |message: &'static str| ApiError::invalid(message).param(param).code("invalid_video_url");
    let measured = match data_url(url) {
        Some(Ok(bytes)) => Some(
            fakeai_media::video_facts(&bytes)
                .map_err(|_| wrong("You uploaded an unsupported video. Please make sure your video is valid."))?,
        ),
        Some(Err(_)) => return Err(wrong("Invalid base64 video_url.")),
        None if url.starts_with("http://") || url.starts_with("https://") => None,
        None => return Err(wrong("Invalid video_url: expected an https URL or a base64 data URL.")),
    };
    // What the client says it wants looked at goes before what is there.
    let size = measured.map(|facts| (facts.width, facts.height));
    let (width, height) = hints.size.or(size).unwrap_or((512, 288));
    let seconds = hints.seconds.or(measured.map(|facts| facts.seconds)).unwrap_or(5.0);
    let frames_per_second = hints.frames_per_second.unwrap_or(4.0);
    let facts = measured.map(|facts| {
        let rate = facts.frames_per_second.map(|rate| format!(" at {rate:.0} frames a second")).unwrap_or_default();
        let name = facts.container.name();
        format!("{name} video of {} × {} pixels and {:.1} seconds{rate}", facts.width, facts.height, facts.seconds)
    });
    Ok(Part::Video { width, height, seconds, frames_per_second, detail, facts })
}

/// A recording in base64.
pub(super) fn sound(data: &str, param: &str) -> Result<Part, ApiError> {
    let wrong = || {
        ApiError::invalid("The audio data could not be decoded: expected base64 of a complete file.")
            .param(param)
            .code("invalid_audio")
    };
    let bytes = STANDARD.decode(data).map_err(|_| wrong())?;
    let facts = fakeai_media::audio_facts(&bytes).map_err(|_| wrong())?;
    let channels = match facts.channels {
        1 => "mono".to_owned(),
        2 => "stereo".to_owned(),
        more => format!("{more} channels"),
    };
    let told = format!(
        "{} recording of {:.1} seconds ({:.1} kHz, {channels}, loudness {:.0} dBFS, {:.0} % silence)",
        facts.format.name(),
        facts.seconds,
        f64::from(facts.sample_rate) / 1000.0,
        facts.loudness_dbfs,
        facts.silence_share * 100.0
    );
    Ok(Part::Audio { seconds: facts.seconds, facts: Some(told) })
}

/// A document in a data URL, or in plain base64.
pub(super) fn document(data: &str, name: Option<String>, param: &str) -> Result<Part, ApiError> {
    let wrong = |message: String| ApiError::invalid(message).param(param).code("invalid_file_data");
    let mime = data.strip_prefix("data:").and_then(|rest| rest.split_once([';', ','])).map(|(mime, _)| mime.to_owned());
    let bytes = data_url(data).unwrap_or_else(|| STANDARD.decode(data));
    let bytes = bytes.map_err(|_| wrong("Invalid file data: expected a base64-encoded data URL.".to_owned()))?;
    read(&bytes, name, mime.as_deref(), param)
}

fn read(bytes: &[u8], name: Option<String>, mime: Option<&str>, param: &str) -> Result<Part, ApiError> {
    let read = fakeai_media::document_text(name.as_deref(), mime, bytes).map_err(|error| {
        ApiError::invalid(format!("Invalid file data: {error}.")).param(param).code("invalid_file_data")
    })?;
    let pages = if read.kind == fakeai_media::DocumentKind::Pdf { read.pages.len() as u32 } else { 0 };
    Ok(Part::File { name: name.unwrap_or_else(|| "the file".to_owned()), pages, text: read.text() })
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
