//! Several engine instances behind one door: replicas, or the data-parallel ranks of one.
//!
//! They share nothing, so each advances by itself. A new sequence goes to the one with the fewest sequences, the first
//! of equals; whoever wants another choice submits to a replica by number.

use fakeai_core::Tick;

use crate::EngineError;
use crate::scheduler::{Observer, Replica, SequenceId, Submission, TokenEvent};

/// Replicas that serve the same model.
#[derive(Debug)]
pub struct Cluster {
    replicas: Vec<Replica>,
    /// When each has something to do next.
    next: Vec<Option<Tick>>,
}

impl Cluster {
    /// These replicas.
    ///
    /// # Errors
    /// [`EngineError::InvalidSettings`] if there are none.
    pub fn new(replicas: Vec<Replica>) -> Result<Self, EngineError> {
        if replicas.is_empty() {
            return Err(EngineError::InvalidSettings { what: "a cluster needs at least one replica".to_owned() });
        }
        let next = replicas.iter().map(Replica::next_event).collect();
        Ok(Self { replicas, next })
    }

    /// Takes a sequence in at `at` on the replica with the fewest sequences, and says which that is.
    ///
    /// # Errors
    /// As [`Replica::submit`].
    pub fn submit(&mut self, submission: &Submission, at: Tick) -> Result<(usize, SequenceId), EngineError> {
        let load = |replica: &Replica| replica.running() + replica.waiting();
        let least = (0..self.replicas.len()).min_by_key(|place| load(&self.replicas[*place])).unwrap_or_default();
        Ok((least, self.submit_to(least, submission, at)?))
    }

    /// Takes a sequence in on the replica of that number.
    ///
    /// # Errors
    /// As [`Replica::submit`]; [`EngineError::InvalidSettings`] if there is no such replica.
    pub fn submit_to(&mut self, place: usize, submission: &Submission, at: Tick) -> Result<SequenceId, EngineError> {
        let Some(replica) = self.replicas.get_mut(place) else {
            return Err(EngineError::InvalidSettings { what: format!("there is no replica {place}") });
        };
        let id = replica.submit(submission, at)?;
        self.next[place] = replica.next_event();
        Ok(id)
    }

    /// Drops a sequence. `false` if it is gone already.
    pub fn abort(&mut self, place: usize, sequence: SequenceId) -> bool {
        self.replicas.get_mut(place).is_some_and(|replica| replica.abort(sequence))
    }

    /// Runs every step that ends by `now`. `take` gets each replica's number and its tokens, in the order of their
    /// ticks within the replica.
    pub fn advance<O: Observer>(&mut self, now: Tick, observer: &mut O, mut take: impl FnMut(usize, &[TokenEvent])) {
        let mut events = Vec::new();
        for (place, replica) in self.replicas.iter_mut().enumerate() {
            if self.next[place].is_none_or(|next| next > now) {
                continue;
            }
            events.clear();
            observer.of_replica(place);
            replica.advance(now, &mut events, observer);
            self.next[place] = replica.next_event();
            take(place, &events);
        }
    }

    /// When `advance` has something to do next; `None` while there is nothing to do.
    pub fn next_event(&self) -> Option<Tick> {
        self.next.iter().copied().flatten().min()
    }

    /// The replicas.
    pub fn replicas(&self) -> &[Replica] {
        &self.replicas
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::Capacity;
    use crate::scheduler::{EngineKind, Settings};
    use crate::step::StepModel;

    #[test]
    fn sequences_spread_and_all_are_served() {
        let replica = || {
            let settings = Settings::new(EngineKind::Vllm, Capacity::of(100, 16));
            Replica::new(settings, StepModel::fixed(0.01, 0.0)).unwrap()
        };
        let mut cluster = Cluster::new(vec![replica(), replica(), replica()]).unwrap();
        let places: Vec<usize> =
            (0..6).map(|_| cluster.submit(&Submission::new(10, 5), Tick::default()).unwrap().0).collect();
        assert_eq!(places, [0, 1, 2, 0, 1, 2]);
        let mut tokens = [0; 3];
        while let Some(at) = cluster.next_event() {
            cluster.advance(at, &mut (), |place, events| {
                tokens[place] += events.iter().map(|event| event.tokens).sum::<u32>();
            });
        }
        assert_eq!(tokens, [10; 3]);
        assert!(cluster.submit_to(3, &Submission::new(1, 1), Tick::default()).is_err());
        assert!(Cluster::new(Vec::new()).is_err());
    }
}
