//! People and animals as posters show them: few shapes, flat colours, one source of light.

use super::super::canvas::{Canvas, Point};
use super::super::chance::Chance;
use super::super::palette::{Palette, Rgb, mix, tone};
use super::Brush;

/// The wall behind a figure: a gradient, a disc, rays or leaves.
fn backdrop(canvas: &mut Canvas, palette: &Palette, chance: &mut Chance) {
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit);
    canvas.sky(&[(0.0, palette.high), (1.0, palette.low)]);
    let middle = (width / 2.0, height * 0.46);
    canvas.glow(middle, width.max(height) * 0.7, palette.light, 0.45);
    match chance.below(3) {
        0 => {
            canvas.circle(middle, unit * 40.0, mix(palette.second, palette.low, 0.45), 1.0);
            canvas.circle(middle, unit * 33.0, mix(palette.second, palette.low, 0.25), 0.6);
        }
        1 => {
            for ray in 0..18_usize {
                let turn = ray as f32 / 18.0 * std::f32::consts::TAU;
                let far = width.max(height);
                let edge = |turn: f32| (middle.0 + turn.cos() * far, middle.1 + turn.sin() * far);
                canvas.shape(&[middle, edge(turn), edge(turn + 0.17)], palette.light, 0.22);
            }
            canvas.circle(middle, unit * 36.0, mix(palette.accent, palette.low, 0.55), 1.0);
        }
        _ => {
            canvas.circle(middle, unit * 38.0, mix(palette.far, palette.low, 0.3), 1.0);
            for leaf in 0..14_usize {
                let turn = leaf as f32 / 14.0 * std::f32::consts::TAU + chance.range(-0.1, 0.1);
                let at = |out: f32, aside: f32| {
                    (middle.0 + (turn + aside).cos() * unit * out, middle.1 + (turn + aside).sin() * unit * out)
                };
                let colour = mix(palette.near, palette.second, chance.unit() * 0.7);
                canvas.blob(&[at(34.0, 0.0), at(44.0, 0.12), at(54.0, 0.0), at(44.0, -0.12)], colour, 0.9);
                canvas.line(&[at(36.0, 0.0), at(52.0, 0.0)], unit * 0.25, tone(colour, 0.3), 0.6);
            }
        }
    }
}

const SKINS: [Rgb; 5] =
    [[0.98, 0.85, 0.74], [0.93, 0.74, 0.58], [0.80, 0.58, 0.42], [0.60, 0.40, 0.27], [0.42, 0.27, 0.19]];
const HAIR: [Rgb; 6] = [
    [0.14, 0.10, 0.10],
    [0.30, 0.18, 0.11],
    [0.55, 0.32, 0.14],
    [0.86, 0.66, 0.34],
    [0.62, 0.20, 0.12],
    [0.80, 0.80, 0.82],
];

pub(super) fn portrait(canvas: &mut Canvas, brush: &Brush<'_>, chance: &mut Chance) {
    let palette = brush.palette;
    backdrop(canvas, palette, chance);
    let unit = canvas.unit;
    let head = (canvas.width / 2.0, canvas.height * 0.42);
    let is_robot = brush.says(&["robot", "android", "cyborg"]);
    let skin = if is_robot { [0.72, 0.76, 0.80] } else { SKINS[chance.below(SKINS.len())] };
    let hair = HAIR[chance.below(HAIR.len())];
    let is_long = brush.says(&["woman", "girl", "queen", "princess", "witch", "lady", "elf"])
        || (!brush.says(&["man", "boy", "king"]) && chance.chance(0.5));
    if is_long && !is_robot {
        canvas.blob(
            &[
                (head.0 - unit * 20.0, head.1 - unit * 14.0),
                (head.0, head.1 - unit * 27.0),
                (head.0 + unit * 20.0, head.1 - unit * 14.0),
                (head.0 + unit * 23.0, head.1 + unit * 26.0),
                (head.0, head.1 + unit * 32.0),
                (head.0 - unit * 23.0, head.1 + unit * 26.0),
            ],
            tone(hair, -0.15),
            1.0,
        );
    }
    shoulders(canvas, head, palette, skin, chance);
    // The head: an oval with a chin, its shadow on one side.
    let oval = |shift: f32, size: f32| -> Vec<Point> {
        [(-13.0, -14.0), (0.0, -20.0), (13.0, -14.0), (14.0, 2.0), (8.0, 16.0), (0.0, 20.5), (-8.0, 16.0), (-14.0, 2.0)]
            .map(|(x, y): (f32, f32)| (head.0 + unit * (x * size + shift), head.1 + unit * y * size))
            .to_vec()
    };
    for side in [-1.0, 1.0] {
        canvas.ellipse(
            (head.0 + side * unit * 13.6, head.1 + unit * 2.0),
            (unit * 2.2, unit * 3.4),
            tone(skin, -0.1),
            1.0,
        );
    }
    canvas.blob(&oval(0.0, 1.0), skin, 1.0);
    canvas.blob(
        &[
            (head.0 + unit * 2.0, head.1 - unit * 18.0),
            (head.0 + unit * 13.0, head.1 - unit * 13.0),
            (head.0 + unit * 13.8, head.1 + unit * 3.0),
            (head.0 + unit * 7.5, head.1 + unit * 16.0),
            (head.0, head.1 + unit * 20.0),
            (head.0 + unit * 5.0, head.1),
        ],
        tone(skin, -0.16),
        0.55,
    );
    face(canvas, head, skin, palette, is_robot, chance);
    if is_robot {
        robot_parts(canvas, head, palette);
    } else {
        hair_on(canvas, head, hair, is_long, chance);
    }
    hat(canvas, brush, head);
}

