//! The one place that reads the environment.

/// The variables whose names begin with `prefix`; the rest of the environment holds other programs' secrets. Bytes that
/// are no UTF-8 are replaced: none of our values may have them, so they fail their check.
pub(crate) fn variables(prefix: &str) -> Vec<(String, String)> {
    let text = |os: std::ffi::OsString| os.to_string_lossy().into_owned();
    let ours = std::env::vars_os().map(|(name, value)| (text(name), text(value)));
    ours.filter(|(name, _)| name.starts_with(prefix)).collect()
}
