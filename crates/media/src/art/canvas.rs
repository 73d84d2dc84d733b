//! Where pictures are painted: `tiny-skia` for paths, loops of our own for what covers the whole picture.
//!
//! Places are in pixels; `unit` is a hundredth of the shorter side, so that scenes are the same in every size.

use tiny_skia::{FillRule, LineCap, Paint, Path, PathBuilder, Pixmap, Stroke, Transform};

use super::palette::{Rgb, mix};
use crate::picture::Picture;

/// A picture under the brush.
pub(super) struct Canvas {
    pub map: Pixmap,
    pub width: f32,
    pub height: f32,
    /// A hundredth of the shorter side, pixels.
    pub unit: f32,
}

/// A place, pixels.
pub(super) type Point = (f32, f32);

impl Canvas {
    pub(super) fn new(width: u32, height: u32) -> Option<Self> {
        let map = Pixmap::new(width, height)?;
        Some(Self { map, width: width as f32, height: height as f32, unit: width.min(height) as f32 / 100.0 })
    }

    /// Fills all of it from top to bottom, by colours at heights from 0 to 1.
    pub(super) fn sky(&mut self, stops: &[(f32, Rgb)]) {
        let width = self.width as usize;
        let rows = self.height as usize;
        for (y, row) in self.map.data_mut().chunks_exact_mut(width * 4).enumerate() {
            let at = y as f32 / rows as f32;
            let [red, green, blue] = between(stops, at).map(|part| part * 255.0);
            // Ordered dithering over four rows and columns hides the steps of a slow gradient.
            for (x, pixel) in row.chunks_exact_mut(4).enumerate() {
                let dither = (((x * 7 + y * 11) & 15) as f32 - 7.5) / 16.0 + 0.5;
                pixel.copy_from_slice(&[(red + dither) as u8, (green + dither) as u8, (blue + dither) as u8, 255]);
            }
        }
    }

    /// Adds light around a place, which fades to nothing at `radius`.
    pub(super) fn glow(&mut self, (x, y): Point, radius: f32, colour: Rgb, strength: f32) {
        let (width, height) = (self.width as i64, self.height as i64);
        let (left, right) = (((x - radius) as i64).max(0), ((x + radius) as i64 + 1).min(width));
        let (top, bottom) = (((y - radius) as i64).max(0), ((y + radius) as i64 + 1).min(height));
        let [red, green, blue] = colour.map(|part| part * 255.0);
        let data = self.map.data_mut();
        for row in top..bottom.max(top) {
            let above = (row as f32 - y) / radius;
            let start = (row * width + left) as usize * 4;
            let end = (row * width + right.max(left)) as usize * 4;
            for (column, pixel) in (left..).zip(data[start..end].chunks_exact_mut(4)) {
                let aside = (column as f32 - x) / radius;
                let rest = 1.0 - (aside * aside + above * above);
                if rest > 0.0 {
                    let share = rest * rest * rest * strength;
                    blend(pixel, [red, green, blue], share);
                }
            }
        }
    }

    /// Fills what lies below a line of heights, one for each column, in colours by row.
    pub(super) fn ground(&mut self, heights: &[f32], top: Rgb, bottom: Rgb, reach: f32) {
        let width = self.width as usize;
        let first = heights.iter().copied().fold(self.height, f32::min).max(0.0);
        let data = self.map.data_mut();
        for (y, row) in data.chunks_exact_mut(width * 4).enumerate().skip(first as usize) {
            let line = y as f32;
            let colour = mix(top, bottom, ((line - first) / reach.max(1.0)).clamp(0.0, 1.0)).map(|part| part * 255.0);
            let solid = [colour[0] as u8, colour[1] as u8, colour[2] as u8, 255];
            for (pixel, height) in row.chunks_exact_mut(4).zip(heights) {
                let covered = line + 1.0 - height;
                if covered >= 1.0 {
                    pixel.copy_from_slice(&solid);
                } else if covered > 0.0 {
                    blend(pixel, colour, covered);
                }
            }
        }
    }

    /// Fills a shape of straight sides.
    pub(super) fn shape(&mut self, points: &[Point], colour: Rgb, opacity: f32) {
        let mut path = PathBuilder::new();
        for (index, (x, y)) in points.iter().enumerate() {
            if index == 0 { path.move_to(*x, *y) } else { path.line_to(*x, *y) }
        }
        path.close();
        if let Some(path) = path.finish() {
            self.fill(&path, colour, opacity);
        }
    }

    /// Fills a closed shape whose corners are rounded off.
    pub(super) fn blob(&mut self, points: &[Point], colour: Rgb, opacity: f32) {
        if let Some(path) = rounded(points) {
            self.fill(&path, colour, opacity);
        }
    }

    pub(super) fn fill(&mut self, path: &Path, colour: Rgb, opacity: f32) {
        self.map.fill_path(path, &paint(colour, opacity), FillRule::Winding, Transform::identity(), None);
    }

    pub(super) fn circle(&mut self, (x, y): Point, radius: f32, colour: Rgb, opacity: f32) {
        if let Some(path) = PathBuilder::from_circle(x, y, radius.max(0.1)) {
            self.fill(&path, colour, opacity);
        }
    }

