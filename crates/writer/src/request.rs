//! What a model is asked for, free of any wire format. Every API family lowers its requests to this.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use fakeai_catalog::ModelCard;
use fakeai_core::Seed;
use fakeai_schema::{Grammar, Pattern};
use fakeai_tokens::{ImageDetail, Tokenizer};
use rustc_hash::FxHasher;

use crate::reasoning::Reasoning;
use crate::tools::{Call, Shape, Tools};

/// Everything the writer needs to know to write an answer.
#[derive(Clone, Debug)]
pub struct GenerationRequest {
    /// The model that answers.
    pub model: Arc<ModelCard>,
    /// What it is given.
    pub prompt: Prompt,
    /// How many answers to give.
    pub choices: u32,
    /// How words are drawn.
    pub sampling: Sampling,
    /// When to end.
    pub limits: Limits,
    /// The shape the answer must have.
    pub format: Format,
    /// Log probabilities wanted for each token, and how many alternatives beside it.
    pub logprobs: Option<u8>,
    /// How long-winded the answer is.
    pub verbosity: Verbosity,
    /// What it may call instead of answering.
    pub tools: Tools,
    /// How it thinks before it answers; `None` for models that do not.
    pub reasoning: Option<Reasoning>,
    /// What the client expects most of the answer to be.
    pub prediction: Option<String>,
}

/// What the model is given.
#[derive(Clone, Debug)]
pub enum Prompt {
    /// Turns of a conversation.
    Chat(Vec<Turn>),
    /// Text to go on with.
    Completion(Continuation),
}

/// Text to go on with, as the legacy completions endpoint takes it.
#[derive(Clone, Debug, Default)]
pub struct Continuation {
    /// The text before the answer.
    pub text: String,
    /// The text after the answer.
    pub suffix: Option<String>,
    /// Whether the answer begins with the prompt.
    pub echo: bool,
}

/// One turn of a conversation.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Who speaks.
    pub role: Role,
    /// The name beside the role.
    pub name: Option<String>,
    /// What is said and shown.
    pub parts: Vec<Part>,
    /// The tools the model called in it.
    pub calls: Vec<Call>,
    /// The id of the call it is the result of.
    pub answers: Option<String>,
}

/// Who speaks in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The application, formerly.
    System,
    /// The application.
    Developer,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// The result of a tool.
    Tool,
    /// The result of a function, the older form of a tool.
    Function,
}

impl Role {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Developer => "developer",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
            Self::Function => "function",
        }
    }
}

/// A piece of a turn.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Words.
    Text(String),
    /// A picture, measured.
    Image {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// How closely to look.
        detail: ImageDetail,
        /// What is seen on it, as a phrase; `None` for one that was only named.
        facts: Option<String>,
    },
    /// Sound, measured.
    Audio {
        /// Length in seconds.
        seconds: f64,
        /// What is heard, as a phrase.
        facts: Option<String>,
    },
    /// A video, measured.
    Video {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// Length in seconds.
        seconds: f64,
        /// Frames looked at each second.
        frames_per_second: f64,
        /// How closely to look.
        detail: ImageDetail,
        /// What is known of it, as a phrase; `None` for one that was only named.
        facts: Option<String>,
    },
    /// A document, read.
    File {
        /// What it is called.
        name: String,
        /// Its pages; 0 for kinds that have none.
        pages: u32,
        /// Its text.
        text: String,
    },
}

/// How words are drawn.
#[derive(Clone, Debug, Default)]
pub struct Sampling {
    /// Decides every draw; see [`GenerationRequest::seed`].
    pub seed: Seeding,
    /// 0 gives the same answer every time.
    pub temperature: Option<f64>,
    /// Added to a token's chance, by id; -100 bans it, 100 makes it the only one.
    pub logit_bias: Vec<(u32, f64)>,
}

/// Where an answer's draws come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seeding {
    /// Asked again, the request gets another answer. The number counts how often it was asked before.
    Repeat(u64),
    /// The same answer every time, as the client's `seed` or a temperature of 0 asks for.
    #[default]
    Same,
    /// The same answer for the same number.
    Given(i64),
}

/// When an answer ends.
#[derive(Clone, Debug)]
pub struct Limits {
    /// At most this many tokens; the answer then ends with [`crate::Finish::Length`].
    pub max_tokens: u32,
    /// At least this many tokens.
    pub min_tokens: u32,
    /// Goes on until `max_tokens`, as if the model never ended by itself.
    pub ignore_eos: bool,
    /// Ends before the first of these texts.
    pub stop: Vec<String>,
}

/// The shape an answer must have.
#[derive(Clone, Debug, Default)]
pub enum Format {
    /// Any text.
    #[default]
    Text,
    /// A JSON object.
    JsonObject,
    /// JSON of a schema.
    Schema(Shape),
    /// A text of a regular expression.
    Pattern(Pattern),
    /// A text of a grammar.
    Grammar {
        /// The grammar as it was given.
        source: String,
        /// The grammar as it was understood.
        grammar: Grammar,
    },
    /// One of these texts.
    Choice(Vec<String>),
}

