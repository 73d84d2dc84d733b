//! Cities: skylines one behind the other, lit windows, a street that mirrors the light.

use super::super::canvas::{Canvas, Point};
use super::super::chance::Chance;
use super::super::palette::{Rgb, mix, tone};
use super::Brush;
use super::land::{clouds, stars, sun};

pub(super) fn city(canvas: &mut Canvas, brush: &Brush<'_>, chance: &mut Chance) {
    let palette = brush.palette;
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit);
    canvas.sky(&[
        (0.0, palette.high),
        (0.5, mix(palette.high, palette.low, 0.7)),
        (0.78, palette.low),
        (1.0, palette.low),
    ]);
    if palette.is_dark {
        stars(canvas, 0.5, brush.count(130), chance);
    }
    let light = (chance.range(0.25, 0.75) * width, chance.range(0.3, 0.5) * height);
    sun(canvas, light, unit * chance.range(7.0, 12.0), palette);
    clouds(canvas, mix(palette.light, palette.low, 0.35), brush.count(3), chance);
    let layers = 3 + usize::from(brush.detail > 0);
    for layer in 0..layers {
        let depth = layer as f32 / (layers - 1) as f32;
        let colour = mix(mix(palette.far, palette.low, 0.4), palette.near, depth);
        skyline(canvas, brush, (0.84 + 0.05 * depth, depth), colour, chance);
        canvas.glow((light.0, height * 0.86), width * 0.6, palette.low, 0.35 * (1.0 - depth));
    }
    street(canvas, brush, light.0, chance);
}

fn skyline(canvas: &mut Canvas, brush: &Brush<'_>, (base, depth): Point, colour: Rgb, chance: &mut Chance) {
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit);
    let mut x = -unit * chance.range(0.0, 6.0);
    while x < width {
        let wide = unit * chance.range(5.0, 11.0) * (0.7 + 0.6 * depth);
        let middle = 1.0 - ((x + wide / 2.0) / width * 2.0 - 1.0).abs() * 0.5;
        let tall = height * chance.range(0.14, 0.46) * (1.15 - 0.45 * depth) * middle;
        let shade = mix(colour, tone(colour, if chance.chance(0.5) { 0.08 } else { -0.12 }), chance.unit());
        house(canvas, (x, height * base), (wide, tall), shade, chance);
        windows(canvas, brush, (x, height * base), (wide, tall), depth, shade, chance);
        x += wide * chance.range(0.85, 1.15);
    }
    canvas.rect((0.0, height * base - 1.0), (width, height), colour, 1.0);
}

fn house(canvas: &mut Canvas, (x, foot): Point, (wide, tall): Point, colour: Rgb, chance: &mut Chance) {
    let top = foot - tall;
    canvas.rect((x, top), (wide, tall), colour, 1.0);
    // The side in shadow gives it depth.
    canvas.rect((x + wide * 0.68, top), (wide * 0.32, tall), tone(colour, -0.18), 0.6);
    match chance.below(5) {
        0 => {
            canvas.rect((x + wide * 0.2, top - wide * 0.3), (wide * 0.6, wide * 0.31), colour, 1.0);
            canvas.line(
                &[(x + wide * 0.5, top - wide * 0.3), (x + wide * 0.5, top - wide * 1.2)],
                wide * 0.04,
                colour,
                1.0,
            );
        }
        1 => canvas.shape(&[(x, top + 0.5), (x + wide / 2.0, top - wide * 0.8), (x + wide, top + 0.5)], colour, 1.0),
        2 => canvas.shape(&[(x, top + 0.5), (x, top - wide * 0.45), (x + wide, top + 0.5)], colour, 1.0),
        3 => canvas.ellipse((x + wide / 2.0, top), (wide / 2.0, wide * 0.4), colour, 1.0),
        _ => {}
    }
}

fn windows(
    canvas: &mut Canvas,
    brush: &Brush<'_>,
    (x, foot): Point,
    (wide, tall): Point,
    depth: f32,
    shade: Rgb,
    chance: &mut Chance,
) {
    if depth < 0.3 && brush.detail < 2 {
        return;
    }
    let (unit, palette) = (canvas.unit, brush.palette);
    let (step_x, step_y) = (unit * 1.5, unit * 2.1);
    let lit = if palette.is_dark { 0.5 } else { 0.26 };
    let glass = [mix(palette.light, [1.0, 0.82, 0.45], 0.6), palette.second, tone(shade, 0.18)];
    let mut y = foot - tall + unit * 1.8;
    while y < foot - unit * 1.5 {
        let mut at = x + unit * 1.0;
        while at < x + wide - unit * 1.4 {
            let colour = match chance.unit() {
                share if share < lit => glass[0],
                share if share < lit + 0.06 => glass[1],
                _ => glass[2],
            };
            canvas.rect((at, y), (unit * 0.7, unit * 1.1), colour, 0.35 + 0.55 * depth);
            at += step_x;
        }
        y += step_y;
    }
}

fn street(canvas: &mut Canvas, brush: &Brush<'_>, light: f32, chance: &mut Chance) {
    let palette = brush.palette;
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit);
    let line = vec![height * 0.885; width as usize];
    canvas.ground(&line, mix(palette.near, palette.low, 0.3), tone(palette.near, -0.3), height * 0.11);
    for _ in 0..90 {
        let down = chance.unit();
        let y = height * (0.89 + 0.11 * down);
        let x = light + chance.range(-1.0, 1.0) * width * 0.5 * chance.unit();
        let colour = [palette.light, palette.accent, palette.second][chance.below(3)];
        canvas.line(&[(x, y), (x + unit * chance.range(1.0, 5.0), y)], unit * (0.15 + 0.25 * down), colour, 0.34);
    }
    let mut x = unit * chance.range(2.0, 8.0);
    while x < width {
        let top = height * 0.80;
        canvas.line(&[(x, height * 0.9), (x, top)], unit * 0.35, tone(palette.near, -0.4), 1.0);
        canvas.line(&[(x, top), (x + unit * 2.0, top + unit * 0.4)], unit * 0.3, tone(palette.near, -0.4), 1.0);
        canvas.glow((x + unit * 2.0, top + unit * 0.8), unit * 5.0, [1.0, 0.88, 0.6], 0.5);
        canvas.circle((x + unit * 2.0, top + unit * 0.8), unit * 0.55, [1.0, 0.95, 0.8], 1.0);
        x += unit * chance.range(18.0, 26.0);
    }
}