fn shoulders(canvas: &mut Canvas, head: Point, palette: &Palette, skin: Rgb, chance: &mut Chance) {
    let (unit, height) = (canvas.unit, canvas.height);
    canvas.blob(
        &[
            (head.0 - unit * 8.0, head.1 + unit * 8.0),
            (head.0 + unit * 8.0, head.1 + unit * 8.0),
            (head.0 + unit * 9.0, head.1 + unit * 33.0),
            (head.0 - unit * 9.0, head.1 + unit * 33.0),
        ],
        tone(skin, -0.2),
        1.0,
    );
    let coat = palette.accent;
    canvas.blob(
        &[
            (head.0 - unit * 20.0, head.1 + unit * 27.0),
            (head.0 + unit * 20.0, head.1 + unit * 27.0),
            (head.0 + unit * 38.0, head.1 + unit * 44.0),
            (head.0 + unit * 42.0, height + unit * 30.0),
            (head.0 - unit * 42.0, height + unit * 30.0),
            (head.0 - unit * 38.0, head.1 + unit * 44.0),
        ],
        coat,
        1.0,
    );
    canvas.shape(
        &[
            (head.0 + unit * 3.0, head.1 + unit * 27.0),
            (head.0 + unit * 20.0, head.1 + unit * 29.0),
            (head.0 + unit * 36.0, head.1 + unit * 42.0),
            (head.0 + unit * 38.0, height),
            (head.0 + unit * 12.0, height),
        ],
        tone(coat, -0.22),
        0.45,
    );
    canvas.shape(
        &[
            (head.0 - unit * 8.5, head.1 + unit * 25.5),
            (head.0 + unit * 8.5, head.1 + unit * 25.5),
            (head.0, head.1 + unit * 38.0),
        ],
        tone(skin, -0.08),
        1.0,
    );
    if chance.chance(0.6) {
        for side in [-1.0, 1.0] {
            canvas.shape(
                &[
                    (head.0 + side * unit * 9.0, head.1 + unit * 25.0),
                    (head.0 + side * unit * 16.0, head.1 + unit * 30.0),
                    (head.0 + side * unit * 1.0, head.1 + unit * 44.0),
                ],
                tone(coat, 0.3),
                1.0,
            );
        }
    }
}

