//! Each worker in turn, by number; one that cannot take the request is passed over.

use super::Candidate;

/// The place of the candidate whose turn it is. `turn` is the number of the worker after the last.
pub(super) fn choose(turn: &mut usize, candidates: &[Candidate]) -> usize {
    let place = candidates.iter().position(|candidate| candidate.worker >= *turn).unwrap_or_default();
    *turn = candidates.get(place).map_or(0, |candidate| candidate.worker + 1);
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_go_round_and_pass_over_who_is_absent() {
        let of = |workers: &[usize]| -> Vec<Candidate> {
            workers.iter().map(|worker| Candidate { worker: *worker, ..Candidate::default() }).collect()
        };
        let mut turn = 0;
        let places: Vec<usize> = (0..4).map(|_| choose(&mut turn, &of(&[0, 1, 2]))).collect();
        assert_eq!(places, [0, 1, 2, 0]);
        assert_eq!(choose(&mut turn, &of(&[0, 2])), 1);
        assert_eq!(choose(&mut turn, &of(&[0, 1])), 0);
    }
}
