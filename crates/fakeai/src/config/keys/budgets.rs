//! Section `budgets`.

use fakeai_guard::Period;

use crate::config::kind::Kind;
use crate::config::section::section;

section! {
    /// What may be spent in each workspace, in US dollars of the ledger.
    budgets: Budgets {
        /// By all together.
        total_usd: Option<f64> = None,
            Key::number(0.0, 1e12).flat("budget").flag("budget").value("USD");
        /// By each key.
        per_key_usd: Option<f64> = None,
            Key::number(0.0, 1e12).flat("budget_per_key").flag("budget-per-key").value("USD");
        /// By each project.
        per_project_usd: Option<f64> = None,
            Key::number(0.0, 1e12).flat("budget_per_project").flag("budget-per-project").value("USD");
        /// In which time: day, week (from Monday), month or never; it begins anew at midnight UTC.
        period: String = "month".to_owned(),
            Key::new(Kind::Text { allowed: "day, week, month, never", accepts: is_period })
                .flat("budget_period").flag("budget-period").value("PERIOD");
        /// Answer what comes after a budget is spent all the same; headers and the log tell of it.
        soft: bool = false, Key::switch().flat("budget_soft").flag("budget-soft");
        /// Tell of a budget in headers and in the log once so much of it is spent, percent.
        alert_percent: f64 = 80.0,
            Key::number(0.0, 100.0).flat("budget_alert").flag("budget-alert").value("PERCENT");
    }
}

fn is_period(text: &str) -> bool {
    text.parse::<Period>().is_ok()
}
