//! Maps, charts and compositions of shapes.

use super::super::canvas::{Canvas, Point};
use super::super::chance::Chance;
use super::super::noise::{fractal, smooth};
use super::super::palette::{Palette, mix, tone};
use super::Brush;

pub(super) fn map(canvas: &mut Canvas, brush: &Brush<'_>, chance: &mut Chance) {
    let palette = brush.palette;
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit);
    let seed = chance.next();
    relief(canvas, palette, seed);
    for _ in 0..3 {
        road(canvas, palette, chance);
    }
    for _ in 0..brush.count(9) {
        let at = (chance.range(0.12, 0.88) * width, chance.range(0.12, 0.88) * height);
        canvas.circle(at, unit * 0.9, tone(palette.near, -0.2), 1.0);
        canvas.circle(at, unit * 0.45, [1.0, 0.98, 0.93], 1.0);
        canvas.line(
            &[(at.0 + unit * 1.8, at.1), (at.0 + unit * chance.range(5.0, 9.0), at.1)],
            unit * 0.5,
            tone(palette.near, -0.1),
            0.75,
        );
    }
    if brush.says(&["treasure", "pirate", "island"]) {
        let at = (width * chance.range(0.4, 0.65), height * chance.range(0.4, 0.6));
        for side in [-1.0, 1.0] {
            canvas.line(
                &[(at.0 - unit * 3.0, at.1 - side * unit * 3.0), (at.0 + unit * 3.0, at.1 + side * unit * 3.0)],
                unit * 1.2,
                palette.accent,
                1.0,
            );
        }
    }
    compass(canvas, (width - unit * 13.0, height - unit * 14.0), unit * 8.0, palette);
    for (inset, thickness) in [(3.0, 0.9), (4.6, 0.25)] {
        let (low, right, bottom) = (unit * inset, width - unit * inset, height - unit * inset);
        canvas.line(
            &[(low, low), (right, low), (right, bottom), (low, bottom), (low, low)],
            unit * thickness,
            tone(palette.near, -0.1),
            0.85,
        );
    }
}

/// Water and land by height, with lines at equal heights; heights are worked out for every fourth pixel.
fn relief(canvas: &mut Canvas, palette: &Palette, seed: u64) {
    const STEP: usize = 4;
    let (width, height) = (canvas.width as usize, canvas.height as usize);
    let (columns, rows) = (width / STEP + 2, height / STEP + 2);
    let scale = 3.2 / width.min(height) as f32;
    let mut grid = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            let (x, y) = ((column * STEP) as f32 * scale, (row * STEP) as f32 * scale);
            let (across, down) =
                ((column * STEP) as f32 / width as f32 - 0.5, (row * STEP) as f32 / height as f32 - 0.5);
            grid.push(fractal(x, y, 5, seed) + 0.16 - 0.62 * (across * across + down * down));
        }
    }
    let paper = mix(palette.light, [0.95, 0.91, 0.82], 0.5);
    let sea = mix(palette.high, [0.62, 0.78, 0.82], 0.5);
    let levels = [
        mix(sea, paper, 0.1),
        mix(sea, paper, 0.4),
        mix([0.75, 0.82, 0.6], paper, 0.35),
        mix([0.65, 0.76, 0.5], paper, 0.15),
        mix([0.8, 0.72, 0.5], paper, 0.2),
        mix([0.62, 0.5, 0.38], paper, 0.2),
    ];
    let edges = [0.40, 0.475, 0.57, 0.66, 0.74];
    let data = canvas.map.data_mut();
    for y in 0..height {
        let (row, down) = (y / STEP, (y % STEP) as f32 / STEP as f32);
        for x in 0..width {
            let (column, across) = (x / STEP, (x % STEP) as f32 / STEP as f32);
            let at = row * columns + column;
            let above = grid[at] + (grid[at + 1] - grid[at]) * across;
            let below = grid[at + columns] + (grid[at + columns + 1] - grid[at + columns]) * across;
            let value = above + (below - above) * down;
            let level = edges.iter().filter(|edge| value > **edge).count();
            let near = edges.iter().map(|edge| (value - edge).abs()).fold(1.0_f32, f32::min);
            let line = (1.0 - near * 420.0).clamp(0.0, 1.0) * 0.45;
            // Light from the upper left.
            let slope =
                ((grid[at + 1] - grid[at]) + (grid[at + columns] - grid[at])) * if level > 1 { 6.0 } else { 1.0 };
            let colour = mix(tone(levels[level], (slope).clamp(-0.25, 0.25)), palette.near, line);
            data[(y * width + x) * 4..][..4].copy_from_slice(&[
                (colour[0] * 255.0) as u8,
                (colour[1] * 255.0) as u8,
                (colour[2] * 255.0) as u8,
                255,
            ]);
        }
    }
}

