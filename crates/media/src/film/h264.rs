//! H.264 of the constrained baseline profile (ITU-T H.264), as little of it as a moving mosaic needs.
//!
//! Each macroblock is either as it was (`P_Skip`), or of one colour: `Intra_16x16` with DC prediction and one DC
//! coefficient for each of Y, Cb and Cr. Intra prediction looks at intra macroblocks only, so that the encoder knows what
//! the decoder predicts without decoding.

use super::bits::Bits;

/// The quantiser: a step of its luma DC is 0.625 of a level, so that every level can be reached.
const QP: u8 = 24;
/// Added for chroma, whose steps are then as fine.
const CHROMA_QP_OFFSET: i32 = -6;
/// Strength of the deblocking filter, in halves.
const DEBLOCKING: i32 = 6;
/// What is predicted where nothing is known.
const MIDDLE: i32 = 128;

/// Y, Cb and Cr.
pub(super) type Colour = [i32; 3];

/// An encoder of one video.
#[derive(Debug)]
pub(super) struct Encoder {
    columns: u32,
    rows: u32,
    /// What was asked for where each square was last written.
    written: Vec<Colour>,
    /// Frames since the last key frame.
    number: u32,
    /// Key frames so far.
    keys: u32,
}

/// The parameter sets that a container keeps apart.
#[derive(Debug)]
pub(super) struct Headers {
    pub sequence: Vec<u8>,
    pub picture: Vec<u8>,
}

/// Frame numbers go to 15 and begin again.
const NUMBER_BITS: u8 = 4;

impl Encoder {
    /// For pictures of so many squares across and down.
    pub(super) fn new(columns: u32, rows: u32) -> Self {
        Self { columns, rows, written: Vec::new(), number: 0, keys: 0 }
    }

    /// Sequence and picture parameter sets (7.3.2.1 and 7.3.2.2).
    pub(super) fn headers(&self) -> Headers {
        let mut sequence = Bits::default();
        // Baseline, and constrained to what it shares with the main profile.
        sequence.put(66, 8);
        sequence.put(0b1100_0000, 8);
        sequence.put(self.level(), 8);
        sequence.put_unsigned(0);
        sequence.put_unsigned(u32::from(NUMBER_BITS) - 4);
        // Pictures are shown in the order they come.
        sequence.put_unsigned(2);
        sequence.put_unsigned(1);
        sequence.put(0, 1);
        sequence.put_unsigned(self.columns - 1);
        sequence.put_unsigned(self.rows - 1);
        // Frames only; direct 8x8 inference; no cropping; no further information.
        sequence.put(0b1100, 4);
        let mut picture = Bits::default();
        picture.put_unsigned(0);
        picture.put_unsigned(0);
        // CAVLC, no picture order, one slice group.
        picture.put(0b00, 2);
        picture.put_unsigned(0);
        // One reference in each list, no weights.
        picture.put_unsigned(0);
        picture.put_unsigned(0);
        picture.put(0b000, 3);
        picture.put_signed(i32::from(QP) - 26);
        picture.put_signed(0);
        picture.put_signed(CHROMA_QP_OFFSET);
        // The slice says how it is deblocked; intra looks at intra only; no redundant pictures.
        picture.put(0b110, 3);
        Headers { sequence: sequence.into_unit(0x67), picture: picture.into_unit(0x68) }
    }

    /// The level: 3.1 up to 1280 by 720, else 4.0 (table A-1, at 30 pictures a second).
    fn level(&self) -> u32 {
        if self.columns * self.rows <= 3600 { 31 } else { 40 }
    }

    /// A picture of these colours, row by row, as one slice.
    pub(super) fn frame(&mut self, colours: &[Colour], is_key: bool) -> Vec<u8> {
        let mut bits = self.slice_header(is_key);
        let columns = self.columns as usize;
        // What intra squares of this picture show; others are not looked at.
        let mut shown: Vec<Option<Colour>> = vec![None; colours.len()];
        let mut skipped = 0;
        for (at, colour) in colours.iter().enumerate() {
            if !is_key && self.written[at] == *colour {
                skipped += 1;
                continue;
            }
            if !is_key {
                bits.put_unsigned(skipped);
                skipped = 0;
            }
            let left = if at % columns > 0 { shown[at - 1] } else { None };
            let above = at.checked_sub(columns).and_then(|above| shown[above]);
            shown[at] = Some(square(&mut bits, *colour, left, above, is_key));
        }
        if skipped > 0 {
            bits.put_unsigned(skipped);
        }
        self.written = colours.to_vec();
        bits.into_unit(if is_key { 0x65 } else { 0x61 })
    }

