//! Budgets: what the organisation, a project and a key may spend, by the server's settings and by the spend limits and
//! alerts of the organisation's API. What was spent is what the ledger's books say, so a request is refused once the
//! answers before it have cost as much; those under way are not counted.

use std::sync::{Mutex, PoisonError};

use fakeai_guard::{Budget, Period, Scope, Spent};
use fakeai_telemetry::Whose;
use http::StatusCode;
use rustc_hash::FxHashSet;
use serde::Serialize;
use serde_json::Value;

use super::endpoint;
use super::records::{self, ONLY};
use super::settings::Budgeting;
use crate::context::Context;
use crate::error::ApiError;

/// What nobody is told of twice; beyond so many it begins anew.
const MOST_TOLD: usize = 10_000;

/// The budgets of the server's settings, and who was told of them.
#[derive(Debug, Default)]
pub(crate) struct Budgets {
    settings: Budgeting,
    told: Mutex<FxHashSet<String>>,
}

/// A budget that somebody has, and how it stands.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Held {
    /// `organization`, `project` or `key`.
    whose: &'static str,
    /// The project's id or the key's fingerprint.
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    limit_usd: f64,
    spent_usd: f64,
    /// `day`, `week`, `month` or `never`: when it begins anew.
    period: &'static str,
    /// Whether what comes after it is refused.
    is_hard: bool,
    /// `within`, `alert` or `spent`.
    state: &'static str,
    #[serde(skip)]
    standing: Option<Spent>,
}

impl Held {
    fn new(context: &Context, whose: &'static str, name: &str, budget: Budget) -> Self {
        let now = context.created();
        let of = match whose {
            "key" => Whose::Key(name),
            "project" => Whose::Project(name),
            _ => Whose::All,
        };
        let span = (budget.period.began(now), now);
        let spent_usd = context.app().ledger.look(|archive| archive.books().spent(context.workspace_name(), span, of));
        let standing = budget.judge(spent_usd);
        Self {
            whose,
            name: name.to_owned(),
            limit_usd: budget.limit_usd,
            spent_usd,
            period: budget.period.name(),
            is_hard: budget.is_hard,
            state: standing.name(),
            standing: Some(standing),
        }
    }

    /// As the header of an answer tells it.
    fn told(&self) -> String {
        let Self { whose, name, spent_usd, limit_usd, period, .. } = self;
        let gap = if name.is_empty() { "" } else { " " };
        format!("{whose}{gap}{name}; spent={spent_usd:.6}; limit={limit_usd:.2}; period={period}")
    }
}

impl Budgets {
    pub(super) fn new(settings: Budgeting) -> Self {
        Self { settings, told: Mutex::default() }
    }

    /// Whether the settings have any.
    pub(super) const fn are_set(&self) -> bool {
        self.settings.total_usd.is_some()
            || self.settings.per_key_usd.is_some()
            || self.settings.per_project_usd.is_some()
    }

    /// Refuses what comes after a hard budget is spent; notes one that is nearly spent for the answer's headers.
    pub(super) fn check(&self, context: &Context) -> Result<(), ApiError> {
        // Nobody pays for looking after the organisation, which has to be possible when everything is spent.
        if Scope::needed(endpoint(context.path()), false).is_none_or(|scope| scope.is_administrative) {
            return Ok(());
        }
        let (key, project) = {
            let note = context.note();
            let caller = note.caller.as_deref();
            let owned = |name: Option<&std::sync::Arc<str>>| name.map(ToString::to_string);
            (
                owned(caller.and_then(|caller| caller.key.as_ref())),
                owned(caller.and_then(|caller| caller.project.as_ref())),
            )
        };
        let held = self.held(context, key.as_deref(), project.as_deref())?;
        let reached = |held: &&Held| held.standing.is_some_and(|standing| standing != Spent::Within);
        let Some(worst) = held.iter().filter(reached).max_by_key(|held| (held.is_hard, held.standing)) else {
            return Ok(());
        };
        self.tell(context, worst);
        if worst.is_hard && worst.standing == Some(Spent::All) {
            return Err(spent());
        }
        context.note().alert = Some(worst.told().into());
        Ok(())
    }

