//! Mountains, nights, forests: layers that fade with distance.

use super::super::canvas::{Canvas, Point};
use super::super::chance::Chance;
use super::super::noise::{fractal, smooth};
use super::super::palette::{Palette, Rgb, mix, tone};
use super::Brush;

/// The line of a ridge: a height for each column, pixels from the top.
pub(super) fn ridge(canvas: &Canvas, base: f32, swing: f32, roughness: f32, seed: u64) -> Vec<f32> {
    let scale = roughness / canvas.width;
    (0..canvas.width as usize)
        .map(|x| {
            let at = x as f32 * scale;
            let soft = fractal(at, 0.5, 5, seed);
            // Folding noise makes peaks of its saddles.
            let sharp = 1.0 - (fractal(at * 1.3, 7.5, 4, seed ^ 0x4D) * 2.0 - 1.0).abs();
            canvas.height * (base - swing * (0.55 * soft + 0.45 * sharp * soft * 1.6))
        })
        .collect()
}

pub(super) fn sun(canvas: &mut Canvas, at: Point, radius: f32, palette: &Palette) {
    let reach = canvas.width.max(canvas.height);
    canvas.glow(at, reach * 0.62, palette.light, 0.42);
    canvas.glow(at, radius * 4.0, palette.light, 0.55);
    canvas.circle(at, radius, mix(palette.light, [1.0; 3], 0.35), 1.0);
}

pub(super) fn clouds(canvas: &mut Canvas, colour: Rgb, count: usize, chance: &mut Chance) {
    let unit = canvas.unit;
    for _ in 0..count {
        let (x, y) = (chance.range(0.0, canvas.width), chance.range(0.06, 0.36) * canvas.height);
        let size = chance.range(4.0, 10.0) * unit;
        for puff in 0..11_usize {
            let along = (puff as f32 - 5.0) / 5.0;
            let lift = (1.0 - along * along) * size * chance.range(0.1, 0.55);
            let round = size * (0.75 - 0.3 * along.abs()) * chance.range(0.8, 1.2);
            canvas.glow((x + along * size * 2.0, y - lift), round, colour, 0.55);
        }
    }
}

pub(super) fn stars(canvas: &mut Canvas, below: f32, count: usize, chance: &mut Chance) {
    for _ in 0..count {
        let at = (chance.range(0.0, canvas.width), chance.range(0.0, below) * canvas.height);
        let bright = chance.unit();
        let radius = canvas.unit * (0.07 + 0.17 * bright * bright * bright);
        canvas.circle(at, radius, mix([0.75, 0.85, 1.0], [1.0, 0.95, 0.85], chance.unit()), 0.35 + 0.65 * bright);
        if bright > 0.985 {
            canvas.glow(at, canvas.unit * 1.8, [0.9, 0.95, 1.0], 0.5);
        }
    }
}

fn birds(canvas: &mut Canvas, colour: Rgb, chance: &mut Chance) {
    let (mut x, mut y) = (chance.range(0.15, 0.7) * canvas.width, chance.range(0.14, 0.32) * canvas.height);
    for _ in 0..3 + chance.below(4) {
        let span = canvas.unit * chance.range(0.8, 1.5);
        let wings = [
            (x - span, y - span * 0.35),
            (x - span * 0.4, y - span * 0.5),
            (x, y),
            (x + span * 0.4, y - span * 0.5),
            (x + span, y - span * 0.35),
        ];
        canvas.line(&wings, canvas.unit * 0.22, colour, 0.75);
        x += canvas.unit * chance.range(2.0, 5.0);
        y += canvas.unit * chance.range(-2.0, 2.0);
    }
}

/// A fir of `height`, its foot at a place.
pub(super) fn fir(canvas: &mut Canvas, (x, foot): Point, height: f32, colour: Rgb, chance: &mut Chance) {
    let half = height * chance.range(0.17, 0.23);
    let mut outline = vec![(x, foot - height)];
    let tiers = 6;
    for side in [1.0_f32, -1.0] {
        let mut edge = Vec::new();
        for tier in 1..=tiers {
            let down = tier as f32 / tiers as f32;
            let y = foot - height * (1.0 - down * 0.93);
            let wide = half * down * chance.range(0.85, 1.12);
            edge.push((x + side * wide, y));
            edge.push((x + side * wide * 0.55, y - height * 0.015));
        }
        if side < 0.0 {
            edge.reverse();
        }
        outline.extend(edge);
    }
    canvas.shape(&outline, colour, 1.0);
    canvas.rect((x - height * 0.015, foot - height * 0.08), (height * 0.03, height * 0.1), tone(colour, -0.3), 1.0);
}

