//! Bits in the order and codes of H.264 (ITU-T H.264, 7.2 and 9.1).

/// Bits that are written one after another.
#[derive(Debug, Default)]
pub(super) struct Bits {
    bytes: Vec<u8>,
    open: u8,
    count: u8,
}

impl Bits {
    /// `u(length)`: the low bits of `value`.
    pub(super) fn put(&mut self, value: u32, length: u8) {
        for at in (0..length).rev() {
            self.open = self.open << 1 | u8::from(value >> at & 1 == 1);
            self.count += 1;
            if self.count == 8 {
                self.bytes.push(self.open);
                (self.open, self.count) = (0, 0);
            }
        }
    }

    /// `ue(v)`: an Exp-Golomb code.
    pub(super) fn put_unsigned(&mut self, value: u32) {
        let length = 32 - (value + 1).leading_zeros();
        self.put(0, (length - 1) as u8);
        self.put(value + 1, length as u8);
    }

    /// `se(v)`: an Exp-Golomb code of a number with a sign.
    pub(super) fn put_signed(&mut self, value: i32) {
        let magnitude = value.unsigned_abs();
        self.put_unsigned(if value > 0 { 2 * magnitude - 1 } else { 2 * magnitude });
    }

    /// Ends with a 1 and as many 0 as fill the byte, and gives a unit with its header, with bytes put in where three
    /// would look like the start of another unit (7.4.1).
    pub(super) fn into_unit(mut self, header: u8) -> Vec<u8> {
        self.put(1, 1);
        while self.count > 0 {
            self.put(0, 1);
        }
        let mut unit = Vec::with_capacity(self.bytes.len() + 16);
        unit.push(header);
        let mut zeros = 0;
        for byte in self.bytes {
            if zeros >= 2 && byte <= 3 {
                unit.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            unit.push(byte);
        }
        unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        let mut bits = Bits::default();
        // 1 010 011 00100 | 1 010 011, and the end.
        for value in [0, 1, 2, 3] {
            bits.put_unsigned(value);
        }
        for value in [0, 1, -1] {
            bits.put_signed(value);
        }
        assert_eq!(bits.into_unit(0x65), [0x65, 0b1010_0110, 0b0100_1010, 0b0111_0000]);
        let mut bits = Bits::default();
        bits.put(1, 32);
        assert_eq!(bits.into_unit(0), [0, 0, 0, 3, 0, 1, 0x80], "three bytes that look like a start are parted");
    }
}
