//! The longest common subsequence, 64 places at a time.

use std::hash::Hash;

use rustc_hash::FxHashMap;

/// Symbols that are looked at; beyond them sequences are taken as equal in nothing.
const MOST: usize = 100_000;

/// How many symbols the longest common subsequence of both has.
///
/// H. Hyyrö, "Bit-parallel LCS-length computation revisited" (2004): a bit of each place of `one` says where the row of
/// the usual table does not rise.
pub(super) fn length<T: Eq + Hash>(one: &[T], other: &[T]) -> usize {
    let (one, other) = (&one[..one.len().min(MOST)], &other[..other.len().min(MOST)]);
    let words = one.len().div_ceil(64);
    let mut places: FxHashMap<&T, Vec<u64>> = FxHashMap::default();
    for (place, symbol) in one.iter().enumerate() {
        places.entry(symbol).or_insert_with(|| vec![0; words])[place / 64] |= 1 << (place % 64);
    }
    let mut flat = vec![u64::MAX; words];
    for symbol in other {
        let Some(found) = places.get(symbol) else { continue };
        let mut carry = false;
        for (row, found) in flat.iter_mut().zip(found) {
            let matched = *row & found;
            let (sum, first) = row.overflowing_add(matched);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            carry = first || second;
            *row = sum | (*row & !found);
        }
    }
    let unused = words * 64 - one.len();
    let zeros: usize = flat.iter().map(|row| row.count_zeros() as usize).sum();
    // Carries may have run into the unused places of the last word; they are at its top.
    let beyond =
        flat.last().map_or(0, |row| if unused == 0 { 0 } else { (!row >> (64 - unused)).count_ones() as usize });
    zeros - beyond
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By the usual table.
    fn slowly(one: &[char], other: &[char]) -> usize {
        let mut row = vec![0; other.len() + 1];
        for left in one {
            let mut corner = 0;
            for (place, right) in other.iter().enumerate() {
                let above = row[place + 1];
                row[place + 1] = if left == right { corner + 1 } else { above.max(row[place]) };
                corner = above;
            }
        }
        row[other.len()]
    }

    proptest! {
        #[test]
        fn it_is_that_of_the_table(one in "[a-d]{0,200}", other in "[a-d]{0,200}") {
            let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
            prop_assert_eq!(length(&one, &other), slowly(&one, &other));
        }
    }
}
