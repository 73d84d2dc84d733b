//! Damaged inputs: each a function of the target's name and the case's number, so that a case can be had again.

use fakeai_core::{Rng, Seed};
use serde_json::{Map, Value};

/// Numbers at the borders of types and of what people think of.
const BORDERS: [u64; 12] =
    [0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF, u64::MAX];
/// The same as text, and what is no number.
const NUMBERS: [&str; 12] = [
    "0",
    "-1",
    "65536",
    "2147483648",
    "-9223372036854775808",
    "18446744073709551616",
    "1e308",
    "1e400",
    "-0.0",
    "0.1e-320",
    "NaN",
    "00",
];
/// What is put into any text.
const WORDS: [&str; 16] = [
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "\\ud800",
    "\\u0000",
    "[[[[[[[[",
    "{\"a\":",
    "\u{0}",
    "\u{202e}",
    "😀",
    "%00",
    "\r\n",
    "../",
    "\u{301}\u{301}",
];

/// What inputs look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Any bytes.
    Bytes,
    /// JSON: damaged as a tree as often as byte by byte.
    Json,
}

/// Where the inputs of one target come from.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) shape: Shape,
    /// Valid inputs, of which damaged ones are made.
    pub(crate) seeds: Vec<Vec<u8>>,
    /// Words of the target's language.
    pub(crate) words: &'static [&'static str],
    /// No input is longer.
    pub(crate) most_bytes: usize,
}

impl Source {
    /// Case `number` of the target whose seed is `seed`.
    pub(crate) fn case(&self, seed: Seed, number: u64) -> Vec<u8> {
        let mut rng = seed.mix(number).rng();
        let mut bytes = match rng.below(16) {
            0 => self.noise(&mut rng),
            1 => self.babble(&mut rng),
            _ => self.damaged(&mut rng),
        };
        bytes.truncate(self.most_bytes);
        bytes
    }

    fn noise(&self, rng: &mut Rng) -> Vec<u8> {
        let most = 1 << rng.below(10);
        let length = rng.below(self.most_bytes.min(most) + 1);
        (0..length).map(|_| rng.bits() as u8).collect()
    }

    /// Words in any order.
    fn babble(&self, rng: &mut Rng) -> Vec<u8> {
        let count = rng.below(24);
        (0..count).flat_map(|_| self.word(rng).bytes()).collect()
    }

    fn word(&self, rng: &mut Rng) -> &'static str {
        let words: &[&str] = match rng.below(4) {
            0 => &NUMBERS,
            1 => &WORDS,
            _ if self.words.is_empty() => &WORDS,
            _ => self.words,
        };
        rng.pick(words).copied().unwrap_or_default()
    }

    fn damaged(&self, rng: &mut Rng) -> Vec<u8> {
        let Some(seed) = rng.pick(&self.seeds) else { return self.noise(rng) };
        let as_tree = self.shape == Shape::Json && rng.chance(0.7);
        if let Some(mut value) = as_tree.then(|| serde_json::from_slice::<Value>(seed).ok()).flatten() {
            for _ in 0..=rng.below(3) {
                damage_tree(&mut value, rng);
            }
            return value.to_string().into_bytes();
        }
        let mut bytes = seed.clone();
        for _ in 0..=rng.below(6) {
            self.damage(&mut bytes, rng);
        }
        bytes
    }

    fn damage(&self, bytes: &mut Vec<u8>, rng: &mut Rng) {
        let at = rng.below(bytes.len() + 1);
        let most = 1 << rng.below(8);
        let span = at..(at + 1 + rng.below(most)).min(bytes.len());
        match rng.below(11) {
            0 => flip(bytes, rng),
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(span)),
            3 if bytes.len() < self.most_bytes => {
                let copy = bytes[span].to_vec();
                let to = rng.below(bytes.len() + 1);
                drop(bytes.splice(to..to, copy));
            }
            4 => drop(bytes.splice(at..at, self.word(rng).bytes())),
            5 => border(bytes, rng),
            6 => number(bytes, rng),
            7 => bytes[span].fill(rng.bits() as u8),
            8 => bytes[span].reverse(),
            9 => {
                // The head of one input, the tail of another.
                let other = rng.pick(&self.seeds).map(Vec::as_slice).unwrap_or_default();
                let from = rng.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ => bytes.insert(at, rng.bits() as u8),
        }
    }
}