fn road(canvas: &mut Canvas, palette: &Palette, chance: &mut Chance) {
    let seed = chance.next();
    let is_across = chance.chance(0.6);
    let base = chance.range(0.25, 0.75);
    let points: Vec<Point> = (0..=80)
        .map(|step| {
            let t = step as f32 / 80.0;
            let aside = base + 0.3 * (fractal(t * 3.0, 1.0, 3, seed) - 0.5);
            if is_across {
                (t * canvas.width, aside * canvas.height)
            } else {
                (aside * canvas.width, t * canvas.height)
            }
        })
        .collect();
    canvas.line(&points, canvas.unit * 0.95, tone(palette.accent, -0.25), 0.85);
    canvas.line(&points, canvas.unit * 0.5, tone(palette.second, 0.45), 1.0);
}

fn compass(canvas: &mut Canvas, (x, y): Point, size: f32, palette: &Palette) {
    canvas.circle((x, y), size, palette.light, 0.75);
    for point in 0..8_usize {
        let turn = point as f32 / 8.0 * std::f32::consts::TAU;
        let long = if point % 2 == 0 { size } else { size * 0.6 };
        let tip = (x + turn.sin() * long, y - turn.cos() * long);
        for (side, colour) in [(-1.0, palette.near), (1.0, palette.accent)] {
            let corner = turn + side * std::f32::consts::FRAC_PI_4;
            canvas.shape(&[(x, y), tip, (x + corner.sin() * size * 0.2, y - corner.cos() * size * 0.2)], colour, 0.95);
        }
    }
}

pub(super) fn chart(canvas: &mut Canvas, brush: &Brush<'_>, chance: &mut Chance) {
    let palette = brush.palette;
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit);
    let paper = mix(palette.light, [0.98, 0.98, 0.97], 0.6);
    canvas.sky(&[(0.0, paper), (1.0, tone(paper, -0.04))]);
    let ink = tone(palette.near, 0.05);
    canvas.rect((unit * 9.0, unit * 8.0), (unit * 34.0, unit * 3.0), ink, 0.9);
    canvas.rect((unit * 9.0, unit * 13.0), (unit * 52.0, unit * 1.4), ink, 0.35);
    let (left, right, top, foot) = (unit * 12.0, width - unit * 9.0, unit * 22.0, height - unit * 14.0);
    if brush.says(&["pie", "donut"]) {
        pie(
            canvas,
            (f32::midpoint(left, right), f32::midpoint(top, foot)),
            (right - left).min(foot - top) * 0.44,
            palette,
            chance,
        );
        return;
    }
    for step in 0..=5_usize {
        let y = foot + (top - foot) * step as f32 / 5.0;
        canvas.line(&[(left, y), (right, y)], unit * 0.16, ink, if step == 0 { 0.9 } else { 0.16 });
        canvas.rect((left - unit * 5.0, y - unit * 0.5), (unit * 3.2, unit * 1.0), ink, 0.4);
    }
    let bars = 6 + chance.below(4);
    let slot = (right - left) / bars as f32;
    let mut value = chance.range(0.25, 0.5);
    let mut tops = Vec::new();
    for bar in 0..bars {
        value = (value + chance.range(-0.16, 0.24)).clamp(0.12, 0.95);
        let x = left + slot * (bar as f32 + 0.2);
        let tall = (foot - top) * value;
        let colour = mix(palette.second, palette.high, bar as f32 / bars as f32 * 0.6);
        canvas.rect((x, foot - tall), (slot * 0.6, tall), colour, 1.0);
        canvas.rect((x + slot * 0.42, foot - tall), (slot * 0.18, tall), tone(colour, -0.2), 0.5);
        canvas.rect((x + slot * 0.1, foot + unit * 2.0), (slot * 0.4, unit * 1.0), ink, 0.45);
        tops.push((x + slot * 0.3, foot - tall - unit * chance.range(3.0, 7.0)));
    }
    canvas.line(&tops, unit * 0.8, palette.accent, 1.0);
    for point in tops {
        canvas.circle(point, unit * 1.3, palette.accent, 1.0);
        canvas.circle(point, unit * 0.65, paper, 1.0);
    }
}

