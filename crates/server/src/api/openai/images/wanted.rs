//! What a request wants, checked: from here on nothing of it can be wrong.

use std::sync::Arc;

use fakeai_catalog::ModelCard;
use fakeai_media::Writing;

use super::family::{Family, GPT_ONLY};
use crate::api::openai::fields::Fields;
use crate::context::Context;
use crate::error::ApiError;

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api::openai) enum Format {
    Png,
    Jpeg,
    WebP,
}

impl Format {
    pub(in crate::api::openai) const fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::WebP => "webp",
        }
    }

    pub(in crate::api::openai) fn named(name: &str) -> Option<Self> {
        [Self::Png, Self::Jpeg, Self::WebP].into_iter().find(|format| format.name() == name)
    }

    pub(in crate::api::openai) const fn writing(self, compression: u8) -> Writing {
        match self {
            Self::Png => Writing::Png,
            Self::Jpeg => Writing::Jpeg(compression),
            Self::WebP => Writing::WebP(compression),
        }
    }
}

/// How much work goes into a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quality {
    Low,
    Medium,
    High,
}

impl Quality {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    Generate,
    Edit,
    Vary,
}

/// A request for pictures.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub card: Arc<ModelCard>,
    pub family: Family,
    pub task: Task,
    pub prompt: String,
    pub count: u32,
    /// Pixels across and down; `None` is `auto`.
    pub size: Option<(u32, u32)>,
    pub quality: Quality,
    pub is_vivid: bool,
    pub is_transparent: bool,
    pub format: Format,
    pub compression: u8,
    /// Whether the answer gives URLs instead of the pictures.
    pub is_url: bool,
    pub is_streamed: bool,
    pub partials: u32,
    /// Whether inputs count with more tokens.
    pub is_faithful: bool,
    /// What the client says draws are to follow from.
    pub seed: Option<i64>,
}

impl Wanted {
    pub(super) fn of(context: &Context, fields: &Fields, task: Task) -> Result<Self, ApiError> {
        let model = fields
            .text("model")?
            .filter(|model| !model.is_empty())
            .unwrap_or_else(|| usual_model(fields, task))
            .to_owned();
        let family = Family::of(&model);
        match task {
            Task::Generate => {}
            Task::Edit => family.edits(&model)?,
            Task::Vary if matches!(family, Family::Dalle2 | Family::Open) => {}
            Task::Vary => return Err(ApiError::unsupported_value("model", &model, &["dall-e-2"])),
        }
        let card = context.model(&model)?;
        context.note().model = Some(card.id.as_str().into());
        fields.check_names(|name| family.knows(name))?;
        let prompt = prompt(fields, family, task)?;
        let count = fields.integer("n", 1, 10)?.unwrap_or(1) as u32;
        if family == Family::Dalle3 && count != 1 {
            return Err(ApiError::invalid("You must provide n=1 for this model.").param("n").code("invalid_value"));
        }
        let size = match fields.text("size")? {
            Some(size) => family.size(size)?,
            None if family.is_gpt() => None,
            None => Some((1024, 1024)),
        };
        let (format, compression, is_transparent) = written(fields)?;
        fields.word("moderation", &["low", "auto"])?;
        let is_streamed = fields.flag("stream")?;
        if is_streamed && count != 1 {
            let message = "Streaming is only supported for a single image: n must be 1.";
            return Err(ApiError::invalid(message).param("n").code("invalid_value"));
        }
        let wanted = Self {
            family,
            task,
            prompt,
            count,
            size,
            format,
            is_transparent,
            is_streamed,
            card,
            quality: quality(fields, family)?,
            is_vivid: fields.word("style", &["vivid", "natural"])? != Some("natural"),
            compression,
            is_url: !family.is_gpt() && fields.word("response_format", &["url", "b64_json"])? != Some("b64_json"),
            partials: fields.integer("partial_images", 0, 3)?.unwrap_or(0) as u32,
            is_faithful: fields.word("input_fidelity", &["high", "low"])? == Some("high"),
            seed: if family == Family::Open { fields.integer("seed", i64::MIN, i64::MAX)? } else { None },
        };
        blocked(context, &wanted)?;
        Ok(wanted)
    }
}

