//! Section `models`.

use std::path::PathBuf;

use crate::config::kind::Kind;
use crate::config::section::section;

section! {
    /// Which models there are.
    models: Models {
        /// Answer 404 for a model that is not in the catalog, instead of making it up.
        strict: bool = false, Key::switch().flat("strict_models").flag("strict-models");
        /// Files with more model records. The flag may be repeated.
        files: Vec<PathBuf> = Vec::new(), Key::new(Kind::Files).flat("models_files").flag("models");
    }
}
