//! Edits: what a prompt asks for, painted into a picture where its mask allows.
//!
//! Outside the mask nothing changes, not by one bit. Inside, the new scene takes over the light of its surroundings and
//! fades in at the edge. Without a mask, words that name a treatment ("black and white", "watercolour", "night") change
//! all of it; other prompts paint what they name into the middle. Further pictures are laid in as prints.

use super::palette::{Rgb, mix};
use super::{Look, Sketch, paint, scene};
use crate::picture::Picture;

/// What is to be edited, and how.
#[derive(Clone, Copy, Debug)]
pub struct Edit<'a> {
    /// The picture.
    pub source: &'a Picture,
    /// Where it is transparent, the picture is edited; of the picture's own size.
    pub mask: Option<&'a Picture>,
    /// Pictures that are laid in.
    pub others: &'a [Picture],
    /// What is wanted.
    pub prompt: &'a str,
    /// Draws what the prompt leaves open.
    pub seed: u64,
    /// Pixels across, of the result.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// How it looks.
    pub look: Look,
}

/// Makes an edit.
pub fn edit(edit: &Edit<'_>) -> Picture {
    let Edit { width, height, .. } = *edit;
    let mut picture = edit.source.fitted(width, height);
    let holes = match edit.mask {
        Some(mask) => Some(holes(&mask.fitted(width, height))),
        None if !edit.source.is_opaque() => Some(holes(&picture)),
        None => None,
    };
    match holes {
        Some(holes) => {
            fill(&mut picture, &holes, edit);
            // Only what the client left open was filled; the rest is as opaque as it was.
            if edit.mask.is_none() {
                picture.rgba.chunks_exact_mut(4).for_each(|pixel| pixel[3] = 255);
            }
        }
        None => treat(&mut picture, edit),
    }
    for (place, other) in edit.others.iter().enumerate() {
        lay_in(&mut picture, other, place, edit.others.len());
    }
    if edit.look.is_transparent {
        clear_background(&mut picture);
    }
    picture
}

/// How much each pixel may change, 0 to 255.
fn holes(mask: &Picture) -> Vec<u8> {
    mask.rgba.chunks_exact(4).map(|pixel| 255 - pixel[3]).collect()
}

/// Paints the prompt's scene into the holes.
fn fill(picture: &mut Picture, holes: &[u8], edit: &Edit<'_>) {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let Some((left, top, right, bottom)) = bounds(holes, width) else { return };
    let (wide, tall) = ((right - left) as u32, (bottom - top) as u32);
    let sketch = Sketch {
        prompt: edit.prompt,
        width: wide,
        height: tall,
        seed: edit.seed,
        look: Look { is_transparent: false, ..edit.look },
        caption: "",
    };
    let painted = paint(&sketch).fitted(wide, tall);
    let around = mean(picture, |at| holes[at] == 0);
    let inside = mean(&painted, |_| true);
    let shift: [f32; 3] =
        std::array::from_fn(|part| around.map_or(0.0, |around| (around[part] - inside.unwrap_or(around)[part]) * 0.4));
    let soft = blurred(holes, width, height, (width.min(height) / 60).max(2));
    for y in top..bottom {
        for x in left..right {
            let at = y * width + x;
            if holes[at] == 0 {
                continue;
            }
            // Fades inwards, so that nothing outside is touched.
            let share = (f32::from(soft[at]) / 255.0 * 2.0 - 1.0).clamp(0.0, 1.0) * f32::from(holes[at]) / 255.0;
            let new = painted.pixel((x - left) as u32, (y - top) as u32);
            let own = &mut picture.rgba[at * 4..at * 4 + 4];
            for part in 0..3 {
                // What was transparent has no colour to fade from.
                let before = if own[3] == 0 { f32::from(new[part]) } else { f32::from(own[part]) };
                let wanted = f32::from(new[part]) + shift[part];
                own[part] = (before + (wanted - before) * share + 0.5).clamp(0.0, 255.0) as u8;
            }
            own[3] = 255;
        }
    }
}

/// The smallest rectangle around all holes.
fn bounds(holes: &[u8], width: usize) -> Option<(usize, usize, usize, usize)> {
    let open = || holes.iter().enumerate().filter(|(_, hole)| **hole > 0).map(|(at, _)| (at % width, at / width));
    let top = open().next()?.1;
    let bottom = open().next_back()?.1 + 1;
    let left = open().map(|(x, _)| x).min()?;
    let right = open().map(|(x, _)| x).max()? + 1;
    Some((left, top, right, bottom))
}

