//! What a film shows: a sky, a sun that rises, hills that pass by, and balls that fly.

use super::h264::Colour;

/// Points of a square that its colour is the mean of, on a side.
const POINTS: u32 = 2;

/// A scene.
#[derive(Debug)]
pub(super) struct Scene {
    columns: u32,
    rows: u32,
    /// Frames in all.
    frames: f32,
    aspect: f32,
    sky: [[f32; 3]; 2],
    sun: [f32; 3],
    hills: [Hill; 2],
    balls: Vec<Ball>,
}

#[derive(Clone, Copy, Debug)]
struct Hill {
    colour: [f32; 3],
    height: f32,
    waves: f32,
    phase: f32,
    speed: f32,
}

#[derive(Clone, Copy, Debug)]
struct Ball {
    colour: [f32; 3],
    radius: f32,
    place: [f32; 2],
    speed: [f32; 2],
}

/// Numbers from 0 to 1 that follow from a seed: `SplitMix64` (Steele, Lea, Flood 2014).
#[derive(Debug)]
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ z >> 31) >> 40) as f32 / (1_u32 << 24) as f32
    }

    fn within(&mut self, least: f32, most: f32) -> f32 {
        least + self.next() * (most - least)
    }
}

impl Scene {
    /// The scene of a seed, of so many squares across and down.
    pub(super) fn new(seed: u64, columns: u32, rows: u32, seconds: u32) -> Self {
        let mut draws = Draws(seed);
        let hue = draws.next();
        let ball = |draws: &mut Draws| Ball {
            colour: colour(draws.next(), 0.75, 0.95),
            radius: draws.within(0.05, 0.1),
            place: [draws.next(), draws.next()],
            speed: [draws.within(-0.25, 0.25), draws.within(-0.2, 0.2)],
        };
        let hill = |draws: &mut Draws, height: f32, value: f32, speed: f32| Hill {
            colour: colour(hue + 0.45 + draws.within(-0.08, 0.08), 0.5, value),
            height: height + draws.within(-0.05, 0.05),
            waves: draws.within(1.5, 3.5),
            phase: draws.within(0.0, std::f32::consts::TAU),
            speed,
        };
        let hills = [hill(&mut draws, 0.45, 0.55, 0.12), hill(&mut draws, 0.25, 0.35, 0.25)];
        let count = 2 + (draws.next() * 3.0) as usize;
        Self {
            columns,
            rows,
            frames: (seconds * super::FRAMES_PER_SECOND) as f32,
            aspect: columns as f32 / rows as f32,
            sky: [colour(hue, 0.55, 0.75), colour(hue + 0.08, 0.25, 0.98)],
            sun: colour(0.1 + draws.within(0.0, 0.06), 0.6, 1.0),
            hills,
            balls: (0..count).map(|_| ball(&mut draws)).collect(),
        }
    }

    /// What is seen at a place, 0 to 1 from the left and the top, in red, green and blue.
    pub(super) fn colour(&self, number: u32, x: f32, y: f32) -> [u8; 3] {
        self.at(number, x, y).map(|part| (part * 255.0).round().clamp(0.0, 255.0) as u8)
    }

    fn at(&self, number: u32, x: f32, y: f32) -> [f32; 3] {
        let seconds = number as f32 / super::FRAMES_PER_SECOND as f32;
        let inside = |middle: [f32; 2], radius: f32| {
            let [across, down] = [(x - middle[0]) * self.aspect, y - middle[1]];
            across * across + down * down < radius * radius
        };
        for ball in &self.balls {
            let middle = [0, 1].map(|axis| bounced(ball.place[axis] + ball.speed[axis] * seconds));
            if inside(middle, ball.radius) {
                return ball.colour;
            }
        }
        for hill in self.hills.iter().rev() {
            let along = (x + hill.speed * seconds) * hill.waves * std::f32::consts::PI + hill.phase;
            let top = hill.height + 0.1 * along.sin() + 0.04 * (2.3 * along).sin();
            if 1.0 - y < top {
                return hill.colour;
            }
        }
        let share = number as f32 / self.frames.max(1.0);
        if inside([0.15 + 0.7 * share, 0.45 - 0.3 * (share * std::f32::consts::PI).sin()], 0.12) {
            return self.sun;
        }
        // In bands, so that the sky stands still between two pictures and is small.
        let height = (y * 24.0).floor() / 24.0;
        [0, 1, 2].map(|part| self.sky[0][part] + (self.sky[1][part] - self.sky[0][part]) * height)
    }

    /// The colour of each square, row by row.
    pub(super) fn colours(&self, number: u32) -> Vec<Colour> {
        let mut colours = Vec::with_capacity((self.columns * self.rows) as usize);
        for row in 0..self.rows {
            for column in 0..self.columns {
                let mut sum = [0.0; 3];
                for point in 0..POINTS * POINTS {
                    let x = (column * POINTS + point % POINTS) as f32 + 0.5;
                    let y = (row * POINTS + point / POINTS) as f32 + 0.5;
                    let seen = self.at(number, x / (self.columns * POINTS) as f32, y / (self.rows * POINTS) as f32);
                    sum.iter_mut().zip(seen).for_each(|(sum, part)| *sum += part);
                }
                colours.push(video_colour(sum.map(|part| part / (POINTS * POINTS) as f32)));
            }
        }
        colours
    }
}

/// A place that turns back at 0 and at 1.
fn bounced(place: f32) -> f32 {
    let round = place.rem_euclid(2.0);
    if round > 1.0 { 2.0 - round } else { round }
}

/// Red, green and blue of hue, saturation and value, all from 0 to 1; hues begin again at 1.
fn colour(hue: f32, saturation: f32, value: f32) -> [f32; 3] {
    [5.0_f32, 3.0, 1.0].map(|offset| {
        let k = (offset + hue.rem_euclid(1.0) * 6.0) % 6.0;
        value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0)
    })
}

/// Y, Cb and Cr as videos have them (ITU-R BT.601, limited range).
fn video_colour([red, green, blue]: [f32; 3]) -> Colour {
    let luma = 0.299 * red + 0.587 * green + 0.114 * blue;
    let parts = [16.0 + 219.0 * luma, 128.0 + 112.0 * (blue - luma) / 0.886, 128.0 + 112.0 * (red - luma) / 0.701];
    parts.map(|part| part.round() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_the_standards() {
        let rounded = |hue| colour(hue, 1.0, 1.0).map(|part| (part * 255.0).round() as u8);
        assert_eq!((rounded(0.0), rounded(1.0 / 3.0)), ([255, 0, 0], [0, 255, 0]));
        assert_eq!(video_colour([1.0, 1.0, 1.0]), [235, 128, 128]);
        assert_eq!(video_colour([1.0, 0.0, 0.0]), [81, 90, 240]);
        assert!((bounced(1.25) - 0.75).abs() < 1e-6 && (bounced(-0.25) - 0.25).abs() < 1e-6);
    }
}
