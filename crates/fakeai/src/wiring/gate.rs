//! Who is let in, how much they may use, and what goes wrong on purpose, from the configuration.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fakeai_core::Seed;
use fakeai_guard::{FaultKind, FaultRule, GuardError, Limits, Networks, Screen, StoredKey, Thresholds, Tier};
use fakeai_server::settings::{Banning, Budgeting, Gatekeeping, Quota, Screening};

use crate::config::{Auth, Config, Metrics, RateLimits, Security};
use crate::start_error::StartError;

/// What the gate is told. `entropy` salts hashes of keys.
pub(crate) fn gate(config: &Config, entropy: Seed) -> Result<Gatekeeping, StartError> {
    let Config { auth, rate_limits, budgets, metrics, security, .. } = config;
    let keys = keys(auth, entropy)?;
    let proxies = security.trusted_proxies.iter().map(String::as_str);
    Ok(Gatekeeping {
        requires_key: auth.require_api_key || !keys.is_empty(),
        keys,
        has_public_metrics: metrics.public_metrics,
        quotas: rate_limits.enabled.then(|| quota(rate_limits)).transpose()?,
        bans: (security.enable_abuse_detection || security.enable_security).then(|| Banning {
            thresholds: Thresholds::default(),
            cleanup: Duration::from_secs(security.abuse_cleanup_interval),
        }),
        trusted_proxies: Networks::read(proxies)?,
        screening: screening(security)?,
        budgets: Budgeting {
            total_usd: budgets.total_usd,
            per_key_usd: budgets.per_key_usd,
            per_project_usd: budgets.per_project_usd,
            period: budgets.period.parse()?,
            is_hard: !budgets.soft,
            alert_at: budgets.alert_percent / 100.0,
        },
        faults: faults(metrics)?,
    })
}

fn screening(security: &Security) -> Result<Option<Screening>, StartError> {
    let is_on = security.enable_security || security.enable_input_validation || security.enable_injection_detection;
    if !is_on {
        return Ok(None);
    }
    let own = security.patterns.iter().map(String::as_str);
    let screen = Arc::new(Screen::new(security.validation_level.parse()?, own)?);
    // The configuration knows no other words.
    Ok(Some(Screening { screen, mode: security.validation_mode.parse().unwrap_or_default() }))
}

/// The largest bodies of single routes, as `images/edits`.
pub(crate) fn route_sizes(security: &Security) -> Vec<(String, u64)> {
    security.max_request_size_by_route.iter().filter_map(|text| route_size(text)).collect()
}

fn route_size(text: &str) -> Option<(String, u64)> {
    let (route, bytes) = text.split_once('=')?;
    let route = route.trim().trim_matches('/');
    let route = route.strip_prefix("v1/").unwrap_or(route);
    let bytes = bytes.trim().parse().ok().filter(|bytes| *bytes > 0)?;
    (!route.is_empty() && !route.contains(char::is_whitespace)).then(|| (route.to_owned(), bytes))
}

/// Whether a text gives a route its largest body.
pub(crate) fn is_route_size(text: &str) -> bool {
    route_size(text).is_some()
}

/// Whether a text is a regular expression.
pub(crate) fn is_pattern(text: &str) -> bool {
    Screen::accepts(text)
}

fn keys(auth: &Auth, entropy: Seed) -> Result<Vec<StoredKey>, StartError> {
    let mut keys = Vec::new();
    for text in &auth.api_keys {
        let file = Path::new(text);
        // A key with a slash in it is no path unless there is such a file.
        if file.is_file() {
            let text =
                std::fs::read_to_string(file).map_err(|source| StartError::File { path: file.to_owned(), source })?;
            let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
            for line in lines.filter(|line| !line.is_empty()) {
                keys.push(StoredKey::read(line)?);
            }
        } else {
            keys.push(StoredKey::read(text)?);
        }
    }
    if auth.hash_api_keys {
        let mut rng = entropy.derive("salts").rng();
        let mut hashed = |key: StoredKey| {
            let salt = (u128::from(rng.bits()) << 64 | u128::from(rng.bits())).to_le_bytes();
            key.hashed(salt)
        };
        return Ok(keys.into_iter().map(&mut hashed).collect::<Result<_, GuardError>>()?);
    }
    Ok(keys)
}

fn quota(rate_limits: &RateLimits) -> Result<Quota, StartError> {
    let tier: Tier = rate_limits.tier.parse()?;
    let own = tier.limits();
    let limits = Limits {
        requests_per_minute: rate_limits.rpm_override.or(own.requests_per_minute),
        requests_per_day: rate_limits.rpd_override.or(own.requests_per_day),
        tokens_per_minute: rate_limits.tpm_override.or(own.tokens_per_minute),
        tokens_per_day: rate_limits.tpd_override.or(own.tokens_per_day),
        images_per_minute: rate_limits.ipm_override.or(own.images_per_minute),
        ..own
    };
    Ok(Quota { tier, limits })
}

/// The rules, and the original's rates of errors as rules behind them: each kind in turn with its share.
fn faults(metrics: &Metrics) -> Result<Vec<FaultRule>, StartError> {
    let mut rules = metrics.faults.iter().map(|rule| rule.parse()).collect::<Result<Vec<FaultRule>, GuardError>>()?;
    if !metrics.error_injection_enabled {
        return Ok(rules);
    }
    let kinds = &metrics.error_injection_types;
    let count = kinds.len();
    for (place, kind) in kinds.iter().enumerate() {
        let mut rule: FaultRule = kind.parse()?;
        // Rules are asked one after the other: the share of those that the ones before let through.
        let before = metrics.error_injection_rate * place as f64 / count as f64;
        rule.rate = (metrics.error_injection_rate / count as f64 / (1.0 - before)).min(1.0);
        rules.push(rule);
    }
    Ok(rules)
}

/// Whether a text is a rule.
pub(crate) fn is_fault(text: &str) -> bool {
    text.parse::<FaultRule>().is_ok()
}

/// Whether a text is an error that is injected.
pub(crate) fn is_injected(text: &str) -> bool {
    FaultKind::ALL.iter().any(|kind| kind.is_answer() && kind.name() == text)
}

/// Whether a text is a network.
pub(crate) fn is_network(text: &str) -> bool {
    Networks::read([text]).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_from_words_and_files() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("keys");
        std::fs::write(&file, "# ours\nsk-one # the first\n\nsk-two\n").unwrap();
        let auth = Auth { api_keys: vec!["sk-zero".to_owned(), file.display().to_string()], ..Auth::default() };
        let read = keys(&auth, Seed::new(1)).unwrap();
        assert_eq!(read, ["sk-zero", "sk-one", "sk-two"].map(|key| StoredKey::Plain(key.to_owned())));
        let hashed = keys(&Auth { hash_api_keys: true, ..auth }, Seed::new(1)).unwrap();
        assert!(hashed.iter().all(StoredKey::is_slow));
    }

    #[test]
    fn injected_errors_share_their_rate_evenly() {
        let kinds = ["internal_error", "bad_gateway", "service_unavailable", "gateway_timeout"].map(str::to_owned);
        let metrics = Metrics {
            error_injection_enabled: true,
            error_injection_rate: 0.8,
            error_injection_types: kinds.to_vec(),
            ..Metrics::default()
        };
        let mut rest = 1.0;
        for rule in faults(&metrics).unwrap() {
            let share = rest * rule.rate;
            assert!((share - 0.2).abs() < 1e-9, "{share}");
            rest -= share;
        }
    }
}