    pub(super) fn ellipse(&mut self, (x, y): Point, (across, down): Point, colour: Rgb, opacity: f32) {
        let rect = tiny_skia::Rect::from_xywh(x - across, y - down, across * 2.0, down * 2.0);
        if let Some(path) = rect.and_then(PathBuilder::from_oval) {
            self.fill(&path, colour, opacity);
        }
    }

    pub(super) fn rect(&mut self, (x, y): Point, (width, height): Point, colour: Rgb, opacity: f32) {
        self.shape(&[(x, y), (x + width, y), (x + width, y + height), (x, y + height)], colour, opacity);
    }

    /// A line through points, round at its ends.
    pub(super) fn line(&mut self, points: &[Point], thickness: f32, colour: Rgb, opacity: f32) {
        let mut path = PathBuilder::new();
        for (index, (x, y)) in points.iter().enumerate() {
            if index == 0 { path.move_to(*x, *y) } else { path.line_to(*x, *y) }
        }
        self.stroke(path, thickness, colour, opacity);
    }

    pub(super) fn stroke(&mut self, path: PathBuilder, thickness: f32, colour: Rgb, opacity: f32) {
        let stroke = Stroke { width: thickness, line_cap: LineCap::Round, ..Stroke::default() };
        if let Some(path) = path.finish() {
            self.map.stroke_path(&path, &paint(colour, opacity), &stroke, Transform::identity(), None);
        }
    }

    /// Darkens towards the corners.
    pub(super) fn vignette(&mut self, strength: f32) {
        let (width, height) = (self.width, self.height);
        for (y, row) in self.map.data_mut().chunks_exact_mut(width as usize * 4).enumerate() {
            let down = y as f32 / height * 2.0 - 1.0;
            for (x, pixel) in row.chunks_exact_mut(4).enumerate() {
                let across = x as f32 / width * 2.0 - 1.0;
                let far = across * across + down * down;
                let keep = ((1.0 - strength * far * far * 0.5) * 256.0) as u32;
                for part in &mut pixel[..3] {
                    *part = ((u32::from(*part) * keep) >> 8) as u8;
                }
            }
        }
    }

    /// A fine texture like that of paper, `strength` steps of brightness at most.
    pub(super) fn grain(&mut self, seed: u64, strength: f32) {
        let mut state = (seed as u32) ^ 0x9e37_79b9 | 1;
        let most = strength as i32;
        for pixel in self.map.data_mut().chunks_exact_mut(4) {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            if pixel[3] == 255 {
                let step = (state >> 24) as i32 * (2 * most + 1) / 256 - most;
                for part in &mut pixel[..3] {
                    *part = (i32::from(*part) + step).clamp(0, 255) as u8;
                }
            }
        }
    }

    pub(super) fn into_picture(self) -> Picture {
        let (width, height) = (self.map.width(), self.map.height());
        let mut rgba = self.map.take();
        for pixel in rgba.chunks_exact_mut(4).filter(|pixel| !matches!(pixel[3], 0 | 255)) {
            let opacity = u32::from(pixel[3]);
            for part in &mut pixel[..3] {
                *part = (u32::from(*part) * 255 / opacity).min(255) as u8;
            }
        }
        Picture { width, height, rgba }
    }
}

fn paint<'a>([red, green, blue]: Rgb, opacity: f32) -> Paint<'a> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    let part = |part: f32| (part.clamp(0.0, 1.0) * 255.0) as u8;
    paint.set_color_rgba8(part(red), part(green), part(blue), part(opacity));
    paint
}

/// Mixes a colour (0 to 255) into an opaque pixel.
fn blend(pixel: &mut [u8], colour: Rgb, share: f32) {
    for (part, wanted) in pixel.iter_mut().zip(colour) {
        let own = f32::from(*part);
        *part = (own + (wanted - own) * share + 0.5) as u8;
    }
}

fn between(stops: &[(f32, Rgb)], at: f32) -> Rgb {
    let after = stops.iter().position(|(place, _)| *place >= at).unwrap_or(stops.len().saturating_sub(1)).max(1);
    let (Some((start, first)), Some((end, second))) = (stops.get(after - 1), stops.get(after)) else {
        return stops.first().map_or([0.5; 3], |(_, colour)| *colour);
    };
    mix(*first, *second, ((at - start) / (end - start).max(0.001)).clamp(0.0, 1.0))
}

/// A closed curve through the middles between points, which pull it.
fn rounded(points: &[Point]) -> Option<Path> {
    let middle = |one: Point, other: Point| (f32::midpoint(one.0, other.0), f32::midpoint(one.1, other.1));
    let (first, last) = (*points.first()?, *points.last()?);
    let mut path = PathBuilder::new();
    let start = middle(last, first);
    path.move_to(start.0, start.1);
    for (index, point) in points.iter().enumerate() {
        let next = points.get(index + 1).copied().unwrap_or(first);
        let end = middle(*point, next);
        path.quad_to(point.0, point.1, end.0, end.1);
    }
    path.close();
    path.finish()
}