fn balloon(canvas: &mut Canvas, (x, y): Point, size: f32, palette: &Palette) {
    canvas.circle((x, y), size, palette.accent, 1.0);
    canvas.shape(
        &[
            (x - size * 0.86, y + size * 0.5),
            (x + size * 0.86, y + size * 0.5),
            (x + size * 0.2, y + size * 1.42),
            (x - size * 0.2, y + size * 1.42),
        ],
        palette.accent,
        1.0,
    );
    for (wide, colour) in [(0.62, palette.second), (0.24, tone(palette.accent, 0.25))] {
        canvas.ellipse((x, y), (size * wide, size * 0.995), colour, 0.9);
    }
    canvas.ellipse((x - size * 0.4, y - size * 0.35), (size * 0.18, size * 0.3), [1.0; 3], 0.22);
    canvas.rect((x - size * 0.2, y + size * 1.62), (size * 0.4, size * 0.3), tone(palette.near, 0.1), 1.0);
    for side in [-0.18, 0.18] {
        canvas.line(
            &[(x + size * side, y + size * 1.4), (x + size * side, y + size * 1.64)],
            size * 0.03,
            palette.near,
            1.0,
        );
    }
}

fn cabin(canvas: &mut Canvas, (x, foot): Point, size: f32, palette: &Palette) {
    let wall = mix(palette.accent, palette.near, 0.35);
    canvas.rect((x - size, foot - size * 0.8), (size * 2.0, size * 0.85), wall, 1.0);
    canvas.shape(
        &[(x - size * 1.2, foot - size * 0.75), (x, foot - size * 1.6), (x + size * 1.2, foot - size * 0.75)],
        tone(palette.near, -0.2),
        1.0,
    );
    canvas.rect((x + size * 0.45, foot - size * 1.65), (size * 0.22, size * 0.6), tone(palette.near, -0.1), 1.0);
    for side in [-0.55, 0.25] {
        canvas.rect((x + size * side, foot - size * 0.55), (size * 0.34, size * 0.32), [1.0, 0.86, 0.5], 1.0);
        canvas.glow((x + size * (side + 0.17), foot - size * 0.4), size * 0.9, [1.0, 0.8, 0.4], 0.35);
    }
}

pub(super) fn landscape(canvas: &mut Canvas, brush: &Brush<'_>, chance: &mut Chance) {
    let palette = brush.palette;
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit);
    canvas.sky(&[
        (0.0, palette.high),
        (0.38, mix(palette.high, palette.low, 0.6)),
        (0.66, palette.low),
        (1.0, palette.low),
    ]);
    let place = (chance.range(0.2, 0.8) * width, chance.range(0.2, 0.42) * height);
    if palette.is_dark {
        stars(canvas, 0.55, brush.count(160), chance);
    }
    sun(canvas, place, unit * chance.range(4.0, 7.0), palette);
    clouds(canvas, mix(palette.light, palette.low, 0.3), brush.count(4), chance);
    let layers = 4 + usize::from(brush.detail) + chance.below(2);
    let is_flat =
        brush.says(&["desert", "dunes", "dune", "field", "meadow", "prairie", "hills", "countryside", "farm"]);
    let seed = chance.next();
    let has_lake = brush.says(&["lake", "river"]) || (!is_flat && chance.chance(0.3));
    for layer in 0..layers {
        let depth = layer as f32 / (layers - 1) as f32;
        let colour = mix(mix(palette.far, palette.low, 0.35), palette.near, depth.powf(1.15));
        let swing = if is_flat { 0.10 + 0.05 * depth } else { 0.36 - 0.2 * depth };
        let base = 0.60 + 0.36 * depth;
        let rough = if is_flat { 1.6 + 1.2 * depth } else { 2.4 + 2.6 * depth };
        let line = ridge(canvas, base, swing, rough, seed.wrapping_add(layer as u64 * 31));
        // What is far lies in mist at its foot.
        let mist = mix(colour, palette.low, 0.62 * (1.0 - depth));
        canvas.ground(&line, colour, mist, height * 0.34);
        if brush.says(&["snow", "alps", "glacier", "fuji", "winter", "mountain", "mountains"]) && layer < 2 && !is_flat
        {
            snow(canvas, &line, seed ^ layer as u64, palette);
        }
        if layer + 1 == layers - 1 && has_lake {
            lake(canvas, palette, 0.80, chance);
        }
        if layer + 1 == layers {
            foreground(canvas, brush, &line, chance);
        }
    }
    if brush.says(&["balloon", "balloons"]) {
        for _ in 0..3 {
            let at = (chance.range(0.12, 0.88) * width, chance.range(0.12, 0.42) * height);
            balloon(canvas, at, unit * chance.range(3.0, 7.0), palette);
        }
    }
    birds(canvas, tone(palette.near, -0.1), chance);
}

