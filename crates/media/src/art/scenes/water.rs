//! The sea: a horizon, the light on the water, waves that grow towards the viewer.

use super::super::canvas::{Canvas, Point};
use super::super::chance::Chance;
use super::super::noise::fractal;
use super::super::palette::{Palette, mix, tone};
use super::Brush;
use super::land::{clouds, ridge, stars, sun};

pub(super) fn sea(canvas: &mut Canvas, brush: &Brush<'_>, chance: &mut Chance) {
    let palette = brush.palette;
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit);
    let horizon = height * chance.range(0.46, 0.56);
    canvas.sky(&[
        (0.0, palette.high),
        (0.3, mix(palette.high, palette.low, 0.5)),
        (0.55, palette.low),
        (1.0, palette.low),
    ]);
    if palette.is_dark {
        stars(canvas, 0.5, brush.count(200), chance);
    }
    let light = (chance.range(0.25, 0.75) * width, horizon - unit * chance.range(6.0, 22.0));
    sun(canvas, light, unit * chance.range(5.0, 8.0), palette);
    clouds(canvas, mix(palette.light, palette.low, 0.2), brush.count(5), chance);
    let land = ridge(canvas, horizon / height + 0.03, 0.16, 2.4, chance.next());
    canvas.ground(&land, mix(palette.far, palette.low, 0.35), mix(palette.far, palette.low, 0.7), unit * 14.0);
    let deep = mix(palette.high, palette.near, 0.55);
    canvas.ground(&vec![horizon; width as usize], mix(palette.low, palette.far, 0.45), deep, height - horizon);
    path_of_light(canvas, light.0, horizon, palette, chance);
    boats(canvas, brush, horizon, chance);
    let layers = 5 + usize::from(brush.detail);
    for layer in 0..layers {
        let depth = (layer as f32 + 1.0) / layers as f32;
        wave(canvas, horizon, depth, palette, chance);
    }
    if brush.says(&["beach", "shore", "coast", "lagoon", "palm", "island"]) {
        beach(canvas, palette, chance);
    }
}

fn path_of_light(canvas: &mut Canvas, x: f32, horizon: f32, palette: &Palette, chance: &mut Chance) {
    let (height, unit) = (canvas.height, canvas.unit);
    for _ in 0..130 {
        let down = chance.unit();
        let y = horizon + down * down * (height - horizon);
        let wide = unit * (2.5 + 16.0 * down);
        let at = x + chance.range(-1.0, 1.0) * wide;
        let long = unit * chance.range(1.0, 5.0) * (0.5 + down);
        canvas.line(&[(at - long, y), (at + long, y)], unit * (0.12 + 0.32 * down), palette.light, 0.42);
    }
}

fn wave(canvas: &mut Canvas, horizon: f32, depth: f32, palette: &Palette, chance: &mut Chance) {
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit);
    let seed = chance.next();
    let base = horizon + (height - horizon) * (0.12 + 0.82 * depth * depth);
    let swing = unit * (0.8 + 6.0 * depth * depth);
    let line: Vec<f32> = (0..width as usize)
        .map(|x| {
            let along = x as f32 / width * (9.0 - 5.0 * depth);
            let crest = 1.0 - ((along + fractal(along * 0.7, 1.0, 3, seed) * 1.6).sin()).abs();
            base - swing * crest
        })
        .collect();
    let sea = mix(mix(palette.high, palette.second, 0.22), palette.near, 0.15 + 0.6 * depth);
    canvas.ground(&line, tone(sea, 0.12), tone(sea, -0.25), unit * (6.0 + 18.0 * depth));
    let foam: Vec<Point> = line.iter().enumerate().step_by(4).map(|(x, y)| (x as f32, y + unit * 0.2)).collect();
    canvas.line(&foam, unit * (0.14 + 0.4 * depth), mix(palette.light, [1.0; 3], 0.5), 0.35 + 0.35 * depth);
}

fn boats(canvas: &mut Canvas, brush: &Brush<'_>, horizon: f32, chance: &mut Chance) {
    let palette = brush.palette;
    let named = brush.says(&["boat", "boats", "ship", "sailboat", "sail", "yacht"]);
    if brush.says(&["lighthouse"]) {
        lighthouse(canvas, horizon, palette, chance);
    }
    let count = if named { 2 } else { usize::from(chance.chance(0.55)) };
    for _ in 0..count {
        let size = canvas.unit * if named { chance.range(7.0, 12.0) } else { chance.range(3.0, 5.0) };
        let (x, y) = (chance.range(0.15, 0.85) * canvas.width, horizon + size * 0.55);
        canvas.blob(
            &[
                (x - size * 0.9, y),
                (x - size * 0.6, y + size * 0.34),
                (x + size * 0.6, y + size * 0.34),
                (x + size, y - size * 0.05),
                (x, y + size * 0.02),
            ],
            tone(palette.near, -0.1),
            1.0,
        );
        canvas.line(&[(x, y), (x, y - size * 1.75)], size * 0.05, tone(palette.near, -0.2), 1.0);
        canvas.shape(
            &[
                (x + size * 0.06, y - size * 1.7),
                (x + size * 0.06, y - size * 0.14),
                (x + size * 0.85, y - size * 0.14),
            ],
            mix([0.98, 0.97, 0.94], palette.light, 0.3),
            1.0,
        );
        canvas.shape(
            &[(x - size * 0.06, y - size * 1.5), (x - size * 0.06, y - size * 0.14), (x - size * 0.6, y - size * 0.14)],
            palette.accent,
            1.0,
        );
        canvas.ellipse((x, y + size * 0.42), (size * 0.95, size * 0.07), palette.near, 0.35);
    }
}

