//! Where the words of an answer come from.

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
