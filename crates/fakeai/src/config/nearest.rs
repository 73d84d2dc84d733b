//! The name that was probably meant.

use strsim::damerau_levenshtein;

/// A shorter beginning is shared by chance.
const SHORTEST_BEGINNING: usize = 4;

/// The candidate that `name` is a slip of the pen away from: at most a third of its letters, and at least two. One that
/// begins with it comes first, however long the rest is.
pub(super) fn nearest<I>(name: &str, candidates: I) -> Option<String>
where
    I: IntoIterator<Item = String>,
{
    let allowed = (name.chars().count() / 3).max(2);
    let name = name.to_lowercase();
    let rank = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let is_beginning = name.len() >= SHORTEST_BEGINNING && candidate.starts_with(&name);
        (!is_beginning, damerau_levenshtein(&name, &candidate))
    };
    candidates
        .into_iter()
        .map(|candidate| (rank(&candidate), candidate))
        .filter(|((is_slip, distance), _)| !is_slip || *distance <= allowed)
        .min_by_key(|(rank, _)| *rank)
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
        let variables = ["FAKEAI_HOST", "FAKEAI_TTFT_MS"].map(str::to_owned);
        assert_eq!(nearest("FAKEAI_TTFT", variables).as_deref(), Some("FAKEAI_TTFT_MS"));
    }
}
