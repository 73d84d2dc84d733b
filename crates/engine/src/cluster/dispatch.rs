//! From the router to a worker: who could take a request, who shall, and what waits.

use fakeai_core::Tick;

use super::request::{Booking, Phase, Spot};
use super::worker::{RankSide, Reported};
use super::{Action, Cluster, ClusterEvent, Limits, Refusal, RequestId, Role, Routed, Target, WorkerState};
use crate::EngineError;
use crate::route::{Candidate, Query, Reason, Stage};
use crate::scheduler::{self, Submission};

impl Cluster {
    /// Sends a request that is at the router to a worker, or leaves it there to wait. What is `admitted` was taken in
    /// before and is not refused for load.
    pub(super) fn send(&mut self, id: RequestId, is_admitted: bool, at: Tick) -> Result<(), Refusal> {
        let rank = self.requests.get(id).and_then(|request| request.submission.rank);
        let stage = if self.is_disaggregated() { Stage::Prefill } else { Stage::Whole };
        if self.is_disaggregated() {
            self.gather(Stage::Decode, None, is_admitted)?;
        }
        self.gather(stage, rank, is_admitted)?;
        // Nobody overtakes those who wait; who is taken from the queue is its head.
        if !is_admitted && self.has_queue() || self.is_overrun() {
            self.queue.push_back(id);
            return Ok(());
        }
        self.place(id, stage, at)
    }

    /// Whether somebody waits at the router.
    fn has_queue(&mut self) -> bool {
        while self.queue.pop_front_if(|id| self.requests.get(*id).is_none()).is_some() {}
        !self.queue.is_empty()
    }

    /// Whether every candidate has more to read than the router's threshold.
    fn is_overrun(&self) -> bool {
        let Some(threshold) = self.settings.queue_threshold else { return false };
        self.candidates.iter().all(|candidate| {
            let worker = self.targets[candidate.worker].worker;
            let most = threshold * f64::from(self.replicas[worker].settings().max_batched_tokens);
            candidate.active_prefill_tokens as f64 > most
        })
    }

    /// Sends on what waits at the router, as far as there is room.
    pub(super) fn drain(&mut self, at: Tick) {
        self.is_drain_planned = false;
        let mut waiting = self.queue.len();
        while waiting > 0 {
            waiting -= 1;
            let Some(id) = self.queue.pop_front() else { break };
            if self.requests.get(id).is_none() {
                continue;
            }
            match self.send(id, true, at) {
                // Still no room: it went to the end, but is the first.
                Ok(()) if self.queue.back() == Some(&id) => {
                    self.queue.rotate_right(1);
                    break;
                }
                Ok(()) => {}
                Err(refusal) => self.reject(id, refusal, at),
            }
        }
    }

    /// Something ended: at `at`, look whether what waits at the router can go on.
    pub(super) fn plan_drain(&mut self, at: Tick) {
        if !self.queue.is_empty() && !self.is_drain_planned {
            self.is_drain_planned = true;
            self.agenda.add(at.max(self.now), Action::Drain);
        }
    }

    pub(super) fn reject(&mut self, id: RequestId, refusal: Refusal, at: Tick) {
        self.leave_workers(id, at);
        if self.requests.remove(id).is_some() {
            self.totals.rejected += 1;
            self.events.push(ClusterEvent::Rejected { request: id, at, refusal: Box::new(refusal) });
        }
    }

    /// Finds the targets that could do that part of a request: those of that rank only, if the client names one.
    pub(super) fn gather(&mut self, stage: Stage, rank: Option<u32>, is_admitted: bool) -> Result<(), Refusal> {
        let role = match stage {
            Stage::Whole => Role::Aggregated,
            Stage::Prefill => Role::Prefill,
            Stage::Decode => Role::Decode,
        };
        self.candidates.clear();
        let (mut workers, mut is_busy, mut shortest) = (0, false, None);
        for (worker, replica) in self.workers.iter().zip(&self.replicas) {
            if worker.role != role || worker.state != WorkerState::Up {
                continue;
            }
            workers += 1;
            let is_exact = self.settings.route.signal_interval.is_zero();
            let total_blocks = replica.settings().capacity.blocks;
            let mut add = |number: usize, exact: Option<Reported>| {
                let side = &worker.ranks[number];
                let reported = exact.unwrap_or(side.reported);
                let load = judge(&self.settings.limits, side, reported, total_blocks);
                match if is_admitted { Load::Fair } else { load } {
                    Load::Full => shortest = Some(reported.waiting.min(shortest.unwrap_or(u32::MAX))),
                    Load::Busy => is_busy = true,
                    Load::Fair => {
                        let target = worker.first_target + number;
                        self.candidates.push(candidate(target, side, reported, total_blocks));
                    }
                }
            };
            if worker.has_ranks() {
                for (number, state) in replica.ranks().enumerate() {
                    if rank.is_none_or(|rank| rank as usize == number) {
                        add(number, is_exact.then(|| Reported::of_rank(total_blocks, &state)));
                    }
                }
            } else {
                add(0, is_exact.then(|| Reported::of(replica)));
            }
        }
        match shortest {
            _ if !self.candidates.is_empty() => Ok(()),
            _ if workers == 0 => Err(Refusal::NoWorker),
            Some(waiting) if !is_busy => Err(Refusal::QueuesFull { workers, waiting: waiting as usize }),
            None if !is_busy => Err(no_rank(rank)),
            _ => Err(Refusal::AllBusy { workers }),
        }
    }

