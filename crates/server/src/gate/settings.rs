//! What the gate is told at start.

use std::time::Duration;

use fakeai_guard::{FaultRule, Limits, Networks, StoredKey, Thresholds, Tier};

/// Who is let in, and what goes wrong on purpose. By default everybody is, and nothing does.
#[derive(Clone, Debug, Default)]
pub struct Gatekeeping {
    /// Keys that are good.
    pub keys: Vec<StoredKey>,
    /// Whether a key has to be sent. With no `keys` any will do.
    pub requires_key: bool,
    /// Whether metrics and dashboards are shown without a key all the same.
    pub has_public_metrics: bool,
    /// What each key is allowed; `None` if it is not counted.
    pub quotas: Option<Quota>,
    /// When clients are banned; `None` if they are not.
    pub bans: Option<Banning>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Networks,
    /// What goes wrong from the start.
    pub faults: Vec<FaultRule>,
}

/// What each key is allowed for each model.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// The tier whose limits these are.
    pub tier: Tier,
    /// The limits.
    pub limits: Limits,
}

/// When clients are banned.
#[derive(Clone, Debug)]
pub struct Banning {
    /// After what.
    pub thresholds: Thresholds,
    /// How often those are forgotten against whom nothing is held any more.
    pub cleanup: Duration,
}
