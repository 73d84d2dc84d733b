//! What can go wrong.

use std::time::Duration;

/// A kind of fault, without its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultKind {
    /// 500.
    InternalError,
    /// 502.
    BadGateway,
    /// 503.
    ServiceUnavailable,
    /// 504.
    GatewayTimeout,
    /// 429 with `insufficient_quota`, which clients do not try again.
    RateLimitQuota,
    /// 429 with `rate_limit_exceeded` and `Retry-After`, which they do.
    RateLimit,
    /// 400 with `context_length_exceeded`.
    ContextLengthExceeded,
    /// The first byte comes late.
    SlowFirstByte,
    /// A stream stands still for a while after some tokens.
    Stall,
    /// The connection is reset: before the head, or after some tokens.
    Reset,
    /// A stream ends after some tokens, properly closed but without its last events.
    Cut,
    /// An error event inside a stream that began well.
    ErrorEvent,
    /// A chunk of a stream that is no JSON.
    MalformedChunk,
    /// Arguments of a tool call that are no JSON.
    BadArguments,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::InternalError,
        Self::BadGateway,
        Self::ServiceUnavailable,
        Self::GatewayTimeout,
        Self::RateLimitQuota,
        Self::RateLimit,
        Self::ContextLengthExceeded,
        Self::SlowFirstByte,
        Self::Stall,
        Self::Reset,
        Self::Cut,
        Self::ErrorEvent,
        Self::MalformedChunk,
        Self::BadArguments,
    ];

    /// Its name in rules, headers and metrics; the first six are the original's but `rate_limit`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InternalError => "internal_error",
            Self::BadGateway => "bad_gateway",
            Self::ServiceUnavailable => "service_unavailable",
            Self::GatewayTimeout => "gateway_timeout",
            Self::RateLimitQuota => "rate_limit_quota",
            Self::RateLimit => "rate_limit",
            Self::ContextLengthExceeded => "context_length_exceeded",
            Self::SlowFirstByte => "slow_first_byte",
            Self::Stall => "stall",
            Self::Reset => "reset",
            Self::Cut => "cut",
            Self::ErrorEvent => "error_event",
            Self::MalformedChunk => "malformed_chunk",
            Self::BadArguments => "bad_arguments",
        }
    }

    /// Whether it takes the place of the answer, so that nothing has to be worked out.
    pub const fn is_answer(self) -> bool {
        matches!(
            self,
            Self::InternalError
                | Self::BadGateway
                | Self::ServiceUnavailable
                | Self::GatewayTimeout
                | Self::RateLimitQuota
                | Self::RateLimit
                | Self::ContextLengthExceeded
        )
    }

    /// Whether it has a length of time.
    pub const fn lasts(self) -> bool {
        matches!(self, Self::SlowFirstByte | Self::Stall | Self::RateLimit)
    }

    /// Whether it happens somewhere in a stream.
    pub const fn is_inside(self) -> bool {
        matches!(self, Self::Stall | Self::Reset | Self::Cut | Self::ErrorEvent | Self::MalformedChunk)
    }
}

/// A fault that happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// For how long, where that makes sense.
    pub lasts: Duration,
    /// After how many events of a stream; a reset without it comes before the head.
    pub after: Option<u32>,
}
