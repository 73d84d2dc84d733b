//! Who asks, as far as a request's head tells. Keys are known by a fingerprint only: the key itself is neither kept nor
//! shown anywhere.

use std::sync::{Arc, Mutex, PoisonError};

use fakeai_telemetry::Caller;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use ring::digest::{SHA256, digest};
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// Azure's clients send their key here.
const API_KEY: HeaderName = HeaderName::from_static("api-key");
const ORGANIZATION: HeaderName = HeaderName::from_static("openai-organization");
const PROJECT: HeaderName = HeaderName::from_static("openai-project");

/// Callers that are remembered before remembering begins anew.
const MOST_CALLERS: usize = 1000;
/// Characters of an organization or project that are kept.
const LONGEST_NAME: usize = 64;

/// Callers that were seen, found by a hash of their headers: keys are hashed properly once.
#[derive(Debug, Default)]
pub(crate) struct Callers(Mutex<FxHashMap<u128, Arc<Caller>>>);

impl Callers {
    /// Who sent these headers; `None` if they do not say.
    pub(crate) fn of(&self, headers: &HeaderMap) -> Option<Arc<Caller>> {
        let key = headers.get(header::AUTHORIZATION).or_else(|| headers.get(API_KEY)).map(HeaderValue::as_bytes);
        let (organization, project) = (headers.get(ORGANIZATION), headers.get(PROJECT));
        if key.is_none() && organization.is_none() && project.is_none() {
            return None;
        }
        let part = |value: Option<&[u8]>, seed| value.map_or(0, |value| xxh3_128_with_seed(value, seed));
        let organization_hash = part(organization.map(HeaderValue::as_bytes), 1);
        let hash = part(key, 0) ^ organization_hash ^ part(project.map(HeaderValue::as_bytes), 2);
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(caller) = seen.get(&hash) {
            return Some(Arc::clone(caller));
        }
        if seen.len() >= MOST_CALLERS {
            seen.clear();
        }
        let caller = Arc::new(Caller {
            key: key.and_then(fingerprint),
            organization: organization.and_then(name),
            project: project.and_then(name),
            user: None,
        });
        seen.insert(hash, Arc::clone(&caller));
        Some(caller)
    }
}

/// `key-` and eight hexadecimal digits of the key's SHA-256.
pub(crate) fn fingerprint(value: &[u8]) -> Option<Arc<str>> {
    let key = match value.split_at_checked(7) {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case(b"bearer ") => key,
        _ => value,
    };
    let key = key.trim_ascii();
    if key.is_empty() {
        return None;
    }
    let hash = digest(&SHA256, key);
    let start = hash.as_ref().first_chunk().copied().map(u32::from_be_bytes)?;
    Some(format!("key-{start:08x}").into())
}

fn name(value: &HeaderValue) -> Option<Arc<str>> {
    let text = value.to_str().ok()?;
    let text = text.get(..LONGEST_NAME).unwrap_or(text).trim();
    // Somebody may have put a key into the wrong header.
    (!text.is_empty()).then(|| fakeai_core::masked(text).as_ref().into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Option<Arc<Caller>> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        Callers::default().of(&headers)
    }

    #[test]
    fn a_key_has_the_same_fingerprint_however_it_is_sent() {
        // printf abc | sha256sum
        let key = Some(Arc::from("key-ba7816bf"));
        for pair in [
            ("authorization", "Bearer abc"),
            ("authorization", "bearer  abc"),
            ("authorization", "abc"),
            ("api-key", "abc"),
        ] {
            assert_eq!(of(&[pair]).unwrap().key, key, "{pair:?}");
        }
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("authorization", "Bearer ")]).unwrap().key, None);
    }

    #[test]
    fn organization_and_project_are_told_apart() {
        let caller = of(&[("openai-organization", "acme"), ("openai-project", "sk-0123456789abcdef")]).unwrap();
        assert_eq!((caller.organization.as_deref(), caller.project.as_deref()), (Some("acme"), Some("sk-…cdef")));
        let callers = Callers::default();
        let mut headers = HeaderMap::new();
        headers.insert("openai-organization", HeaderValue::from_static("acme"));
        let one = callers.of(&headers);
        headers.insert("openai-project", HeaderValue::from_static("acme"));
        assert_ne!(one, callers.of(&headers));
        assert!(Arc::ptr_eq(&callers.of(&headers).unwrap(), &callers.of(&headers).unwrap()));
    }

    proptest! {
        #[test]
        fn no_key_is_ever_shown(key in "[ -~]{12,80}") {
            let caller = of(&[("authorization", &format!("Bearer {key}"))]);
            let shown = format!("{caller:?}");
            prop_assert!(key.trim().len() < 8 || !shown.contains(key.trim()));
        }
    }
}
