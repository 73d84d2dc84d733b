use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fakeai_core::{Seed, Tick};
use proptest::prelude::*;

use super::live::Place;
use super::*;
use crate::EngineError;
use crate::kv::{Capacity, KvEvent, WorkerIndex};
use crate::step::{Noise, StepModel};

fn millis(millis: u64) -> Tick {
    Tick::from_nanos(millis * 1_000_000)
}

/// Ten milliseconds a step and a tenth of one for each token.
fn replica(kind: EngineKind, blocks: u32, change: impl FnOnce(&mut Settings)) -> Replica {
    let mut settings = Settings::new(kind, Capacity::of(blocks, 16));
    settings.noise = Noise::NONE;
    settings.watermark = 0.0;
    change(&mut settings);
    Replica::new(settings, StepModel::fixed(0.01, 0.0001)).unwrap()
}

fn run(replica: &mut Replica) -> Vec<TokenEvent> {
    let mut events = Vec::new();
    while let Some(at) = replica.next_event() {
        replica.advance(at, &mut events, &mut ());
    }
    events
}

fn firsts(events: &[TokenEvent]) -> Vec<(usize, u64)> {
    let first = |event: &&TokenEvent| event.produced == event.tokens;
    events.iter().filter(first).map(|event| (event.sequence.slot(), event.at.as_nanos() / 1_000)).collect()
}

#[test]
fn a_long_prompt_is_read_in_chunks_beside_the_decodes() {
    let mut replica = replica(EngineKind::Vllm, 1000, |settings| settings.max_batched_tokens = 100);
    replica.submit(&Submission::new(10, 20), millis(0)).unwrap();
    replica.submit(&Submission::new(250, 2), millis(5)).unwrap();
    let events = run(&mut replica);
    // 10 tokens: 11 ms. Then 99 + 1 tokens a step: 20 ms each; the last piece is 250 − 198 = 52.
    assert_eq!(firsts(&events), [(0, 11_000), (1, 11_000 + 2 * 20_000 + 15_300)]);
    let gaps: Vec<u64> =
        events.iter().filter(|event| event.sequence.slot() == 0).map(|event| event.at.as_nanos() / 100_000).collect();
    assert_eq!(gaps[..5], [110, 310, 510, 663, 765]);
}

#[test]
fn sglang_reads_prompts_alone_and_lets_decodes_wait() {
    let mut replica = replica(EngineKind::Sglang, 1000, |settings| settings.max_batched_tokens = 100);
    replica.submit(&Submission::new(10, 20), millis(0)).unwrap();
    replica.submit(&Submission::new(200, 2), millis(5)).unwrap();
    let events = run(&mut replica);
    assert_eq!(firsts(&events), [(0, 11_000), (1, 51_000)]);
    let second = events.iter().filter(|event| event.sequence.slot() == 0).nth(1).unwrap();
    assert!(second.at > millis(60), "{second:?}");
}

#[test]
fn the_last_admitted_gives_way_and_still_writes_all() {
    // Two sequences of 32 + 48 tokens need 10 blocks; there are 8.
    let mut replica = replica(EngineKind::Vllm, 8, |_| {});
    for _ in 0..2 {
        replica.submit(&Submission::new(32, 48), millis(0)).unwrap();
    }
    let events = run(&mut replica);
    assert_eq!(replica.totals().preemptions, 1);
    assert_eq!(events.iter().map(|event| event.tokens).sum::<u32>(), 96);
    let last = events.last().unwrap();
    assert_eq!((last.sequence.slot(), last.is_last, replica.free_blocks()), (1, true, 8));
}

#[test]
fn guaranteed_no_evict_waits_instead_of_preempting() {
    let mut replica = replica(EngineKind::Trtllm, 8, |_| {});
    for _ in 0..2 {
        replica.submit(&Submission::new(32, 48), millis(0)).unwrap();
    }
    let events = run(&mut replica);
    assert_eq!(replica.totals().preemptions, 0);
    assert!(firsts(&events)[1].1 > 480_000);
}

