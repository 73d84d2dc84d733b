//! Where the words of a text begin and end.
//!
//! Sixty-four bytes at a time become one bit each, inside a word or not; the places where the bits change are the
//! borders. Words are too short for a processor to guess where each ends, so asking byte for byte would be slow.

/// Bytes of text that borders are found in at once.
pub(super) const MOST_BYTES: usize = 600;
const BLOCK: usize = 64;
/// Every second byte begins a word, and one more border behind the last.
const MOST: usize = MOST_BYTES + 2;

/// The places where words begin and end by turns, counted from where the search began.
pub(super) struct Borders {
    places: [u16; MOST],
    count: usize,
}

impl Borders {
    /// The borders in the bytes `from..to`, at most [`MOST_BYTES`], and `hear` told each byte in and behind them that
    /// is part of a word and not ASCII.
    pub(super) fn find(bytes: &[u8], from: usize, to: usize, mut hear: impl FnMut(usize)) -> Self {
        let mut borders = Self { places: [0; MOST], count: 0 };
        let mut inside = 0;
        // Before this byte everything is known to be outside words.
        let mut outside_until = from;
        let to = to.min(from + MOST_BYTES);
        for start in (from..to).step_by(BLOCK) {
            let end = to.min(start + BLOCK);
            let mut block = [b' '; BLOCK];
            block[..end - start].copy_from_slice(&bytes[start..end]);
            let bits = plain(&block).unwrap_or_else(|| {
                let mut bits = 0;
                for at in start.max(outside_until)..end {
                    let gap = separator(bytes, at);
                    if gap > 0 {
                        outside_until = outside_until.max(at + gap);
                    } else if at >= outside_until {
                        bits |= 1 << (at - start);
                        if !bytes[at].is_ascii() {
                            hear(at);
                        }
                    }
                }
                bits
            });
            let mut changes = bits ^ (bits << 1 | inside);
            inside = bits >> (BLOCK - 1);
            while changes != 0 {
                borders.push(start - from + changes.trailing_zeros() as usize);
                changes &= changes - 1;
            }
        }
        // A word that goes on to the end; one cut inside a block ended there.
        if inside == 1 {
            borders.push(to - from);
        }
        borders
    }

    fn push(&mut self, place: usize) {
        if let Some(next) = self.places.get_mut(self.count) {
            *next = place as u16;
            self.count += 1;
        }
    }

    /// How many words there are.
    pub(super) const fn words(&self) -> usize {
        self.count / 2
    }

    /// Where each word begins and ends.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, usize)> {
        self.places[..self.count].chunks_exact(2).map(|pair| (usize::from(pair[0]), usize::from(pair[1])))
    }
}

/// Which bytes are inside words, where that can be told from each byte alone.
fn plain(block: &[u8; BLOCK]) -> Option<u64> {
    let mut word = [0; BLOCK];
    let mut special = 0;
    for (word, byte) in word.iter_mut().zip(block) {
        // Sums of numbers rather than branches: sixteen bytes go through one instruction.
        let letter = u8::from((byte | 0x20).wrapping_sub(b'a') < 26);
        let digit = u8::from(byte.wrapping_sub(b'0') < 10);
        *word = letter | digit | u8::from(*byte == b'_') | u8::from(*byte == b'#');
        special |= u8::from(*byte >= 0x80) | u8::from(*byte == b'+');
    }
    let gathered = word.as_chunks::<8>().0.iter().enumerate().fold(0, |bits, (index, eight)| {
        // Moves the lowest bit of each byte into the highest byte.
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits | gathered << (index * 8)
    });
    (special == 0).then_some(gathered)
}

/// Length of the separator at `at`; 0 inside a word.
fn separator(bytes: &[u8], at: usize) -> usize {
    match bytes[at] {
        byte if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'#') => 0,
        b'+' if at > 0 && matches!(bytes[at - 1], b'C' | b'c' | b'+') => 0,
        byte if byte.is_ascii() => 1,
        // ¿ ¡ « » and the no-break space.
        0xC2 => 2,
        // Quotation marks and dashes; ideographic and full-width punctuation.
        0xE2 | 0xE3 if bytes.get(at + 1) == Some(&0x80) => 3,
        0xEF if matches!(bytes.get(at + 1), Some(0xBC | 0xBD)) => 3,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Byte for byte.
    fn slowly(bytes: &[u8], from: usize, to: usize) -> Vec<(usize, usize)> {
        let (mut words, mut at) = (Vec::new(), from);
        while at < to {
            let gap = separator(bytes, at);
            if gap > 0 {
                at += gap;
                continue;
            }
            let start = at;
            while at < to && separator(bytes, at) == 0 {
                at += 1;
            }
            words.push((start - from, at - from));
        }
        words
    }

    proptest! {
        #[test]
        fn borders_are_where_words_end(text in "([a-z]{1,9}|[ C+_#.é“—。、世ー¿]){0,200}", from in 0_usize..80) {
            let from = text.floor_char_boundary(from);
            let to = text.floor_char_boundary(from + MOST_BYTES);
            let found = Borders::find(text.as_bytes(), from, to, |_| ());
            prop_assert_eq!(found.iter().collect::<Vec<_>>(), slowly(text.as_bytes(), from, to));
            prop_assert_eq!(found.words(), found.iter().count());
        }
    }
}
