//! Reed–Solomon codewords over the field of 256 elements (Reed and Solomon, "Polynomial codes over certain finite
//! fields", 1960), read by Berlekamp's and Massey's algorithm (Massey, "Shift-register synthesis and BCH decoding", 1969).

/// The field's polynomial x⁸ + x⁴ + x³ + x² + 1 without its first term; x generates the field.
const FIELD: u8 = 0x1D;

const TABLES: ([u8; 512], [u8; 256]) = tables();

/// Powers of x, and to which power each element is.
const fn tables() -> ([u8; 512], [u8; 256]) {
    let (mut powers, mut logarithms) = ([0; 512], [0; 256]);
    let (mut element, mut power) = (1_u8, 0);
    while power < 512 {
        powers[power] = element;
        if power < 255 {
            logarithms[element as usize] = power as u8;
        }
        element = (element << 1) ^ if element & 0x80 == 0 { 0 } else { FIELD };
        power += 1;
    }
    (powers, logarithms)
}

fn power(exponent: usize) -> u8 {
    TABLES.0[exponent % 255]
}

fn times(one: u8, other: u8) -> u8 {
    if one == 0 || other == 0 {
        return 0;
    }
    TABLES.0[usize::from(TABLES.1[usize::from(one)]) + usize::from(TABLES.1[usize::from(other)])]
}

/// One over an element; 0 for 0, which has none.
fn inverse(element: u8) -> u8 {
    if element == 0 { 0 } else { power(255 - usize::from(TABLES.1[usize::from(element)])) }
}

/// The message with `parity` bytes behind it; together at most 255.
pub(super) fn encode(message: &[u8], parity: usize) -> Vec<u8> {
    let mut generator = vec![1_u8];
    for root in 0..parity {
        generator.push(0);
        for place in (1..generator.len()).rev() {
            generator[place] ^= times(generator[place - 1], power(root));
        }
    }
    let mut rest = [message, &vec![0; parity]].concat();
    for place in 0..message.len() {
        let factor = rest[place];
        for (at, coefficient) in generator.iter().enumerate() {
            rest[place + at] ^= times(factor, *coefficient);
        }
    }
    [message, &rest[message.len()..]].concat()
}

/// Puts up to half of `parity` wrong bytes right, or those at `doubtful` places if only they are wrong; false if it
/// cannot.
pub(super) fn correct(word: &mut [u8], parity: usize, doubtful: &[usize]) -> bool {
    let syndromes = syndromes(word, parity);
    if syndromes.iter().all(|syndrome| *syndrome == 0) {
        return true;
    }
    let found = wrong_places(&syndromes, word.len());
    found.is_some_and(|places| repair(word, parity, &places))
        || (!doubtful.is_empty() && repair(word, parity, doubtful))
}

fn syndromes(word: &[u8], parity: usize) -> Vec<u8> {
    let at = |root: usize| word.iter().fold(0, |sum, byte| times(sum, power(root)) ^ byte);
    (0..parity).map(at).collect()
}

/// The shortest shift register that yields the syndromes has its roots at the places that are wrong.
fn wrong_places(syndromes: &[u8], length: usize) -> Option<Vec<usize>> {
    let (mut register, mut before) = (vec![1_u8], vec![1_u8]);
    let (mut errors, mut shift, mut last) = (0_usize, 1_usize, 1_u8);
    for (step, syndrome) in syndromes.iter().enumerate() {
        let others = (1..register.len().min(step + 1)).map(|place| times(register[place], syndromes[step - place]));
        let discrepancy = others.fold(*syndrome, |sum, other| sum ^ other);
        if discrepancy == 0 {
            shift += 1;
            continue;
        }
        let factor = times(discrepancy, inverse(last));
        let mut next = register.clone();
        next.resize(register.len().max(before.len() + shift), 0);
        for (place, coefficient) in before.iter().enumerate() {
            next[place + shift] ^= times(factor, *coefficient);
        }
        if 2 * errors <= step {
            (before, errors, last, shift) = (register, step + 1 - errors, discrepancy, 1);
        } else {
            shift += 1;
        }
        register = next;
    }
    if errors * 2 > syndromes.len() {
        return None;
    }
    let is_root = |place: &usize| {
        let root = power(255 - (length - 1 - place) % 255);
        register.iter().rev().fold(0, |sum, coefficient| times(sum, root) ^ coefficient) == 0
    };
    let places: Vec<usize> = (0..length).filter(is_root).collect();
    (places.len() == errors).then_some(places)
}

/// Finds what was added at these places by solving the syndromes for it; false if nothing fits them all.
fn repair(word: &mut [u8], parity: usize, places: &[usize]) -> bool {
    let syndromes = syndromes(word, parity);
    let columns = places.len();
    let mut rows: Vec<Vec<u8>> = (0..parity)
        .map(|root| {
            let factors = places.iter().map(|place| power(root * (word.len() - 1 - place)));
            factors.chain([syndromes[root]]).collect()
        })
        .collect();
    for column in 0..columns {
        let Some(pivot) = (column..parity).find(|row| rows[*row][column] != 0) else { return false };
        rows.swap(column, pivot);
        let scale = inverse(rows[column][column]);
        for value in &mut rows[column] {
            *value = times(*value, scale);
        }
        let pivot = rows[column].clone();
        for (_, other) in rows.iter_mut().enumerate().filter(|(row, _)| *row != column) {
            let factor = other[column];
            for (value, own) in other.iter_mut().zip(&pivot) {
                *value ^= times(factor, *own);
            }
        }
    }
    if rows[columns..].iter().any(|row| row[columns] != 0) {
        return false;
    }
    for (place, row) in places.iter().zip(&rows) {
        word[*place] ^= row[columns];
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn half_of_the_parity_is_put_right(
            message in proptest::collection::vec(any::<u8>(), 1..60), half in 1..6_usize,
            hits in proptest::collection::vec((any::<usize>(), 1..=255_u8), 0..6),
        ) {
            let coded = encode(&message, half * 2);
            let mut word = coded.clone();
            for (place, error) in hits.iter().take(half) {
                let place = place % word.len();
                word[place] = coded[place] ^ error;
            }
            prop_assert!(correct(&mut word, half * 2, &[]));
            prop_assert_eq!(&word, &coded);
        }

        #[test]
        fn doubtful_places_are_put_right(message in proptest::collection::vec(any::<u8>(), 9..60), error: u8) {
            let coded = encode(&message, 8);
            let mut word = coded.clone();
            let places: Vec<usize> = (1..8).collect();
            for place in &places {
                word[*place] ^= error;
            }
            prop_assert!(correct(&mut word, 8, &places));
            prop_assert_eq!(&word, &coded);
        }

        #[test]
        fn any_word_is_read_without_a_panic(mut word in proptest::collection::vec(any::<u8>(), 1..90), parity in 1..12_usize) {
            let _ = correct(&mut word, parity, &[0]);
        }
    }
}
