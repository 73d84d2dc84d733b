//! Going through a bank of phrases without coming back to one before the others were used.

use fakeai_core::Rng;

/// A way through `0..length` in an order of its own, round after round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    at: usize,
    step: usize,
    left: usize,
    length: usize,
    rounds: usize,
}

impl Walk {
    /// A walk through `0..length`.
    pub(crate) const fn new(length: usize) -> Self {
        Self { at: 0, step: 1, left: 0, length, rounds: 0 }
    }

    /// The next index; 0 of nothing.
    pub(crate) fn next(&mut self, rng: &mut Rng) -> usize {
        /// Steps that share no factor with a length visit everything.
        const STEPS: [usize; 8] = [1, 7, 11, 13, 17, 19, 23, 29];
        if self.length == 0 {
            return 0;
        }
        if self.left == 0 {
            let last = self.at;
            self.at = rng.below(self.length);
            if self.at == last {
                self.at = (self.at + 1) % self.length;
            }
            let step = STEPS[rng.below(STEPS.len())];
            self.step = if self.length.is_multiple_of(step) { 1 } else { step % self.length };
            self.left = self.length;
            self.rounds += 1;
        } else {
            // Both are below the length; a division would take longer than all else here.
            self.at += self.step;
            if self.at >= self.length {
                self.at -= self.length;
            }
        }
        self.left -= 1;
        self.at
    }

    /// Rounds that were begun.
    pub(crate) const fn rounds(&self) -> usize {
        self.rounds
    }
}

#[cfg(test)]
mod tests {
    use fakeai_core::Seed;

    use super::*;

    #[test]
    fn each_round_visits_everything_once() {
        let mut rng = Seed::new(3).rng();
        for length in 1..80 {
            let mut walk = Walk::new(length);
            for round in 1..4 {
                let mut seen: Vec<_> = (0..length).map(|_| walk.next(&mut rng)).collect();
                seen.sort_unstable();
                assert_eq!(seen, (0..length).collect::<Vec<_>>());
                assert_eq!(walk.rounds(), round);
            }
        }
        assert_eq!(Walk::new(0).next(&mut rng), 0);
    }
}
