//! Where the words of an answer come from.

use std::fmt;
use std::str::FromStr;

/// What answers are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ReplyMode {
    /// An answer to what was asked.
    #[default]
    Auto,
    /// The last thing the user said.
    Echo,
    /// Always this text.
    Fixed(String),
    /// The placeholder Latin of printers.
    Lorem,
}

/// Why a text is not a [`ReplyMode`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyModeError(String);

impl fmt::Display for ReplyModeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is no reply mode; allowed are `auto`, `echo`, `lorem` and `fixed:TEXT`", self.0)
    }
}

impl std::error::Error for ReplyModeError {}

impl FromStr for ReplyMode {
    type Err = ReplyModeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(fixed) = text.strip_prefix("fixed:") {
            return Ok(Self::Fixed(fixed.to_owned()));
        }
        match text.trim().to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "echo" => Ok(Self::Echo),
            "lorem" => Ok(Self::Lorem),
            _ => Err(ReplyModeError(text.to_owned())),
        }
    }
}

impl fmt::Display for ReplyMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Echo => formatter.write_str("echo"),
            Self::Lorem => formatter.write_str("lorem"),
            Self::Fixed(text) => write!(formatter, "fixed:{text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_shown() {
        for text in ["auto", "echo", "lorem", "fixed:", "fixed: Yes: really"] {
            assert_eq!(text.parse::<ReplyMode>().map(|mode| mode.to_string()), Ok(text.to_owned()));
        }
        assert!("parrot".parse::<ReplyMode>().unwrap_err().to_string().contains("`fixed:TEXT`"));
    }
}
