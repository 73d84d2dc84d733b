//! Pictures that are made: seeded generative art composed from the words of a prompt.
//!
//! Words choose a scene (`scene`), colours and mood (`palette`); the seed and the whole prompt draw the rest. The same
//! request always gives the same picture. Nothing is recognised or imitated: a prompt about an otter gets a round head
//! with small ears in the colours of the sea. Pictures can also be edited inside a mask, varied, and shown unfinished.

mod canvas;
mod caption;
mod chance;
mod edit;
mod noise;
mod palette;
mod partial;
mod scene;
mod scenes;
mod vary;

pub use edit::{Edit, edit};
pub use partial::unfinished;
pub use vary::vary;

use crate::picture::Picture;
use canvas::Canvas;
use chance::Chance;
use palette::Palette;
use scene::Scene;

/// What is to be painted.
#[derive(Clone, Copy, Debug)]
pub struct Sketch<'a> {
    /// What it shows.
    pub prompt: &'a str,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Draws what the prompt leaves open.
    pub seed: u64,
    /// How it looks.
    pub look: Look,
    /// Written on a band at the bottom, if not empty. Letters, digits and usual marks; others are left out.
    pub caption: &'a str,
}

/// How a picture looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Strong colours instead of muted ones.
    pub is_vivid: bool,
    /// Only the subject, on nothing.
    pub is_transparent: bool,
    /// 0 few details, 1 usual, 2 many.
    pub detail: u8,
}

impl Default for Look {
    fn default() -> Self {
        Self { is_vivid: true, is_transparent: false, detail: 1 }
    }
}

/// The shortest and the longest side of a picture that is made, pixels.
pub const SIDES: (u32, u32) = (16, 4096);

/// Paints a picture. Sides outside [`SIDES`] are brought into it.
pub fn paint(sketch: &Sketch<'_>) -> Picture {
    let (width, height) = (sketch.width.clamp(SIDES.0, SIDES.1), sketch.height.clamp(SIDES.0, SIDES.1));
    let mut chance = Chance::of(sketch.prompt, sketch.seed);
    let words = scene::words(sketch.prompt);
    let scene = Scene::of(&words, &mut chance);
    let palette = Palette::of(&words, scene, sketch.look.is_vivid, &mut chance);
    let Some(mut canvas) = Canvas::new(width, height) else { return Picture::filled(width, height, [128; 4]) };
    scenes::draw(&mut canvas, scene, &palette, &words, sketch.look.detail, &mut chance);
    if sketch.look.is_transparent {
        scenes::cut_out(&mut canvas, scene);
    } else {
        canvas.vignette(0.11);
    }
    canvas.grain(sketch.seed, if sketch.look.detail == 0 { 1.0 } else { 2.0 });
    let quoted = caption::quoted(sketch.prompt);
    let text = if sketch.caption.is_empty() { quoted.as_deref().unwrap_or_default() } else { sketch.caption };
    if !text.is_empty() {
        caption::write(&mut canvas, text, &palette);
    }
    canvas.into_picture()
}

#[cfg(test)]
mod tests;
