//! Section `jobs`.

use std::time::Duration;

use crate::config::kind::Kind;
use crate::config::section::section;
use crate::config::values::Takes;

const fn takes() -> Kind {
    Kind::Text { allowed: Takes::ALLOWED, accepts: |text| text.parse::<Takes>().is_ok() }
}

section! {
    /// How long work takes that is done in the background, by the clock of its workspace.
    jobs: Jobs {
        /// The time a batch takes from its creation to its end. One that would take longer than 24 hours expires.
        batch_speed: Takes = Takes(Duration::from_secs(1)), Key::new(takes()).value("TIME");
        /// The time a fine-tuning job takes from its creation to its end.
        job_speed: Takes = Takes(Duration::from_secs(3)), Key::new(takes()).value("TIME");
    }
}
