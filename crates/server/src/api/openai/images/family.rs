//! What each family of image models takes.

use crate::error::ApiError;

/// A family of image models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Dalle2,
    Dalle3,
    /// `gpt-image-*`; the second generation takes any size.
    Gpt {
        any_size: bool,
    },
    /// Stable Diffusion and its kin, and models nobody knows.
    Open,
}

/// Parameters that only `gpt-image-*` knows.
pub(super) const GPT_ONLY: [&str; 7] =
    ["background", "output_format", "output_compression", "moderation", "stream", "partial_images", "input_fidelity"];

impl Family {
    pub(super) fn of(model: &str) -> Self {
        let name = model.rsplit('/').next().unwrap_or(model);
        match name {
            "dall-e-2" => Self::Dalle2,
            "dall-e-3" => Self::Dalle3,
            _ if name.starts_with("gpt-image-2") => Self::Gpt { any_size: true },
            _ if name.starts_with("gpt-image") || name.starts_with("chatgpt-image") => Self::Gpt { any_size: false },
            _ => Self::Open,
        }
    }

    pub(super) const fn is_gpt(self) -> bool {
        matches!(self, Self::Gpt { .. })
    }

    /// Longest prompt, characters.
    pub(super) const fn most_characters(self) -> usize {
        match self {
            Self::Dalle2 => 1000,
            Self::Dalle3 => 4000,
            Self::Gpt { .. } | Self::Open => 32_000,
        }
    }

    /// Whether it knows a parameter; others are refused as `OpenAI` does. Models nobody knows are asked what they like.
    pub(super) fn knows(self, field: &str) -> bool {
        match self {
            Self::Dalle2 => !GPT_ONLY.contains(&field) && field != "style",
            Self::Dalle3 => !GPT_ONLY.contains(&field),
            Self::Gpt { .. } => !matches!(field, "style" | "response_format"),
            Self::Open => true,
        }
    }

    pub(super) const fn qualities(self) -> &'static [&'static str] {
        match self {
            Self::Dalle2 => &["standard", "auto"],
            Self::Dalle3 => &["standard", "hd", "auto"],
            Self::Gpt { .. } => &["low", "medium", "high", "auto"],
            Self::Open => &["low", "medium", "high", "standard", "hd", "auto"],
        }
    }

    const fn sizes(self) -> &'static [&'static str] {
        match self {
            Self::Dalle2 => &["256x256", "512x512", "1024x1024"],
            Self::Dalle3 => &["1024x1024", "1792x1024", "1024x1792"],
            Self::Gpt { .. } | Self::Open => &["1024x1024", "1024x1536", "1536x1024", "auto"],
        }
    }

    /// Pixels across and down of a size; `None` for `auto`.
    pub(super) fn size(self, name: &str) -> Result<Option<(u32, u32)>, ApiError> {
        if self.sizes().contains(&name) || (name == "auto" && self != Self::Dalle2) {
            return Ok(pixels(name));
        }
        let unknown = || ApiError::unsupported_value("size", name, self.sizes());
        let free = |step: u32, most_side: u32, most_pixels: u64| {
            let (width, height) = pixels(name).ok_or_else(unknown)?;
            let wrong = |why: String| {
                ApiError::invalid(format!("Invalid size '{name}': {why}.")).param("size").code("invalid_value")
            };
            if !width.is_multiple_of(step) || !height.is_multiple_of(step) {
                return Err(wrong(format!("width and height must be divisible by {step}")));
            }
            let (short, long) = (width.min(height), width.max(height));
            if short < 64 || long > most_side || u64::from(width) * u64::from(height) > most_pixels {
                return Err(wrong(format!("sides are 64 to {most_side} pixels, and at most {most_pixels} in all")));
            }
            if long > short * 3 {
                return Err(wrong("the aspect ratio must be between 1:3 and 3:1".to_owned()));
            }
            Ok(Some((width, height)))
        };
        match self {
            Self::Gpt { any_size: true } => free(16, 3840, 3840 * 2160),
            Self::Open => free(8, 2048, 2048 * 2048),
            Self::Dalle2 | Self::Dalle3 | Self::Gpt { .. } => Err(unknown()),
        }
    }

    /// What edits say of it, if it makes none.
    pub(super) fn edits(self, model: &str) -> Result<(), ApiError> {
        if self == Self::Dalle3 {
            return Err(ApiError::unsupported_value("model", model, &["gpt-image-1", "dall-e-2"]));
        }
        Ok(())
    }
}

/// `1024x768`.
fn pixels(name: &str) -> Option<(u32, u32)> {
    let (width, height) = name.split_once('x')?;
    let side = |text: &str| text.parse::<u32>().ok().filter(|side| text.len() <= 5 && *side > 0);
    side(width).zip(side(height))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_follow_the_family() {
        let of = |model: &str, size: &str| Family::of(model).size(size).ok();
        assert_eq!(of("dall-e-2", "256x256"), Some(Some((256, 256))));
        assert_eq!(of("dall-e-2", "1792x1024"), None);
        assert_eq!(of("dall-e-3", "1792x1024"), Some(Some((1792, 1024))));
        assert_eq!(of("gpt-image-1", "auto"), Some(None));
        assert_eq!(of("gpt-image-1", "1536x864"), None);
        assert_eq!(of("gpt-image-2", "1536x864"), Some(Some((1536, 864))));
        assert_eq!(of("gpt-image-2", "1536x400"), None);
        assert_eq!(of("stabilityai/stable-diffusion-xl", "768x512"), Some(Some((768, 512))));
    }

    proptest! {
        #[test]
        fn no_size_is_beyond_bounds(size in "[0-9xa]{0,14}", model in "(dall-e-2|dall-e-3|gpt-image-1|gpt-image-2|sd)") {
            if let Ok(Some((width, height))) = Family::of(&model).size(&size) {
                prop_assert!(width >= 64 && height >= 64 && width <= 3840 && height <= 3840);
            }
        }
    }
}