    /// 7.3.3.
    fn slice_header(&mut self, is_key: bool) -> Bits {
        let mut bits = Bits::default();
        if is_key {
            self.number = 0;
        }
        bits.put_unsigned(0);
        // All slices of the picture are intra, or predicted.
        bits.put_unsigned(if is_key { 7 } else { 5 });
        bits.put_unsigned(0);
        bits.put(self.number % (1 << NUMBER_BITS), NUMBER_BITS);
        self.number += 1;
        if is_key {
            bits.put_unsigned(self.keys % 2);
            self.keys += 1;
            // Neither kept from being shown nor for long.
            bits.put(0b00, 2);
        } else {
            // As many references as the picture parameters say, in their order, dropped in their order.
            bits.put(0b000, 3);
        }
        bits.put_signed(0);
        bits.put_unsigned(0);
        bits.put_signed(DEBLOCKING);
        bits.put_signed(DEBLOCKING);
        bits
    }
}

/// Writes a square of one colour, and says what it shows.
fn square(bits: &mut Bits, colour: Colour, left: Option<Colour>, above: Option<Colour>, is_key: bool) -> Colour {
    let predicted = |plane: usize| match (left, above) {
        (Some(left), Some(above)) => (left[plane] + above[plane] + 1) >> 1,
        (Some(one), None) | (None, Some(one)) => one[plane],
        (None, None) => MIDDLE,
    };
    // DC would predict chroma in quarters, each of its own neighbours (8.3.4): it looks to one side alone.
    let side = |plane: usize| left.or(above).map_or(MIDDLE, |one| one[plane]);
    let predictions = [predicted(0), side(1), side(2)];
    let levels = [0, 1, 2].map(|plane| level(colour[plane] - predictions[plane]));
    let chroma = u32::from(levels[1] != 0 || levels[2] != 0);
    // Intra_16x16 with DC prediction (mode 2), no AC: 1 + 2 + 4 · chroma (table 7-11); behind P's own five kinds.
    bits.put_unsigned(3 + 4 * chroma + if is_key { 0 } else { 5 });
    // Chroma: horizontal where there is something to the left, else DC, which then is what is above, or the middle.
    bits.put_unsigned(u32::from(left.is_some()));
    bits.put_signed(0);
    coefficient(bits, levels[0], false);
    if chroma == 1 {
        coefficient(bits, levels[1], true);
        coefficient(bits, levels[2], true);
    }
    [0, 1, 2].map(|plane| (predictions[plane] + difference(levels[plane])).clamp(0, 255))
}

/// The level whose [`difference`] is nearest.
fn level(difference: i32) -> i32 {
    let sign = difference.signum();
    sign * ((difference.abs() * 8 + 2) / 5)
}

/// What a DC level of either kind adds to each pixel (8.5.10 to 8.5.12): scaled to 40 a level, then a 64th of it.
const fn difference(level: i32) -> i32 {
    (level * 40 + 32) >> 6
}

/// The only coefficient of a block of 16 luma DCs or 4 chroma DCs, in CAVLC (9.2), with no coefficients around it.
fn coefficient(bits: &mut Bits, level: i32, is_chroma: bool) {
    match (level.unsigned_abs(), is_chroma) {
        (0, false) => return bits.put(0b1, 1),
        (0, true) => return bits.put(0b01, 2),
        // One trailing one, and its sign.
        (1, chroma) => {
            bits.put(1, if chroma { 1 } else { 2 });
            bits.put(u32::from(level < 0), 1);
        }
        (magnitude, chroma) => {
            if chroma {
                bits.put(0b00_0111, 6);
            } else {
                bits.put(0b00_0101, 6);
            }
            // The first level that is no trailing one is at least 2 (9.2.2.1).
            let code = 2 * (magnitude - 2) + u32::from(level < 0);
            match code {
                0..=13 => bits.put(1, code as u8 + 1),
                14..=29 => {
                    bits.put(1, 15);
                    bits.put(code - 14, 4);
                }
                _ => {
                    bits.put(1, 16);
                    bits.put(code - 30, 12);
                }
            }
        }
    }
    // No zeros before it.
    bits.put(1, 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_can_be_written() {
        for wanted in -255..=255 {
            let got = difference(level(wanted));
            assert!((got - wanted).abs() <= 1, "{wanted}: {got}");
        }
    }
}
