//! When the tokens of one choice are ready: fixed at submission by the models of time that do not depend on load, or
//! told step by step by the physical engine.

use std::task::Waker;

use fakeai_core::{Clock, Tick};
use fakeai_engine::{Flow, Readiness};

use super::refusal::failed;
use crate::driver::Live;
use crate::error::ApiError;

/// When the tokens of one choice are ready.
#[derive(Debug)]
pub(crate) enum Pace {
    /// All ticks are fixed.
    Planned(Flow),
    /// Each tick is known when its step has ended.
    Live(Live),
}

impl Pace {
    /// The tick the next token is ready at; beyond all time while that is not known; `None` if all were taken.
    pub(crate) fn next(&mut self) -> Option<Tick> {
        match self {
            Self::Planned(flow) => flow.next(),
            Self::Live(live) => live.next(),
        }
    }

    /// The state of the next token at `now`.
    pub(crate) fn poll(&mut self, now: Tick) -> Readiness {
        match self {
            Self::Planned(flow) => flow.poll(now),
            Self::Live(live) => live.poll(now),
        }
    }

    /// Takes the next token, which is ready.
    pub(crate) fn take(&mut self) {
        match self {
            Self::Planned(flow) => flow.take(),
            Self::Live(live) => live.take(),
        }
    }

    /// Wakes `waker` when more is known. True if more is known already.
    pub(crate) fn listen(&self, waker: &Waker) -> bool {
        match self {
            Self::Planned(_) => false,
            Self::Live(live) => live.listen(waker),
        }
    }

    /// When all tokens are ready, for one who needs to know beforehand: as planned, or as may be expected of the
    /// physical engine.
    pub(crate) fn forecast(&self) -> Flow {
        match self {
            Self::Planned(flow) => flow.clone(),
            Self::Live(live) => live.forecast(),
        }
    }

    /// Waits until the last token is ready; the ticks of the first and the last, if there are any.
    ///
    /// # Errors
    /// The engine has failed, or would not take it after all.
    pub(crate) async fn finish(self, clock: &Clock) -> Result<Option<(Tick, Tick)>, ApiError> {
        match self {
            Self::Planned(flow) => {
                let span = flow.take_all();
                if let Some((_, last)) = span.filter(|(_, last)| *last > clock.now()) {
                    clock.sleep_until(last).await;
                }
                Ok(span)
            }
            Self::Live(mut live) => live.finish().await.map_err(failed),
        }
    }

    /// Why the tokens that are left will never come.
    pub(crate) fn failure(&self) -> Option<ApiError> {
        match self {
            Self::Planned(_) => None,
            Self::Live(live) => live.failure().map(failed),
        }
    }

    /// Gives the tokens to one who goes by their forecast: the physical engine goes on as if somebody took them.
    pub(crate) fn detach(self) -> Flow {
        let flow = self.forecast();
        if let Self::Live(live) = self {
            live.detach();
        }
        flow
    }
}
