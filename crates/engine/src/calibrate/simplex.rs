//! Nelder and Mead's downhill simplex (1965), with the adaptive coefficients of Gao and Han (2012) for many dimensions.

/// The point of the least `f` that `evaluations` find from `start`; the first simplex has edges of `size`.
pub(super) fn minimize(
    start: &[f64],
    size: f64,
    evaluations: usize,
    f: &mut dyn FnMut(&[f64]) -> f64,
) -> (Vec<f64>, f64) {
    let n = start.len();
    let mut points: Vec<(Vec<f64>, f64)> = (0..=n)
        .map(|vertex| {
            let mut point = start.to_vec();
            if let Some(value) = vertex.checked_sub(1).and_then(|axis| point.get_mut(axis)) {
                *value += size;
            }
            let value = f(&point);
            (point, value)
        })
        .collect();
    let mut left = evaluations.saturating_sub(n + 1);
    let dimensions = n.max(2) as f64;
    let (expand, contract, shrink) = (1.0 + 2.0 / dimensions, 0.75 - 0.5 / dimensions, 1.0 - 1.0 / dimensions);
    while left > 0 {
        points.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (best, worst, second) = (points[0].1, points[n].1, points[n.saturating_sub(1)].1);
        if worst - best < 1e-7 {
            break;
        }
        let centre: Vec<f64> =
            (0..n).map(|axis| points[..n].iter().map(|point| point.0[axis]).sum::<f64>() / n as f64).collect();
        let mut try_at = |step: f64| {
            let point: Vec<f64> = centre.iter().zip(&points[n].0).map(|(c, w)| c + step * (c - w)).collect();
            let value = f(&point);
            left = left.saturating_sub(1);
            (point, value)
        };
        let reflected = try_at(1.0);
        let next = if reflected.1 < best {
            let expanded = try_at(expand);
            if expanded.1 < reflected.1 { Some(expanded) } else { Some(reflected) }
        } else if reflected.1 < second {
            Some(reflected)
        } else {
            let step = if reflected.1 < worst { contract } else { -contract };
            let contracted = try_at(step);
            (contracted.1 < worst.min(reflected.1)).then_some(contracted)
        };
        if let Some(next) = next {
            points[n] = next;
        } else {
            shrink_towards_first(&mut points, shrink, f);
            left = left.saturating_sub(n);
        }
    }
    points.sort_by(|a, b| a.1.total_cmp(&b.1));
    points.swap_remove(0)
}

fn shrink_towards_first(points: &mut [(Vec<f64>, f64)], share: f64, f: &mut dyn FnMut(&[f64]) -> f64) {
    let Some(((corner, _), others)) = points.split_first_mut() else { return };
    for (point, value) in others {
        for (axis, base) in point.iter_mut().zip(corner.iter()) {
            *axis = base + share * (*axis - base);
        }
        *value = f(point);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bottom_of_a_bent_valley_is_found() {
        let mut rosenbrock = |x: &[f64]| (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2);
        let (point, value) = minimize(&[-1.2, 1.0], 0.5, 2000, &mut rosenbrock);
        assert!(value < 1e-5 && (point[0] - 1.0).abs() < 0.01, "{point:?} {value}");
    }

    #[test]
    fn a_flat_floor_ends_at_once() {
        let mut count = 0;
        let (_, value) = minimize(&[0.0; 3], 1.0, 1000, &mut |_| {
            count += 1;
            2.0
        });
        assert_eq!((count, value.to_bits()), (4, 2.0_f64.to_bits()));
    }
}
