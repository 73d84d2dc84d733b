//! Still lives: a table, a wall, light from a window, things.

use super::super::canvas::{Canvas, Point};
use super::super::chance::Chance;
use super::super::palette::{Palette, Rgb, mix, tone};
use super::Brush;

pub(super) fn still_life(canvas: &mut Canvas, brush: &Brush<'_>, chance: &mut Chance) {
    let palette = brush.palette;
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit);
    let wall = mix(palette.high, palette.low, 0.45);
    canvas.sky(&[(0.0, tone(wall, -0.12)), (0.7, wall), (1.0, wall)]);
    // The light of a window falls on the wall.
    let x = width * chance.range(0.5, 0.62);
    for pane in 0..2_usize {
        let left = x + pane as f32 * unit * 17.0;
        canvas.shape(
            &[
                (left, height * 0.1),
                (left + unit * 14.0, height * 0.06),
                (left + unit * 24.0, height * 0.6),
                (left + unit * 10.0, height * 0.64),
            ],
            palette.light,
            0.34,
        );
    }
    canvas.glow((width * 0.3, height * 0.3), width * 0.8, palette.light, 0.3);
    let edge = height * 0.68;
    let wood = mix(palette.far, [0.55, 0.36, 0.22], 0.5);
    canvas.ground(&vec![edge; width as usize], tone(wood, 0.08), tone(wood, -0.3), height * 0.32);
    for _ in 0..26 {
        let (y, left) = (edge + chance.unit() * (height - edge), chance.range(-0.1, 0.9) * width);
        canvas.line(
            &[(left, y), (left + width * chance.range(0.1, 0.5), y + chance.range(-1.0, 1.0) * unit)],
            unit * 0.16,
            tone(wood, -0.3),
            0.3,
        );
    }
    canvas.line(&[(0.0, edge), (width, edge)], unit * 0.5, tone(wood, 0.35), 0.5);
    let foot = edge + unit * 12.0;
    if brush.says(&["coffee", "tea", "cup", "mug", "breakfast", "teapot"]) {
        cup(canvas, (width * 0.5, foot + unit * 3.0), unit * 13.0, palette);
        fruits(canvas, (width * 0.8, foot + unit * 4.0), palette, chance);
        return;
    }
    if brush.says(&["wine", "bottle", "dinner"]) || chance.chance(0.45) {
        bottle(canvas, (width * 0.27, foot), unit * 44.0, mix(palette.near, [0.1, 0.3, 0.2], 0.4));
    }
    vase(canvas, brush, (width * 0.52, foot + unit * 2.0), chance);
    bowl(canvas, (width * 0.79, foot + unit * 6.0), palette, chance);
    fruits(canvas, (width * 0.2, foot + unit * 9.0), palette, chance);
}

fn shadow(canvas: &mut Canvas, (x, y): Point, wide: f32) {
    for step in 0..5_usize {
        let grow = 1.0 + step as f32 * 0.16;
        canvas.ellipse((x + wide * 0.35, y), (wide * grow, wide * 0.16 * grow), [0.05, 0.03, 0.06], 0.1);
    }
}

fn vase(canvas: &mut Canvas, brush: &Brush<'_>, (x, foot): Point, chance: &mut Chance) {
    let (unit, palette) = (canvas.unit, brush.palette);
    shadow(canvas, (x, foot), unit * 13.0);
    let top = foot - unit * 26.0;
    let count = 7 + chance.below(4);
    let mut blossoms = Vec::new();
    for stem in 0..count {
        let aside = (stem as f32 / (count - 1) as f32 * 2.0 - 1.0) * unit * 19.0 + chance.range(-2.0, 2.0) * unit;
        let tip = (x + aside, top - unit * chance.range(11.0, 27.0) + aside.abs() * 0.4);
        let green = mix(palette.near, [0.25, 0.5, 0.25], 0.6);
        canvas.line(
            &[(x + aside * 0.12, top + unit), (x + aside * 0.6, f32::midpoint(top, tip.1)), tip],
            unit * 0.7,
            green,
            1.0,
        );
        let leaf = (x + aside * 0.6, f32::midpoint(top, tip.1));
        canvas.blob(
            &[
                leaf,
                (leaf.0 + unit * 5.0, leaf.1 - unit * 4.0),
                (leaf.0 + unit * 8.0, leaf.1 - unit),
                (leaf.0 + unit * 3.0, leaf.1 + unit),
            ],
            green,
            0.95,
        );
        blossoms.push((tip, chance.below(3)));
    }
    for (tip, kind) in blossoms {
        let colour = [palette.accent, palette.second, tone(palette.accent, 0.45)][kind];
        flower(canvas, tip, unit * chance.range(3.8, 6.0), colour, chance);
    }
    pot(canvas, (x, foot), top, mix(palette.second, palette.low, 0.35));
}

