use proptest::prelude::*;

use super::*;

fn load(arrivals: Arrivals, requests: u32) -> Load {
    let synthetic = Synthetic { requests: Requests::Count(requests), ..Synthetic::new() };
    Load { source: Source::Synthetic(synthetic), arrivals, turn_pause: Duration::ZERO, seed: Seed::new(42) }
}

fn rate_and_variation(arrivals: Arrivals) -> (f64, f64) {
    let sessions = load(arrivals, 20_000).workload().unwrap().sessions;
    let gaps: Vec<f64> =
        sessions.windows(2).map(|pair| pair[1].arrival.as_secs_f64() - pair[0].arrival.as_secs_f64()).collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
    (1.0 / mean, variance.sqrt() / mean)
}

#[test]
fn arrivals_have_their_rate_and_variation() {
    for (arrivals, variation) in [
        (Arrivals::Poisson { rate: 5.0 }, 1.0),
        (Arrivals::Gamma { rate: 5.0, variation: 3.0 }, 3.0),
        (Arrivals::Gamma { rate: 5.0, variation: 0.5 }, 0.5),
        (Arrivals::Constant { rate: 5.0 }, 0.0),
    ] {
        let (rate, found) = rate_and_variation(arrivals);
        assert!((rate / 5.0 - 1.0).abs() < 0.07 && (found - variation).abs() < 0.15, "{arrivals}: {rate} {found}");
    }
}

#[test]
fn a_ramp_begins_and_ends_at_its_rates() {
    let sessions = load(Arrivals::Ramp { from: 1.0, to: 9.0 }, 10_000).workload().unwrap().sessions;
    let within = |from: f64, to: f64| {
        sessions.iter().filter(|session| (from..to).contains(&session.arrival.as_secs_f64())).count() as f64
    };
    let end = sessions.last().unwrap().arrival.as_secs_f64();
    assert!((end - 2000.0).abs() < 60.0, "{end}");
    assert!((within(0.0, 100.0) / 100.0 - 1.2).abs() < 0.4 && (within(1850.0, 1950.0) / 100.0 - 8.6).abs() < 1.5);
}

#[test]
fn bursts_come_at_once() {
    let sessions = load(Arrivals::Burst { rate: 2.0, size: 4 }, 8).workload().unwrap().sessions;
    let seconds: Vec<f64> = sessions.iter().map(|session| session.arrival.as_secs_f64()).collect();
    assert_eq!(seconds, [0.0, 0.0, 0.0, 0.0, 2.0, 2.0, 2.0, 2.0]);
}

#[test]
fn sessions_share_prefixes_and_their_own_past() {
    let synthetic = Synthetic {
        requests: Requests::Count(40),
        prompt: Lengths::Fixed(32),
        output: Lengths::Fixed(16),
        prefixes: Some(Prefixes { groups: 2, tokens: 64 }),
        turns: 2,
        turn_pause: Duration::from_secs(3),
    };
    let load = Load { source: Source::Synthetic(synthetic), ..load(Arrivals::Constant { rate: 1.0 }, 1) };
    let Workload { turns, sessions, .. } = load.workload().unwrap();
    assert_eq!((turns.len(), sessions.len()), (40, 20));
    assert_eq!([turns[0].prompt_tokens, turns[1].prompt_tokens], [96, 144]);
    assert_eq!([turns[0].pause, turns[1].pause], [Duration::ZERO, Duration::from_secs(3)]);
    let chains: Vec<_> = turns.iter().map(|turn| turn.chain(16)).collect();
    // The second turn begins with the first one's prompt and answer: 64 + 32 + 16 tokens.
    assert_eq!(chains[0][..7], chains[1][..7]);
    let beginnings: std::collections::BTreeSet<&[u64]> = chains.iter().map(|chain| &chain[..4]).collect();
    assert_eq!(beginnings.len(), 2);
    let owns: std::collections::BTreeSet<u64> = chains.iter().map(|chain| chain[4]).collect();
    assert_eq!(owns.len(), 20);
}

#[test]
fn lengths_read_as_typed_and_as_written() {
    for text in ["1024", "uniform:800-1024", "lognormal:6.9,0.9", "normal:1000,200"] {
        assert_eq!(text.parse::<Lengths>().unwrap().to_string(), text);
    }
    for bad in ["", "0", "uniform:5-3", "lognormal:1", "normal:-1,2", "poisson:3", "lognormal:NaN,1"] {
        assert!(bad.parse::<Lengths>().is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn draws_are_counts_in_their_range(low in 1_u32..5_000, more in 0_u32..5_000, seed: u64) {
        let mut rng = Seed::new(seed).rng();
        let drawn = Lengths::Uniform(low, low + more).draw(&mut rng);
        prop_assert!((low..=low + more).contains(&drawn));
        prop_assert!(Lengths::Normal(0.0, f64::from(more)).draw(&mut rng) >= 1);
    }

    #[test]
    fn chains_agree_exactly_as_far_as_contents_do(shared in 0_u32..300, a in 1_u32..300, b in 1_u32..300, size in 1_u32..40) {
        let turn = |content: u64, tokens: u32| Turn {
            prompt_tokens: 1,
            output_tokens: 1,
            segments: [Segment { content: 1, tokens: shared }, Segment { content, tokens }].into(),
            pause: Duration::ZERO,
        };
        let (one, other) = (turn(2, a).chain(size), turn(3, b).chain(size));
        prop_assert_eq!(one.len() as u32, (shared + a) / size);
        let same = one.iter().zip(other.iter()).take_while(|(a, b)| a == b).count() as u32;
        prop_assert_eq!(same, shared / size);
        // A longer part of the same content begins with the same blocks.
        let longer = turn(2, a + b).chain(size);
        prop_assert_eq!(&one[..], &longer[..one.len()]);
    }

    #[test]
    fn arrivals_are_in_order(seed: u64, kind in 0_usize..5, rate in 0.01_f64..1e4) {
        let arrivals = [
            Arrivals::Poisson { rate },
            Arrivals::Gamma { rate, variation: 4.0 },
            Arrivals::Constant { rate },
            Arrivals::Ramp { from: rate, to: 0.5 },
            Arrivals::Burst { rate, size: 3 },
        ][kind];
        let load = Load { seed: Seed::new(seed), ..load(arrivals, 100) };
        prop_assert!(load.workload().unwrap().sessions.is_sorted_by_key(|session| session.arrival));
    }
}
