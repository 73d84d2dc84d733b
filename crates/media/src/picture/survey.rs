//! What a picture shows, counted from a sample of its pixels as its rows come by.

use std::fmt;

use super::colours::{COLOURS, Lab, Namer};

/// At most this many pixels are looked at in each direction.
const MOST_SAMPLES: u32 = 256;
/// Colours with a smaller share are not listed.
const LEAST_SHARE: f32 = 0.02;
/// Pixels with less opacity are counted as transparent and have no colour.
const OPAQUE: u8 = 128;
/// The standard deviation in Oklab below which a picture is one colour to the eye.
const UNIFORM: f32 = 0.03;

/// A colour and how much of the picture has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColourShare {
    /// A name of [`COLOURS`].
    pub name: &'static str,
    /// Its part of the pixels that are not transparent, 0 to 1.
    pub share: f32,
}

/// The commonest colour of each part of the picture; `None` where all is transparent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Layout {
    /// The upper third.
    pub top: Option<&'static str>,
    /// The lower third.
    pub bottom: Option<&'static str>,
    /// The left third.
    pub left: Option<&'static str>,
    /// The right third.
    pub right: Option<&'static str>,
    /// The middle ninth.
    pub centre: Option<&'static str>,
}

/// What the pixels say. Its `Display` is a clause of English: "mostly blue (64 %), …".
#[derive(Debug, Clone, PartialEq)]
pub struct PixelFacts {
    /// Colours by share, the commonest first; empty if all is transparent.
    pub colours: Vec<ColourShare>,
    /// Which colour is where.
    pub layout: Layout,
    /// Mean lightness as the eye sees it (Oklab L), 0 black to 1 white.
    pub brightness: f32,
    /// The part of the pixels that is more transparent than opaque, 0 to 1.
    pub transparent_share: f32,
    /// Whether all of it looks like one colour.
    pub is_uniform: bool,
}

impl fmt::Display for PixelFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, others)) = self.colours.split_first() else { return f.write_str("wholly transparent") };
        if self.is_uniform {
            write!(f, "all {}", first.name)?;
        } else {
            let percent = |colour: &ColourShare| (colour.share * 100.0).round();
            write!(f, "{} {} ({} %)", if first.share > 0.5 { "mostly" } else { "much" }, first.name, percent(first))?;
            for other in others.iter().take(3) {
                write!(f, ", {} ({} %)", other.name, percent(other))?;
            }
            let Layout { top, bottom, left, right, centre } = self.layout;
            let places =
                [(top, "at the top"), (bottom, "at the bottom"), (left, "on the left"), (right, "on the right")];
            for (colour, place) in places.into_iter().chain([(centre, "in the middle")]) {
                if let Some(colour) = colour.filter(|colour| *colour != first.name) {
                    write!(f, ", {colour} {place}")?;
                }
            }
        }
        f.write_str(match self.brightness {
            dark if dark < 0.3 => ", dark",
            bright if bright > 0.8 => ", bright",
            _ => "",
        })?;
        f.write_str(if self.transparent_share > 0.0 { ", partly transparent" } else { "" })
    }
}

/// Counts of each colour.
type Tally = [u32; COLOURS.len()];

/// Rows go in from any decoder; facts come out.
pub(super) struct Survey {
    namer: Namer,
    width: u32,
    height: u32,
    step: (u32, u32),
    /// By ninth of the picture, rows first.
    ninths: [Tally; 9],
    sum: [f64; 3],
    squares: [f64; 3],
    opaque: u32,
    transparent: u32,
}

impl Survey {
    /// A survey of a picture of this size, in pixels.
    pub(super) fn new(width: u32, height: u32) -> Self {
        let step = (width.div_ceil(MOST_SAMPLES).max(1), height.div_ceil(MOST_SAMPLES).max(1));
        let ninths = [[0; COLOURS.len()]; 9];
        let (sum, squares) = ([0.0; 3], [0.0; 3]);
        Self { namer: Namer::new(), width, height, step, ninths, sum, squares, opaque: 0, transparent: 0 }
    }

