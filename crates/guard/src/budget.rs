//! Budgets: how much may be spent in a day, a week, a month or ever, and what happens then.

use std::str::FromStr;

use crate::GuardError;

const DAY: i64 = 86_400;
/// Days from Thursday, the first of January 1970, back to a Monday.
const TO_MONDAY: i64 = 3;

/// The time in which a budget may be spent; it begins anew at midnight UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Period {
    /// A day.
    Day,
    /// A week from Monday on.
    Week,
    /// A month of the calendar.
    #[default]
    Month,
    /// It never begins anew.
    Never,
}

impl Period {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Never];

    /// Its name: `day`, `week`, `month`, `never`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Never => "never",
        }
    }

    /// When the period in which `now` lies began, Unix seconds.
    pub const fn began(self, now: i64) -> i64 {
        let day = now.div_euclid(DAY);
        match self {
            Self::Day => day * DAY,
            Self::Week => (day - (day + TO_MONDAY).rem_euclid(7)) * DAY,
            Self::Month => (day - day_of_month(day)) * DAY,
            Self::Never => 0,
        }
    }
}

impl FromStr for Period {
    type Err = GuardError;

    fn from_str(text: &str) -> Result<Self, GuardError> {
        let found = Self::ALL.into_iter().find(|period| period.name() == text);
        found.ok_or_else(|| GuardError::BadPeriod(text.to_owned()))
    }
}

/// How many days of its month lie before a day, which is counted from the first of January 1970. The calendar is counted
/// in eras of 400 years that begin in March; see Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
const fn day_of_month(day: i64) -> i64 {
    let of_era = (day + 719_468).rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    of_year - (153 * month + 2) / 5
}

/// How much may be spent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// US dollars.
    pub limit_usd: f64,
    /// In which time.
    pub period: Period,
    /// Whether what comes after it is refused.
    pub is_hard: bool,
    /// The share of it from which on its owner is told, 0 to 1.
    pub alert_at: f64,
}

/// How a budget stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spent {
    /// There is enough left.
    Within,
    /// So much is spent that its owner is told.
    Alert,
    /// It is spent.
    All,
}

impl Spent {
    /// Its name: `within`, `alert`, `spent`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Alert => "alert",
            Self::All => "spent",
        }
    }
}

impl Budget {
    /// How it stands once `spent_usd` are spent.
    pub fn judge(&self, spent_usd: f64) -> Spent {
        if spent_usd >= self.limit_usd {
            Spent::All
        } else if spent_usd >= self.limit_usd * self.alert_at {
            Spent::Alert
        } else {
            Spent::Within
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn periods_begin_where_the_calendar_says() {
        // 2024-02-29, a Thursday, and 2025-01-01, a Wednesday, both at noon.
        let (leap, new_year) = (1_709_208_000, 1_735_732_800);
        assert_eq!(Period::Month.began(leap), 1_706_745_600);
        assert_eq!(Period::Week.began(leap), 1_708_905_600);
        assert_eq!(Period::Month.began(new_year), 1_735_689_600);
        assert_eq!(Period::Week.began(new_year), 1_735_516_800);
        assert_eq!((Period::Day.began(new_year), Period::Never.began(new_year)), (1_735_689_600, 0));
    }

    #[test]
    fn a_budget_alerts_before_it_is_spent() {
        let budget = Budget { limit_usd: 10.0, period: Period::Month, is_hard: true, alert_at: 0.8 };
        assert_eq!([7.99, 8.0, 10.0].map(|spent| budget.judge(spent)), [Spent::Within, Spent::Alert, Spent::All]);
        assert!("year".parse::<Period>().is_err() && "week".parse() == Ok(Period::Week));
    }

    proptest! {
        #[test]
        fn a_period_holds_the_moment_it_is_asked_for(now in 0_i64..10_000_000_000) {
            for (period, most) in [(Period::Day, 1), (Period::Week, 7), (Period::Month, 31)] {
                let began = period.began(now);
                prop_assert!(began <= now && now - began < most * DAY && began % DAY == 0);
                prop_assert_eq!(period.began(began), began);
            }
        }
    }
}
