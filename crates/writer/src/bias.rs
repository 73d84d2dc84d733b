//! `logit_bias`: tokens that never appear, tokens that alone appear, and tokens that appear more or less often.

use fakeai_core::Rng;
use fakeai_tokens::{Token, Tokenizer};

use crate::draft::Draft;

/// At and below this a token is never chosen.
const BANNED: f64 = -100.0;
/// At and above this only such tokens are chosen.
const EXCLUSIVE: f64 = 100.0;
/// Rounds in which a banned word is replaced; after them it is left out, which always comes to an end.
const REPLACING_ROUNDS: usize = 2;
/// Words that can stand for one another without breaking a sentence.
const STAND_INS: &[(&str, &[&str])] = &[
    (" the", &[" this", " that"]),
    (" The", &[" This", " That"]),
    (" a", &[" one", " some"]),
    (" is", &[" remains", " becomes"]),
    (" are", &[" remain", " become"]),
    (" and", &[" plus", " &"]),
    (" of", &[" behind", " within"]),
    (" to", &[" towards", " for"]),
    (" in", &[" within", " inside"]),
    (" it", &[" this", " that"]),
    (" that", &[" which", " this"]),
    (" for", &[" towards", " with"]),
    (" with", &[" using", " via"]),
    (".", &[";", "!"]),
    (",", &[" –", ";"]),
    ("!", &[".", "…"]),
    ("?", &[".", "…"]),
];

/// The biases of one request.
pub(crate) struct Bias {
    banned: Vec<u32>,
    exclusive: Vec<u32>,
    /// Rarer tokens with the chance that one of them is kept.
    rarer: Vec<(u32, f64)>,
    /// Words to use more often.
    favoured: Vec<String>,
}

impl Bias {
    /// `None` where nothing is biased.
    pub(crate) fn new(biases: &[(u32, f64)], tokenizer: Tokenizer) -> Option<Self> {
        if biases.is_empty() {
            return None;
        }
        let ids = |wanted: fn(f64) -> bool| {
            let mut ids: Vec<u32> = biases.iter().filter(|(_, bias)| wanted(*bias)).map(|(id, _)| *id).collect();
            ids.sort_unstable();
            ids
        };
        let size = tokenizer.vocabulary_size();
        let mut exclusive = ids(|bias| bias >= EXCLUSIVE);
        exclusive.retain(|id| *id < size && writable(tokenizer, *id));
        let favoured = biases.iter().filter(|(_, bias)| (1.0..EXCLUSIVE).contains(bias)).filter_map(|(id, _)| {
            let word = String::from_utf8(tokenizer.decode(&[*id])).ok()?;
            let word = word.trim();
            (word.chars().count() > 2 && word.chars().all(char::is_alphabetic)).then(|| word.to_owned())
        });
        let rarer = biases.iter().filter(|(_, bias)| *bias > BANNED && *bias < 0.0);
        Some(Self {
            banned: ids(|bias| bias <= BANNED),
            exclusive,
            rarer: rarer.map(|(id, bias)| (*id, bias.exp())).collect(),
            favoured: favoured.collect(),
        })
    }

    /// Words the answer is to use more often.
    pub(crate) fn favoured(&self) -> &[String] {
        &self.favoured
    }

    /// Whether `id` is never chosen.
    pub(crate) fn bans(&self, id: u32) -> bool {
        self.banned.binary_search(&id).is_ok()
    }

    /// The tokens that alone are chosen; empty where any may be.
    pub(crate) fn exclusive(&self) -> &[u32] {
        &self.exclusive
    }

    /// Rewrites the draft until tokenising it gives no banned token, and leaves out some of the rarer ones. Text
    /// before byte `from` was rewritten earlier.
    pub(crate) fn rewrite(&self, draft: &mut Draft, tokenizer: Tokenizer, from: usize, rng: &mut Rng) {
        draft.tokenise_all();
        for round in 0_usize.. {
            let unwanted = |token: &Token, rng: &mut Rng| {
                self.bans(token.id)
                    || (round == 0
                        && token.end as usize > from
                        && self.rarer.iter().any(|(id, kept)| *id == token.id && !rng.chance(*kept)))
            };
            let mut rewritten = String::with_capacity(draft.text.len());
            let mut copied = 0;
            let mut start = 0;
            for token in &draft.tokens {
                let end = token.end as usize;
                if unwanted(token, rng) {
                    // Whole characters only.
                    let (first, last) = (draft.text.floor_char_boundary(start), draft.text.ceil_char_boundary(end));
                    rewritten.push_str(draft.text.get(copied..first).unwrap_or_default());
                    if round < REPLACING_ROUNDS {
                        rewritten.push_str(self.stand_in(&draft.text[first..last], tokenizer, round));
                    }
                    copied = last.max(copied);
                }
                start = end;
            }
            if copied == 0 {
                return;
            }
            rewritten.push_str(&draft.text[copied..]);
            draft.text = rewritten;
            draft.tokenise_all();
        }
    }

    /// Something to write in place of `unwanted`; empty where nothing fits.
    fn stand_in(&self, unwanted: &str, tokenizer: Tokenizer, round: usize) -> &'static str {
        let choices = STAND_INS.iter().find(|(word, _)| *word == unwanted).map(|(_, choices)| *choices);
        let choice = choices.and_then(|choices| choices.get(round)).copied().unwrap_or_default();
        if tokenizer.encode(choice).iter().any(|token| self.bans(token.id)) { "" } else { choice }
    }

    /// Fills the draft with `count` of the exclusive tokens. The tokens are as drawn; tokenising the text again may
    /// join some of them.
    pub(crate) fn fill(&self, draft: &mut Draft, tokenizer: Tokenizer, count: usize, rng: &mut Rng) {
        for _ in 0..count {
            let Some(id) = rng.pick(&self.exclusive) else { return };
            draft.text.push_str(&String::from_utf8_lossy(&tokenizer.decode(&[*id])));
            draft.tokens.push(Token { id: *id, end: draft.text.len() as u32 });
        }
    }
}

/// Whether a token is whole characters, so that it can be written on its own.
fn writable(tokenizer: Tokenizer, id: u32) -> bool {
    let bytes = tokenizer.decode(&[id]);
    !bytes.is_empty() && std::str::from_utf8(&bytes).is_ok()
}
