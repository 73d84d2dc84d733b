//! The name that was probably meant.

use strsim::damerau_levenshtein;

/// The candidate that `name` is a slip of the pen away from: at most a third of its letters, and at least two.
pub(super) fn nearest<I>(name: &str, candidates: I) -> Option<String>
where
    I: IntoIterator<Item = String>,
{
    let allowed = (name.chars().count() / 3).max(2);
    let distance = |candidate: &str| damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase());
    candidates
        .into_iter()
        .map(|candidate| (distance(&candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_found_and_a_stranger_is_not() {
        let names = || ["port", "host", "ttft_ms", "itl_ms"].map(str::to_owned);
        assert_eq!(nearest("prot", names()).as_deref(), Some("port"));
        assert_eq!(nearest("TTFT_MS", names()).as_deref(), Some("ttft_ms"));
        assert_eq!(nearest("ttf_ms", names()).as_deref(), Some("ttft_ms"));
        assert_eq!(nearest("temperature", names()), None);
    }
}
