//! Metrics of features that are not built yet: who asks for them is told so.

const UNBUILT: [(&str, &str); 1] = [("/metrics/rate-limits", "rate limits are")];

/// What to say of a path that is known but has nothing behind it yet.
pub(in crate::api) fn reason(path: &str) -> Option<String> {
    let is_there = |known: &str| path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let (_, feature) = UNBUILT.iter().find(|(known, _)| is_there(known))?;
    Some(format!("There are no metrics at {path}, because {feature} not built yet."))
}
