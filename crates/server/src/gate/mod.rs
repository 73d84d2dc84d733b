//! Who is let in, how much they may use, and what goes wrong on purpose: what every request passes between the door and
//! its room.
//!
//! In this order: bans, keys, quotas, faults. What is only known once a body has been read (its model, and how much it
//! asks for) is looked at by [`Gate::look`], which whoever reads a body calls.

mod bans;
mod broken;
mod budgets;
mod directory;
mod faults;
mod key;
mod line;
mod permits;
pub(crate) mod policy;
mod quotas;
mod records;
mod screening;
mod settings;
mod throttles;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use fakeai_core::Seed;
use fakeai_guard::{Asked, FaultKind, FaultPlan, KeyRing, Networks, Verdict};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, header};
use xxhash_rust::xxh3::xxh3_128;

use crate::api::azure;
use crate::audit::{Refusals, Sender};
use crate::context::Context;
use crate::error::ApiError;
use directory::Known;

pub(crate) use bans::Bans;
pub(crate) use broken::broken;
pub(crate) use budgets::{Budgets, Held, enforces};
pub(crate) use directory::{Bearer, Entry, Owner, enter as enter_key};
pub(crate) use faults::Planned;
pub(crate) use key::{incorrect as incorrect_key, sent as sent_key};
pub(crate) use line::Line;
pub(crate) use quotas::{Payer, Quotas, Taken, Usage, limit_kind, put_standing};
pub(crate) use screening::Screener;
pub use settings::{Banning, Budgeting, Gatekeeping, Quota, Screening, ScreeningMode};
pub(crate) use throttles::{Fared, WAITS};

/// Asks for a fault: `X-FakeAI-Fault: stall=5s;after=10`.
const FAULT: HeaderName = HeaderName::from_static("x-fakeai-fault");
/// Who a proxy asks for.
const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What stands between the door and the rooms.
#[derive(Debug)]
pub(crate) struct Gate {
    keys: KeyRing,
    requires_key: bool,
    has_public_metrics: bool,
    /// What keys may use, if it is counted.
    pub quotas: Option<Quotas>,
    /// What may be spent.
    pub budgets: Budgets,
    /// Who is not heard, if anybody ever is not.
    pub bans: Option<Bans>,
    /// Looks for attacks in texts, if anybody does.
    pub screener: Option<Screener>,
    /// What goes wrong on purpose.
    pub faults: FaultPlan,
    /// Proxies whose word is taken for who their clients are.
    proxies: Networks,
    /// Whose keys were refused lately.
    refusals: Refusals,
}

/// Whether a request may go on.
pub(crate) enum Passage {
    /// It may.
    Open,
    /// It may not.
    Closed(ApiError),
    /// That takes a while to find out. `None` is that it may.
    Later(Pin<Box<dyn Future<Output = Option<ApiError>> + Send>>),
}

/// What a path is for, as far as the gate treats it differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Area {
    /// Whether the server is well, and what it is: open to everybody, never broken.
    Health,
    /// Metrics and dashboards: open if they are public.
    Watching,
    /// The server's own controls: behind keys, not counted, never broken.
    Control,
    /// The API.
    Api,
}

impl Area {
    fn of(path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let begins = |starts: &[&str]| starts.iter().any(|start| path.starts_with(start));
        if path == "/"
            || begins(&[
                "/health",
                "/ready",
                "/v1/health",
                "/v1/metadata",
                "/v1/version",
                "/version",
                "/docs",
                "/openapi.json",
            ])
        {
            return Self::Health;
        }
        if begins(&["/fakeai/"]) {
            return Self::Control;
        }
        let watched = ["/metrics", "/v1/metrics", "/dashboard", "/dcgm/", "/dynamo/", "/kv-cache/"];
        if begins(&watched) || path.ends_with("/metrics") { Self::Watching } else { Self::Api }
    }
}

impl Gate {
    /// The gate as `settings` say. `secret` is known to nobody else.
    pub(crate) fn new(settings: &Gatekeeping, secret: Seed, seed: Seed) -> Self {
        let mut rng = secret.derive("keys").rng();
        let mut bytes = [0; 32];
        for part in bytes.chunks_mut(8) {
            part.copy_from_slice(&rng.bits().to_le_bytes());
        }
        Self {
            keys: KeyRing::new(settings.keys.iter().cloned(), &bytes),
            requires_key: settings.requires_key,
            has_public_metrics: settings.has_public_metrics,
            quotas: settings.quotas.map(Quotas::new),
            budgets: Budgets::new(settings.budgets),
            bans: settings.bans.clone().map(|banning| Bans::new(banning, settings.trusted_proxies.clone())),
            screener: settings.screening.as_ref().map(Screener::new),
            faults: FaultPlan::new(settings.faults.iter().cloned(), seed),
            proxies: settings.trusted_proxies.clone(),
            refusals: Refusals::default(),
        }
    }

