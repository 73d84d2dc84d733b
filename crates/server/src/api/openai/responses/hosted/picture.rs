//! A picture for `image_generation`: a real PNG of the size asked for, made of colours drawn from what it shows.
//!
//! All rows are alike, so the deflate stream is one row and copies of it: 20 KB for a picture of 1024 × 1024 without a
//! compressor (RFC 1950, 1951; PNG third edition).

use fakeai_core::Seed;

/// Bits of a deflate stream, least significant first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    hold: u32,
    held: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        self.hold |= value << self.held;
        self.held += count;
        while self.held >= 8 {
            self.bytes.push(self.hold as u8);
            self.hold >>= 8;
            self.held -= 8;
        }
    }

    /// A Huffman code goes with its most significant bit first.
    fn push_code(&mut self, code: u32, count: u32) {
        self.push(code.reverse_bits() >> (32 - count), count);
    }

    /// A byte or a length in the fixed code of RFC 1951, 3.2.6.
    fn push_symbol(&mut self, symbol: u32) {
        match symbol {
            0..=143 => self.push_code(0x30 + symbol, 8),
            144..=255 => self.push_code(0x190 + symbol - 144, 9),
            256..=279 => self.push_code(symbol - 256, 7),
            _ => self.push_code(0xC0 + symbol - 280, 8),
        }
    }
}

/// Extra bits and first distance of the distance code that holds `distance` (RFC 1951, 3.2.5).
fn distance_code(distance: u32) -> (u32, u32, u32) {
    let mut first = 1;
    for code in 0..30_u32 {
        let extra = (code / 2).saturating_sub(1);
        if distance < first + (1 << extra) {
            return (code, extra, first);
        }
        first += 1 << extra;
    }
    (29, 13, 24_577)
}

/// `row` again and again, as a zlib stream.
fn repeated(row: &[u8], rows: u32) -> Vec<u8> {
    let mut bits = Bits { bytes: vec![0x78, 0x01], ..Bits::default() };
    // The last block, with the fixed code.
    bits.push(1, 1);
    bits.push(1, 2);
    for byte in row {
        bits.push_symbol(u32::from(*byte));
    }
    let (code, extra, first) = distance_code(row.len() as u32);
    let mut left = row.len() * (rows as usize - 1);
    while left >= 258 {
        bits.push_symbol(285);
        bits.push_code(code, 5);
        bits.push(row.len() as u32 - first, extra);
        left -= 258;
    }
    for index in 0..left {
        // Where the copies ended within the row.
        let at = (row.len() * (rows as usize - 1) - left + index) % row.len();
        bits.push_symbol(u32::from(row[at]));
    }
    bits.push_symbol(256);
    bits.push(0, (8 - bits.held) % 8);
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in row.iter().cycle().take(row.len() * rows as usize) {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    bits.bytes.extend_from_slice(&(high << 16 | low).to_be_bytes());
    bits.bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    png.extend_from_slice(&(data.len() as u32).to_be_bytes());
    let start = png.len();
    png.extend_from_slice(&kind);
    png.extend_from_slice(data);
    let crc = crc32(&png[start..]);
    png.extend_from_slice(&crc.to_be_bytes());
}

/// A PNG of `width` × `height` pixels, both from 1 to 8191: colours drawn from `seed`, blended from left to right.
pub(super) fn png(width: u32, height: u32, seed: Seed) -> Vec<u8> {
    let mut rng = seed.rng();
    let stops: Vec<[f64; 3]> = (0..4).map(|_| [(); 3].map(|()| rng.range(0.0, 255.0))).collect();
    let mut row = vec![0];
    for x in 0..width {
        let place = f64::from(x) / f64::from(width.max(2) - 1) * (stops.len() - 1) as f64;
        let left = (place as usize).min(stops.len() - 2);
        let share = place - left as f64;
        row.extend((0..3).map(|colour| (stops[left][colour] * (1.0 - share) + stops[left + 1][colour] * share) as u8));
    }
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = [width.to_be_bytes(), height.to_be_bytes()].concat();
    // Eight bits each of red, green, blue.
    head.extend_from_slice(&[8, 2, 0, 0, 0]);
    chunk(&mut png, *b"IHDR", &head);
    chunk(&mut png, *b"IDAT", &repeated(&row, height));
    chunk(&mut png, *b"IEND", &[]);
    png
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_have_their_size_and_are_small() {
        for (width, height) in [(1024, 1024), (1536, 1024), (1, 1), (7, 300)] {
            let png = png(width, height, Seed::new(3));
            assert_eq!(fakeai_media::image_size(&png), Some((width, height)));
            assert!(png.len() < 60_000, "{}", png.len());
        }
    }

    #[test]
    fn checksums_are_the_known_ones() {
        assert_eq!(crc32(b"IEND"), 0xAE42_6082);
        // zlib.compress(b"aaa") with the fixed code ends with this Adler-32.
        assert_eq!(repeated(b"aaa", 1)[repeated(b"aaa", 1).len() - 4..], 0x0249_0124_u32.to_be_bytes());
    }

    #[test]
    fn distances_are_coded_as_the_table_says() {
        for (distance, code) in [(1, 0), (4, 3), (5, 4), (3073, 23), (4609, 24), (24_577, 29)] {
            let (found, extra, first) = distance_code(distance);
            assert!(found == code && distance - first < 1 << extra, "{distance} {found}");
        }
    }
}
