//! Section `security`.

use crate::config::kind::Kind;
use crate::config::section::section;
use crate::wiring::gate;

section! {
    /// What is let in.
    security: Security {
        /// Most bytes of a request's body.
        max_request_size: usize = 104_857_600, Key::integer(1024, 1_073_741_824).value("BYTES");
        /// Origins that browsers may call from. `*` is any.
        cors_allowed_origins: Vec<String> = vec!["*".to_owned()],
            Key::new(Kind::Texts { allowed: "origins such as https://example.com, or *", accepts: is_origin })
                .value("ORIGINS");
        /// Let browsers send cookies and credentials.
        cors_allow_credentials: bool = true, Key::switch();
        /// Ban clients for a while that send wrong keys, oversized bodies or far more than their quota; see docs/access.md.
        enable_abuse_detection: bool = false, Key::switch();
        /// Look for attacks in texts, refuse them and ban who sends them: the keys below and `enable_abuse_detection` at once.
        enable_security: bool = false, Key::switch().aliases(&["security"]);
        /// Look for attacks in the texts of requests; see docs/access.md. The original wanted `enable_injection_detection`
        /// as well; here each of the two does it.
        enable_input_validation: bool = false, Key::switch();
        /// Look for attacks in the texts of requests, as `enable_input_validation`.
        enable_injection_detection: bool = false, Key::switch();
        /// What is done with an attack: the request is refused, the attack taken out, or only logged and counted.
        validation_mode: String = "reject".to_owned(), Key::new(Kind::OneOf(&["reject", "sanitize", "report"]));
        /// How much is suspected: texts that are nothing but an attack, also attacks that stand free in other text, or
        /// whatever looks like one, as honest code often does.
        validation_level: String = "standard".to_owned(), Key::new(Kind::OneOf(&["relaxed", "standard", "strict"]));
        /// Regular expressions of what else is refused in texts.
        patterns: Vec<String> = Vec::new(),
            Key::new(Kind::Texts { allowed: "regular expressions", accepts: gate::is_pattern })
                .flat("validation_patterns").flag("validation-pattern").value("REGEX");
        /// Most bytes of the bodies of single routes and what lies below them, such as images/edits=52428800.
        max_request_size_by_route: Vec<String> = Vec::new(),
            Key::new(Kind::Texts { allowed: "routes with bytes, such as images/edits=52428800", accepts: gate::is_route_size })
                .value("ROUTE=BYTES");
        /// Seconds between clearings of what is held against clients.
        abuse_cleanup_interval: u64 = 3600, Key::integer(1, 86_400).value("SECONDS");
        /// Proxies whose X-Forwarded-For is believed: addresses, or networks such as 10.0.0.0/8.
        trusted_proxies: Vec<String> = Vec::new(),
            Key::new(Kind::Texts { allowed: "addresses or networks such as 10.0.0.0/8", accepts: gate::is_network })
                .flag("trusted-proxy").value("NETWORK");
    }
}

/// `*`, `null` or scheme, host and perhaps port, as browsers send it.
fn is_origin(text: &str) -> bool {
    let host_of = |text: &str| text.split_once("://").map(|(scheme, host)| !scheme.is_empty() && is_authority(host));
    matches!(text, "*" | "null") || host_of(text).unwrap_or(false)
}

fn is_authority(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_have_no_path() {
        for origin in ["*", "null", "https://example.com", "http://localhost:3000", "capacitor://localhost"] {
            assert!(is_origin(origin), "{origin}");
        }
        for origin in ["", "example.com", "https://", "https://example.com/", "https://a b", "https://user@host"] {
            assert!(!is_origin(origin), "{origin}");
        }
    }
}