fn face(canvas: &mut Canvas, head: Point, skin: Rgb, palette: &Palette, is_robot: bool, chance: &mut Chance) {
    let unit = canvas.unit;
    let dark = tone(skin, -0.72);
    for side in [-1.0, 1.0] {
        let eye = (head.0 + side * unit * 5.6, head.1 - unit * 0.5);
        canvas.ellipse(eye, (unit * 2.5, unit * 1.6), [0.98, 0.98, 0.96], 1.0);
        canvas.circle(
            eye,
            unit * 1.35,
            if is_robot { palette.second } else { mix(palette.near, palette.second, 0.35) },
            1.0,
        );
        canvas.circle(eye, unit * 0.7, [0.05, 0.05, 0.07], 1.0);
        canvas.circle((eye.0 - unit * 0.4, eye.1 - unit * 0.5), unit * 0.32, [1.0; 3], 0.95);
        canvas.line(
            &[
                (eye.0 - unit * 2.6, eye.1 - unit * 0.7),
                (eye.0, eye.1 - unit * 1.8),
                (eye.0 + unit * 2.6, eye.1 - unit * 0.7),
            ],
            unit * 0.5,
            dark,
            0.9,
        );
        canvas.line(
            &[(eye.0 - side * unit * 2.6, eye.1 - unit * 4.0), (eye.0 + side * unit * 2.8, eye.1 - unit * 4.3)],
            unit * 0.95,
            dark,
            0.85,
        );
        canvas.circle(
            (head.0 + side * unit * 8.0, head.1 + unit * 6.0),
            unit * 2.6,
            mix(skin, [0.95, 0.35, 0.35], 0.5),
            0.3,
        );
    }
    canvas.line(
        &[
            (head.0 + unit * 0.6, head.1 - unit * 1.0),
            (head.0 + unit * 1.5, head.1 + unit * 5.4),
            (head.0 - unit * 0.6, head.1 + unit * 6.2),
        ],
        unit * 0.6,
        tone(skin, -0.3),
        0.8,
    );
    let smile = chance.range(0.4, 1.6) * unit;
    let lips = mix(skin, [0.72, 0.15, 0.2], 0.6);
    canvas.blob(
        &[
            (head.0 - unit * 5.0, head.1 + unit * 10.6 - smile * 0.6),
            (head.0, head.1 + unit * 10.4),
            (head.0 + unit * 5.0, head.1 + unit * 10.6 - smile * 0.6),
            (head.0, head.1 + unit * 12.4 + smile),
        ],
        lips,
        1.0,
    );
}

fn hair_on(canvas: &mut Canvas, head: Point, hair: Rgb, is_long: bool, chance: &mut Chance) {
    let unit = canvas.unit;
    let at = |x: f32, y: f32| (head.0 + unit * x, head.1 + unit * y);
    let part = chance.range(-6.0, 6.0);
    canvas.blob(
        &[
            at(-17.0, 0.0),
            at(-17.0, -18.0),
            at(0.0, -27.0),
            at(17.0, -18.0),
            at(17.0, 0.0),
            at(12.5, -5.0),
            at(10.0, -12.0),
            at(part, -11.0),
            at(-10.0, -10.0),
            at(-12.5, -5.0),
        ],
        hair,
        1.0,
    );
    canvas.blob(&[at(-9.0, -19.0), at(-2.0, -23.0), at(8.0, -20.0), at(0.0, -19.5)], tone(hair, 0.25), 0.5);
    if is_long {
        for side in [-1.0, 1.0] {
            canvas.blob(
                &[
                    at(side * 12.5, -12.0),
                    at(side * 18.0, -8.0),
                    at(side * 20.0, 16.0),
                    at(side * 16.0, 27.0),
                    at(side * 13.0, 10.0),
                ],
                hair,
                1.0,
            );
        }
    }
}

fn robot_parts(canvas: &mut Canvas, head: Point, palette: &Palette) {
    let unit = canvas.unit;
    let steel = [0.55, 0.60, 0.66];
    canvas.line(&[(head.0, head.1 - unit * 17.0), (head.0, head.1 - unit * 26.0)], unit * 1.0, steel, 1.0);
    canvas.circle((head.0, head.1 - unit * 27.0), unit * 2.2, palette.accent, 1.0);
    canvas.glow((head.0, head.1 - unit * 27.0), unit * 8.0, palette.accent, 0.6);
    for side in [-1.0, 1.0] {
        canvas.rect(
            (head.0 + side * unit * 15.0 - unit * 1.6, head.1 - unit * 3.0),
            (unit * 3.2, unit * 9.0),
            steel,
            1.0,
        );
        canvas.line(
            &[(head.0 + side * unit * 3.0, head.1 - unit * 14.0), (head.0 + side * unit * 10.0, head.1 - unit * 12.0)],
            unit * 0.4,
            steel,
            1.0,
        );
    }
    for bolt in -2..=2_i32 {
        canvas.circle(
            (head.0 + bolt as f32 * unit * 3.0, head.1 + unit * 16.0 - (bolt.abs() as f32) * unit * 1.2),
            unit * 0.6,
            steel,
            1.0,
        );
    }
}