#[test]
fn the_urgent_go_first_and_the_least_urgent_give_way() {
    let mut replica = replica(EngineKind::Vllm, 8, |settings| {
        settings.policy = Policy::Priority;
        settings.max_sequences = 2;
    });
    for priority in [5, 1, 3] {
        let submission = Submission { priority, ..Submission::new(32, 48) };
        replica.submit(&submission, millis(0)).unwrap();
    }
    let events = run(&mut replica);
    let ends: Vec<usize> = events.iter().filter(|event| event.is_last).map(|event| event.sequence.slot()).collect();
    assert_eq!(ends, [1, 2, 0]);
}

#[test]
fn a_prefix_read_before_is_not_read_again() {
    let mut replica = replica(EngineKind::Vllm, 100, |_| {});
    let chain: Arc<[u64]> = (1..=10).collect();
    let submission = Submission { chain, ..Submission::new(160, 2) };
    replica.submit(&submission, millis(0)).unwrap();
    replica.submit(&submission, millis(1000)).unwrap();
    let events = run(&mut replica);
    // The whole prompt is cached, but its last block is read again for the answer.
    let cached: Vec<u32> = events.iter().map(|event| event.cached_tokens).collect();
    assert_eq!(cached, [0, 0, 144, 144]);
    assert_eq!(firsts(&events), [(0, 26_000), (1, 1_011_600)]);
    assert_eq!(replica.totals().hit_tokens, 144);
}

#[test]
fn what_could_never_run_is_refused() {
    let mut replica = replica(EngineKind::Vllm, 10, |settings| {
        settings.max_sequence_tokens = 1000;
        settings.max_waiting = Some(1);
    });
    let mut submit = |prompt, output| replica.submit(&Submission::new(prompt, output), millis(0));
    assert!(matches!(submit(990, 20), Err(EngineError::SequenceTooLong { tokens: 1010, limit: 1000 })));
    assert!(matches!(submit(150, 20), Err(EngineError::SequenceTooLarge { limit: 10, .. })));
    assert!(matches!(submit(0, 20), Err(EngineError::EmptySequence)));
    assert!(matches!(submit(u32::MAX, u32::MAX), Err(EngineError::SequenceTooLong { .. })));
    submit(10, 10).unwrap();
    assert!(matches!(submit(10, 10), Err(EngineError::QueueFull { waiting: 1 })));
    assert_eq!(replica.totals().rejected, 5);
}

#[test]
fn drafts_that_hold_leave_together() {
    let mut replica = replica(EngineKind::Vllm, 100, |settings| {
        settings.speculation = Some(Speculation { acceptance: vec![1.0, 1.0, 0.0], draft_cost: 0.1 });
    });
    replica.submit(&Submission::new(10, 9), millis(0)).unwrap();
    let tokens: Vec<u32> = run(&mut replica).iter().map(|event| event.tokens).collect();
    assert_eq!(tokens, [1, 3, 3, 2]);
}

#[test]
fn predicted_tokens_are_confirmed_by_the_window() {
    let mut replica = replica(EngineKind::Vllm, 100, |_| {});
    let submission = Submission { predicted_tokens: 20, ..Submission::new(10, 24) };
    replica.submit(&submission, millis(0)).unwrap();
    let tokens: Vec<u32> = run(&mut replica).iter().map(|event| event.tokens).collect();
    assert_eq!(tokens, [1, 17, 3, 1, 1, 1]);
}

#[test]
fn one_adapter_waits_for_the_slot_of_another() {
    let mut replica = replica(EngineKind::Vllm, 100, |settings| {
        settings.adapters = Some(Adapters { slots: 1, load: Duration::from_millis(5), overhead: 0.0 });
    });
    for adapter in [1, 2] {
        replica.submit(&Submission { adapter, ..Submission::new(10, 3) }, millis(0)).unwrap();
    }
    let firsts = firsts(&run(&mut replica));
    assert_eq!(firsts[0], (0, 16_000));
    assert!(firsts[1].1 > 36_000, "{firsts:?}");
}

#[test]
fn who_waits_for_an_adapter_is_passed_by() {
    for kind in [EngineKind::Vllm, EngineKind::Sglang, EngineKind::Trtllm] {
        let mut replica = replica(kind, 100, |settings| {
            settings.adapters = Some(Adapters { slots: 1, load: Duration::ZERO, overhead: 0.0 });
        });
        for adapter in [1, 2, 1, 0] {
            replica.submit(&Submission { adapter, ..Submission::new(10, 3) }, millis(0)).unwrap();
        }
        let firsts: Vec<usize> = firsts(&run(&mut replica)).into_iter().map(|(slot, _)| slot).collect();
        assert_eq!(firsts, [0, 2, 3, 1], "{kind:?}");
    }
}

