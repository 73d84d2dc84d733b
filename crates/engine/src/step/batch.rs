//! What a step works on, as sums: all that its time depends on.

/// The work of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Batch {
    /// Sequences in the step.
    pub sequences: u32,
    /// Of those, reading their prompts.
    pub prefills: u32,
    /// Tokens that go through the model, drafts included.
    pub tokens: u64,
    /// Tokens of prompts among them.
    pub prefill_tokens: u64,
    /// Pairs of tokens of which one attends to the other, counted once.
    pub attended_pairs: f64,
    /// Of those, within the window of windowed layers.
    pub windowed_pairs: f64,
    /// Tokens whose keys and values are read.
    pub read_tokens: u64,
    /// Of those, within the window of windowed layers.
    pub windowed_tokens: u64,
    /// Time that is added whatever the model: adapters, drafts, seconds.
    pub extra_s: f64,
}

impl Batch {
    /// Adds a sequence that has `context` tokens behind it and `tokens` new ones; windowed layers look back `window`.
    pub fn add(&mut self, tokens: u32, context: u32, window: u32) {
        let (new, reach) = (f64::from(tokens), u64::from(context) + u64::from(tokens));
        self.sequences += 1;
        self.tokens += u64::from(tokens);
        // Each new token attends to all before it: half of the new ones on average.
        let mean = f64::from(context) + new / 2.0;
        self.attended_pairs += new * mean;
        self.windowed_pairs += new * mean.min(f64::from(window));
        self.read_tokens += reach;
        self.windowed_tokens += reach.min(u64::from(window) + u64::from(tokens));
    }
}
