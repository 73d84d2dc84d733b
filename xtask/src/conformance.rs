//! `cargo xtask conformance`: the server held to OpenAI's own document.

use anyhow::Result;

use crate::repository::cargo;
use crate::steps::{Steps, run};

/// Walks the document and plays the scenarios; skips with a word where the document is not there.
pub(crate) fn judge(steps: &mut Steps) -> Result<()> {
    steps.take("conformance", || run(&mut cargo(&["run", "--quiet", "--package", "fakeai-conformance"])))
}