    /// Whether a request of these headers passes without being looked at.
    pub(crate) fn stands_open(&self, headers: &HeaderMap) -> bool {
        let is_idle = !self.requires_key
            && !self.budgets.are_set()
            && self.quotas.is_none()
            && self.bans.is_none()
            && self.faults.is_empty();
        is_idle && !headers.contains_key(FAULT)
    }

    /// Where a request comes from.
    pub(crate) fn sender(&self, headers: &HeaderMap, line: Option<&Arc<Line>>) -> Sender {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let peer = line.and_then(|line| line.peer());
        let address = peer.map(|peer| self.proxies.address(peer, text(FORWARDED)).to_string());
        Sender::new(address, text(header::USER_AGENT))
    }

    /// The refusal of a wrong key, which the organisation's log tells of.
    fn refuse(&self, context: &Context, key: &[u8], sender: &Sender) -> ApiError {
        let error = key::incorrect(key);
        self.refusals.note(context, sender, &error);
        error
    }

    /// Looks at the head of a request.
    pub(crate) fn enter(&self, context: &Context, head: &Parts, line: Option<&Arc<Line>>) -> Passage {
        let area = Area::of(context.path());
        if area == Area::Health || context.batch_line().is_some() {
            return Passage::Open;
        }
        if let Some(bans) = &self.bans
            && let Some(error) = bans.enter(context, &head.headers, line, area == Area::Watching)
        {
            return Passage::Closed(error);
        }
        let key = key::sent(&head.headers);
        context.note().credential = key.as_deref().map_or(0, xxh3_128);
        if self.requires_key && !(area == Area::Watching && self.has_public_metrics) {
            let Some(key) = key else { return Passage::Closed(key::missing()) };
            let verdict = match directory::find(context, &key) {
                Ok(Known::Good(bearer)) => {
                    if area == Area::Api
                        && let Err(error) = permits::check(context, head, &bearer)
                    {
                        return Passage::Closed(error);
                    }
                    belong(context, bearer);
                    Verdict::Good(0)
                }
                Ok(Known::Gone) => Verdict::Bad,
                Ok(Known::No) => self.verdict(&key),
                Err(error) => return Passage::Closed(error),
            };
            match verdict {
                Verdict::Good(_) => {}
                Verdict::Bad => {
                    return Passage::Closed(self.refuse(context, &key, &self.sender(&head.headers, line)));
                }
                Verdict::Unknown => return Self::enter_slowly(context, head, key.into_owned(), line),
            }
        }
        if area == Area::Api { self.go_on(context, head, line) } else { Passage::Open }
    }

    fn verdict(&self, key: &[u8]) -> Verdict {
        // Without a list, whoever has a key has a good one.
        if self.keys.is_empty() { Verdict::Good(0) } else { self.keys.look(key) }
    }

    /// Looks at slow hashes where that holds up nobody.
    fn enter_slowly(context: &Context, head: &Parts, key: Vec<u8>, line: Option<&Arc<Line>>) -> Passage {
        let app = Arc::clone(context.app());
        let (context, line) = (context.clone(), line.cloned());
        let rest = Parts::clone(head);
        Passage::Later(Box::pin(async move {
            let (keys, asked) = (Arc::clone(&app), key.clone());
            let verified = app.kit.tasks.compute(move || keys.gate.keys.verify(&asked)).await;
            if !matches!(verified, Some(Verdict::Good(_))) {
                let sender = app.gate.sender(&rest.headers, line.as_ref());
                return Some(app.gate.refuse(&context, &key, &sender));
            }
            if Area::of(context.path()) != Area::Api {
                return None;
            }
            match app.gate.go_on(&context, &rest, line.as_ref()) {
                Passage::Open => None,
                Passage::Closed(error) => Some(error),
                Passage::Later(later) => later.await,
            }
        }))
    }

    /// Quotas and faults of a request whose sender may ask.
    fn go_on(&self, context: &Context, head: &Parts, line: Option<&Arc<Line>>) -> Passage {
        if head.method == Method::POST
            && let Err(error) = self.budgets.check(context)
        {
            return Passage::Closed(error);
        }
        if !Self::waits_for_body(head)
            && let Err(error) = self.reserve(context, &Usage::default(), 0)
        {
            return Passage::Closed(error);
        }
        let endpoint = endpoint(context.path());
        let asked = match head.headers.get(FAULT) {
            Some(text) => match faults::of_header(text) {
                Ok(fault) => {
                    self.faults.count(fault.kind, endpoint);
                    Some(fault)
                }
                Err(error) => return Passage::Closed(error),
            },
            None if self.faults.is_empty() => None,
            None => {
                let note = context.note();
                let key = note.caller.as_ref().and_then(|caller| caller.key.as_deref());
                self.faults.decide(Asked { endpoint, model: None, key }, false, context.clock().now())
            }
        };
        asked.map_or(Passage::Open, |fault| faults::happen(context, fault, line))
    }

