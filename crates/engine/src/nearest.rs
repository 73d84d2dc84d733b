//! Names as people type them: the same but for case and punctuation, or the nearest one known.

/// The name without case and without what people leave out or swap.
pub(crate) fn fold(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Of `known`, the name most like `name`.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let folded = fold(name);
    let likeness = |candidate: &&str| strsim::jaro_winkler(&folded, &fold(candidate));
    known.max_by(|a, b| likeness(a).total_cmp(&likeness(b))).unwrap_or_default().to_owned()
}