fn pie(canvas: &mut Canvas, (x, y): Point, radius: f32, palette: &Palette, chance: &mut Chance) {
    let colours = [palette.accent, palette.second, palette.high, palette.near, palette.far];
    let shares: Vec<f32> = colours.iter().map(|_| chance.range(0.4, 1.6)).collect();
    let all: f32 = shares.iter().sum();
    let mut turn = -std::f32::consts::FRAC_PI_2;
    for (share, colour) in shares.iter().zip(colours) {
        let end = turn + share / all * std::f32::consts::TAU;
        let mut points = vec![(x, y)];
        points.extend((0..=40).map(|step| {
            let at = turn + (end - turn) * step as f32 / 40.0;
            (x + at.cos() * radius, y + at.sin() * radius)
        }));
        canvas.shape(&points, colour, 1.0);
        canvas.line(&[(x, y), (x + turn.cos() * radius, y + turn.sin() * radius)], radius * 0.025, [0.98; 3], 1.0);
        turn = end;
    }
    canvas.circle((x, y), radius * 0.5, mix(palette.light, [0.98; 3], 0.6), 1.0);
}

pub(super) fn composition(canvas: &mut Canvas, brush: &Brush<'_>, chance: &mut Chance) {
    if brush.says(&[
        "bauhaus",
        "geometric",
        "logo",
        "icon",
        "shapes",
        "cubist",
        "kandinsky",
        "mondrian",
        "minimal",
        "pattern",
    ]) || (!brush.says(&["flow", "flowing", "dream", "waves", "gradient", "swirl", "fluid", "soft"])
        && chance.chance(0.4))
    {
        tiles(canvas, brush, chance);
    } else {
        flow(canvas, brush, chance);
    }
}

/// Ribbons that lie over one another, each with its shadow.
fn flow(canvas: &mut Canvas, brush: &Brush<'_>, chance: &mut Chance) {
    let palette = brush.palette;
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit);
    canvas.sky(&[(0.0, palette.high), (0.5, mix(palette.high, palette.accent, 0.35)), (1.0, palette.low)]);
    canvas.glow((width * chance.range(0.2, 0.8), height * chance.range(0.1, 0.4)), width * 0.7, palette.light, 0.7);
    let seed = chance.next();
    let bands = 8 + 2 * usize::from(brush.detail);
    let steep = chance.range(-0.5, 0.5);
    for band in 0..bands {
        let depth = band as f32 / (bands - 1) as f32;
        let line: Vec<f32> = (0..width as usize)
            .map(|x| {
                let along = x as f32 / width;
                let wave = smooth(along * 2.1 + depth * 0.6, depth * 2.4, seed) - 0.5;
                let fine = smooth(along * 4.7, depth * 5.0 + 3.0, seed ^ 5) - 0.5;
                height * (0.16 + 0.86 * depth + 0.34 * wave + 0.1 * fine + steep * (along - 0.5) * 0.5)
            })
            .collect();
        let colour = match band % 4 {
            0 => mix(palette.accent, palette.low, depth * 0.3),
            1 => mix(palette.high, palette.near, depth),
            2 => mix(palette.second, palette.accent, depth * 0.6),
            _ => mix(palette.far, palette.near, depth * 0.8),
        };
        for shade in 0..4_u8 {
            let lift = unit * (2.4 - 0.6 * f32::from(shade));
            let edge: Vec<Point> =
                line.iter().enumerate().step_by(6).map(|(x, y)| (x as f32, y - lift * 0.5)).collect();
            canvas.line(&edge, lift, [0.03, 0.02, 0.07], 0.05);
        }
        canvas.ground(&line, tone(colour, 0.2), tone(colour, -0.24), height * 0.34);
    }
    for _ in 0..3 {
        let at = (chance.range(0.1, 0.9) * width, chance.range(0.1, 0.6) * height);
        let radius = unit * chance.range(4.0, 11.0);
        canvas.circle((at.0 + radius * 0.1, at.1 + radius * 0.14), radius, [0.03, 0.02, 0.07], 0.16);
        canvas.circle(at, radius, mix(palette.light, palette.second, 0.25), 1.0);
        canvas.glow((at.0 - radius * 0.3, at.1 - radius * 0.35), radius, [1.0; 3], 0.6);
    }
}

