//! What images, audio and video cost in tokens.

/// How closely the model looks at an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ImageDetail {
    /// One glance at 512 × 512.
    Low,
    /// Tiles of 512 × 512.
    High,
    /// `Low` for images that fit 512 × 512, else `High`.
    #[default]
    Auto,
}

/// The price list of a family of models for images (OpenAI, "Images and vision", calculating costs).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ImageRule {
    /// `base` tokens and `tile` tokens for each 512-pixel tile.
    Tiles {
        /// Tokens of any image.
        base: u32,
        /// Tokens of each tile.
        tile: u32,
    },
    /// One token for each 32-pixel patch, at most 1,536, times a factor.
    Patches {
        /// Tokens a patch.
        factor: f64,
    },
}

/// Tokens of an image of `width` × `height` pixels.
pub fn image_tokens(rule: ImageRule, width: u32, height: u32, detail: ImageDetail) -> u32 {
    match rule {
        ImageRule::Tiles { base, tile } => {
            let small = width <= 512 && height <= 512;
            if detail == ImageDetail::Low || (detail == ImageDetail::Auto && small) {
                return base;
            }
            let (width, height) = fitted(f64::from(width.max(1)), f64::from(height.max(1)));
            let tiles = (width / 512.0).ceil() * (height / 512.0).ceil();
            base + tile * tiles as u32
        }
        ImageRule::Patches { factor } => (f64::from(patches(width, height)) * factor).ceil() as u32,
    }
}

/// Within 2048 × 2048, then the short side down to 768. Never enlarged.
fn fitted(width: f64, height: f64) -> (f64, f64) {
    let fit = (2048.0 / width.max(height)).min(1.0);
    let (width, height) = (width * fit, height * fit);
    let shrink = (768.0 / width.min(height)).min(1.0);
    ((width * shrink).round(), (height * shrink).round())
}

fn patches(width: u32, height: u32) -> u32 {
    const MOST: u32 = 1536;
    let (width, height) = (width.max(1), height.max(1));
    let count = width.div_ceil(32).saturating_mul(height.div_ceil(32));
    if count <= MOST {
        return count;
    }
    // Shrunk until the patches fit, and then so that whole patches fit one side.
    let (wide, high) = (f64::from(width), f64::from(height));
    let shrink = (f64::from(MOST) * 32.0 * 32.0 / (wide * high)).sqrt();
    let (across, down) = (wide * shrink / 32.0, high * shrink / 32.0);
    let whole = (across.floor() / across).min(down.floor() / down);
    let count = (across * whole).ceil() * (down * whole).ceil();
    (count as u32).clamp(1, MOST)
}

/// Tokens of `seconds` of spoken input: ten a second (OpenAI Realtime guide, "audio tokens": 1 per 100 ms).
pub fn audio_tokens(seconds: f64) -> u32 {
    (seconds.max(0.0) * 10.0).ceil() as u32
}

/// Tokens of a video: 85 and for each frame 10 at low detail, else 20 and 10 a tile (the rule of the original system
/// for NVIDIA Cosmos).
pub fn video_tokens(width: u32, height: u32, seconds: f64, frames_per_second: f64, detail: ImageDetail) -> u32 {
    let frames = (seconds.max(0.0) * frames_per_second.max(0.0)) as u32;
    let per_frame = if detail == ImageDetail::Low {
        10
    } else {
        let tiles = width.max(1).div_ceil(512).saturating_mul(height.max(1).div_ceil(512));
        tiles.saturating_mul(10).saturating_add(20)
    };
    frames.saturating_mul(per_frame).saturating_add(85)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_follow_openais_examples() {
        let gpt_4o = ImageRule::Tiles { base: 85, tile: 170 };
        assert_eq!(image_tokens(gpt_4o, 1024, 1024, ImageDetail::High), 765);
        assert_eq!(image_tokens(gpt_4o, 2048, 4096, ImageDetail::High), 1105);
        assert_eq!(image_tokens(gpt_4o, 4096, 8192, ImageDetail::Low), 85);
        assert_eq!(image_tokens(gpt_4o, 512, 512, ImageDetail::Auto), 85);
    }

    #[test]
    fn patches_follow_openais_examples() {
        let rule = ImageRule::Patches { factor: 1.0 };
        assert_eq!(image_tokens(rule, 1024, 1024, ImageDetail::High), 1024);
        assert_eq!(image_tokens(rule, 1800, 2400, ImageDetail::High), 1452);
    }

    #[test]
    fn odd_sizes_do_not_break() {
        for (width, height) in [(0, 0), (1, u32::MAX), (u32::MAX, u32::MAX)] {
            let rule = ImageRule::Patches { factor: 1.62 };
            assert!(image_tokens(rule, width, height, ImageDetail::High) <= 2489);
            image_tokens(ImageRule::Tiles { base: 85, tile: 170 }, width, height, ImageDetail::High);
            video_tokens(width, height, 1e12, 60.0, ImageDetail::High);
        }
        assert_eq!((audio_tokens(1.05), audio_tokens(-1.0)), (11, 0));
        assert_eq!(video_tokens(512, 288, 5.0, 4.0, ImageDetail::Auto), 85 + 20 * 30);
    }
}