/// How pictures are written: format, compression, and whether their background is transparent.
fn written(fields: &Fields) -> Result<(Format, u8, bool), ApiError> {
    let format = fields.word("output_format", &["png", "jpeg", "webp"])?.and_then(Format::named).unwrap_or(Format::Png);
    let compression = fields.integer("output_compression", 0, 100)?;
    if format == Format::Png && compression.is_some_and(|compression| compression < 100) {
        let message = "Compression less than 100 is not supported for PNG output format";
        return Err(ApiError::invalid(message).param("output_compression").code("invalid_png_output_compression"));
    }
    let is_transparent = fields.word("background", &["transparent", "opaque", "auto"])? == Some("transparent");
    if is_transparent && format == Format::Jpeg {
        let message = "Transparent background is not supported for JPEG output format";
        return Err(ApiError::invalid(message).param("background").code("invalid_value"));
    }
    let compression = compression.unwrap_or(if format == Format::Jpeg { 92 } else { 100 }) as u8;
    Ok((format, compression, is_transparent))
}

/// The model of requests that name none: the one that knows what they ask for.
fn usual_model(fields: &Fields, task: Task) -> &'static str {
    let asks_for_gpt = || {
        let quality = fields.get("quality").and_then(serde_json::Value::as_str);
        GPT_ONLY.iter().any(|name| fields.get(name).is_some()) || matches!(quality, Some("low" | "medium" | "high"))
    };
    match task {
        Task::Generate if asks_for_gpt() => "gpt-image-1",
        Task::Edit => "gpt-image-1.5",
        Task::Generate | Task::Vary => "dall-e-2",
    }
}

fn prompt(fields: &Fields, family: Family, task: Task) -> Result<String, ApiError> {
    if task == Task::Vary {
        return Ok(String::new());
    }
    let prompt = fields.text("prompt")?.ok_or_else(|| ApiError::missing("prompt"))?;
    if prompt.trim().is_empty() {
        let message =
            "Invalid 'prompt': empty string. Expected a string with minimum length 1, but got an empty string instead.";
        return Err(ApiError::invalid(message).param("prompt").code("empty_string"));
    }
    let (most, count) = (family.most_characters(), prompt.chars().count());
    if count > most {
        return Err(ApiError::too_long("prompt", most, count));
    }
    Ok(prompt.to_owned())
}

fn quality(fields: &Fields, family: Family) -> Result<Quality, ApiError> {
    Ok(match fields.word("quality", family.qualities())? {
        Some("low") => Quality::Low,
        Some("high" | "hd") => Quality::High,
        _ => Quality::Medium,
    })
}

/// Refuses prompts that moderation flags, where the server refuses harmful requests at all.
fn blocked(context: &Context, wanted: &Wanted) -> Result<(), ApiError> {
    let settings = &context.app().settings;
    let Some(moderation) = settings.moderation.filter(|_| settings.writer.safety.refusals) else { return Ok(()) };
    if !fakeai_moderation::score(&wanted.prompt).reaches(moderation.threshold) {
        return Ok(());
    }
    let message = "Your request was rejected as a result of our safety system. Your prompt may contain text that is not \
                   allowed by our safety system.";
    let code = if wanted.family.is_gpt() { "moderation_blocked" } else { "content_policy_violation" };
    Err(ApiError::invalid(message).code(code))
}

/// The size that suits a prompt, where the client leaves it open.
pub(in crate::api::openai) fn size_of_prompt(prompt: &str) -> (u32, u32) {
    let lower = prompt.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if says(&["landscape", "panorama", "wide", "skyline", "horizon", "banner", "seascape", "cinematic"]) {
        (1536, 1024)
    } else if says(&["portrait", "poster", "full body", "tall", "lighthouse", "tower", "phone wallpaper", "book cover"])
    {
        (1024, 1536)
    } else {
        (1024, 1024)
    }
}
