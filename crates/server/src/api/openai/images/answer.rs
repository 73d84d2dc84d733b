//! Pictures as an answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fakeai_core::Seed;
use serde_json::{Value, json};

use super::family::Family;
use super::keep::keep;
use super::tokens::ImageUsage;
use super::wanted::Wanted;
use crate::context::Context;
use crate::error::ApiError;

/// The whole answer. `base` is what URLs begin with.
pub(super) async fn whole(
    context: &Context,
    wanted: &Wanted,
    files: Vec<Bytes>,
    (size, usage, base): ((u32, u32), ImageUsage, &str),
    seed: Seed,
) -> Result<Value, ApiError> {
    let mut data = Vec::new();
    for file in files {
        let mut one = if wanted.is_url {
            let name = keep(context, file, wanted.format).await?;
            json!({"url": format!("{base}/images/{name}")})
        } else {
            json!({"b64_json": STANDARD.encode(&file)})
        };
        if wanted.family == Family::Dalle3 {
            one["revised_prompt"] = json!(revised(&wanted.prompt, seed));
        }
        data.push(one);
    }
    let mut answer = json!({"created": context.created(), "data": data});
    if wanted.family.is_gpt() {
        answer["background"] = json!(background(wanted));
        answer["output_format"] = json!(wanted.format.name());
        answer["quality"] = json!(wanted.quality.name());
        answer["size"] = json!(format!("{}x{}", size.0, size.1));
        answer["usage"] = usage.to_json(true);
    }
    Ok(answer)
}

pub(super) const fn background(wanted: &Wanted) -> &'static str {
    if wanted.is_transparent { "transparent" } else { "opaque" }
}

/// The prompt as `dall-e-3` tells it back: longer, with what was left open filled in.
fn revised(prompt: &str, seed: Seed) -> String {
    const KINDS: [&str; 4] = [
        "A detailed illustration of",
        "A vivid digital painting of",
        "An atmospheric picture of",
        "A carefully composed image of",
    ];
    const LIGHTS: [&str; 4] =
        ["soft, warm light", "clear light from the side", "the glow of a low sun", "even, gentle light"];
    const ENDS: [&str; 4] = [
        "The composition leads the eye to the subject.",
        "Layers in the background give it depth.",
        "The colours are rich and in harmony.",
        "Fine details reward a second look.",
    ];
    let mut rng = seed.derive("revised").rng();
    let mut pick = |list: &[&'static str; 4]| list[rng.below(list.len())];
    let told = prompt.trim().trim_end_matches('.');
    let mut letters = told.chars();
    // A name keeps its capital, a sentence's first word does not.
    let told = match (letters.next(), letters.next()) {
        (Some('A'), Some(' ')) => format!("a{}", &told[1..]),
        _ => told.to_owned(),
    };
    format!("{} {told}, in {}. {}", pick(&KINDS), pick(&LIGHTS), pick(&ENDS))
}
