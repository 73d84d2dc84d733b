//! Why a command failed, and the exit code that says so.

use std::io;

use crate::config::Problems;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration does not hold.
    #[error(transparent)]
    Config(#[from] Problems),
    /// The command was called wrongly.
    #[error("{0}")]
    Usage(String),
    /// Nobody listens at the address.
    #[error(
        "no server answers at {url}: {source}\nStart one with `fakeai server`, or name one with --url or FAKEAI_URL."
    )]
    NoServer {
        /// Where.
        url: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// The connection broke during a request.
    #[error("the connection to {url} broke: {source}")]
    Connection {
        /// Where.
        url: String,
        /// How.
        source: hyper::Error,
    },
    /// The server took too long.
    #[error("{url} did not answer within {seconds} s")]
    TimedOut {
        /// Where.
        url: String,
        /// How long was waited.
        seconds: f64,
    },
    /// The server answered with an error.
    #[error("the server answered {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The error's code or type.
        code: Option<String>,
        /// The error's message.
        message: String,
    },
    /// The server ended a stream with an error.
    #[error("the stream ended with an error: {message}")]
    Stream {
        /// The error's code or type.
        code: Option<String>,
        /// The error's message.
        message: String,
    },
    /// The answer is not what the API promises.
    #[error("cannot understand the answer: {0}")]
    Answer(String),
    /// The command ran, and what it found is bad.
    #[error("{0}")]
    Failed(String),
    /// The terminal or a file failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The server could not start, or ended with an error.
    #[error("{0}")]
    Server(anyhow::Error),
}

impl Error {
    /// 2 when the user has to call it otherwise, 1 when it failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Usage(_) => 2,
            _ => 1,
        }
    }

    /// True when the reader of our output has gone, as `head` does: nothing to complain about.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// A few words to count errors by.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Refused { status, code: Some(code), .. } => format!("{status} {code}"),
            Self::Refused { status, .. } => status.to_string(),
            Self::Stream { code, .. } => format!("stream error {}", code.as_deref().unwrap_or("without code")),
            Self::NoServer { .. } => "cannot connect".to_owned(),
            Self::Connection { .. } => "connection broke".to_owned(),
            Self::TimedOut { .. } => "timed out".to_owned(),
            Self::Answer(why) => why.clone(),
            other => other.to_string(),
        }
    }
}
