//! The fewest sequences, running and waiting alike, as the engines report them. Tokens are not weighed: a long prompt
//! counts as much as a short one. With a signal interval, all requests of an interval go to the same few workers, as
//! they do behind routers that scrape metrics.

use super::Candidate;

/// Sequences the worker has; the lowest is chosen.
pub(super) fn score(candidate: &Candidate) -> f64 {
    f64::from(candidate.running) + f64::from(candidate.waiting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_and_waiting_count_alike() {
        let candidate = Candidate { running: 3, waiting: 2, active_requests: 9, ..Candidate::default() };
        assert!((score(&candidate) - 5.0).abs() < f64::EPSILON);
    }
}