#[test]
fn an_adapter_that_was_pushed_out_is_loaded_again() {
    let mut replica = replica(EngineKind::Vllm, 100, |settings| {
        settings.adapters = Some(Adapters { slots: 2, load: Duration::from_millis(5), overhead: 0.0 });
    });
    let mut took = Vec::new();
    for (second, adapter) in [1, 2, 1, 3, 1, 2].into_iter().enumerate() {
        let at = millis(1000 * second as u64);
        replica.submit(&Submission { adapter, ..Submission::new(10, 1) }, at).unwrap();
        took.push(run(&mut replica)[0].at.since(at).as_millis());
    }
    assert_eq!(took, [16, 16, 11, 16, 11, 16]);
}

#[test]
fn adapters_cost_what_their_rank_says() {
    let architecture = crate::Architecture::find("llama-3.1-8b").unwrap();
    let costs = [8, 16, 32].map(|rank| Adapters::of_rank(4, rank, architecture));
    assert!((costs[0].overhead - 0.02).abs() < 0.001 && (costs[2].overhead - 0.06).abs() < 0.001);
    // 16 × 2 × (8,192 + 5,120) × 32 layers × 2 bytes = 27 MB at 2 GB/s, and 1.5 ms.
    assert!((costs[1].load.as_secs_f64() - 0.01513).abs() < 1e-4, "{:?}", costs[1]);
}

#[test]
fn a_long_prompt_leaves_room_for_others_in_each_step() {
    let mut replica = replica(EngineKind::Vllm, 1000, |settings| {
        (settings.max_batched_tokens, settings.long_prefill_tokens) = (100, Some(60));
    });
    replica.submit(&Submission::new(180, 1), millis(0)).unwrap();
    replica.submit(&Submission::new(40, 1), millis(0)).unwrap();
    // Both share the first step; the long one takes three of 60 tokens.
    assert_eq!(firsts(&run(&mut replica)), [(1, 20_000), (0, 20_000 + 2 * 16_000)]);
}

#[test]
fn admission_leaves_the_watermark_free() {
    // Six blocks of ten each, and two of ten stay free: the second one waits, though it would fit by itself.
    let mut replica = replica(EngineKind::Vllm, 10, |settings| settings.watermark = 0.2);
    for prompt in [60, 70] {
        replica.submit(&Submission::new(prompt, 3), millis(0)).unwrap();
    }
    let firsts = firsts(&run(&mut replica));
    assert_eq!(firsts[0].1, 16_000);
    assert!(firsts[1].1 > 36_000, "{firsts:?}");
}

#[test]
fn an_aborted_sequence_writes_no_more_and_frees_its_blocks() {
    let mut replica = replica(EngineKind::Vllm, 100, |_| {});
    let one = replica.submit(&Submission::new(10, 1000), millis(0)).unwrap();
    let other = replica.submit(&Submission::new(10, 5), millis(0)).unwrap();
    let mut events = Vec::new();
    replica.advance(millis(30), &mut events, &mut ());
    assert!(replica.abort(one) && !replica.abort(one));
    let after = run(&mut replica);
    assert!(after.iter().all(|event| event.sequence == other));
    assert_eq!((replica.free_blocks(), replica.totals().aborted, replica.totals().finished), (100, 1, 1));
}

#[derive(Clone, Debug)]
enum Act {
    Submit {
        prompt: u32,
        output: u32,
        spare: u32,
        family: u64,
        priority: i32,
        adapter: u64,
        predicted: u32,
        phase: Phase,
    },
    Advance(u64),
    Abort(usize),
    /// Tells of a transfer, or releases what is held, so many milliseconds from now.
    HandOver(usize, u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (1_u32..300, 1_u32..60, 0_u32..40, 0_u64..4, 0..3, 0_u64..4, 0_u32..40, phase()).prop_map(
            |(prompt, output, spare, family, priority, adapter, predicted, phase)| Act::Submit {
                prompt, output, spare, family, priority, adapter, predicted, phase
            }
        ),
        3 => (0_u64..200).prop_map(Act::Advance),
        1 => (0_usize..20).prop_map(Act::Abort),
        2 => (0_usize..20, 0_u64..30).prop_map(|(which, after)| Act::HandOver(which, after)),
    ]
}

