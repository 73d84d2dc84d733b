//! Images: each family, each form of answer, streams, edits by reference.

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fakeai_media::{Picture, Writing};
use serde_json::json;

use crate::trial::Trial;

const CREATE: &str = "createImage";
const EDIT: &str = "createImageEdit";

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    for (name, body) in [
        ("dall-e-2", json!({"model": "dall-e-2", "prompt": "a boat", "n": 2, "size": "256x256"})),
        (
            "dall-e-3",
            json!({"model": "dall-e-3", "prompt": "a boat", "style": "natural", "quality": "hd", "response_format": "b64_json"}),
        ),
        ("gpt-image-1", json!({"model": "gpt-image-1", "prompt": "a boat", "quality": "low", "size": "1024x1024"})),
        (
            "webp",
            json!({"model": "gpt-image-1.5", "prompt": "a boat", "quality": "low", "output_format": "webp", "output_compression": 60, "background": "transparent"}),
        ),
    ] {
        trial.name(name);
        trial.call(CREATE, &[], body).await?;
    }
    trial.name("streamed");
    let body = json!({"model": "gpt-image-1", "prompt": "a boat", "quality": "low", "size": "1024x1024", "stream": true, "partial_images": 2});
    let events = trial.stream(CREATE, &[], body).await?;
    trial.hold(CREATE, events.is_empty() || events.len() == 3, "not two unfinished pictures and a finished one")?;
    trial.name("edits");
    let picture = Picture::filled(64, 64, [200, 80, 40, 255]).encode(Writing::Png)?;
    let url = format!("data:image/png;base64,{}", STANDARD.encode(&picture));
    let body = json!({"model": "gpt-image-1", "prompt": "make it black and white", "images": [{"image_url": url}], "quality": "low"});
    trial.call(EDIT, &[], body.clone()).await?;
    let mut streamed = body;
    streamed["stream"] = json!(true);
    trial.stream(EDIT, &[], streamed).await?;
    trial.name("varied");
    let texts = [("model", "dall-e-2"), ("n", "2"), ("size", "256x256")];
    trial.named_form("createImageVariation", &[], &texts, ("image", "picture.png", &picture)).await?;
    trial.name("refused");
    trial.refuse(CREATE, &[], json!({"model": "dall-e-2"}), 400).await?;
    trial.refuse(CREATE, &[], json!({"model": "dall-e-3", "prompt": "x", "n": 3}), 400).await
}