/// Snow on what is high of a ridge.
fn snow(canvas: &mut Canvas, line: &[f32], seed: u64, palette: &Palette) {
    let top = line.iter().copied().fold(f32::MAX, f32::min);
    let low = line.iter().copied().fold(0.0, f32::max);
    let limit = top + (low - top) * 0.45;
    let white = mix([0.97, 0.98, 1.0], palette.light, 0.25);
    let mut points: Vec<Point> = Vec::new();
    for (x, y) in line.iter().enumerate().step_by(3) {
        if *y < limit {
            points.push((x as f32, *y));
            continue;
        }
        close_snow(canvas, &mut points, limit, seed, white);
    }
    close_snow(canvas, &mut points, limit, seed, white);
}

fn close_snow(canvas: &mut Canvas, points: &mut Vec<Point>, limit: f32, seed: u64, white: Rgb) {
    if points.len() > 2 {
        let lower: Vec<Point> = points
            .iter()
            .rev()
            .step_by(2)
            .map(|(x, y)| {
                let jag = smooth(x / canvas.unit * 0.9, 3.0, seed);
                (*x, y + (limit - y) * (0.25 + 0.75 * jag))
            })
            .collect();
        let mut all = std::mem::take(points);
        all.extend(lower);
        canvas.shape(&all, white, 0.86);
    }
    points.clear();
}

fn lake(canvas: &mut Canvas, palette: &Palette, shore: f32, chance: &mut Chance) {
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit);
    let line = vec![height * shore; width as usize];
    canvas.ground(&line, mix(palette.low, palette.far, 0.25), mix(palette.high, palette.near, 0.25), height * 0.2);
    for _ in 0..40 {
        let (x, down) = (chance.range(0.0, width), chance.unit());
        let y = height * shore + down * down * height * (1.0 - shore);
        let long = unit * chance.range(1.5, 8.0) * (0.4 + down);
        canvas.line(&[(x, y), (x + long, y)], unit * 0.14 * (0.5 + down), palette.light, 0.28);
    }
}

fn foreground(canvas: &mut Canvas, brush: &Brush<'_>, line: &[f32], chance: &mut Chance) {
    let palette = brush.palette;
    let dark = tone(palette.near, -0.28);
    let foot = |x: f32| line.get(x as usize).copied().unwrap_or(canvas.height);
    if brush.says(&["desert", "dunes", "dune", "beach"]) {
        return;
    }
    if brush.says(&["house", "cabin", "barn", "farm", "village", "cottage"]) {
        let x = canvas.width * chance.range(0.3, 0.7);
        let at = (x, foot(x) + canvas.unit);
        let size = canvas.unit * 6.0;
        cabin(canvas, at, size, palette);
    }
    for _ in 0..brush.count(16) {
        let aside = chance.unit();
        // Trees stand at the sides, so that the view stays open.
        let x =
            if chance.chance(0.5) { aside * aside * 0.42 } else { 1.0 - aside * aside * 0.42 } * (canvas.width - 1.0);
        let y = line.get(x as usize).copied().unwrap_or(canvas.height) + canvas.unit;
        let tall = canvas.unit * chance.range(5.0, 15.0) * (1.2 - aside * 0.6);
        fir(canvas, (x, y), tall, mix(dark, palette.near, chance.unit() * 0.5), chance);
    }
}

