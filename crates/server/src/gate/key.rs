//! The key a request carries, and what is said when it is none.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::borrow::Cow;

use crate::error::ApiError;

const API_KEY: HeaderName = HeaderName::from_static("api-key");
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// How browsers send a key with a WebSocket, where they can't set headers.
const SUBPROTOCOL: &str = "openai-insecure-api-key.";

/// The key of a request: `Authorization: Bearer …` or the key alone, the password of `Basic`, `api-key` as Azure's
/// clients, `x-api-key` as Anthropic's, or a WebSocket's subprotocol.
pub(crate) fn sent(headers: &HeaderMap) -> Option<Cow<'_, [u8]>> {
    let found = headers.get(header::AUTHORIZATION).and_then(authorization);
    let found = found.or_else(|| headers.get(API_KEY).or_else(|| headers.get(X_API_KEY)).map(borrowed));
    let found = found.or_else(|| subprotocol(headers));
    found.filter(|key| !key.is_empty())
}

fn authorization(value: &HeaderValue) -> Option<Cow<'_, [u8]>> {
    let bytes = value.as_bytes().trim_ascii();
    if let Some(key) = after_scheme(bytes, b"bearer") {
        return Some(Cow::Borrowed(key));
    }
    if let Some(pair) = after_scheme(bytes, b"basic") {
        let pair = STANDARD.decode(pair).ok()?;
        let colon = pair.iter().position(|byte| *byte == b':')?;
        return Some(Cow::Owned(pair[colon + 1..].to_vec()));
    }
    Some(Cow::Borrowed(bytes))
}

fn after_scheme<'a>(bytes: &'a [u8], scheme: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = bytes.split_at_checked(scheme.len())?;
    let is_it = start.eq_ignore_ascii_case(scheme) && rest.first().is_none_or(|byte| *byte == b' ');
    is_it.then(|| rest.trim_ascii())
}

fn borrowed(value: &HeaderValue) -> Cow<'_, [u8]> {
    Cow::Borrowed(value.as_bytes().trim_ascii())
}

fn subprotocol(headers: &HeaderMap) -> Option<Cow<'_, [u8]>> {
    let protocols = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let key = protocols.split(',').find_map(|protocol| protocol.trim().strip_prefix(SUBPROTOCOL))?;
    Some(Cow::Borrowed(key.as_bytes()))
}

/// 401: no key.
pub(super) fn missing() -> ApiError {
    let message = "You didn't provide an API key. You need to provide your API key in an Authorization header using \
                   Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) \
                   if you're accessing the API from your browser and are prompted for a username and password. You \
                   can obtain an API key from https://platform.openai.com/account/api-keys.";
    ApiError::invalid(message).status(StatusCode::UNAUTHORIZED)
}

/// 401: a key that is none. What was sent is shown as OpenAI does: its beginning and its end.
pub(crate) fn incorrect(key: &[u8]) -> ApiError {
    let shown = shown(key);
    let message = format!(
        "Incorrect API key provided: {shown}. You can find your API key at https://platform.openai.com/account/api-keys."
    );
    ApiError::invalid(message).status(StatusCode::UNAUTHORIZED).code("invalid_api_key")
}

/// `sk-****abcd`; of short keys nothing but stars.
fn shown(key: &[u8]) -> String {
    let text: Vec<char> = String::from_utf8_lossy(key).chars().collect();
    let start: String = if text.starts_with(&['s', 'k', '-']) { "sk-".to_owned() } else { String::new() };
    let end: String = if text.len() >= 12 { text[text.len() - 4..].iter().collect() } else { String::new() };
    format!("{start}****{end}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(pairs: &[(&'static str, &str)]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        sent(&headers).map(|key| String::from_utf8(key.into_owned()).unwrap())
    }

    #[test]
    fn a_key_is_found_wherever_clients_put_it() {
        for pair in [
            ("authorization", "Bearer sk-1"),
            ("authorization", "bearer   sk-1 "),
            ("authorization", "sk-1"),
            // printf :sk-1 | base64
            ("authorization", "Basic OnNrLTE="),
            ("api-key", "sk-1"),
            ("x-api-key", "sk-1"),
            ("sec-websocket-protocol", "realtime, openai-insecure-api-key.sk-1, openai-beta.realtime-v1"),
        ] {
            assert_eq!(of(&[pair]).as_deref(), Some("sk-1"), "{pair:?}");
        }
        for pair in [("authorization", "Bearer "), ("authorization", "Basic !"), ("accept", "sk-1")] {
            assert_eq!(of(&[pair]), None, "{pair:?}");
        }
    }

    #[test]
    fn a_wrong_key_is_shown_by_its_ends() {
        assert_eq!(shown(b"sk-proj-0123456789"), "sk-****6789");
        assert_eq!(shown(b"hunter2"), "****");
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                headers.insert(header::AUTHORIZATION, value.clone());
                drop(sent(&headers));
                headers.remove(header::AUTHORIZATION);
                headers.insert(header::SEC_WEBSOCKET_PROTOCOL, value);
                drop(sent(&headers));
            }
            drop(incorrect(&bytes));
        }
    }
}