fn phase() -> impl Strategy<Value = Phase> {
    prop_oneof![4 => Just(Phase::Both), 1 => Just(Phase::Prefill), 1 => Just(Phase::Decode)]
}

fn settings() -> impl Strategy<Value = Settings> {
    let kind = prop_oneof![Just(EngineKind::Vllm), Just(EngineKind::Sglang), Just(EngineKind::Trtllm)];
    let policy = prop_oneof![Just(Policy::Fcfs), Just(Policy::Priority), Just(Policy::LongestPrefix)];
    let limits = (20_u32..60, 1_u32..12, 16_u32..200, prop::option::of(1_u32..64), 0_u32..3, 0_u32..4);
    let switches = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<u64>());
    (kind, policy, limits, switches).prop_map(|(kind, policy, limits, switches)| {
        let (blocks, max_sequences, max_batched_tokens, long, fixed, drafts) = limits;
        let (is_chunked, is_mixed, is_prefix_cached, has_adapters, seed) = switches;
        let capacity = Capacity { blocks, block_tokens: 16, blocks_per_sequence: fixed };
        let acceptance = vec![0.7; drafts as usize];
        let adapters = Adapters { slots: 2, load: Duration::from_millis(2), overhead: 0.02 };
        Settings {
            max_sequences,
            max_batched_tokens,
            long_prefill_tokens: long,
            is_chunked,
            is_mixed,
            policy,
            is_prefix_cached,
            speculation: (drafts > 0).then_some(Speculation { acceptance, draft_cost: 0.1 }),
            adapters: has_adapters.then_some(adapters),
            seed: Seed::new(seed),
            ..Settings::new(kind, capacity)
        }
    })
}

/// Checks what observers are told, and adds it up.
#[derive(Default)]
struct Watch {
    ends: BTreeMap<u32, Tick>,
    index: WorkerIndex,
    sums: Totals,
    admitted: u64,
    most_tokens: u64,
}

impl Observer for Watch {
    fn step(&mut self, report: &StepReport) {
        let last = self.ends.insert(report.rank, report.end).unwrap_or_default();
        assert!(report.start < report.end && last <= report.end, "time goes back: {report:?}");
        self.sums.steps += u64::from(report.batch.sequences > 0);
        self.sums.sequence_steps += u64::from(report.batch.sequences);
        self.sums.read_tokens += report.batch.prefill_tokens;
        self.most_tokens = self.most_tokens.max(report.batch.tokens);
    }

    fn admitted(&mut self, _: SequenceId, _: Duration, _: u32) {
        self.admitted += 1;
    }

    fn preempted(&mut self, _: SequenceId) {
        self.sums.preemptions += 1;
    }

    fn drafted(&mut self, drafts: u32, accepted: u32) {
        assert!(accepted <= drafts);
        self.sums.drafted_tokens += u64::from(drafts);
        self.sums.accepted_tokens += u64::from(accepted);
    }

    fn finished(&mut self, _: SequenceId) {
        self.sums.finished += 1;
    }

    fn rank_cache_changed(&mut self, rank: u32, events: &[KvEvent]) {
        self.index.apply(rank, events);
    }
}

impl Watch {
    /// What was told adds up to what the replica, which is idle, counted; an index made of its events knows its cache.
    fn agrees(&self, replica: &Replica) -> Result<(), TestCaseError> {
        let totals = replica.totals();
        let told = |totals: &Totals| {
            let steps = [totals.steps, totals.sequence_steps, totals.read_tokens, totals.preemptions];
            (steps, [totals.drafted_tokens, totals.accepted_tokens, totals.finished])
        };
        prop_assert_eq!(told(totals), told(&self.sums));
        prop_assert!(self.admitted >= totals.finished && self.admitted <= totals.arrived);
        if matches!(replica.settings().kind, EngineKind::Vllm | EngineKind::Trtllm) {
            prop_assert!(self.most_tokens <= u64::from(replica.settings().max_batched_tokens));
        }
        let ranks = replica.parts().len();
        for family in 0..4 {
            let chain: Vec<u64> = (1..=30).map(|place| family * 1000 + place).collect();
            let mut known = vec![0; ranks];
            self.index.overlaps(&chain, &mut known);
            let cached: Vec<u32> = (0..ranks as u32).map(|rank| replica.rank_cached_blocks(rank, &chain)).collect();
            prop_assert_eq!(cached, known);
        }
        Ok(())
    }
}

