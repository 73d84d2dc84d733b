//! Clients that are not heard.

use std::sync::{Arc, Mutex, PoisonError};

use fakeai_core::Tick;
use fakeai_guard::{Ban, Client, Networks, Offence, Watch};
use http::{HeaderMap, StatusCode};

use super::FORWARDED;
use super::line::Line;
use super::settings::Banning;
use crate::context::Context;
use crate::error::ApiError;

/// Offences and bans of clients, by the server's own clock.
#[derive(Debug)]
pub(crate) struct Bans {
    /// Who did what.
    pub watch: Watch,
    proxies: Networks,
    cleanup: std::time::Duration,
    swept: Mutex<Tick>,
}

impl Bans {
    pub(super) fn new(banning: Banning, proxies: Networks) -> Self {
        let Banning { thresholds, cleanup } = banning;
        Self { watch: Watch::new(thresholds), proxies, cleanup, swept: Mutex::default() }
    }

    /// Remembers who asks; the refusal if they are banned. Who only watches is not refused.
    pub(super) fn enter(
        &self,
        context: &Context,
        headers: &HeaderMap,
        line: Option<&Arc<Line>>,
        only_watches: bool,
    ) -> Option<ApiError> {
        let peer = line.and_then(|line| line.peer())?;
        let forwarded = headers.get(FORWARDED).and_then(|value| value.to_str().ok());
        let client = self.proxies.client(peer, forwarded);
        context.note().client = Some(client);
        let now = context.app().kit.clock.now();
        self.sweep(now);
        let ban = self.watch.ban(client, now).filter(|_| !only_watches)?;
        Some(refused(&ban, now))
    }

    /// Counts what a client did, as the label of the error it got says.
    pub(crate) fn note(&self, client: Client, label: &str, now: Tick) {
        let offence = match label {
            "invalid_api_key" => Offence::FailedLogin,
            "payload_too_large" => Offence::Oversized,
            "injection_detected" => Offence::Injection,
            "rate_limit_exceeded" => Offence::OverQuota,
            _ => return,
        };
        if let Some(ban) = self.watch.note(client, offence, now) {
            let lasts = ban.until.since(now).as_secs();
            tracing::warn!(%client, offence = ban.offence.name(), seconds = lasts, "a client was banned");
        }
    }

    fn sweep(&self, now: Tick) {
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if now.since(*swept) >= self.cleanup {
            *swept = now;
            self.watch.sweep(now);
        }
    }
}

/// 403, with the original's code and type.
fn refused(ban: &Ban, now: Tick) -> ApiError {
    let left = ban.until.since(now);
    let message = format!(
        "Your address was banned for too many offences ({}). Please try again in {} seconds.",
        ban.offence.name(),
        left.as_secs() + 1
    );
    let error = ApiError { kind: "security_error", ..ApiError::invalid(message) };
    error.status(StatusCode::FORBIDDEN).code("ip_banned").retry_after(left)
}
