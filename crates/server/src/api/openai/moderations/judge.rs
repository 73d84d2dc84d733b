//! Scores of one input: its texts, and its picture by its colours.

use fakeai_media::Picture;
use fakeai_moderation::{Scores, Sight, score, score_picture};

use crate::error::ApiError;

/// One input: what gets one result.
#[derive(Debug, Default)]
pub(in crate::api::openai) struct Item {
    /// What it says.
    pub texts: Vec<String>,
    /// The URL of the picture it shows.
    pub picture: Option<String>,
}

/// Scores, and of what.
#[derive(Clone, Copy, Debug)]
pub(in crate::api::openai) struct Judged {
    pub scores: Scores,
    pub has_text: bool,
    pub has_picture: bool,
}

/// Judges one input. A picture behind a URL is not fetched: then nothing is known of its colours.
pub(in crate::api::openai) fn judge(item: &Item) -> Result<Judged, ApiError> {
    let mut scores = Scores::default();
    for text in &item.texts {
        scores = scores.with(&score(text));
    }
    if let Some(url) = &item.picture {
        scores = scores.with(&score_picture(sight(url)?));
    }
    Ok(Judged { scores, has_text: !item.texts.is_empty(), has_picture: item.picture.is_some() })
}

fn sight(url: &str) -> Result<Sight, ApiError> {
    let wrong = |message: &'static str| ApiError::invalid(message).param("input").code("invalid_image_url");
    let hash = url
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    match crate::api::openai::media::data_url(url) {
        Some(Ok(bytes)) => {
            let unsupported = "You uploaded an unsupported image. Please make sure your image is valid.";
            let picture = Picture::decode(&bytes).map_err(|_| wrong(unsupported))?;
            Ok(colours(&picture, hash))
        }
        Some(Err(_)) => Err(wrong("Invalid base64 image_url.")),
        None if url.starts_with("http://") || url.starts_with("https://") => Ok(Sight { hash, ..Sight::default() }),
        None => Err(wrong("Invalid image_url: expected an https URL or a base64 data URL.")),
    }
}

/// Shares of the colours of skin (Kovac, Peer, Solina 2003, for daylight) and of blood.
fn colours(picture: &Picture, hash: u64) -> Sight {
    let (mut skin, mut blood, mut all) = (0.0_f64, 0.0_f64, 0.0_f64);
    for pixel in picture.rgba.chunks_exact(4).step_by(7).filter(|pixel| pixel[3] > 127) {
        let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(i32::from);
        all += 1.0;
        let spread = red.max(green).max(blue) - red.min(green).min(blue);
        if red > 95 && green > 40 && blue > 20 && spread > 15 && red - green > 15 && red > blue {
            skin += 1.0;
        }
        if (90..210).contains(&red) && green < 45 && blue < 50 {
            blood += 1.0;
        }
    }
    Sight { skin: skin / all.max(1.0), blood: blood / all.max(1.0), hash }
}
