//! The Rust files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::repository::root;

/// One Rust file.
#[derive(Debug)]
pub(crate) struct Source {
    /// Relative to the root.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Source {
    /// Whether the whole file is a test.
    pub(crate) fn is_test(&self) -> bool {
        let name = self.path.file_stem().unwrap_or_default().to_string_lossy();
        self.path.iter().any(|part| part == "tests") || name == "tests" || name.ends_with("_tests")
    }
}

/// Every Rust file of ours.
pub(crate) fn all() -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for folder in ["crates", "bench", "conformance", "fuzz", "xtask"] {
        collect(&root().join(folder), &mut sources)?;
    }
    sources.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(sources)
}

fn collect(folder: &Path, sources: &mut Vec<Source>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("can't list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            collect(&path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?;
            sources.push(Source { path: path.strip_prefix(root())?.to_owned(), text });
        }
    }
    Ok(())
}