    /// Chooses one of the candidates and submits that part of the request there.
    pub(super) fn place(&mut self, id: RequestId, stage: Stage, at: Tick) -> Result<(), Refusal> {
        let Some(request) = self.requests.get(id) else { return Ok(()) };
        let mut submission = part_of(&request.submission, stage);
        let (session, arrived) = (request.session.filter(|_| stage != Stage::Decode), request.arrived);
        let query = self.complete(&submission, stage, at);
        let (target, reason, overlap_blocks) = self.choose(&query, session, at).ok_or(Refusal::NoWorker)?;
        let Target { worker, rank } = self.targets[target];
        if self.workers[worker].has_ranks() {
            submission.rank = Some(rank);
        }
        let sequence = self.replicas[worker].submit(&submission, at).map_err(|error| match error {
            EngineError::QueueFull { waiting } => Refusal::QueuesFull { workers: 1, waiting },
            error => Refusal::Impossible(error),
        })?;
        self.wake(worker);
        self.workers[worker].assign(sequence, id);
        let full = full_blocks(&submission, query.block_tokens);
        self.overlaps.sent(target, full, at);
        if let Some((sessions, session)) = self.sessions.as_mut().zip(session) {
            sessions.keep(session, target, at);
        }
        let booking = self.book(&query, full, (target, overlap_blocks), at);
        if let Some(request) = self.requests.get_mut(id) {
            let spot = Spot { worker, sequence };
            request.booking = Some(booking);
            request.phase = match (stage, request.phase) {
                (Stage::Whole, _) => Phase::Serving(spot),
                (Stage::Prefill, _) => Phase::Prefilling(spot),
                (Stage::Decode, Phase::Leaving(source)) => Phase::Arriving { source, target: spot, transfer: None },
                (Stage::Decode, other) => other,
            };
        }
        let best_overlap_blocks =
            self.candidates.iter().map(|candidate| candidate.overlap_blocks).max().unwrap_or_default();
        self.totals.routed += 1;
        if stage != Stage::Decode {
            self.totals.routed_blocks += u64::from(booking.blocks);
            self.totals.overlap_blocks += u64::from(overlap_blocks);
            self.totals.overlap_overruled += u64::from(best_overlap_blocks > overlap_blocks);
        }
        let waited = at.since(arrived);
        let routed =
            Routed { request: id, worker, rank, stage, at, reason, overlap_blocks, best_overlap_blocks, waited };
        self.events.push(ClusterEvent::Routed(routed));
        Ok(())
    }

    /// The target, why, and the blocks it should have cached. `None` if there are no candidates.
    fn choose(&mut self, query: &Query, session: Option<u64>, at: Tick) -> Option<(usize, Reason, u32)> {
        let sessions = self.sessions.as_mut();
        let kept = sessions.zip(session).and_then(|(all, session)| all.find(session, &self.candidates, at));
        let router = &mut self.routers[usize::from(query.stage == Stage::Decode)];
        let choice = match kept {
            Some(place) => router.follow(query, &self.candidates[place]),
            None => router.choose(query, &self.candidates)?,
        };
        Some((choice.worker, choice.reason, choice.overlap_blocks))
    }

    /// Writes into the router's book what was sent to a target that should have so many blocks of it cached.
    fn book(&mut self, query: &Query, full: &[u64], (target, overlap_blocks): (usize, u32), at: Tick) -> Booking {
        let cached = u64::from(overlap_blocks) * u64::from(query.block_tokens);
        let unread = u64::from(query.prompt_tokens).saturating_sub(cached);
        let booking = Booking {
            target,
            stage: query.stage,
            placed: at,
            is_unread: true,
            prefill_tokens: if query.stage == Stage::Decode { 0 } else { unread },
            blocks: query.prompt_tokens.div_ceil(query.block_tokens),
            hashed_blocks: if self.settings.route.strategy.uses_blocks() { full.len() as u32 } else { 0 },
            features: self.router(query.stage).features(),
        };
        let Target { worker, rank } = self.targets[target];
        let book = &mut self.workers[worker].ranks[rank as usize].book;
        book.add(&full[..booking.hashed_blocks as usize], booking.blocks, booking.prefill_tokens);
        booking
    }

