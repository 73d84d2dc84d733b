//! What the gate is told at start.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use fakeai_guard::{FaultRule, Limits, Networks, Period, Screen, StoredKey, Thresholds, Tier};

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
    /// What is looked for in texts; `None` if nothing is.
    pub screening: Option<Screening>,
    /// What may be spent.
    pub budgets: Budgeting,
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

/// What may be spent in each workspace, US dollars.
#[derive(Clone, Copy, Debug)]
pub struct Budgeting {
    /// By all together.
    pub total_usd: Option<f64>,
    /// By each key.
    pub per_key_usd: Option<f64>,
    /// By each project.
    pub per_project_usd: Option<f64>,
    /// In which time.
    pub period: Period,
    /// Whether what comes after it is refused.
    pub is_hard: bool,
    /// The share from which on answers tell of it, 0 to 1.
    pub alert_at: f64,
}

impl Default for Budgeting {
    fn default() -> Self {
        let period = Period::default();
        Self { total_usd: None, per_key_usd: None, per_project_usd: None, period, is_hard: true, alert_at: 0.8 }
    }
}

/// When clients are banned.
#[derive(Clone, Debug)]
pub struct Banning {
    /// After what.
    pub thresholds: Thresholds,
    /// How often those are forgotten against whom nothing is held any more.
    pub cleanup: Duration,
}

/// What is looked for in the texts of bodies.
#[derive(Clone, Debug)]
pub struct Screening {
    /// Finds it.
    pub screen: Arc<Screen>,
    /// What is done then.
    pub mode: ScreeningMode,
}

/// What is done with an attack in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScreeningMode {
    /// The request is refused.
    #[default]
    Reject,
    /// The attack is taken out of the text.
    Sanitize,
    /// It is logged and counted.
    Report,
}

impl ScreeningMode {
    /// Its name: `reject`, `sanitize`, `report`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Sanitize => "sanitize",
            Self::Report => "report",
        }
    }
}

impl FromStr for ScreeningMode {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Reject, Self::Sanitize, Self::Report].into_iter().find(|mode| mode.name() == text).ok_or(())
    }
}