fn hat(canvas: &mut Canvas, brush: &Brush<'_>, head: Point) {
    let (unit, palette) = (canvas.unit, brush.palette);
    let at = |x: f32, y: f32| (head.0 + unit * x, head.1 + unit * y);
    if brush.says(&["king", "queen", "princess", "prince", "crown"]) {
        let gold = [0.95, 0.76, 0.25];
        canvas.shape(
            &[
                at(-13.0, -16.0),
                at(-15.0, -30.0),
                at(-7.0, -23.0),
                at(0.0, -33.0),
                at(7.0, -23.0),
                at(15.0, -30.0),
                at(13.0, -16.0),
            ],
            gold,
            1.0,
        );
        canvas.shape(
            &[at(2.0, -16.0), at(3.0, -29.0), at(7.0, -23.0), at(15.0, -30.0), at(13.0, -16.0)],
            tone(gold, -0.2),
            0.5,
        );
        for jewel in -1..=1_i32 {
            canvas.circle(at(jewel as f32 * 8.0, -19.0), unit * 1.4, palette.accent, 1.0);
        }
    } else if brush.says(&["wizard", "witch", "magician"]) {
        let cloth = tone(palette.near, 0.12);
        canvas.shape(&[at(-15.0, -15.0), at(4.0, -48.0), at(15.0, -15.0)], cloth, 1.0);
        canvas.ellipse(at(0.0, -15.0), (unit * 24.0, unit * 4.2), tone(cloth, -0.15), 1.0);
        canvas.shape(&[at(-13.5, -17.5), at(-11.6, -21.0), at(12.6, -21.0), at(14.0, -17.5)], palette.accent, 1.0);
    } else if brush.says(&["astronaut", "cosmonaut", "spaceman"]) {
        canvas.circle(at(0.0, -1.0), unit * 26.0, [0.92, 0.95, 1.0], 0.24);
        canvas.ellipse(at(-9.0, -12.0), (unit * 5.0, unit * 8.0), [1.0; 3], 0.35);
    } else if brush.says(&["hat", "chef", "cowboy", "detective", "beret"]) {
        let cloth = if brush.says(&["chef"]) { [0.97, 0.97, 0.95] } else { tone(palette.second, -0.25) };
        canvas.blob(
            &[at(-13.0, -14.0), at(-15.0, -32.0), at(0.0, -35.0), at(15.0, -32.0), at(13.0, -14.0)],
            cloth,
            1.0,
        );
        canvas.ellipse(at(0.0, -16.0), (unit * 20.0, unit * 3.4), tone(cloth, -0.12), 1.0);
    }
}

/// Ears, and fur, of the animals that prompts name; others get a bear's.
struct Kind {
    ears: Ears,
    fur: Rgb,
    muzzle: Rgb,
}

#[derive(Clone, Copy, PartialEq)]
enum Ears {
    Pointed,
    Round,
    Long,
    Hanging,
    Tiny,
}

fn kind(brush: &Brush<'_>, chance: &mut Chance) -> Kind {
    let cream = [0.97, 0.91, 0.82];
    let of = |ears, fur, muzzle| Kind { ears, fur, muzzle };
    if brush.says(&["fox", "corgi"]) {
        of(Ears::Pointed, [0.89, 0.45, 0.17], [0.99, 0.96, 0.92])
    } else if brush.says(&["otter", "otters", "seal", "beaver"]) {
        of(Ears::Tiny, [0.47, 0.33, 0.24], [0.84, 0.74, 0.62])
    } else if brush.says(&["rabbit", "bunny"]) {
        of(Ears::Long, [0.87, 0.82, 0.77], [0.99, 0.97, 0.95])
    } else if brush.says(&["dog", "dogs", "puppy", "cow"]) {
        of(Ears::Hanging, [0.77, 0.57, 0.36], cream)
    } else if brush.says(&["panda"]) {
        of(Ears::Round, [0.97, 0.97, 0.96], [0.99, 0.99, 0.98])
    } else if brush.says(&["wolf", "husky", "raccoon", "lynx", "owl"]) {
        of(Ears::Pointed, [0.52, 0.55, 0.60], [0.94, 0.94, 0.94])
    } else if brush.says(&["bear", "koala", "lion", "monkey", "mouse", "hamster"]) {
        of(Ears::Round, [0.60, 0.41, 0.26], cream)
    } else {
        let coats = [[0.93, 0.64, 0.33], [0.36, 0.35, 0.38], [0.78, 0.74, 0.70], [0.65, 0.48, 0.36]];
        of(Ears::Pointed, coats[chance.below(coats.len())], cream)
    }
}