    /// Fills in what candidates have to do with this request.
    fn complete(&mut self, submission: &Submission, stage: Stage, at: Tick) -> Query {
        let block_tokens =
            self.replicas[self.targets[self.candidates[0].worker].worker].settings().capacity.block_tokens;
        let prompt_tokens = submission.prompt_tokens;
        let query = Query {
            prompt_tokens,
            output_tokens: submission.max_output_tokens.max(submission.output_tokens),
            block_tokens,
            stage,
        };
        let full = full_blocks(submission, block_tokens);
        if stage != Stage::Decode {
            // At least one token is always read.
            let most = (prompt_tokens.saturating_sub(1) / block_tokens) as usize;
            let chain = &full[..most.min(full.len())];
            self.overlaps.count(chain, at, &self.replicas, &self.targets, &mut self.overlap_counts);
            for candidate in &mut self.candidates {
                candidate.overlap_blocks = self.overlap_counts[candidate.worker];
            }
        }
        if self.settings.route.strategy.uses_blocks() {
            let blocks = prompt_tokens.div_ceil(block_tokens);
            for candidate in &mut self.candidates {
                let Target { worker, rank } = self.targets[candidate.worker];
                let book = &self.workers[worker].ranks[rank as usize].book;
                candidate.potential_blocks = book.potential_blocks(full, blocks);
            }
        }
        query
    }

    /// Strikes a request out of the router's book.
    pub(super) fn unbook(&mut self, id: RequestId) {
        let Some(request) = self.requests.get_mut(id) else { return };
        let Some(booking) = request.booking.take() else { return };
        let Target { worker, rank } = self.targets[booking.target];
        let book = &mut self.workers[worker].ranks[rank as usize].book;
        if booking.is_unread {
            book.finish_prefill(booking.prefill_tokens);
        }
        book.remove(&request.submission.chain[..booking.hashed_blocks as usize], booking.blocks);
    }
}

/// How a target that is up stands with the limits.
enum Load {
    Fair,
    Busy,
    Full,
}

fn candidate(target: usize, side: &RankSide, reported: Reported, total_blocks: u32) -> Candidate {
    Candidate {
        worker: target,
        running: reported.running,
        waiting: reported.waiting,
        used_blocks: reported.used_blocks,
        total_blocks,
        active_requests: side.book.requests(),
        active_prefill_tokens: side.book.prefill_tokens(),
        potential_blocks: 0,
        overlap_blocks: 0,
    }
}

fn no_rank(rank: Option<u32>) -> Refusal {
    let rank = rank.unwrap_or_default();
    Refusal::Impossible(EngineError::InvalidSettings { what: format!("there is no data-parallel rank {rank}") })
}

fn judge(limits: &Limits, side: &RankSide, reported: Reported, total_blocks: u32) -> Load {
    if limits.max_waiting.is_some_and(|most| reported.waiting as usize >= most) {
        return Load::Full;
    }
    let usage = f64::from(reported.used_blocks) / f64::from(total_blocks);
    let is_busy = limits.busy_blocks.is_some_and(|most| usage > most)
        || limits.busy_prefill_tokens.is_some_and(|most| side.book.prefill_tokens() > most);
    if is_busy { Load::Busy } else { Load::Fair }
}

/// What a worker gets of a request.
fn part_of(submission: &Submission, stage: Stage) -> Submission {
    // The rank a client names is the one that reads its prompt.
    let rank = submission.rank.filter(|_| stage != Stage::Decode);
    let phase = match stage {
        Stage::Whole if submission.phase == scheduler::Phase::Decode => scheduler::Phase::Decode,
        Stage::Whole => scheduler::Phase::Both,
        Stage::Prefill => scheduler::Phase::Prefill,
        Stage::Decode => scheduler::Phase::Decode,
    };
    Submission { phase, rank, ..submission.clone() }
}

/// The hashes of the full blocks of the prompt; a chain may go on into the answer.
fn full_blocks(submission: &Submission, block_tokens: u32) -> &[u64] {
    let full = (submission.prompt_tokens / block_tokens) as usize;
    &submission.chain[..full.min(submission.chain.len())]
}