/// Counts what the replica holds and compares it with what came in and went out.
fn check(replica: &Replica) -> Result<(), TestCaseError> {
    let totals = replica.totals();
    let inside = (replica.running() + replica.waiting()) as u64;
    prop_assert_eq!(totals.arrived, totals.rejected + totals.finished + totals.aborted + inside);
    let mut held = std::collections::BTreeSet::new();
    for (rank, live) in replica.parts().iter().flat_map(|rank| rank.slots.iter().map(move |live| (rank.number, live))) {
        let is_holder = !matches!(live.place, Place::Gone | Place::Waiting);
        prop_assert!(is_holder || live.blocks.is_empty() && live.fixed_blocks.is_empty());
        prop_assert!(live.computed <= live.known && live.produced <= live.output);
        prop_assert!(live.cached <= live.prompt);
        held.extend(live.blocks.iter().chain(&live.fixed_blocks).map(|block| format!("{rank} {block:?}")));
    }
    let blocks = replica.settings().capacity.blocks * replica.parts().len() as u32;
    prop_assert_eq!(held.len() as u32 + replica.free_blocks(), blocks);
    Ok(())
}

/// Runs until all have ended, telling of every transfer and releasing whatever is held.
fn finish(
    replica: &mut Replica,
    events: &mut Vec<TokenEvent>,
    watch: &mut Watch,
    mut now: Tick,
    ids: &[SequenceId],
) -> Result<(), TestCaseError> {
    for _ in 0..100_000 {
        if let Some(at) = replica.next_event() {
            now = now.max(at);
            replica.advance(now, events, watch);
        } else if replica.arriving() + replica.held() > 0 {
            for id in ids {
                replica.transferred(*id, now);
                replica.release(*id, now);
            }
        } else {
            return Ok(());
        }
    }
    Err(TestCaseError::fail("it hangs"))
}

/// Stages and ranks of an engine; not both.
fn parallelism() -> impl Strategy<Value = (u32, u32)> {
    prop_oneof![2 => Just((1, 1)), 1 => (2_u32..5).prop_map(|stages| (stages, 1)), 1 => (2_u32..4).prop_map(|ranks| (1, ranks))]
}

fn play(settings: &Settings, (stages, ranks): (u32, u32), acts: &[Act]) -> Result<Vec<TokenEvent>, TestCaseError> {
    let model = StepModel::fixed(0.005, 0.0001).in_stages(stages);
    let mut replica = Replica::of_ranks(settings, &model, ranks).unwrap();
    replica.note_cache_events();
    let mut watch = Watch::default();
    let (mut events, mut now, mut ids) = (Vec::new(), millis(0), Vec::new());
    let mut expected = BTreeMap::new();
    for act in acts {
        match *act {
            Act::Submit { prompt, output, spare, family, priority, adapter, predicted, phase } => {
                let chain = (1..=u64::from((prompt + output) / 16)).map(|place| family * 1000 + place).collect();
                let submission = Submission {
                    prompt_tokens: prompt,
                    output_tokens: output,
                    max_output_tokens: output + spare,
                    chain,
                    priority,
                    adapter,
                    predicted_tokens: predicted,
                    seed: Seed::new(family),
                    phase,
                    rank: None,
                };
                if let Ok(id) = replica.submit(&submission, now) {
                    ids.push(id);
                    expected.insert(id, if phase == Phase::Prefill { 1 } else { output });
                }
            }
            Act::Advance(by) => {
                now = now + Duration::from_millis(by);
                replica.advance(now, &mut events, &mut watch);
            }
            Act::Abort(which) => {
                if let Some(id) = ids.get(which) {
                    let finished = replica.totals().finished;
                    let is_held = {
                        let ranks = replica.parts();
                        let rank = &ranks[id.slot() % ranks.len()];
                        rank.slots[rank.slot_of(*id) as usize].place == Place::Held
                    };
                    if replica.abort(*id) && !is_held {
                        expected.remove(id);
                    }
                    prop_assert_eq!(replica.totals().finished, finished);
                }
            }
            Act::HandOver(which, after) => {
                if let Some(id) = ids.get(which) {
                    let at = now + Duration::from_millis(after);
                    prop_assert!(!(replica.transferred(*id, at) && replica.release(*id, at)));
                }
            }
        }
        check(&replica)?;
    }
    finish(&mut replica, &mut events, &mut watch, now, &ids)?;
    watch.agrees(&replica)?;
    check(&replica)?;
    prop_assert_eq!(replica.running() + replica.waiting(), 0);
    prop_assert!(events.is_sorted_by_key(|event| event.at));
    let mut produced = BTreeMap::new();
    for event in &events {
        let sum = produced.entry(event.sequence).or_insert(0);
        *sum += event.tokens;
        prop_assert_eq!(*sum, event.produced);
    }
    for (id, output) in expected {
        prop_assert_eq!(produced.get(&id), Some(&output));
    }
    let written: u64 = events.iter().map(|event| u64::from(event.tokens)).sum();
    prop_assert_eq!(written, replica.totals().written_tokens);
    Ok(events)
}