pub(super) fn night(canvas: &mut Canvas, brush: &Brush<'_>, chance: &mut Chance) {
    let palette = brush.palette;
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit);
    let is_space = brush.says(&[
        "space",
        "galaxy",
        "planet",
        "planets",
        "nebula",
        "cosmos",
        "universe",
        "saturn",
        "spaceship",
        "rocket",
        "astronaut",
        "comet",
    ]);
    let low = if is_space { mix(palette.high, palette.low, 0.4) } else { palette.low };
    canvas.sky(&[(0.0, palette.high), (0.6, mix(palette.high, low, 0.6)), (1.0, low)]);
    for _ in 0..if is_space { 9 } else { 4 } {
        let at = (chance.range(0.0, width), chance.range(0.0, 0.8) * height);
        let colour = if chance.chance(0.5) { palette.second } else { mix(palette.accent, [0.6, 0.3, 0.9], 0.5) };
        canvas.glow(at, unit * chance.range(22.0, 55.0), colour, if is_space { 0.38 } else { 0.16 });
    }
    stars(canvas, if is_space { 1.0 } else { 0.8 }, brush.count(420), chance);
    if brush.says(&["aurora", "northern", "lights"]) {
        aurora(canvas, palette, chance);
    }
    if is_space {
        planet(canvas, palette, chance);
        return;
    }
    let at = (chance.range(0.2, 0.8) * width, chance.range(0.16, 0.36) * height);
    moon(canvas, at, unit * chance.range(5.0, 9.0), palette, chance);
    let seed = chance.next();
    for layer in 0..4_u64 {
        let depth = layer as f32 / 3.0;
        let line =
            ridge(canvas, 0.72 + 0.24 * depth, 0.24 - 0.1 * depth, 2.2 + 2.0 * depth, seed.wrapping_add(layer * 17));
        let colour = mix(mix(palette.far, palette.low, 0.3), palette.near, depth);
        canvas.ground(&line, colour, mix(colour, palette.low, 0.35 * (1.0 - depth)), height * 0.3);
        if layer == 3 {
            foreground(canvas, brush, &line, chance);
        }
    }
}

fn moon(canvas: &mut Canvas, (x, y): Point, radius: f32, palette: &Palette, chance: &mut Chance) {
    canvas.glow((x, y), radius * 7.0, palette.light, 0.34);
    canvas.circle((x, y), radius, palette.light, 1.0);
    for _ in 0..7 {
        let (turn, out) = (chance.range(0.0, std::f32::consts::TAU), chance.range(0.0, 0.7));
        let at = (x + turn.cos() * out * radius, y + turn.sin() * out * radius);
        canvas.circle(at, radius * chance.range(0.06, 0.2), tone(palette.light, -0.14), 0.6);
    }
}

fn aurora(canvas: &mut Canvas, palette: &Palette, chance: &mut Chance) {
    let seed = chance.next();
    for band in 0..3_u64 {
        let colour = if band == 1 { palette.second } else { [0.3, 0.95, 0.65] };
        let base = 0.26 + 0.09 * band as f32;
        let step = (canvas.width / 160.0).max(1.0);
        let mut x = 0.0;
        while x < canvas.width {
            let along = x / canvas.width * 3.0;
            let y = canvas.height * (base + 0.14 * (fractal(along, band as f32, 3, seed) - 0.5));
            let tall = canvas.height * (0.06 + 0.2 * smooth(along * 5.0, 9.0 + band as f32, seed));
            canvas.glow((x, y), tall, colour, 0.075);
            x += step;
        }
    }
}

