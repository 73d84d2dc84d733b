//! What is wrong with a configuration, all of it at once.

use std::fmt;

/// Where a value comes from, weakest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Built in.
    Default,
    /// A configuration file.
    File {
        /// Its name.
        file: String,
        /// Counted from 1.
        line: usize,
    },
    /// An environment variable.
    Env(String),
    /// A flag, without dashes.
    Flag(String),
}

impl Source {
    /// True when both are of one layer, so that neither overrides the other.
    pub(super) fn is_same_layer(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { file, line } => write!(formatter, "{file}:{line}"),
            Self::Env(name) => write!(formatter, "env {name}"),
            Self::Flag(name) => write!(formatter, "--{name}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No key has this name.
    #[error("`{name}` ({source_of}): unknown key; {hint}")]
    UnknownKey {
        /// As it was written.
        name: String,
        /// Where it was written.
        source_of: Source,
        /// What was probably meant, or where to look.
        hint: String,
    },
    /// The value is of the wrong type or out of range.
    #[error("`{key}` ({source_of}): {given} is not allowed; expected {allowed}")]
    BadValue {
        /// The key's path.
        key: String,
        /// Where it was set.
        source_of: Source,
        /// The value, secrets masked.
        given: String,
        /// What would be right.
        allowed: String,
    },
    /// The key is one of the original system's whose feature does not exist yet.
    #[error("`{key}` ({source_of}): {feature} not built yet; refused rather than ignored")]
    NotBuilt {
        /// The key's path.
        key: String,
        /// Where it was set.
        source_of: Source,
        /// The feature and its verb.
        feature: &'static str,
    },
    /// One layer gives a key two values.
    #[error("`{key}`: {first} and {second} disagree; set one of them")]
    Ambiguous {
        /// The key's path.
        key: String,
        /// One place.
        first: Source,
        /// The other.
        second: Source,
    },
    /// Values that are right alone are wrong together.
    #[error("`{key}` ({source_of}): {why}")]
    Unfitting {
        /// The key's path.
        key: String,
        /// Where it was set.
        source_of: Source,
        /// What does not fit, and what would.
        why: String,
    },
    /// A configuration file that cannot be read or parsed.
    #[error("{file}: {why}")]
    File {
        /// Its name, with the line where known.
        file: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Everything that is wrong with a configuration. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(formatter, "the configuration has {count} problem{}:", if count == 1 { "" } else { "s" })?;
        self.0.iter().try_for_each(|problem| write!(formatter, "\n  - {problem}"))
    }
}
