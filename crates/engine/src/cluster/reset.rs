//! Emptying the caches on request (vLLM's `reset_prefix_cache`).

use super::{Cluster, ClusterObserver};

impl Cluster {
    /// Forgets what is cached on every worker, and on each of its ranks, that is idle, and tells the observer. `false`
    /// if some has blocks in use: it keeps what it has, as vLLM does.
    pub fn reset_prefix_caches<O: ClusterObserver>(&mut self, observer: &mut O) -> bool {
        let mut all = true;
        for (worker, replica) in self.replicas.iter_mut().enumerate() {
            for rank in 0..replica.ranks().count() {
                let Some(events) = replica.reset_prefix_cache(rank) else {
                    all = false;
                    continue;
                };
                self.overlaps.clear(self.workers[worker].first_target + rank);
                if self.is_noting {
                    observer.cache_changed(worker, rank as u32, &events);
                }
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use fakeai_core::Tick;

    use crate::kv::KvEvent;
    use crate::scheduler::Submission;
    use crate::step::EngineKind;
    use crate::{Architecture, Deployment, Gpu};

    use super::*;

    #[derive(Default)]
    struct Last(Option<KvEvent>);

    impl ClusterObserver for Last {
        fn cache_changed(&mut self, _worker: usize, _rank: u32, events: &[KvEvent]) {
            self.0 = events.last().copied().or(self.0);
        }
    }

    #[test]
    fn only_an_idle_cache_is_emptied() {
        let architecture = Architecture::find("llama-3.1-8b").unwrap().clone();
        let gpu = Gpu::find("h100").unwrap().clone();
        let mut cluster = Deployment::new(EngineKind::Vllm, architecture, gpu).unwrap().cluster().unwrap();
        cluster.note_cache_events();
        let chain: Vec<u64> = (1..=4).collect();
        let submission = Submission { chain: chain.clone().into(), ..Submission::new(64, 3) };
        cluster.submit(&submission, Tick::default()).unwrap();
        let mut last = Last::default();
        let first = cluster.next_event().unwrap();
        cluster.advance(first, &mut last, |_| {});
        assert!(!cluster.reset_prefix_caches(&mut last));
        while let Some(at) = cluster.next_event() {
            cluster.advance(at, &mut last, |_| {});
        }
        assert_eq!(cluster.replicas()[0].cached_blocks(&chain), 4);
        assert!(cluster.reset_prefix_caches(&mut last));
        assert_eq!((cluster.replicas()[0].cached_blocks(&chain), last.0), (0, Some(KvEvent::Cleared)));
    }
}
