//! Why a cluster does not take a request, and what it may be asked to refuse.

use crate::EngineError;

/// Why a request is refused. The status is the server's to choose; what each router answers is said here.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// It could never run, however idle the workers: too long, or empty. A client's error (400); retrying is useless.
    #[error(transparent)]
    Impossible(EngineError),
    /// More are in flight than the cluster takes. As a gateway's limit: 429.
    #[error("{in_flight} requests are in flight, at most {limit} are taken")]
    TooManyInFlight {
        /// Requests in flight.
        in_flight: usize,
        /// The limit.
        limit: usize,
    },
    /// Every worker that is up has as many waiting as may wait. vLLM itself has no such limit, its queue grows; servers
    /// that have one answer 429 or 503.
    #[error("{workers} workers have full queues ({waiting} waiting at the shortest)")]
    QueuesFull {
        /// Workers asked.
        workers: usize,
        /// Sequences waiting at the one with the fewest.
        waiting: usize,
    },
    /// Every worker that is up is over a busy threshold. Dynamo's words; it answers 503 up to release 1.2, 529 from 1.3.
    #[error("Service temporarily unavailable: All workers are busy, please retry later")]
    AllBusy {
        /// Workers asked.
        workers: usize,
    },
    /// No worker is up that could do it: 503.
    #[error("no worker is up")]
    NoWorker,
}

impl Refusal {
    /// Whether the same request may be taken later.
    pub const fn is_retryable(&self) -> bool {
        !matches!(self, Self::Impossible(_))
    }
}

/// What a cluster refuses. By default nothing, as vLLM: queues grow.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Requests in flight at most.
    pub max_in_flight: Option<usize>,
    /// Sequences that may wait at a worker; one that has as many is passed over.
    pub max_waiting: Option<usize>,
    /// Share of a worker's blocks in use above which it is busy (Dynamo's `active_decode_blocks_threshold`), 0 to 1.
    pub busy_blocks: Option<f64>,
    /// Prompt tokens sent to a worker and not read above which it is busy (Dynamo's
    /// `active_prefill_tokens_threshold`).
    pub busy_prefill_tokens: Option<u64>,
}