fn pot(canvas: &mut Canvas, (x, foot): Point, top: f32, clay: Rgb) {
    let unit = canvas.unit;
    canvas.blob(
        &[
            (x - unit * 6.0, top - unit),
            (x + unit * 6.0, top - unit),
            (x + unit * 7.0, top + unit * 5.0),
            (x + unit * 17.0, top + unit * 14.0),
            (x + unit * 10.0, foot + unit * 2.0),
            (x - unit * 10.0, foot + unit * 2.0),
            (x - unit * 17.0, top + unit * 14.0),
            (x - unit * 7.0, top + unit * 5.0),
        ],
        clay,
        1.0,
    );
    canvas.blob(
        &[
            (x + unit * 2.0, top + unit * 3.0),
            (x + unit * 6.0, top + unit * 4.0),
            (x + unit * 15.0, top + unit * 14.0),
            (x + unit * 9.0, foot + unit),
            (x, foot + unit),
            (x + unit * 8.0, top + unit * 15.0),
        ],
        tone(clay, -0.3),
        0.5,
    );
    canvas.blob(
        &[
            (x - unit * 9.0, top + unit * 10.0),
            (x - unit * 6.5, top + unit * 10.0),
            (x - unit * 7.5, top + unit * 19.0),
            (x - unit * 9.5, top + unit * 17.0),
        ],
        [1.0; 3],
        0.4,
    );
    canvas.ellipse((x, top), (unit * 5.6, unit * 1.3), tone(clay, -0.45), 1.0);
}

fn flower(canvas: &mut Canvas, (x, y): Point, size: f32, colour: Rgb, chance: &mut Chance) {
    let petals = 7 + chance.below(4);
    for ring in 0..2_usize {
        let out = size * (0.72 - 0.3 * ring as f32);
        for petal in 0..petals {
            let turn = (petal as f32 + ring as f32 * 0.5) / petals as f32 * std::f32::consts::TAU;
            let shade = tone(colour, ring as f32 * 0.2 + if petal % 2 == 0 { 0.0 } else { -0.1 });
            canvas.circle(
                (x + turn.cos() * out, y + turn.sin() * out * 0.9),
                size * (0.42 - 0.1 * ring as f32),
                shade,
                0.95,
            );
        }
    }
    canvas.circle((x, y), size * 0.3, [0.96, 0.77, 0.28], 1.0);
    canvas.circle((x - size * 0.08, y - size * 0.08), size * 0.12, [1.0, 0.92, 0.6], 0.9);
}

fn bottle(canvas: &mut Canvas, (x, foot): Point, tall: f32, glass: Rgb) {
    shadow(canvas, (x, foot), tall * 0.16);
    let half = tall * 0.14;
    let top = foot - tall;
    canvas.blob(
        &[
            (x - half, foot),
            (x - half, foot - tall * 0.55),
            (x - half * 0.95, foot - tall * 0.66),
            (x - half * 0.35, foot - tall * 0.72),
            (x - half * 0.34, top),
            (x + half * 0.34, top),
            (x + half * 0.35, foot - tall * 0.72),
            (x + half * 0.95, foot - tall * 0.66),
            (x + half, foot - tall * 0.55),
            (x + half, foot),
        ],
        glass,
        0.94,
    );
    canvas.rect((x - half * 0.92, foot - tall * 0.44), (half * 1.84, tall * 0.22), [0.95, 0.92, 0.84], 0.95);
    canvas.rect((x - half * 0.5, foot - tall * 0.37), (half, tall * 0.015), tone(glass, -0.2), 0.8);
    canvas.rect((x - half * 0.5, foot - tall * 0.33), (half, tall * 0.01), tone(glass, -0.2), 0.6);
    canvas.line(
        &[(x - half * 0.66, foot - tall * 0.06), (x - half * 0.66, foot - tall * 0.58)],
        half * 0.14,
        [1.0; 3],
        0.4,
    );
    canvas.rect((x - half * 0.3, top - tall * 0.03), (half * 0.6, tall * 0.06), [0.6, 0.42, 0.26], 1.0);
}

pub(super) fn fruit(canvas: &mut Canvas, (x, y): Point, size: f32, colour: Rgb) {
    canvas.circle((x, y), size, colour, 1.0);
    for step in 0..6_usize {
        let shift = step as f32 / 6.0;
        canvas.circle(
            (x + size * 0.3 * shift, y + size * 0.3 * shift),
            size * (1.0 - 0.42 * shift),
            tone(colour, -0.3),
            0.06,
        );
    }
    canvas.glow((x - size * 0.35, y - size * 0.4), size * 0.7, [1.0, 0.98, 0.92], 0.55);
    canvas.line(&[(x, y - size * 0.9), (x + size * 0.12, y - size * 1.25)], size * 0.1, [0.35, 0.22, 0.12], 1.0);
}