/// Coats that prompts name.
const COATS: [(&str, Rgb); 5] = [
    ("black", [0.16, 0.16, 0.19]),
    ("white", [0.96, 0.95, 0.93]),
    ("gray", [0.6, 0.62, 0.65]),
    ("grey", [0.6, 0.62, 0.65]),
    ("orange", [0.94, 0.58, 0.24]),
];

pub(super) fn animal(canvas: &mut Canvas, brush: &Brush<'_>, chance: &mut Chance) {
    let palette = brush.palette;
    backdrop(canvas, palette, chance);
    let Kind { ears, mut fur, muzzle } = kind(brush, chance);
    if let Some((_, colour)) = COATS.iter().find(|(name, _)| brush.says(&[name])) {
        fur = *colour;
    }
    let unit = canvas.unit;
    let head = (canvas.width / 2.0, canvas.height * 0.5);
    let at = |x: f32, y: f32| (head.0 + unit * x, head.1 + unit * y);
    let is_panda = brush.says(&["panda"]);
    let ear = if is_panda { [0.12, 0.12, 0.14] } else { fur };
    body(canvas, head, fur, muzzle);
    draw_ears(canvas, head, ears, ear, false);
    canvas.blob(
        &[
            at(-25.0, -14.0),
            at(-12.0, -26.0),
            at(12.0, -26.0),
            at(25.0, -14.0),
            at(28.0, 7.0),
            at(17.0, 22.0),
            at(0.0, 25.0),
            at(-17.0, 22.0),
            at(-28.0, 7.0),
        ],
        fur,
        1.0,
    );
    canvas.blob(
        &[
            at(4.0, -24.0),
            at(14.0, -24.0),
            at(24.0, -13.0),
            at(27.0, 7.0),
            at(16.0, 21.0),
            at(2.0, 24.0),
            at(14.0, 4.0),
        ],
        tone(fur, -0.2),
        0.4,
    );
    canvas.glow(at(-10.0, -12.0), unit * 18.0, tone(fur, 0.5), 0.35);
    if ears == Ears::Hanging {
        draw_ears(canvas, head, ears, tone(ear, -0.22), true);
    }
    if ears == Ears::Pointed && !brush.says(&["fox"]) {
        stripes(canvas, head, tone(fur, -0.35));
    }
    canvas.blob(
        &[at(-13.0, 6.0), at(0.0, 0.0), at(13.0, 6.0), at(12.0, 18.0), at(0.0, 21.0), at(-12.0, 18.0)],
        muzzle,
        1.0,
    );
    animal_face(canvas, head, is_panda, brush, chance);
}

/// The body fills the lower edge.
fn body(canvas: &mut Canvas, head: Point, fur: Rgb, muzzle: Rgb) {
    let unit = canvas.unit;
    let at = |x: f32, y: f32| (head.0 + unit * x, head.1 + unit * y);
    canvas.blob(
        &[at(-16.0, 14.0), at(16.0, 14.0), at(34.0, 40.0), at(36.0, 90.0), at(-36.0, 90.0), at(-34.0, 40.0)],
        tone(fur, -0.12),
        1.0,
    );
    canvas.blob(
        &[at(-11.0, 22.0), at(11.0, 22.0), at(17.0, 44.0), at(16.0, 80.0), at(-16.0, 80.0), at(-17.0, 44.0)],
        muzzle,
        0.9,
    );
}

fn stripes(canvas: &mut Canvas, head: Point, colour: Rgb) {
    let unit = canvas.unit;
    for stripe in -1..=1_i32 {
        let x = stripe as f32 * 4.5 * unit;
        let line = [(head.0 + x, head.1 - unit * 23.0), (head.0 + x * 0.8, head.1 - unit * 16.5)];
        canvas.line(&line, unit * 1.5, colour, 0.6);
    }
}