/// Quarter circles, bars and dots on a grid, as posters of the twenties.
fn tiles(canvas: &mut Canvas, brush: &Brush<'_>, chance: &mut Chance) {
    let palette = brush.palette;
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit);
    let paper = mix(palette.light, palette.low, 0.3);
    canvas.sky(&[(0.0, paper), (1.0, tone(paper, -0.05))]);
    let colours = [palette.accent, palette.second, palette.near, palette.high, palette.far, tone(palette.accent, 0.5)];
    let across = 4 + usize::from(brush.detail);
    let side = (width.min(height) - unit * 12.0) / across as f32;
    let (columns, rows) = (((width - unit * 12.0) / side) as usize, ((height - unit * 12.0) / side) as usize);
    let (left, top) = ((width - columns as f32 * side) / 2.0, (height - rows as f32 * side) / 2.0);
    for row in 0..rows {
        for column in 0..columns {
            let at = (left + column as f32 * side, top + row as f32 * side);
            let (ground, figure) = (colours[chance.below(colours.len())], colours[chance.below(colours.len())]);
            if chance.chance(0.72) {
                canvas.rect(at, (side, side), if chance.chance(0.4) { tone(paper, -0.06) } else { ground }, 1.0);
            }
            tile(canvas, at, side, figure, palette, chance);
        }
    }
}

fn tile(canvas: &mut Canvas, (x, y): Point, side: f32, colour: [f32; 3], palette: &Palette, chance: &mut Chance) {
    match chance.below(7) {
        0 | 1 => {
            let corner = (x + side * chance.below(2) as f32, y + side * chance.below(2) as f32);
            for (size, colour) in [(1.0, colour), (0.6, palette.light), (0.3, palette.accent)] {
                let (away, down) = (if corner.0 > x { -1.0 } else { 1.0 }, if corner.1 > y { -1.0 } else { 1.0 });
                let mut points = vec![corner];
                points.extend((0..=30).map(|step| {
                    let turn = std::f32::consts::FRAC_PI_2 * step as f32 / 30.0;
                    (corner.0 + away * turn.cos() * side * size, corner.1 + down * turn.sin() * side * size)
                }));
                canvas.shape(&points, colour, 1.0);
            }
        }
        2 => {
            canvas.circle((x + side / 2.0, y + side / 2.0), side * 0.42, colour, 1.0);
            canvas.circle((x + side / 2.0, y + side / 2.0), side * 0.2, palette.light, 1.0);
        }
        3 => {
            for bar in 0..4_usize {
                canvas.rect((x, y + side * (bar as f32 * 0.25 + 0.06)), (side, side * 0.12), colour, 1.0);
            }
        }
        4 => canvas.shape(&[(x, y), (x + side, y), (x, y + side)], colour, 1.0),
        5 => {
            for dot in 0..9_usize {
                canvas.circle(
                    (x + side * ((dot % 3) as f32 * 0.3 + 0.2), y + side * ((dot / 3) as f32 * 0.3 + 0.2)),
                    side * 0.08,
                    colour,
                    1.0,
                );
            }
        }
        _ => {
            canvas.shape(&[(x, y + side), (x + side / 2.0, y), (x + side, y + side)], colour, 1.0);
            canvas.circle((x + side / 2.0, y + side * 0.66), side * 0.14, palette.light, 1.0);
        }
    }
}
