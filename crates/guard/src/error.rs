//! What can be wrong with what a guard is told.

/// A setting that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    /// The text looks like the hash of a key and is none.
    #[error("`{start}…` is no hash of a key: {why}")]
    BadHash {
        /// Its first characters.
        start: String,
        /// What is wrong.
        why: String,
    },
    /// A key that no client can send.
    #[error("a key is 1 to 512 visible characters without spaces")]
    BadKey,
    /// A tier nobody has.
    #[error("there is no tier `{0}`: free, tier-1, tier-2, tier-3, tier-4, tier-5")]
    UnknownTier(String),
    /// A network that is none.
    #[error("`{0}` is neither an address nor a network such as 10.0.0.0/8")]
    BadNetwork(String),
    /// A fault that nobody can make.
    #[error("there is no fault `{word}`{hint}: {known}")]
    UnknownFault {
        /// What was said.
        word: String,
        /// ` (did you mean …?)`, or nothing.
        hint: String,
        /// All faults there are.
        known: String,
    },
    /// A part of a fault that means nothing.
    #[error("`{part}` of the fault means nothing: {why}")]
    BadFault {
        /// The part.
        part: String,
        /// What is allowed.
        why: String,
    },
    /// A pattern that is none.
    #[error("`{pattern}` is no pattern: {why}")]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong.
        why: String,
    },
    /// A period nobody has.
    #[error("there is no period `{0}`: day, week, month, never")]
    BadPeriod(String),
    /// A level nobody knows.
    #[error("there is no level `{0}`: relaxed, standard, strict")]
    UnknownLevel(String),
}
