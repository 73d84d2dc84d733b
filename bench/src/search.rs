//! `search`: how long one core takes to search 100,000 chunks, and what the index of them takes.
//!
//! Chunks are as long as `OpenAI`'s and their terms as unevenly frequent as words are (Zipf's law); each query has
//! frequent terms and rare ones. Vectors are random: what a product costs does not depend on what it is of.
#![expect(clippy::print_stdout, reason = "its output is what a person at a terminal reads")]

use std::time::Duration;

use anyhow::{Result, ensure};
use fakeai_core::{Rng, Seed};
use fakeai_search::{Chunk, Fusion, Index, Query, Weights, quantise};

const CHUNKS: u32 = 100_000;
const DIMENSIONS: usize = 256;
/// Terms of a chunk of 800 tokens, groups of synonyms among them.
const TERMS: usize = 500;
const VOCABULARY: f64 = 50_000.0;
const QUERIES: usize = 200;
const QUERY_TERMS: usize = 12;

/// Time this thread has had a core for.
fn now() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// The rank of a word in a text: the logarithm of ranks is spread evenly.
fn term(rng: &mut Rng) -> u32 {
    VOCABULARY.powf(rng.unit()) as u32
}

fn vector(rng: &mut Rng) -> Vec<i8> {
    let numbers: Vec<f32> = (0..DIMENSIONS).map(|_| rng.normal() as f32).collect();
    quantise(&numbers)
}

/// Runs it.
pub(crate) fn run() -> Result<()> {
    let mut rng = Seed::new(42).rng();
    let mut index = Index::new(DIMENSIONS);
    let begin = now();
    for chunk in 0..CHUNKS {
        let terms: Vec<u32> = (0..TERMS).map(|_| term(&mut rng)).collect();
        let vector = vector(&mut rng);
        ensure!(
            index.add(Chunk { owner: chunk / 100, ordinal: chunk % 100, vector: &vector, terms: &terms }),
            "no room"
        );
    }
    let built = now().saturating_sub(begin);
    println!(
        "{CHUNKS} chunks of {DIMENSIONS} dimensions and {TERMS} terms: {:.1} s to make, {} MB",
        built.as_secs_f64(),
        index.bytes() >> 20
    );
    for (name, fusion) in [("scores", Fusion::Scores), ("places", Fusion::Places)] {
        let mut times = Vec::with_capacity(QUERIES);
        for _ in 0..QUERIES {
            let terms = (0..QUERY_TERMS).map(|_| term(&mut rng)).collect();
            let query = Query { vector: vector(&mut rng), terms, weights: Weights::default(), fusion, most: 10 };
            let begin = now();
            let found = index.search(&query, |_| true);
            times.push(now().saturating_sub(begin));
            ensure!(found.len() == query.most, "found {}", found.len());
        }
        times.sort_unstable();
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        let at = |share: usize| times.get(QUERIES * share / 100).copied().map_or(0.0, milliseconds);
        println!(
            "search, fused by {name}: p50 {:.1} ms, p99 {:.1} ms on one core (at most 50 are wanted)",
            at(50),
            at(99)
        );
    }
    Ok(())
}