fn draw_ears(canvas: &mut Canvas, head: Point, ears: Ears, colour: Rgb, is_front: bool) {
    let unit = canvas.unit;
    let inner = mix(colour, [0.96, 0.66, 0.66], 0.6);
    for side in [-1.0_f32, 1.0] {
        let at = |x: f32, y: f32| (head.0 + side * unit * x, head.1 + unit * y);
        match ears {
            Ears::Pointed => {
                canvas.blob(
                    &[at(4.0, -17.0), at(15.0, -36.0), at(24.0, -44.0), at(27.0, -30.0), at(26.0, -8.0)],
                    colour,
                    1.0,
                );
                canvas.blob(
                    &[at(11.0, -19.0), at(18.0, -32.0), at(22.5, -36.0), at(24.0, -26.0), at(22.0, -13.0)],
                    inner,
                    1.0,
                );
            }
            Ears::Round => {
                canvas.circle(at(20.0, -21.0), unit * 9.0, colour, 1.0);
                canvas.circle(at(20.0, -20.5), unit * 5.2, inner, 0.9);
            }
            Ears::Tiny => {
                canvas.circle(at(22.5, -16.0), unit * 4.6, colour, 1.0);
                canvas.circle(at(22.5, -15.6), unit * 2.4, inner, 0.9);
            }
            Ears::Long => {
                canvas.blob(
                    &[at(3.0, -18.0), at(6.0, -48.0), at(14.0, -60.0), at(20.0, -46.0), at(16.0, -16.0)],
                    colour,
                    1.0,
                );
                canvas.blob(
                    &[at(7.0, -22.0), at(9.5, -44.0), at(13.5, -52.0), at(16.0, -42.0), at(13.0, -20.0)],
                    inner,
                    1.0,
                );
            }
            Ears::Hanging if is_front => {
                canvas.blob(
                    &[at(13.0, -25.0), at(27.0, -22.0), at(36.0, 0.0), at(33.0, 18.0), at(25.0, 14.0), at(22.0, -6.0)],
                    colour,
                    1.0,
                );
            }
            Ears::Hanging => {}
        }
    }
}

fn animal_face(canvas: &mut Canvas, head: Point, is_panda: bool, brush: &Brush<'_>, chance: &mut Chance) {
    let (unit, palette) = (canvas.unit, brush.palette);
    let at = |x: f32, y: f32| (head.0 + unit * x, head.1 + unit * y);
    let iris = [[0.36, 0.22, 0.12], [0.25, 0.52, 0.35], palette.second][chance.below(3)];
    for side in [-1.0, 1.0] {
        let eye = at(side * 10.5, -3.0);
        if is_panda {
            canvas.ellipse(eye, (unit * 6.6, unit * 7.6), [0.12, 0.12, 0.14], 1.0);
        }
        canvas.ellipse(eye, (unit * 4.5, unit * 5.1), [0.09, 0.07, 0.08], 1.0);
        canvas.ellipse((eye.0, eye.1 + unit * 0.6), (unit * 3.6, unit * 4.0), iris, 1.0);
        canvas.ellipse(eye, (unit * 2.4, unit * 3.4), [0.04, 0.04, 0.05], 1.0);
        canvas.circle((eye.0 - unit * 1.3, eye.1 - unit * 1.8), unit * 1.4, [1.0; 3], 0.97);
        canvas.circle((eye.0 + unit * 1.4, eye.1 + unit * 1.8), unit * 0.7, [1.0; 3], 0.6);
        canvas.circle(at(side * 16.0, 8.0), unit * 3.8, [0.97, 0.5, 0.5], 0.25);
        for whisker in -1..=1_i32 {
            let lift = whisker as f32;
            canvas.line(
                &[at(side * 11.0, 11.0 + lift * 1.6), at(side * 26.0, 9.5 + lift * 4.2)],
                unit * 0.28,
                [1.0; 3],
                0.75,
            );
        }
    }
    canvas.blob(
        &[at(-4.2, 5.2), at(0.0, 4.0), at(4.2, 5.2), at(2.6, 9.0), at(0.0, 10.4), at(-2.6, 9.0)],
        [0.16, 0.11, 0.12],
        1.0,
    );
    canvas.ellipse(at(-1.0, 6.0), (unit * 1.0, unit * 0.5), [1.0; 3], 0.6);
    let mouth = [0.25, 0.15, 0.15];
    canvas.line(&[at(0.0, 9.6), at(0.0, 12.4)], unit * 0.5, mouth, 1.0);
    canvas.line(
        &[at(-5.0, 12.0), at(-3.4, 13.8), at(-1.4, 13.8), at(0.0, 12.2), at(1.4, 13.8), at(3.4, 13.8), at(5.0, 12.0)],
        unit * 0.55,
        mouth,
        1.0,
    );
    if brush.says(&[
        "hat",
        "beret",
        "crown",
        "king",
        "queen",
        "princess",
        "wizard",
        "witch",
        "chef",
        "cowboy",
        "astronaut",
    ]) {
        hat(canvas, brush, (head.0, head.1 - unit * 6.0));
    }
}
