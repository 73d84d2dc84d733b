//! Pictures before they are finished, as streams show them: coarse and noisy first.

use super::chance::Chance;
use crate::picture::Picture;

/// How a picture looked at `step` of `steps` (from 0) before it was finished.
pub fn unfinished(picture: &Picture, step: u32, steps: u32) -> Picture {
    let left = steps.saturating_sub(step).clamp(1, 6);
    let block = (picture.width.min(picture.height) >> (8 - left).min(8)).max(2);
    let (width, height) = ((picture.width / block).max(2), (picture.height / block).max(2));
    let coarse = picture.fitted(width, height);
    let mut chance = Chance::of("unfinished", u64::from(step));
    let noise = 14.0 * left as f32;
    let (across, down) = (width as f32 / picture.width as f32, height as f32 / picture.height as f32);
    let mut rgba = Vec::with_capacity(picture.rgba.len());
    for y in 0..picture.height {
        let line = (y as f32 + 0.5) * down - 0.5;
        for x in 0..picture.width {
            let [red, green, blue, opacity] = coarse.between((x as f32 + 0.5) * across - 0.5, line);
            let stray = (chance.unit() - 0.5) * noise;
            rgba.extend([red + stray, green + stray, blue + stray, opacity].map(|part| part as u8));
        }
    }
    Picture { width: picture.width, height: picture.height, rgba }
}