fn mean(picture: &Picture, counts: impl Fn(usize) -> bool) -> Option<[f32; 3]> {
    let (mut sum, mut count) = ([0.0_f64; 3], 0.0);
    for (at, pixel) in picture.rgba.chunks_exact(4).enumerate().filter(|(at, _)| counts(*at)) {
        let _ = at;
        sum.iter_mut().zip(pixel).for_each(|(sum, part)| *sum += f64::from(*part));
        count += 1.0;
    }
    (count > 0.0).then(|| sum.map(|sum| (sum / count) as f32))
}

/// A box blur of one channel, rows then columns.
fn blurred(values: &[u8], width: usize, height: usize, radius: usize) -> Vec<u8> {
    let line = |values: &[u8], start: usize, step: usize, count: usize, out: &mut [u8]| {
        let at = |index: isize| u32::from(values[start + index.clamp(0, count as isize - 1) as usize * step]);
        let reach = radius as isize;
        let mut sum: u32 = (-reach..=reach).map(at).sum();
        for index in 0..count as isize {
            out[start + index as usize * step] = (sum / (2 * radius as u32 + 1)) as u8;
            sum = sum + at(index + reach + 1) - at(index - reach);
        }
    };
    let mut rows = vec![0; values.len()];
    (0..height).for_each(|y| line(values, y * width, 1, width, &mut rows));
    let mut all = vec![0; values.len()];
    (0..width).for_each(|x| line(&rows, x, width, height, &mut all));
    all
}

/// Changes all of a picture as the prompt's words say, or paints what they name into its middle.
fn treat(picture: &mut Picture, edit: &Edit<'_>) {
    let words = scene::words(edit.prompt);
    let says = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
    let mut treated = false;
    let mut apply = |wanted: bool, change: &dyn Fn(Rgb) -> Rgb| {
        if wanted {
            recolour(picture, change);
            treated = true;
        }
    };
    let grey = |colour: Rgb| [0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]; 3];
    apply(
        says(&["monochrome", "grayscale", "greyscale", "noir"])
            || edit.prompt.to_lowercase().contains("black and white"),
        &grey,
    );
    apply(says(&["sepia", "vintage", "retro", "antique"]), &|colour| {
        let [light, ..] = grey(colour);
        mix(colour, [light * 1.08, light * 0.88, light * 0.66], 0.8)
    });
    apply(says(&["night", "midnight", "dark", "darker", "evening"]), &|[red, green, blue]| {
        [red * 0.34, green * 0.42, blue * 0.66 + 0.05]
    });
    apply(says(&["sunset", "warm", "warmer", "golden", "dusk"]), &|[red, green, blue]| {
        [red * 1.12 + 0.05, green * 0.95, blue * 0.74]
    });
    apply(says(&["winter", "cold", "cooler", "icy", "snow"]), &|[red, green, blue]| {
        [red * 0.86 + 0.06, green * 0.95 + 0.06, blue * 1.06 + 0.08]
    });
    apply(says(&["bright", "brighter", "lighter"]), &|colour| colour.map(|part| part * 0.85 + 0.17));
    apply(says(&["vivid", "colorful", "colourful", "saturated"]), &|colour| {
        let [light, ..] = grey(colour);
        colour.map(|part| light + (part - light) * 1.6)
    });
    apply(says(&["invert", "inverted", "negative"]), &|colour| colour.map(|part| 1.0 - part));
    apply(says(&["cartoon", "poster", "comic", "pop", "flat"]), &|colour| {
        colour.map(|part| (part * 4.0).round() / 4.0)
    });
    if says(&["watercolor", "watercolour", "painting", "painted", "oil", "blur", "blurred", "soft", "dreamy"]) {
        smear(picture, edit.seed);
        treated = true;
    }
    if !treated && edit.others.is_empty() {
        paint_middle(picture, edit);
    }
}

fn recolour(picture: &mut Picture, change: &dyn Fn(Rgb) -> Rgb) {
    for pixel in picture.rgba.chunks_exact_mut(4) {
        let colour = change([f32::from(pixel[0]) / 255.0, f32::from(pixel[1]) / 255.0, f32::from(pixel[2]) / 255.0]);
        pixel.iter_mut().zip(colour).for_each(|(part, value)| *part = (value * 255.0 + 0.5) as u8);
    }
}