fn planet(canvas: &mut Canvas, palette: &Palette, chance: &mut Chance) {
    let (x, y) = (canvas.width * chance.range(0.35, 0.65), canvas.height * chance.range(0.4, 0.62));
    let radius = canvas.unit * chance.range(18.0, 26.0);
    canvas.glow((x, y), radius * 2.0, palette.second, 0.35);
    let tilt = chance.range(-0.35, 0.35);
    let ring = |canvas: &mut Canvas, is_front: bool| {
        for (size, opacity) in [(1.95, 0.5), (1.75, 0.75), (1.55, 0.4)] {
            let points: Vec<Point> = (0..=60)
                .map(|step| {
                    let turn = std::f32::consts::PI * (step as f32 / 60.0 + if is_front { 0.0 } else { 1.0 });
                    let (across, down) = (turn.cos() * radius * size, turn.sin() * radius * size * 0.22);
                    (x + across * tilt.cos() - down * tilt.sin(), y + across * tilt.sin() + down * tilt.cos())
                })
                .collect();
            canvas.line(&points, radius * 0.1, mix(palette.light, palette.accent, 0.3), opacity);
        }
    };
    ring(canvas, false);
    canvas.circle((x, y), radius, palette.accent, 1.0);
    for band in -4..=4_i32 {
        let at = band as f32 / 5.0;
        let wide = (1.0 - at * at).sqrt() * radius;
        let colour = if band % 2 == 0 { palette.second } else { tone(palette.accent, 0.25) };
        canvas.ellipse((x, y + at * radius), (wide * 0.985, radius * chance.range(0.04, 0.1)), colour, 0.55);
    }
    // The side away from the light, as many thin crescents.
    for step in 0..12 {
        let shift = step as f32 / 12.0;
        let across = radius * (1.0 - shift * 0.55);
        canvas.ellipse((x + radius - across, y + (radius - across) * 0.3), (across, across), palette.high, 0.045);
    }
    canvas.glow((x - radius * 0.4, y - radius * 0.45), radius * 1.1, palette.light, 0.35);
    ring(canvas, true);
    let (x, y) = (canvas.width * chance.range(0.1, 0.3), canvas.height * chance.range(0.14, 0.3));
    let size = canvas.unit * chance.range(2.0, 4.5);
    moon(canvas, (x, y), size, palette, chance);
}

pub(super) fn forest(canvas: &mut Canvas, brush: &Brush<'_>, chance: &mut Chance) {
    let palette = brush.palette;
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit);
    canvas.sky(&[
        (0.0, mix(palette.high, palette.low, 0.3)),
        (0.55, palette.low),
        (1.0, mix(palette.low, palette.far, 0.6)),
    ]);
    let light = (chance.range(0.3, 0.7) * width, height * 0.3);
    sun(canvas, light, unit * 5.0, palette);
    let layers = 5;
    for layer in 0..layers {
        let depth = layer as f32 / (layers - 1) as f32;
        let colour = mix(mix(palette.far, palette.low, 0.45), palette.near, depth);
        let base = 0.55 + 0.42 * depth;
        let line = ridge(canvas, base, 0.08, 2.0 + depth, chance.next());
        let tall = unit * (16.0 + 34.0 * depth);
        let count = brush.count(26 - layer * 4);
        for tree in 0..count {
            let x = (tree as f32 + chance.range(0.0, 1.0)) / count as f32 * width;
            // The nearest trees leave the middle open.
            if layer + 1 == layers && (x / width - 0.5).abs() < 0.22 {
                continue;
            }
            let foot = line.get(x as usize).copied().unwrap_or(height) + unit * 2.0;
            let shade = mix(colour, tone(colour, -0.2), chance.unit());
            fir(canvas, (x, foot), tall * chance.range(0.6, 1.1), shade, chance);
        }
        canvas.ground(&line, colour, mix(colour, palette.low, 0.4 * (1.0 - depth)), height * 0.25);
        if layer + 1 < layers {
            canvas.glow((light.0, height * base), width * 0.5, palette.low, 0.3 * (1.0 - depth));
        }
    }
    for ray in 0..6_usize {
        let aim = (ray as f32 - 2.5) * unit * 16.0 + light.0;
        canvas.shape(&[light, (aim - unit * 5.0, height), (aim + unit * 5.0, height)], palette.light, 0.045);
    }
    path(canvas, palette);
}

fn path(canvas: &mut Canvas, palette: &Palette) {
    let (width, height) = (canvas.width, canvas.height);
    let colour = mix(palette.low, palette.accent, 0.25);
    let side = |sign: f32| {
        (0..=20).map(move |step| {
            let t = step as f32 / 20.0;
            let bend = (t * 3.2).sin() * 0.06;
            (width * (0.5 + bend * (1.0 - t) + sign * (0.006 + 0.12 * t * t)), height * (0.80 + 0.2 * t))
        })
    };
    let mut points: Vec<Point> = side(-1.0).collect();
    points.extend(side(1.0).rev());
    canvas.shape(&points, colour, 0.55);
}
