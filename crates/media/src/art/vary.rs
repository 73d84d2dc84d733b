//! Variations: the layout and the colours of a picture, drawn by another hand.

use super::chance::Chance;
use super::noise::fractal;
use super::palette::turned;
use crate::picture::Picture;

/// How far places move, as a share of the shorter side.
const MOVED: f32 = 0.11;
/// The noise that moves them is worked out for every so many pixels.
const STEP: usize = 8;

/// A variation of `source` in a size.
pub fn vary(source: &Picture, width: u32, height: u32, seed: u64) -> Picture {
    let base = source.fitted(width, height);
    let mut chance = Chance::of("variation", seed);
    let turn = chance.range(-0.035, 0.035);
    let (warmth, contrast) = (chance.range(-7.0, 7.0), chance.range(0.95, 1.1));
    let zoom = chance.range(0.90, 0.98);
    let field = field(width as usize, height as usize, chance.next());
    let columns = width as usize / STEP + 2;
    let far = width.min(height) as f32 * MOVED;
    let (middle_x, middle_y) = (width as f32 / 2.0, height as f32 / 2.0);
    let mut rgba = Vec::with_capacity(base.rgba.len());
    for y in 0..height as usize {
        for x in 0..width as usize {
            let (across, down) = moved(&field, columns, x, y);
            let from_x = middle_x + (x as f32 - middle_x) * zoom + across * far;
            let from_y = middle_y + (y as f32 - middle_y) * zoom + down * far;
            let [red, green, blue, opacity] = base.between(from_x, from_y);
            let colour = turned([red / 255.0, green / 255.0, blue / 255.0], turn);
            let part = |value: f32, shift: f32| ((value * 255.0 - 128.0) * contrast + 128.5 + shift) as u8;
            rgba.extend([part(colour[0], warmth), part(colour[1], 0.0), part(colour[2], -warmth), opacity as u8]);
        }
    }
    Picture { width, height, rgba }
}

fn field(width: usize, height: usize, seed: u64) -> Vec<(f32, f32)> {
    let scale = 5.0 / width.min(height) as f32;
    let mut field = Vec::new();
    for row in 0..height / STEP + 2 {
        for column in 0..width / STEP + 2 {
            let (x, y) = ((column * STEP) as f32 * scale, (row * STEP) as f32 * scale);
            field.push((fractal(x, y, 3, seed) - 0.5, fractal(x, y, 3, seed ^ 0xABCD) - 0.5));
        }
    }
    field
}

fn moved(field: &[(f32, f32)], columns: usize, x: usize, y: usize) -> (f32, f32) {
    let at = y / STEP * columns + x / STEP;
    let (across, down) = ((x % STEP) as f32 / STEP as f32, (y % STEP) as f32 / STEP as f32);
    let between = |of: fn(&(f32, f32)) -> f32| {
        let above = of(&field[at]) * (1.0 - across) + of(&field[at + 1]) * across;
        let below = of(&field[at + columns]) * (1.0 - across) + of(&field[at + columns + 1]) * across;
        above * (1.0 - down) + below * down
    };
    (between(|one| one.0), between(|one| one.1))
}
