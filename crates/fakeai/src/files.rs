//! The one place that reads files and directories.

use std::io;
use std::path::Path;

/// The text of the file at `path`, which must be UTF-8.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    std::fs::read_to_string(path)
}

/// True when `path` is a file.
pub(crate) fn is_file(path: &Path) -> bool {
    path.is_file()
}