proptest! {
    #[test]
    fn tokens_blocks_and_sequences_are_conserved(
        settings in settings(),
        parallelism in parallelism(),
        acts in prop::collection::vec(act(), 1..60),
    ) {
        let once = play(&settings, parallelism, &acts)?;
        prop_assert_eq!(once, play(&settings, parallelism, &acts)?);
    }
}

#[test]
fn stages_work_on_different_sequences_at_the_same_time() {
    // Two stages of 10 ms for 100 tokens: the second prompt follows the first through the pipeline.
    let mut settings = Settings::new(EngineKind::Vllm, Capacity::of(1000, 16));
    (settings.noise, settings.max_batched_tokens) = (Noise::NONE, 100);
    let mut replica = Replica::new(settings, StepModel::fixed(0.0, 0.0002).in_stages(2)).unwrap();
    for _ in 0..2 {
        replica.submit(&Submission::new(100, 1), millis(0)).unwrap();
    }
    assert_eq!(firsts(&run(&mut replica)), [(0, 20_000), (1, 30_000)]);
    // The pieces of one prompt follow one another too.
    replica.submit(&Submission::new(300, 1), millis(100)).unwrap();
    assert_eq!(firsts(&run(&mut replica)), [(1, 140_000)]);
    assert_eq!(replica.totals().busy_ns, 70_000_000);
}

#[test]
fn stages_add_throughput_but_not_speed() {
    use crate::calibrate::{ClosedLoop, run_closed_loop};
    use crate::step::{Layout, Profile};
    use crate::{Architecture, Gpu};

    let (architecture, gpu) = (Architecture::find("llama-3.1-70b").unwrap(), Gpu::find("h100").unwrap());
    let profile = Profile::find(EngineKind::Vllm, "h100", false).unwrap();
    let outcome = |pipeline_parallel, clients| {
        let layout = Layout { tensor_parallel: 4, pipeline_parallel, ..Layout::default() };
        let mut settings = Settings::new(EngineKind::Vllm, Capacity::of(100_000, 16));
        (settings.noise, settings.max_batched_tokens) = (Noise::NONE, 2048);
        let model = StepModel::new(architecture, gpu, &layout, &profile.coefficients);
        run_closed_loop(&mut Replica::new(settings, model).unwrap(), &ClosedLoop::new(clients, 1024, 128)).unwrap()
    };
    let (lone, lone_staged) = (outcome(1, 1), outcome(2, 1));
    assert!((lone_staged.tpot_ms / lone.tpot_ms - 1.0).abs() < 0.02, "{lone:?} {lone_staged:?}");
    let (busy, busy_staged) = (outcome(1, 64), outcome(2, 64));
    let gain = busy_staged.tokens_per_second / busy.tokens_per_second;
    // Prompts gain; decodes read the weights once for each micro-batch and gain little.
    assert!((1.1..2.0).contains(&gain), "{busy:?} {busy_staged:?}");
}
