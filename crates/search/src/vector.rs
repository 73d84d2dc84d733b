//! Vectors in a byte a number: a quarter of the memory to read, and integers that the compiler multiplies eight at a
//! time. What is lost is below the noise of the vectors themselves.

/// Numbers that are multiplied at a time.
const LANES: usize = 32;

/// A vector with each number in a byte; the largest becomes 127. Only its direction is kept.
pub fn quantise(vector: &[f32]) -> Vec<i8> {
    let most = vector.iter().fold(0.0_f32, |most, number| most.max(number.abs()));
    let scale = if most > 0.0 && most.is_finite() { 127.0 / most } else { 0.0 };
    vector.iter().map(|number| (number * scale).round() as i8).collect()
}

/// One over the length of a vector; zero for one that is all zeros.
pub(crate) fn inverse_length(vector: &[i8]) -> f32 {
    let square: i64 = vector.iter().map(|number| i64::from(*number).pow(2)).sum();
    if square == 0 { 0.0 } else { 1.0 / (square as f32).sqrt() }
}

/// The sum of products. Vectors of some thousand numbers do not overflow: 4096 × 127² < 2³¹.
pub(crate) fn dot(wide: &[i16], narrow: &[i8]) -> i32 {
    let ((left, left_rest), (right, right_rest)) = (wide.as_chunks::<LANES>(), narrow.as_chunks::<LANES>());
    let mut sum = 0;
    for (left, right) in left.iter().zip(right) {
        let products = left.iter().zip(right).map(|(a, b)| i32::from(*a) * i32::from(i16::from(*b)));
        sum += products.sum::<i32>();
    }
    sum + left_rest.iter().zip(right_rest).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum::<i32>()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn cosines_survive(pair in prop::collection::vec((-1.0_f32..1.0, -1.0_f32..1.0), 40..300)) {
            let (a, b): (Vec<f32>, Vec<f32>) = pair.into_iter().unzip();
            let length = |vector: &[f32]| vector.iter().map(|number| number * number).sum::<f32>().sqrt();
            let exact = a.iter().zip(&b).map(|(a, b)| a * b).sum::<f32>() / (length(&a) * length(&b));
            let (left, right) = (quantise(&a), quantise(&b));
            let wide: Vec<i16> = left.iter().map(|number| i16::from(*number)).collect();
            let near = dot(&wide, &right) as f32 * inverse_length(&left) * inverse_length(&right);
            prop_assert!((exact - near).abs() < 0.01, "{} {}", exact, near);
        }

        #[test]
        fn any_numbers_are_quantised(vector: Vec<f32>) {
            prop_assert_eq!(quantise(&vector).len(), vector.len());
        }
    }
}