fn lighthouse(canvas: &mut Canvas, horizon: f32, palette: &Palette, chance: &mut Chance) {
    let unit = canvas.unit;
    let (x, foot) = (canvas.width * if chance.chance(0.5) { 0.2 } else { 0.8 }, horizon + unit * 4.0);
    let tall = unit * 34.0;
    canvas.blob(
        &[
            (x - unit * 18.0, foot + unit * 5.0),
            (x - unit * 10.0, foot - unit * 4.0),
            (x + unit * 9.0, foot - unit * 5.0),
            (x + unit * 19.0, foot + unit * 5.0),
        ],
        tone(palette.near, -0.1),
        1.0,
    );
    for stripe in 0..6_usize {
        let (low, high) = (stripe as f32 / 6.0, (stripe as f32 + 1.0) / 6.0);
        let half = |at: f32| unit * (4.0 - 1.6 * at);
        let colour = if stripe % 2 == 0 { [0.97, 0.96, 0.93] } else { palette.accent };
        canvas.shape(
            &[
                (x - half(low), foot - tall * low),
                (x + half(low), foot - tall * low),
                (x + half(high), foot - tall * high),
                (x - half(high), foot - tall * high),
            ],
            colour,
            1.0,
        );
    }
    let lamp = (x, foot - tall - unit * 2.0);
    canvas.rect((x - unit * 3.0, foot - tall - unit * 0.6), (unit * 6.0, unit * 0.9), palette.near, 1.0);
    canvas.rect((x - unit * 1.7, foot - tall - unit * 4.0), (unit * 3.4, unit * 3.6), [1.0, 0.92, 0.62], 1.0);
    canvas.shape(
        &[
            (x - unit * 2.4, foot - tall - unit * 4.0),
            (x, foot - tall - unit * 7.0),
            (x + unit * 2.4, foot - tall - unit * 4.0),
        ],
        palette.near,
        1.0,
    );
    let aim = if x < canvas.width / 2.0 { canvas.width } else { 0.0 };
    canvas.shape(&[lamp, (aim, lamp.1 - unit * 16.0), (aim, lamp.1 + unit * 8.0)], [1.0, 0.95, 0.75], 0.16);
    canvas.glow(lamp, unit * 16.0, [1.0, 0.93, 0.7], 0.7);
}

fn beach(canvas: &mut Canvas, palette: &Palette, chance: &mut Chance) {
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit);
    let seed = chance.next();
    let line = |shift: f32| -> Vec<f32> {
        (0..width as usize)
            .map(|x| height * (0.86 + shift) + unit * 12.0 * (fractal(x as f32 / width * 1.6, 2.0, 2, seed) - 0.5))
            .collect()
    };
    canvas.ground(&line(-0.015), [0.97, 0.98, 0.96], [0.97, 0.98, 0.96], height);
    let sand = mix([0.93, 0.82, 0.62], palette.light, 0.3);
    canvas.ground(&line(0.0), tone(sand, -0.1), sand, height * 0.14);
    for side in [0.06_f32, 0.93] {
        palm(
            canvas,
            (width * side, height * 0.97),
            unit * chance.range(34.0, 46.0),
            if side < 0.5 { 1.0 } else { -1.0 },
            palette,
        );
    }
}

fn palm(canvas: &mut Canvas, (x, foot): Point, tall: f32, lean: f32, palette: &Palette) {
    let trunk: Vec<Point> = (0..=14)
        .map(|step| {
            let t = step as f32 / 14.0;
            (x + lean * tall * 0.26 * t * t, foot - tall * t)
        })
        .collect();
    canvas.line(&trunk, tall * 0.035, mix(palette.near, [0.35, 0.22, 0.15], 0.6), 1.0);
    let Some(top) = trunk.last().copied() else { return };
    for leaf in 0..9_usize {
        let turn = std::f32::consts::PI * (leaf as f32 / 8.0 * 1.3 - 0.15);
        let long = tall * 0.42;
        let tip = (top.0 + turn.cos() * long, top.1 - turn.sin() * long * 0.55 + long * 0.3);
        let bow = (top.0 + turn.cos() * long * 0.55, top.1 - turn.sin() * long * 0.62 - long * 0.12);
        canvas.blob(
            &[top, bow, tip, (bow.0, bow.1 + long * 0.16), top],
            mix(palette.near, [0.1, 0.42, 0.25], 0.45),
            1.0,
        );
    }
}
