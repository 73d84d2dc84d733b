//! The scenes, one file for each kind of place.

mod city;
mod figure;
mod flat;
mod land;
mod table;
mod water;

use super::canvas::Canvas;
use super::chance::Chance;
use super::palette::Palette;
use super::scene::Scene;

/// Paints a scene over all of the canvas; `detail` is 0 few, 1 usual, 2 many.
pub(super) fn draw(
    canvas: &mut Canvas,
    scene: Scene,
    palette: &Palette,
    words: &[String],
    detail: u8,
    chance: &mut Chance,
) {
    let brush = Brush { palette, words, detail };
    match scene {
        Scene::Landscape => land::landscape(canvas, &brush, chance),
        Scene::Night => land::night(canvas, &brush, chance),
        Scene::Forest => land::forest(canvas, &brush, chance),
        Scene::Sea => water::sea(canvas, &brush, chance),
        Scene::City => city::city(canvas, &brush, chance),
        Scene::Portrait => figure::portrait(canvas, &brush, chance),
        Scene::Animal => figure::animal(canvas, &brush, chance),
        Scene::StillLife => table::still_life(canvas, &brush, chance),
        Scene::Map => flat::map(canvas, &brush, chance),
        Scene::Chart => flat::chart(canvas, &brush, chance),
        Scene::Abstract => flat::composition(canvas, &brush, chance),
    }
}

/// What every scene is painted with.
pub(super) struct Brush<'a> {
    pub palette: &'a Palette,
    pub words: &'a [String],
    pub detail: u8,
}

impl Brush<'_> {
    /// Whether the prompt has one of these words.
    pub(super) fn says(&self, names: &[&str]) -> bool {
        self.words.iter().any(|word| names.contains(&word.as_str()))
    }

    /// `few` of something, or more where many details are wanted.
    pub(super) fn count(&self, few: usize) -> usize {
        few * (usize::from(self.detail) + 1) / 2 + few / 2
    }
}

/// Leaves a round badge of the scene, with a soft edge, on nothing.
pub(super) fn cut_out(canvas: &mut Canvas, scene: Scene) {
    let (width, height) = (canvas.width, canvas.height);
    // A shape between circle and square (Lamé's curve); wide scenes keep more of their corners.
    let power = if matches!(scene, Scene::Portrait | Scene::Animal | Scene::StillLife) { 2.0 } else { 3.2_f32 };
    let edge = 1.5 / (width.min(height) * 0.46);
    for (y, row) in canvas.map.data_mut().chunks_exact_mut(width as usize * 4).enumerate() {
        let down = ((y as f32 + 0.5) / height * 2.0 - 1.0).abs() / 0.94;
        let down = down.powf(power);
        for (x, pixel) in row.chunks_exact_mut(4).enumerate() {
            let across = ((x as f32 + 0.5) / width * 2.0 - 1.0).abs() / 0.94;
            let far = across.powf(power) + down;
            let share = ((1.0 - far) / (edge * power)).clamp(0.0, 1.0);
            if share < 1.0 {
                for part in pixel.iter_mut() {
                    *part = (f32::from(*part) * share) as u8;
                }
            }
        }
    }
}