fn flip(bytes: &mut [u8], rng: &mut Rng) {
    let at = rng.below(bytes.len());
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << rng.below(8);
    }
}

/// Writes a border over some bytes, in either order.
fn border(bytes: &mut [u8], rng: &mut Rng) {
    let width = 1 << rng.below(4);
    let Some(last) = bytes.len().checked_sub(width) else { return };
    let at = rng.below(last + 1);
    let value = rng.pick(&BORDERS).copied().unwrap_or_default();
    let little = value.to_le_bytes();
    let mut written = little[..width].to_vec();
    if rng.chance(0.5) {
        written.reverse();
    }
    bytes[at..at + width].copy_from_slice(&written);
}

/// Puts another number in the place of one that is written in digits.
fn number(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let from = rng.below(bytes.len() + 1);
    let Some(start) = bytes[from..].iter().position(u8::is_ascii_digit).map(|at| from + at) else { return };
    let end = bytes[start..].iter().position(|byte| !byte.is_ascii_digit()).map_or(bytes.len(), |at| start + at);
    let text = rng.pick(&NUMBERS).copied().unwrap_or_default();
    drop(bytes.splice(start..end, text.bytes()));
}

/// Changes one place of a tree.
fn damage_tree(value: &mut Value, rng: &mut Rng) {
    let copy = value.clone();
    let place = pick_place(value, rng);
    match place {
        Value::Object(fields) if rng.chance(0.5) => {
            let Some(name) = rng.pick(&fields.keys().cloned().collect::<Vec<_>>()).cloned() else { return };
            if rng.chance(0.6) {
                fields.remove(&name);
            } else if let Some(moved) = fields.remove(&name) {
                fields.insert(
                    format!("{name}{}", rng.pick(&["_", "s", "\u{0}", ""]).copied().unwrap_or_default()),
                    moved,
                );
            }
        }
        Value::Array(items) if rng.chance(0.6) => {
            let at = rng.below(items.len() + 1);
            if rng.chance(0.5) && at < items.len() {
                items.remove(at);
            } else if let Some(item) = rng.pick(items).cloned() {
                let times = 1 << rng.below(6);
                drop(items.splice(at..at, std::iter::repeat_n(item, times)));
            } else {
                items.push(any_value(rng));
            }
        }
        place => {
            *place = if rng.chance(0.2) {
                let mut other = copy;
                pick_place(&mut other, rng).take()
            } else {
                any_value(rng)
            };
        }
    }
}

/// A place somewhere in a tree, the deeper ones too.
fn pick_place<'a>(value: &'a mut Value, rng: &mut Rng) -> &'a mut Value {
    let is_branch = match &*value {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if !is_branch || rng.chance(0.15) {
        return value;
    }
    match value {
        Value::Object(fields) => {
            let name = fields.keys().nth(rng.below(fields.len())).cloned().unwrap_or_default();
            pick_place(&mut fields[&name], rng)
        }
        Value::Array(items) => {
            let at = rng.below(items.len());
            pick_place(&mut items[at], rng)
        }
        other => other,
    }
}

fn any_value(rng: &mut Rng) -> Value {
    match rng.below(12) {
        0 => Value::Null,
        1 => Value::Bool(rng.chance(0.5)),
        2 => Value::from(rng.pick(&BORDERS).copied().unwrap_or_default()),
        3 => Value::from(-(rng.pick(&BORDERS).copied().unwrap_or_default() as i64 & i64::MAX)),
        4 => Value::from(rng.normal() * 10_f64.powi(rng.below(80) as i32 - 20)),
        5 => Value::from(""),
        6 => Value::from(rng.pick(&WORDS).copied().unwrap_or_default()),
        7 => Value::from("x".repeat(1 << rng.below(14))),
        8 => Value::Array(Vec::new()),
        9 => Value::Object(Map::new()),
        10 => (0..rng.below(200)).fold(Value::Null, |inner, _| Value::Array(vec![inner])),
        _ => (0..rng.below(60)).fold(Value::Null, |inner, _| serde_json::json!({ "type": "object", "items": inner })),
    }
}
