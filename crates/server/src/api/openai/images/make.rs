//! Makes the pictures, on threads beside those that serve connections.

use bytes::Bytes;
use fakeai_core::Seed;
use fakeai_media::art::{Edit, Look, Sketch, edit, paint, vary};
use fakeai_media::{Claim, Picture};

use super::edits::Inputs;
use super::wanted::{Format, Quality, Task, Wanted};
use crate::context::Context;
use crate::error::ApiError;

/// What a picture shows beside its prompt.
#[derive(Clone, Copy, Debug)]
pub(in crate::api::openai) struct Painting<'a> {
    pub prompt: &'a str,
    pub size: (u32, u32),
    pub look: Look,
    pub has_caption: bool,
}

/// Paints one.
pub(in crate::api::openai) fn paint_at(painting: Painting<'_>, seed: Seed) -> Picture {
    let Painting { prompt, size: (width, height), look, has_caption } = painting;
    let caption = if has_caption { prompt } else { "" };
    paint(&Sketch { prompt, width, height, seed: seed.value(), look, caption })
}

/// Writes one as a file that says where it comes from.
pub(in crate::api::openai) fn sign(
    picture: &Picture,
    format: Format,
    compression: u8,
    claim: &Claim,
) -> Result<Bytes, ApiError> {
    encode(picture, format, compression).map(|file| fakeai_media::claim(file.into(), claim).into())
}

/// Writes one as a file.
pub(in crate::api::openai) fn encode(picture: &Picture, format: Format, compression: u8) -> Result<Bytes, ApiError> {
    picture.encode(format.writing(compression)).map(Bytes::from).map_err(|error| {
        tracing::error!(%error, "a picture could not be written");
        ApiError::internal()
    })
}

/// Where draws begin: the same request gives other pictures when it is asked again, unless it brings a seed.
pub(super) fn seed(context: &Context, wanted: &Wanted, inputs: &Inputs) -> Seed {
    let task = match wanted.task {
        Task::Generate => "generate",
        Task::Edit => "edit",
        Task::Vary => "vary",
    };
    let root = context.workspace().seed().derive("images").derive(task).derive(&wanted.card.id).derive(&wanted.prompt);
    let root = root.mix(inputs.fingerprint());
    match wanted.seed {
        Some(seed) => root.derive("seed").mix(seed as u64),
        None => root.derive("repeat").mix(context.workspace().count_repeat(root.value())),
    }
}

/// Makes all pictures of a request.
pub(super) async fn make(
    context: &Context,
    wanted: &Wanted,
    inputs: Inputs,
    size: (u32, u32),
    seed: Seed,
) -> Result<Vec<Picture>, ApiError> {
    let has_caption = context.app().settings.images.caption;
    let look = Look {
        is_vivid: wanted.is_vivid,
        is_transparent: wanted.is_transparent,
        detail: match wanted.quality {
            Quality::Low => 0,
            Quality::Medium => 1,
            Quality::High => 2,
        },
    };
    let (task, prompt, count) = (wanted.task, wanted.prompt.clone(), wanted.count);
    let work = move || -> Vec<Picture> {
        let one = |index: u32| {
            let seed = seed.mix(u64::from(index));
            match (task, inputs.pictures.split_first()) {
                (Task::Vary, Some((source, _))) => vary(source, size.0, size.1, seed.value()),
                (Task::Edit, Some((source, others))) => edit(&Edit {
                    source,
                    mask: inputs.mask.as_ref(),
                    others,
                    prompt: &prompt,
                    seed: seed.value(),
                    width: size.0,
                    height: size.1,
                    look,
                }),
                _ => paint_at(Painting { prompt: &prompt, size, look, has_caption }, seed),
            }
        };
        (0..count).map(one).collect()
    };
    context.app().kit.tasks.compute(work).await.ok_or_else(ApiError::internal)
}