fn fruits(canvas: &mut Canvas, (x, foot): Point, palette: &Palette, chance: &mut Chance) {
    let unit = canvas.unit;
    for (aside, size) in [(-6.0, 6.0), (6.5, 5.2)] {
        let at = (x + aside * unit, foot - size * unit * 0.9);
        shadow(canvas, (at.0, foot), size * unit * 0.9);
        let colour = [palette.accent, palette.second, [0.93, 0.72, 0.2], [0.75, 0.2, 0.18]][chance.below(4)];
        fruit(canvas, at, size * unit, colour);
    }
}

fn bowl(canvas: &mut Canvas, (x, foot): Point, palette: &Palette, chance: &mut Chance) {
    let unit = canvas.unit;
    shadow(canvas, (x, foot), unit * 13.0);
    for (aside, lift) in [(-7.0, 13.0), (7.0, 13.0), (0.0, 15.0), (-3.5, 19.0), (4.0, 18.5)] {
        let colour = [palette.accent, [0.95, 0.62, 0.18], [0.93, 0.8, 0.3], [0.55, 0.68, 0.25]][chance.below(4)];
        fruit(canvas, (x + unit * aside, foot - unit * lift), unit * 5.2, colour);
    }
    let clay = tone(palette.near, 0.3);
    canvas.blob(
        &[
            (x - unit * 17.0, foot - unit * 13.0),
            (x + unit * 17.0, foot - unit * 13.0),
            (x + unit * 14.0, foot - unit * 3.0),
            (x + unit * 5.0, foot + unit),
            (x - unit * 5.0, foot + unit),
            (x - unit * 14.0, foot - unit * 3.0),
        ],
        clay,
        1.0,
    );
    canvas.blob(
        &[
            (x + unit * 3.0, foot - unit * 11.0),
            (x + unit * 15.0, foot - unit * 11.0),
            (x + unit * 12.0, foot - unit * 3.0),
            (x + unit * 3.0, foot),
        ],
        tone(clay, -0.35),
        0.45,
    );
    canvas.line(
        &[(x - unit * 15.0, foot - unit * 12.0), (x + unit * 15.0, foot - unit * 12.0)],
        unit * 0.9,
        tone(clay, 0.25),
        0.9,
    );
}

fn cup(canvas: &mut Canvas, (x, foot): Point, size: f32, palette: &Palette) {
    shadow(canvas, (x, foot), size * 1.5);
    canvas.ellipse((x, foot), (size * 1.75, size * 0.34), [0.95, 0.94, 0.91], 1.0);
    canvas.ellipse((x, foot - size * 0.05), (size * 1.2, size * 0.2), [0.86, 0.85, 0.82], 1.0);
    let clay = mix(palette.accent, [0.97, 0.96, 0.93], 0.25);
    let ring: Vec<Point> = (0..=20)
        .map(|step| {
            let turn = std::f32::consts::PI * (step as f32 / 20.0 - 0.5);
            (x + size * 0.9 + turn.cos() * size * 0.55, foot - size * 0.85 + turn.sin() * size * 0.42)
        })
        .collect();
    canvas.line(&ring, size * 0.16, clay, 1.0);
    canvas.blob(
        &[
            (x - size * 1.08, foot - size * 1.5),
            (x + size * 1.08, foot - size * 1.5),
            (x + size * 0.98, foot - size * 0.5),
            (x + size * 0.5, foot + size * 0.05),
            (x - size * 0.5, foot + size * 0.05),
            (x - size * 0.98, foot - size * 0.5),
        ],
        clay,
        1.0,
    );
    canvas.blob(
        &[
            (x + size * 0.3, foot - size * 1.4),
            (x + size, foot - size * 1.4),
            (x + size * 0.85, foot - size * 0.4),
            (x + size * 0.3, foot),
        ],
        tone(clay, -0.3),
        0.4,
    );
    canvas.ellipse((x, foot - size * 1.42), (size * 1.0, size * 0.24), tone(clay, 0.4), 1.0);
    canvas.ellipse((x, foot - size * 1.38), (size * 0.88, size * 0.19), [0.30, 0.17, 0.10], 1.0);
    canvas.ellipse((x - size * 0.25, foot - size * 1.41), (size * 0.4, size * 0.06), [0.78, 0.6, 0.42], 0.7);
    for steam in 0..3_usize {
        let aside = (steam as f32 - 1.0) * size * 0.42;
        let line: Vec<Point> = (0..=16)
            .map(|step| {
                let up = step as f32 / 16.0;
                (x + aside + (up * 7.0 + steam as f32).sin() * size * 0.14, foot - size * (1.7 + 1.5 * up))
            })
            .collect();
        canvas.line(&line, size * 0.11, [1.0; 3], 0.28);
    }
}
