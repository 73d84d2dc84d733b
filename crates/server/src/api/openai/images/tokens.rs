//! What pictures count and cost.

use serde_json::{Value, json};

use super::family::Family;
use super::wanted::{Quality, Wanted};

/// Tokens of one answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ImageUsage {
    pub text: u32,
    pub pictures_in: u32,
    pub out: u32,
}

/// Tokens of a partial picture.
const PARTIAL: u32 = 100;

/// Tokens of one picture that is made: one for each patch of 64, 32 or 16 pixels a side, and one for each row of patches.
/// It gives `OpenAI`'s table (272, 1056 and 4160 for 1024 × 1024; 408, 1584, 6240 upright; 400, 1568, 6208 across).
pub(super) const fn tokens_out(quality: Quality, (width, height): (u32, u32)) -> u32 {
    let patch = match quality {
        Quality::Low => 64,
        Quality::Medium => 32,
        Quality::High => 16,
    };
    let (columns, rows) = (width.div_ceil(patch), height.div_ceil(patch));
    columns * rows + rows
}

/// Tokens of a picture that is given: 65, and 129 for each tile of 512 pixels after its shorter side was brought down to
/// 512; faithful inputs 4,160 more if square, else 6,240 (`OpenAI`'s guide on images).
pub(super) fn tokens_in((width, height): (u32, u32), is_faithful: bool) -> u32 {
    let short = f64::from(width.min(height).max(1));
    let shrink = (512.0 / short).min(1.0);
    let tiles = |side: u32| (f64::from(side) * shrink / 512.0 - 1e-9).ceil().max(1.0) as u32;
    let faithful = match is_faithful {
        false => 0,
        true if width == height => 4160,
        true => 6240,
    };
    65 + 129 * tiles(width) * tiles(height) + faithful
}

impl ImageUsage {
    pub(super) fn of(wanted: &Wanted, size: (u32, u32), inputs: &[(u32, u32)]) -> Self {
        let text = wanted.card.tokenizer.count(&wanted.prompt) as u32;
        if !wanted.family.is_gpt() {
            return Self { text, ..Self::default() };
        }
        let partials = if wanted.is_streamed { wanted.partials * PARTIAL } else { 0 };
        Self {
            text,
            pictures_in: inputs.iter().map(|size| tokens_in(*size, wanted.is_faithful)).sum(),
            out: tokens_out(wanted.quality, size) * wanted.count + partials,
        }
    }

    pub(super) fn to_json(self, is_detailed: bool) -> Value {
        let given = self.text + self.pictures_in;
        let mut usage = json!({
            "total_tokens": given + self.out, "input_tokens": given, "output_tokens": self.out,
            "input_tokens_details": {"text_tokens": self.text, "image_tokens": self.pictures_in},
        });
        if is_detailed {
            usage["output_tokens_details"] = json!({"text_tokens": 0, "image_tokens": self.out});
        }
        usage
    }

    /// US dollars. Pictures that are given cost twice what text does, which is `OpenAI`'s price list; models that are
    /// paid by the picture have the price of the usual size, and these factors for others.
    pub(super) fn cost_usd(self, wanted: &Wanted, (width, height): (u32, u32)) -> f64 {
        let pricing = &wanted.card.pricing;
        if wanted.family.is_gpt() {
            let (text, pictures) = (u64::from(self.text), u64::from(self.pictures_in));
            return pricing.cost_usd(text + 2 * pictures, 0, self.out.into());
        }
        let is_large = width.max(height) > 1024;
        let factor = match wanted.family {
            Family::Dalle2 if width <= 256 => 0.8,
            Family::Dalle2 if width <= 512 => 0.9,
            Family::Dalle3 => match (wanted.quality == Quality::High, is_large) {
                (false, false) => 1.0,
                (true, true) => 3.0,
                _ => 2.0,
            },
            _ => 1.0,
        };
        pricing.per_image.unwrap_or(0.0) * factor * f64::from(wanted.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_openais_table() {
        for (size, expected) in
            [((1024, 1024), [272, 1056, 4160]), ((1024, 1536), [408, 1584, 6240]), ((1536, 1024), [400, 1568, 6208])]
        {
            let counts = [Quality::Low, Quality::Medium, Quality::High].map(|quality| tokens_out(quality, size));
            assert_eq!(counts, expected);
        }
        assert_eq!(tokens_in((1024, 1024), false), 194);
        assert_eq!(tokens_in((512, 1024), false), 323);
        assert_eq!(tokens_in((1024, 1024), true), 194 + 4160);
    }
}
