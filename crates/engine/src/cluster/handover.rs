//! Disaggregated serving: prompts are read by prefill workers, answers written by decode workers.
//!
//! As vLLM's NIXL connector behind its proxy, source first: the prompt is read and its blocks stay held; the answer
//! that says so reaches the router, which chooses a decode worker; there the request waits for blocks as any other, and
//! when it has them, the keys and values that are not cached there are read over the link. Then the source's blocks are
//! free, and the decode worker's next step writes the first token. The token the prefill worker wrote is not used. So
//! the time to first token is queueing, prefill, transfer and the first decode step. (`SGLang` reserves the destination
//! first and sends while the prompt is read; that is not modelled.)

use fakeai_core::Tick;

use super::request::Phase;
use super::{Action, Cluster, ClusterEvent, RequestId, Transferred};
use crate::route::Stage;

impl Cluster {
    /// The router knows that the prompt is read: a decode worker is chosen. `life` is the request's migrations at the
    /// time this was planned.
    pub(super) fn hand_over(&mut self, id: RequestId, life: u32, at: Tick) {
        let Some(request) = self.requests.get(id) else { return };
        if request.migrations != life || !matches!(request.phase, Phase::Leaving(_)) {
            return;
        }
        let placed = self.gather(Stage::Decode, None, true).and_then(|()| self.place(id, Stage::Decode, at));
        if let Err(refusal) = placed {
            self.reject(id, refusal, at);
        }
    }

    /// Sets up transfers to the sequences that got their blocks.
    pub(super) fn take_reservations(&mut self, worker: usize) {
        let Some(transfer) = self.settings.transfer else { return };
        for reservation in self.replicas[worker].take_reservations() {
            let Some(Some(id)) = self.workers[worker].sequences.get(reservation.sequence.slot()).copied() else {
                continue;
            };
            let Some(request) = self.requests.get_mut(id) else { continue };
            let tokens = request.submission.prompt_tokens.saturating_sub(reservation.cached_tokens);
            if let Phase::Arriving { transfer: planned, .. } = &mut request.phase {
                *planned = Some((tokens, reservation.at));
                self.agenda.add(reservation.at + transfer.link.setup, Action::Send(id, request.migrations));
            }
        }
    }

    /// The set-up is over: bytes flow.
    pub(super) fn begin_transfer(&mut self, id: RequestId, life: u32, at: Tick) {
        let Some(request) = self.requests.get(id).filter(|request| request.migrations == life) else { return };
        let Phase::Arriving { transfer: Some((tokens, _)), .. } = request.phase else { return };
        let bytes = self.transfer_bytes(tokens);
        if let Some(traffic) = &mut self.traffic {
            traffic.begin(id, bytes, at);
        }
    }

    /// Everything has arrived: the source lets go, the destination goes on.
    pub(super) fn end_transfer(&mut self, id: RequestId, at: Tick) {
        let Some(request) = self.requests.get_mut(id) else { return };
        let Phase::Arriving { source, target, transfer: Some((tokens, since)) } = request.phase else { return };
        request.phase = Phase::Serving(target);
        self.replicas[source.worker].release(source.sequence, at);
        self.replicas[target.worker].transferred(target.sequence, at);
        self.wake(source.worker);
        self.wake(target.worker);
        let bytes = self.transfer_bytes(tokens);
        self.totals.transfers += 1;
        self.totals.transferred_bytes += bytes as u64;
        self.events.push(ClusterEvent::Transferred(Transferred {
            request: id,
            from: source.worker,
            to: target.worker,
            at,
            bytes,
            took: at.since(since),
        }));
    }

    fn transfer_bytes(&self, tokens: u32) -> f64 {
        self.settings.transfer.map_or(0.0, |transfer| transfer.kv_bytes_per_token * f64::from(tokens))
    }
}
