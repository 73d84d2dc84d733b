//! Section `rate_limits`.

use fakeai_guard::Tier;

use crate::config::kind::Kind;
use crate::config::section::section;

section! {
    /// How much each key may use of each model.
    rate_limits: RateLimits {
        /// Hold each key to its limits and tell them in the x-ratelimit- headers of every answer.
        enabled: bool = false,
            Key::switch().flat("rate_limit_enabled").flag("rate-limit-enabled").aliases(&["enable-rate-limiting"]);
        /// The tier whose limits hold: free, or tier-1 to tier-5.
        tier: String = "tier-1".to_owned(),
            Key::new(Kind::Text { allowed: "free, tier-1, tier-2, tier-3, tier-4, tier-5", accepts: is_tier })
                .flat("rate_limit_tier").flag("rate-limit-tier").value("TIER");
        /// Requests a minute instead of the tier's.
        rpm_override: Option<u64> = None,
            Key::integer(1, 1_000_000_000).flat("rate_limit_rpm").flag("rate-limit-rpm");
        /// Tokens a minute instead of the tier's.
        tpm_override: Option<u64> = None,
            Key::integer(1, 1_000_000_000_000).flat("rate_limit_tpm").flag("rate-limit-tpm");
        /// Requests a day instead of the tier's.
        rpd_override: Option<u64> = None,
            Key::integer(1, 1_000_000_000_000).flat("rate_limit_rpd").flag("rate-limit-rpd");
        /// Tokens a day instead of the tier's.
        tpd_override: Option<u64> = None,
            Key::integer(1, 1_000_000_000_000_000).flat("rate_limit_tpd").flag("rate-limit-tpd");
        /// Pictures a minute instead of the tier's.
        ipm_override: Option<u64> = None,
            Key::integer(1, 1_000_000_000).flat("rate_limit_ipm").flag("rate-limit-ipm");
    }
}

fn is_tier(text: &str) -> bool {
    text.parse::<Tier>().is_ok()
}
