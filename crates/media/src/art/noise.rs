//! Smooth noise (value noise, Perlin's fade curve) in one and two dimensions.

use super::chance::mixed;

fn lattice(x: i64, y: i64, seed: u64) -> f32 {
    let hash =
        mixed(seed ^ (x as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (y as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f));
    (hash >> 40) as f32 / (1_u64 << 24) as f32
}

fn fade(t: f32) -> f32 {
    t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
}

/// 0 to 1, smooth.
pub(super) fn smooth(x: f32, y: f32, seed: u64) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let (across, down) = (fade(x - left), fade(y - top));
    let (left, top) = (left as i64, top as i64);
    let row = |y| {
        let (start, end) = (lattice(left, y, seed), lattice(left + 1, y, seed));
        start + (end - start) * across
    };
    let (above, below) = (row(top), row(top + 1));
    above + (below - above) * down
}

/// Several octaves, 0 to 1.
pub(super) fn fractal(x: f32, y: f32, octaves: u32, seed: u64) -> f32 {
    let (mut sum, mut weight, mut scale, mut total) = (0.0, 1.0, 1.0, 0.0);
    for octave in 0..octaves {
        sum += weight * smooth(x * scale, y * scale, seed.wrapping_add(u64::from(octave) * 7919));
        total += weight;
        weight *= 0.5;
        scale *= 2.03;
    }
    sum / total
}