impl Format {
    /// Whether the answer is a JSON object of no given shape.
    pub(crate) const fn is_json_object(&self) -> bool {
        matches!(self, Self::JsonObject)
    }

    /// Adds what is asked for beyond text and any object.
    fn hash_into(&self, hasher: &mut impl Hasher) {
        match self {
            Self::Text | Self::JsonObject => {}
            Self::Schema(shape) => shape.source().to_string().hash(hasher),
            Self::Pattern(pattern) => pattern.source().hash(hasher),
            Self::Grammar { source, .. } => source.hash(hasher),
            Self::Choice(choices) => choices.hash(hasher),
        }
    }
}

/// How long-winded an answer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Verbosity {
    /// About half as long.
    Low,
    /// As usual.
    #[default]
    Medium,
    /// About twice as long.
    High,
}

impl GenerationRequest {
    /// A number that is the same for requests that ask for the same thing, however they were written. Limits and the
    /// number of choices do not enter it: a shorter answer is the beginning of the longer one.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = FxHasher::default();
        self.model.id.hash(&mut hasher);
        match &self.prompt {
            Prompt::Chat(turns) => turns.iter().for_each(|turn| turn.hash_into(&mut hasher)),
            Prompt::Completion(continuation) => {
                (&continuation.text, &continuation.suffix, continuation.echo).hash(&mut hasher);
            }
        }
        (self.format.is_json_object(), self.verbosity).hash(&mut hasher);
        self.format.hash_into(&mut hasher);
        self.sampling.temperature.map(f64::to_bits).hash(&mut hasher);
        self.sampling.logit_bias.iter().for_each(|(id, bias)| (id, bias.to_bits()).hash(&mut hasher));
        // What is not there does not enter it, so that new kinds of wishes leave the old answers as they were.
        if !self.tools.offered.is_empty() {
            self.tools.hash_into(&mut hasher);
        }
        if let Some(reasoning) = self.reasoning {
            reasoning.hash(&mut hasher);
        }
        if let Some(prediction) = &self.prediction {
            prediction.hash(&mut hasher);
        }
        hasher.finish()
    }

    /// The seed of this request's draws within a workspace seeded with `root`.
    pub fn seed(&self, root: Seed) -> Seed {
        self.seed_of(root, self.fingerprint())
    }

    /// The same for whoever has the [`GenerationRequest::fingerprint`] in hand.
    pub fn seed_of(&self, root: Seed, fingerprint: u64) -> Seed {
        let request = root.mix(fingerprint);
        match self.sampling.seed {
            Seeding::Same | Seeding::Repeat(0) => request,
            Seeding::Repeat(times) => request.derive("repeat").mix(times),
            Seeding::Given(seed) => request.derive("seed").mix(seed.cast_unsigned()),
        }
    }

    /// The last thing the user said, for the writer to answer.
    pub fn last_user_text(&self) -> &str {
        match &self.prompt {
            Prompt::Completion(continuation) => &continuation.text,
            Prompt::Chat(turns) => {
                let user = turns.iter().rev().find(|turn| turn.role == Role::User).or(turns.last());
                user.and_then(Turn::text).unwrap_or_default()
            }
        }
    }

    /// The tokenizer of the model, unless words are counted.
    pub fn tokenizer(&self) -> Tokenizer {
        self.model.tokenizer
    }
}

impl Part {
    pub(crate) fn hash_into(&self, hasher: &mut FxHasher) {
        match self {
            Self::Text(text) => text.hash(hasher),
            Self::Image { width, height, detail, facts } => {
                (1_u8, width, height, *detail as u8).hash(hasher);
                facts.as_deref().unwrap_or_default().hash(hasher);
            }
            Self::Audio { seconds, facts } => {
                (2_u8, seconds.to_bits()).hash(hasher);
                facts.as_deref().unwrap_or_default().hash(hasher);
            }
            Self::File { name, text, .. } => (4_u8, name, text).hash(hasher),
            Self::Video { width, height, seconds, frames_per_second, detail, .. } => {
                (3_u8, width, height, seconds.to_bits(), frames_per_second.to_bits(), *detail as u8).hash(hasher);
            }
        }
    }

    /// Its words, if it is words.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Turn {
    /// A turn of plain words.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, name: None, parts: vec![Part::Text(text.into())], calls: Vec::new(), answers: None }
    }

    /// The longest text of the turn.
    pub fn text(&self) -> Option<&str> {
        let texts = self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.max_by_key(|text| text.len())
    }

    fn hash_into(&self, hasher: &mut FxHasher) {
        // Ids of calls are made up anew for each conversation and mean nothing.
        (self.role, &self.name, self.parts.len()).hash(hasher);
        self.calls.iter().for_each(|call| (&call.name, &call.input).hash(hasher));
        self.parts.iter().for_each(|part| part.hash_into(hasher));
    }
}
