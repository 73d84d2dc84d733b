//! Which crate may know of which, and what none may depend on.

use std::fs;

use anyhow::{Context, Result};

use crate::repository::root;

/// The crates, lowest first: each may depend on those before it.
const LOWEST_FIRST: [&str; 16] = [
    "fakeai-core",
    "fakeai-schema",
    "fakeai-tokens",
    "fakeai-search",
    "fakeai-catalog",
    "fakeai-store",
    "fakeai-telemetry",
    "fakeai-guard",
    "fakeai-media",
    "fakeai-moderation",
    "fakeai-events",
    "fakeai-engine",
    "fakeai-simulate",
    "fakeai-writer",
    "fakeai-server",
    "fakeai",
];

/// Crates that must not know of something, and why.
const IGNORANT: [(&str, &[&str], &str); 9] = [
    (
        "engine",
        &["tokio", "serde_json", "axum", "hyper", "fakeai-tokens"],
        "the engine has no I/O, no JSON and no text",
    ),
    ("simulate", &["tokio", "axum", "hyper"], "the simulator has no clock and no async"),
    ("writer", &["tokio", "axum", "hyper"], "the writer knows no time and no wire"),
    ("schema", &["tokio", "axum", "hyper"], "a schema knows no wire and no request"),
    ("search", &["tokio", "serde_json", "axum", "hyper", "fakeai-core"], "an index is numbers in, numbers out"),
    ("guard", &["tokio", "axum", "hyper"], "the guard is pure"),
    ("moderation", &["tokio", "axum", "hyper", "serde"], "a text in, scores out"),
    ("media", &["tokio", "axum", "hyper"], "media are bytes in, bytes out"),
    ("tokens", &["tokio", "axum", "hyper", "fakeai-core"], "tokens are text in, numbers out"),
];

/// Packages that need more than cargo and a C compiler, or that nobody maintains.
const BANNED: [&str; 6] = ["aws-lc-sys", "openssl-sys", "cmake", "bindgen", "serde_yaml", "unsafe-libyaml"];

/// What the manifests and the lock file do against the rules.
pub(crate) fn findings() -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for entry in fs::read_dir(root().join("crates"))? {
        let folder = entry?.file_name().to_string_lossy().into_owned();
        let path = root().join("crates").join(&folder).join("Cargo.toml");
        let manifest = fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?;
        findings.extend(of_crate(&folder, &manifest));
    }
    let lock = fs::read_to_string(root().join("Cargo.lock")).context("can't read Cargo.lock")?;
    findings.extend(banned(&lock));
    findings.sort();
    Ok(findings)
}

fn of_crate(folder: &str, manifest: &str) -> Vec<String> {
    let rank = |name: &str| LOWEST_FIRST.iter().position(|known| *known == name);
    let name = if folder == "fakeai" { folder.to_owned() } else { format!("fakeai-{folder}") };
    let place = format!("crates/{folder}/Cargo.toml");
    let Some(own) = rank(&name) else { return vec![format!("{place}: no layer is named for {name}")] };
    let mut findings = Vec::new();
    for dependency in dependencies(manifest) {
        if dependency.starts_with("fakeai") && rank(&dependency).is_none_or(|other| other >= own) {
            findings.push(format!("{place}: {name} must not depend on {dependency}, which is not below it"));
        }
        for (_, _, reason) in
            IGNORANT.iter().filter(|(who, what, _)| *who == folder && what.contains(&dependency.as_str()))
        {
            findings.push(format!("{place}: {name} must not depend on {dependency}: {reason}"));
        }
    }
    findings
}

/// The names under `[dependencies]` and its kin, development and build included.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_inside = false;
    for line in manifest.lines() {
        if let Some(section) = line.strip_prefix('[') {
            is_inside = section.trim_end_matches(']').ends_with("dependencies");
        } else if is_inside && line.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            names.extend(line.split(['.', ' ', '=']).next().map(str::to_owned));
        }
    }
    names
}

fn banned(lock: &str) -> Vec<String> {
    let names = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    names.filter(|name| BANNED.contains(name)).map(|name| format!("Cargo.lock: {name} is banned")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_point_downwards_only() {
        let on =
            |dependency: &str| format!("[package]\nname = \"x\"\n\n[dependencies]\n{dependency}.workspace = true\n");
        assert_eq!(of_crate("server", &on("fakeai-writer")).len(), 0);
        assert_eq!(of_crate("writer", &on("fakeai-server")).len(), 1);
        assert_eq!(of_crate("core", &on("fakeai-core")).len(), 1);
        assert_eq!(of_crate("engine", &on("tokio")).len(), 1);
        assert_eq!(of_crate("newcomer", &on("tokio")).len(), 1);
        assert_eq!(dependencies("[target.'cfg(unix)'.dependencies]\na = \"1\"\n[lints]\nb = 1\n"), ["a"]);
    }

    #[test]
    fn banned_packages_are_found_by_their_whole_name() {
        let lock = "[[package]]\nname = \"cmake\"\n\n[[package]]\nname = \"cmake-not\"\n";
        assert_eq!(banned(lock), ["Cargo.lock: cmake is banned"]);
    }
}
