//! Prompts that were read by an engine outside: their keys and values arrive over a link of their own, and the worker that
//! writes the answer reads nothing but the last token.
//!
//! As on vLLM's decode side of NIXL (`do_remote_prefill`): the request waits for blocks as any other, then for what it
//! does not have cached, then joins the batch. Nothing is known of the engine outside, so a transfer takes its time but
//! never fails, and has the whole link. Where the cluster is disaggregated itself, its own prefill workers read the
//! prompt.

use std::time::Duration;

use fakeai_core::Tick;

use super::request::Phase;
use super::{Action, Cluster, RequestId};

impl Cluster {
    /// Plans the arrival of what sequences that got their blocks wait for.
    pub(super) fn take_remote_reservations(&mut self, worker: usize) {
        for reservation in self.replicas[worker].take_reservations() {
            let Some(Some(id)) = self.workers[worker].sequences.get(reservation.sequence.slot()).copied() else {
                continue;
            };
            let Some(request) = self.requests.get(id) else { continue };
            let tokens = request.submission.prompt_tokens.saturating_sub(reservation.cached_tokens);
            let life = request.migrations;
            self.agenda.add(reservation.at + self.remote_time(tokens), Action::Arrive(id, life));
        }
    }

    /// Everything has arrived.
    pub(super) fn arrive(&mut self, id: RequestId, life: u32, at: Tick) {
        let Some(request) = self.requests.get(id).filter(|request| request.migrations == life) else { return };
        let Phase::Serving(spot) = request.phase else { return };
        self.replicas[spot.worker].transferred(spot.sequence, at);
        self.wake(spot.worker);
    }

    /// How long so many tokens take from outside.
    fn remote_time(&self, tokens: u32) -> Duration {
        self.settings.remote.map_or(Duration::ZERO, |remote| {
            let bytes = remote.kv_bytes_per_token * f64::from(tokens);
            remote.link.setup + Duration::from_secs_f64(bytes / remote.link.bytes_per_second)
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::cluster::{ClusterEvent, Link, Transfer};
    use crate::scheduler::{self, Submission};
    use crate::step::{EngineKind, Noise};
    use crate::{Architecture, Deployment, Gpu};

    use super::*;

    fn cluster() -> Cluster {
        let architecture = Architecture::find("llama-3.1-8b").unwrap().clone();
        let mut deployment =
            Deployment::new(EngineKind::Vllm, architecture, Gpu::find("h100").unwrap().clone()).unwrap();
        deployment.settings.noise = Noise::NONE;
        let link = Link { bytes_per_second: 1e9, setup: Duration::from_millis(5) };
        deployment.cluster.remote = Some(Transfer { link, kv_bytes_per_token: 1e5 });
        deployment.cluster().unwrap()
    }

    /// Milliseconds to the first token, and tokens.
    fn run(cluster: &mut Cluster, submission: &Submission) -> (f64, u32) {
        let began = cluster.now;
        cluster.submit(submission, began).unwrap();
        let (mut first, mut tokens) = (None, 0);
        while let Some(at) = cluster.next_event() {
            cluster.advance(at, &mut (), |event| {
                if let ClusterEvent::Tokens(event) = event {
                    first.get_or_insert(event.at);
                    tokens += event.tokens;
                }
            });
        }
        (first.unwrap().since(began).as_secs_f64() * 1e3, tokens)
    }

    #[test]
    fn a_prompt_read_outside_costs_its_transfer_and_a_step() {
        let here = Submission::new(8000, 10);
        let outside = Submission { phase: scheduler::Phase::Decode, ..here.clone() };
        let (read, _) = run(&mut cluster(), &here);
        let (first, tokens) = run(&mut cluster(), &outside);
        // 5 ms and 8,000 × 100 kB over 1 GB/s, then a step of one sequence; reading takes 8,000 tokens of compute.
        assert!((805.0..840.0).contains(&first), "{first} {read}");
        assert_eq!(tokens, 10);
        let chain: Vec<u64> = (1..=500).collect();
        let mut warm = cluster();
        run(&mut warm, &Submission { chain: chain.clone().into(), ..here });
        let (first, _) = run(&mut warm, &Submission { chain: chain.into(), ..outside });
        // What is cached here does not travel: all but the last block.
        assert!(first < 40.0, "{first}");
    }

    #[test]
    fn one_that_is_dropped_on_its_way_is_gone() {
        let mut cluster = cluster();
        let outside = Submission { phase: scheduler::Phase::Decode, ..Submission::new(8000, 10) };
        let id = cluster.submit(&outside, Tick::default()).unwrap();
        let soon = cluster.next_event().unwrap();
        cluster.advance(soon, &mut (), |_| {});
        assert!(cluster.abort(id));
        while let Some(at) = cluster.next_event() {
            cluster.advance(at, &mut (), |event| assert!(!matches!(event, ClusterEvent::Tokens(_))));
        }
        assert_eq!((cluster.in_flight(), cluster.totals().aborted), (0, 1));
    }
}