/// Takes each pixel from nearby, in patches as a brush leaves them.
fn smear(picture: &mut Picture, seed: u64) {
    use super::noise::smooth;
    let before = picture.clone();
    let scale = 26.0 / picture.width.min(picture.height) as f32;
    let reach = picture.width.min(picture.height) as f32 / 30.0;
    for (at, pixel) in picture.rgba.chunks_exact_mut(4).enumerate() {
        let (x, y) = ((at % before.width as usize) as f32, (at / before.width as usize) as f32);
        let across = smooth(x * scale, y * scale, seed) - 0.5;
        let down = smooth(x * scale, y * scale, seed ^ 0x63) - 0.5;
        let taken = before.between(x + across * reach, y + down * reach);
        let paper = 1.0 - 0.08 * smooth(x * scale * 4.0, y * scale * 4.0, seed ^ 7);
        pixel.iter_mut().take(3).zip(taken).for_each(|(part, value)| *part = (value * paper + 6.0) as u8);
    }
}

/// Paints what the prompt names over the middle, fading out in an oval.
fn paint_middle(picture: &mut Picture, edit: &Edit<'_>) {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let mut holes = vec![0; width * height];
    for (at, hole) in holes.iter_mut().enumerate() {
        let across = ((at % width) as f32 / width as f32 - 0.5) / 0.32;
        let down = ((at / width) as f32 / height as f32 - 0.55) / 0.34;
        let far = across * across + down * down;
        *hole = ((1.25 - far).clamp(0.0, 1.0) * 255.0) as u8;
    }
    fill(picture, &holes, edit);
}

/// Lays a picture in as a print with a white edge and a shadow, in a row at the bottom.
fn lay_in(picture: &mut Picture, other: &Picture, place: usize, count: usize) {
    let side = (picture.width as f32 / (count as f32 + 0.6)).min(picture.height as f32 * 0.42) as u32;
    if side < 8 {
        return;
    }
    let edge = (side / 18).max(1);
    let print = other.fitted(side - 2 * edge, side - 2 * edge);
    let slot = picture.width as usize / count;
    let left = slot * place + (slot.saturating_sub(side as usize)) / 2;
    let top = picture.height as usize - side as usize - picture.height as usize / 20;
    let width = picture.width as usize;
    for y in 0..side as usize + edge as usize {
        for x in 0..side as usize + edge as usize {
            let (column, row) = (left + x, top + y);
            if column >= width || row >= picture.height as usize {
                continue;
            }
            let pixel = &mut picture.rgba[(row * width + column) * 4..][..4];
            if x >= side as usize || y >= side as usize {
                pixel[..3].iter_mut().for_each(|part| *part = (u32::from(*part) * 3 / 5) as u8);
                continue;
            }
            let inside = |at: usize| at.checked_sub(edge as usize).filter(|at| *at < (side - 2 * edge) as usize);
            let shown = match (inside(x), inside(y)) {
                (Some(x), Some(y)) => print.pixel(x as u32, y as u32),
                _ => [250, 249, 245, 255],
            };
            pixel.copy_from_slice(&[shown[0], shown[1], shown[2], 255]);
        }
    }
}

/// Makes what looks like the corners and hangs together with them transparent.
fn clear_background(picture: &mut Picture) {
    const NEAR: i32 = 46;
    let (width, height) = (picture.width as usize, picture.height as usize);
    let mut open: Vec<usize> = (0..width).flat_map(|x| [x, (height - 1) * width + x]).collect();
    open.extend((0..height).flat_map(|y| [y * width, y * width + width - 1]));
    let mut seen = vec![false; width * height];
    let colour =
        |rgba: &[u8], at: usize| [i32::from(rgba[at * 4]), i32::from(rgba[at * 4 + 1]), i32::from(rgba[at * 4 + 2])];
    while let Some(at) = open.pop() {
        if std::mem::replace(&mut seen[at], true) {
            continue;
        }
        let own = colour(&picture.rgba, at);
        picture.rgba[at * 4 + 3] = 0;
        let (x, y) = (at % width, at / width);
        let beside = [
            (x > 0).then(|| at - 1),
            (x + 1 < width).then(|| at + 1),
            (y > 0).then(|| at - width),
            (y + 1 < height).then(|| at + width),
        ];
        for next in beside.into_iter().flatten().filter(|next| !seen[*next]) {
            let other = colour(&picture.rgba, next);
            let far: i32 = own.iter().zip(other).map(|(one, other)| (one - other).abs()).sum();
            if far < NEAR / 4 {
                open.push(next);
            }
        }
    }
}