    /// Looks at row `y`; `pixel` gives red, green, blue, opacity by column.
    pub(super) fn row(&mut self, y: u32, pixel: impl Fn(usize) -> [u8; 4]) {
        if y >= self.height || !y.is_multiple_of(self.step.1) {
            return;
        }
        let band = third(y, self.height) * 3;
        for x in (0..self.width).step_by(self.step.0 as usize) {
            let [red, green, blue, opacity] = pixel(x as usize);
            if opacity < OPAQUE {
                self.transparent += 1;
                continue;
            }
            let colour = [red, green, blue];
            self.opaque += 1;
            self.ninths[band + third(x, self.width)][self.namer.nearest(colour)] += 1;
            let lab: Lab = self.namer.lab(colour);
            for (axis, value) in lab.into_iter().map(f64::from).enumerate() {
                self.sum[axis] += value;
                self.squares[axis] += value * value;
            }
        }
    }

    /// Looks at a whole picture of `channels` bytes a pixel: 1 grey, 2 grey and opacity, 3 RGB, 4 RGBA.
    pub(super) fn picture(&mut self, pixels: &[u8], channels: usize) {
        let line = self.width as usize * channels;
        for (y, row) in (0..).zip(pixels.chunks_exact(line.max(1))) {
            self.row(y, |x| channels_of(row, x, channels));
        }
    }

    /// What was seen.
    pub(super) fn facts(&self) -> PixelFacts {
        let count = f64::from(self.opaque.max(1));
        let mean = self.sum.map(|sum| sum / count);
        let variance: f64 = (0..3).map(|axis| (self.squares[axis] / count - mean[axis].powi(2)).max(0.0)).sum();
        let all: Vec<usize> = (0..9).collect();
        let tally = self.tally(&all);
        let mut colours: Vec<ColourShare> = (0..)
            .zip(tally)
            .map(|(place, seen): (usize, u32)| ColourShare {
                name: COLOURS[place].0,
                share: seen as f32 / count as f32,
            })
            .filter(|colour| colour.share >= LEAST_SHARE)
            .collect();
        colours.sort_by(|one, other| other.share.total_cmp(&one.share));
        PixelFacts {
            colours,
            layout: Layout {
                top: self.commonest(&[0, 1, 2]),
                bottom: self.commonest(&[6, 7, 8]),
                left: self.commonest(&[0, 3, 6]),
                right: self.commonest(&[2, 5, 8]),
                centre: self.commonest(&[4]),
            },
            brightness: (mean[0] as f32).clamp(0.0, 1.0),
            transparent_share: self.transparent as f32 / (self.opaque + self.transparent).max(1) as f32,
            is_uniform: self.opaque > 0 && self.transparent == 0 && (variance.sqrt() as f32) < UNIFORM,
        }
    }

    fn tally(&self, ninths: &[usize]) -> Tally {
        let mut all = [0; COLOURS.len()];
        for ninth in ninths {
            for (sum, seen) in all.iter_mut().zip(self.ninths[*ninth]) {
                *sum += seen;
            }
        }
        all
    }

    fn commonest(&self, ninths: &[usize]) -> Option<&'static str> {
        let tally = self.tally(ninths);
        let (place, seen) = tally.iter().enumerate().rev().max_by_key(|(_, seen)| **seen)?;
        (*seen > 0).then_some(COLOURS[place].0)
    }
}

/// Red, green, blue, opacity of the pixel in column `x`; transparent where the row has ended.
pub(super) fn channels_of(row: &[u8], x: usize, channels: usize) -> [u8; 4] {
    match row.get(x * channels..(x + 1) * channels) {
        Some([grey]) => [*grey, *grey, *grey, 255],
        Some([grey, opacity]) => [*grey, *grey, *grey, *opacity],
        Some([red, green, blue]) => [*red, *green, *blue, 255],
        Some([red, green, blue, opacity]) => [*red, *green, *blue, *opacity],
        _ => [0; 4],
    }
}

fn third(at: u32, of: u32) -> usize {
    ((u64::from(at) * 3 / u64::from(of.max(1))) as usize).min(2)
}