    /// The budgets of the organisation, of a key and of a project.
    fn held(&self, context: &Context, key: Option<&str>, project: Option<&str>) -> Result<Vec<Held>, ApiError> {
        let mut all = Vec::new();
        let Budgeting { total_usd, per_key_usd, per_project_usd, period, is_hard, alert_at } = self.settings;
        let of =
            [("organization", Some(""), total_usd), ("key", key, per_key_usd), ("project", project, per_project_usd)];
        for (whose, name, limit_usd) in of {
            if let Some((name, limit_usd)) = name.zip(limit_usd) {
                all.push(Held::new(context, whose, name, Budget { limit_usd, period, is_hard, alert_at }));
            }
        }
        all.extend(limits(context, "organization", "", ["spend limit", "spend alert"], &[])?);
        if let Some(project) = project {
            all.extend(limits(
                context,
                "project",
                project,
                ["project spend limit", "project spend alert"],
                &[project],
            )?);
        }
        Ok(all)
    }

    /// Every budget of a workspace, as far as somebody has spent something of it.
    pub(crate) fn all(&self, context: &Context) -> Result<Vec<Held>, ApiError> {
        let now = context.created();
        let span = (Period::Month.began(now).min(self.settings.period.began(now)), now);
        let [keys, projects] =
            context.app().ledger.look(|archive| archive.books().spenders(context.workspace_name(), span));
        let mut all = self.held(context, None, None)?;
        for key in keys {
            all.extend(self.held(context, Some(&key), None)?.into_iter().filter(|held| held.whose == "key"));
        }
        for project in projects {
            all.extend(self.held(context, None, Some(&project))?.into_iter().filter(|held| held.whose == "project"));
        }
        Ok(all)
    }

    /// Logs, once for each period, that a budget is nearly spent, and once that it is.
    fn tell(&self, context: &Context, held: &Held) {
        let Held { whose, name, period, limit_usd, spent_usd, state, .. } = held;
        let workspace = context.workspace_name();
        let began = period.parse::<Period>().unwrap_or_default().began(context.created());
        let mark = format!("{workspace}/{whose}/{name}/{limit_usd}/{state}/{began}");
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= MOST_TOLD {
            told.clear();
        }
        if told.insert(mark) {
            tracing::warn!(%workspace, whose, name, limit_usd, spent_usd, state, "a budget is reached");
        }
    }
}

/// The limit and the alerts that an administrator set, in cents a month.
fn limits(
    context: &Context,
    whose: &'static str,
    name: &str,
    [limit, alert]: [&str; 2],
    parents: &[&str],
) -> Result<Vec<Held>, ApiError> {
    let cents = |record: &Value| record["threshold_amount"].as_u64().map(|cents| cents as f64 / 100.0);
    let budget = |limit_usd, is_hard| Budget { limit_usd, period: Period::Month, is_hard, alert_at: 1.0 };
    let mut all = Vec::new();
    let hard = records::one(context, limit, parents, ONLY)?;
    all.extend(hard.as_ref().and_then(cents).map(|usd| Held::new(context, whose, name, budget(usd, true))));
    for id in records::ids(context, alert, parents)? {
        let soft = records::one(context, alert, parents, &id)?;
        all.extend(soft.as_ref().and_then(cents).map(|usd| Held::new(context, whose, name, budget(usd, false))));
    }
    Ok(all)
}

/// Whether the hard limit of the organisation or of a project is spent.
pub(crate) fn enforces(context: &Context, project: Option<&str>, limit_usd: f64) -> bool {
    let budget = Budget { limit_usd, period: Period::Month, is_hard: true, alert_at: 1.0 };
    let (whose, name) = project.map_or(("organization", ""), |project| ("project", project));
    Held::new(context, whose, name, budget).standing == Some(Spent::All)
}

/// OpenAI's 429 for who has nothing left to spend.
pub(super) fn spent() -> ApiError {
    let message = "You exceeded your current quota, please check your plan and billing details. For more information on \
                   this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.";
    ApiError { kind: "insufficient_quota", ..ApiError::invalid(message) }
        .status(StatusCode::TOO_MANY_REQUESTS)
        .code("insufficient_quota")
}
