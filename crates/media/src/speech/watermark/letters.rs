//! Texts as halves of bytes: a prefix code in which the commonest letters of English take one half and most others two.

/// One half-byte each.
const COMMON: &[u8; 12] = b" etaoinsrhld";
/// Two: 12, 13 or 14, then which.
const LESS: &[u8; 48] = b"ucmfywgpbvkxjqz.,'\"-?!:;()\n0123456789TIAWSHMBCEP";
/// The half-byte before the two of any other byte.
const ANY: u8 = 15;

/// The bytes as half-bytes.
pub(super) fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut halves = Vec::with_capacity(bytes.len() * 2);
    for byte in bytes {
        if let Some(place) = COMMON.iter().position(|letter| letter == byte) {
            halves.push(place as u8);
        } else if let Some(place) = LESS.iter().position(|letter| letter == byte) {
            halves.extend([12 + (place / 16) as u8, (place % 16) as u8]);
        } else {
            halves.extend([ANY, byte >> 4, byte & 15]);
        }
    }
    halves
}

/// The bytes again; `None` if the code breaks off. A lone escape at the end only fills the last byte.
pub(super) fn unpack(halves: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(halves.len());
    let mut rest = halves.iter().copied();
    while let Some(half) = rest.next() {
        match half {
            0..12 => bytes.push(COMMON[usize::from(half)]),
            12..ANY => bytes.push(LESS[usize::from(half - 12) * 16 + usize::from(rest.next()?)]),
            _ => match (rest.next(), rest.next()) {
                (None, _) => {}
                (Some(high), Some(low)) => bytes.push(high << 4 | low),
                (Some(_), None) => return None,
            },
        }
    }
    Some(bytes)
}

/// What fills the last byte where the halves are odd.
pub(super) const FILLER: u8 = ANY;
