//! The one place that reads files and directories.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The text of the file at `path`, which must be UTF-8.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    std::fs::read_to_string(path)
}

/// The bytes of the file at `path`, as they are asked for.
pub(crate) fn open(path: &Path) -> io::Result<impl io::Read + use<>> {
    std::fs::File::open(path)
}

/// Makes `contents` the file at `path`.
pub(crate) fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    std::fs::write(path, contents)
}

/// True when `path` is a file.
pub(crate) fn is_file(path: &Path) -> bool {
    path.is_file()
}

/// When the file at `path` was last written, if it is there.
pub(crate) fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().ok()?.modified().ok()
}

/// The working directory; `.` when it cannot be told.
pub(crate) fn working_directory() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."))
}