    /// Whether a body is going to be read that says what the request uses.
    fn waits_for_body(head: &Parts) -> bool {
        let has_body = head.method == Method::POST || head.method == Method::PUT || head.method == Method::PATCH;
        let is_form =
            head.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"));
        has_body && !is_form
    }

    /// Looks at a body that was read whole: at its texts, at what it uses, which is taken from its sender's quota, and
    /// faults of its model happen. Yields the body to go on with.
    pub(crate) fn look(&self, context: &Context, body: Bytes) -> Result<Bytes, ApiError> {
        let body = match &self.screener {
            Some(screener) if Area::of(context.path()) == Area::Api => screener.look(context, body)?,
            _ => body,
        };
        self.weigh(context, &body)?;
        Ok(body)
    }

    /// What a body uses, and what goes wrong with its model.
    fn weigh(&self, context: &Context, body: &[u8]) -> Result<(), ApiError> {
        let by_model = self.faults.has_models();
        if self.quotas.is_none() && !by_model {
            return Ok(());
        }
        if Area::of(context.path()) != Area::Api || context.batch_line().is_some() {
            return Ok(());
        }
        let usage: Usage = serde_json::from_slice(body).unwrap_or_default();
        self.reserve(context, &usage, body.len() as u64)?;
        if !by_model {
            return Ok(());
        }
        let decided = {
            let note = context.note();
            let key = note.caller.as_ref().and_then(|caller| caller.key.as_deref());
            let asked = Asked { endpoint: endpoint(context.path()), model: usage.model.as_deref(), key };
            self.faults.decide(asked, true, context.clock().now())
        };
        match decided {
            Some(fault) if fault.kind.is_answer() => Err(faults::answer(fault)),
            Some(fault) => {
                context.note().fault = Some(faults::Planned { fault, line: None });
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Takes what a request uses from its sender's quota, once.
    fn reserve(&self, context: &Context, usage: &Usage, bytes: u64) -> Result<(), ApiError> {
        let Some(quotas) = &self.quotas else { return Ok(()) };
        let (credential, caller) = {
            let note = context.note();
            if note.taken.is_some() {
                return Ok(());
            }
            (note.credential, note.caller.clone())
        };
        let named = |name: Option<&Arc<str>>| name.map_or("", |name| &**name).to_owned();
        let project = named(caller.as_ref().and_then(|caller| caller.project.as_ref()));
        let organization = named(caller.as_ref().and_then(|caller| caller.organization.as_ref()));
        let key = caller.as_ref().and_then(|caller| caller.key.as_ref());
        let payer = Payer { credential, key, project: &project, organization: &organization };
        let taken = quotas.reserve(context, payer, usage, endpoint(context.path()), bytes);
        let mut note = context.note();
        match taken {
            Ok(taken) => {
                note.taken = Some(taken);
                note.standing = Some(taken.standing());
                Ok(())
            }
            Err(refused) => {
                let (error, standing) = *refused;
                note.standing = standing;
                Err(error)
            }
        }
    }
}

/// Notes who has the sender's key, and the project it belongs to, unless the sender names one.
fn belong(context: &Context, bearer: Arc<Bearer>) {
    let mut note = context.note();
    let mut known = note.caller.as_deref().cloned().unwrap_or_default();
    if known.project.is_none() {
        known.project.clone_from(&bearer.project);
    }
    known.user = bearer.owner.id().cloned();
    note.caller = Some(Arc::new(known));
    note.bearer = Some(bearer);
}

/// What a path is called in rules: `chat/completions`.
pub(crate) fn endpoint(path: &str) -> &str {
    let path = path.split('?').next().unwrap_or_default();
    if let Some(operation) = azure::operation(path) {
        return operation;
    }
    path.strip_prefix("/v1").unwrap_or(path).trim_start_matches('/')
}

/// Whether an answer's tool calls have to be broken.
pub(crate) fn breaks_arguments(context: &Context) -> bool {
    context.note().fault.as_ref().is_some_and(|planned| planned.fault.kind == FaultKind::BadArguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lie_in_areas() {
        let cases = [
            ("/health/detailed", Area::Health),
            ("/v1/chat/completions", Area::Api),
            ("/v1/models?limit=1", Area::Api),
            ("/metrics/prometheus", Area::Watching),
            ("/vllm/metrics", Area::Watching),
            ("/dashboard/dynamo", Area::Watching),
            ("/fakeai/faults", Area::Control),
        ];
        for (path, area) in cases {
            assert_eq!(Area::of(path), area, "{path}");
        }
        assert_eq!(endpoint("/v1/chat/completions?x=1"), "chat/completions");
        assert_eq!(endpoint("/embeddings"), "embeddings");
        assert_eq!(endpoint("/openai/deployments/gpt-4o/embeddings?api-version=1"), "embeddings");
    }
}
