//! No secret leaves: API keys and passwords are cut out of every value that is shown.

use std::borrow::Cow;

/// What begins an API key.
const KEY_START: &str = "sk-";

/// Parameters of a query that hold a secret.
const SECRETS: [&str; 11] = [
    "key",
    "api_key",
    "api-key",
    "x-api-key",
    "apikey",
    "token",
    "access_token",
    "authorization",
    "password",
    "secret",
    "client_secret",
];

/// `text` with its API keys shown as `sk-…abcd` and the password of a URL as `…`.
pub fn masked(text: &str) -> Cow<'_, str> {
    let text = without_keys(text);
    match without_password(&text) {
        Some(shown) => Cow::Owned(shown),
        None => text,
    }
}

/// Path and query of a request as they may be shown: the same as [`masked`], and parameters named like secrets hidden.
pub fn masked_url(url: &str) -> Cow<'_, str> {
    let Some((path, query)) = url.split_once('?') else { return masked(url) };
    let is_secret = |pair: &str| pair.split_once('=').is_some_and(|(name, _)| is_secret_name(name));
    if !query.split('&').any(is_secret) {
        return masked(url);
    }
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_secret_name(name) => format!("{name}=…"),
        _ => masked(pair).into_owned(),
    });
    Cow::Owned(format!("{}?{}", masked(path), shown.collect::<Vec<_>>().join("&")))
}

/// Whether a field or parameter of this name holds a secret.
pub fn is_secret_name(name: &str) -> bool {
    SECRETS.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

fn without_keys(text: &str) -> Cow<'_, str> {
    if !text.contains(KEY_START) {
        return Cow::Borrowed(text);
    }
    let mut pieces = text.split(KEY_START);
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(|c: char| !is_key_character(c)).unwrap_or(piece.len());
        let (key, rest) = piece.split_at(end);
        shown.push_str(KEY_START);
        if !key.is_empty() {
            shown.push('…');
            // The last four tell keys apart; of a short key they would be most of it.
            shown.push_str(if key.len() >= 12 { &key[key.len() - 4..] } else { "" });
        }
        shown.push_str(rest);
    }
    Cow::Owned(shown)
}

fn is_key_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// `text` with the password of its URL hidden, if it has one.
fn without_password(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#', ',', '"']).next()?;
    let (user, host) = authority.rsplit_once('@')?;
    let (name, _password) = user.split_once(':')?;
    Some(format!("{scheme}://{name}:…@{host}{}", &rest[authority.len()..]))
}

#[cfg(test)]
mod tests {
    use super::{masked, masked_url};

    #[test]
    fn secrets_in_urls_are_hidden() {
        let cases = [
            ("/v1/models", "/v1/models"),
            ("/v1/models?limit=2", "/v1/models?limit=2"),
            ("/x?api-key=abc&limit=2&q=sk-0123456789abcd", "/x?api-key=…&limit=2&q=sk-…abcd"),
            ("/x?Token=abc", "/x?Token=…"),
        ];
        for (url, shown) in cases {
            assert_eq!(masked_url(url), shown);
        }
    }

    #[test]
    fn secrets_are_hidden() {
        let cases = [
            ("hello", "hello"),
            ("sk-proj-0123456789abcd", "sk-…abcd"),
            ("fixed:my key is sk-0123456789abcd.", "fixed:my key is sk-…abcd."),
            ("sk-short", "sk-…"),
            ("a sk- b", "a sk- b"),
            ("sk-0123456789abcd,sk-0123456789wxyz", "sk-…abcd,sk-…wxyz"),
            ("https://me:secret@host:80/x", "https://me:…@host:80/x"),
            ("https://host:80/x", "https://host:80/x"),
        ];
        for (text, shown) in cases {
            assert_eq!(masked(text), shown);
        }
    }
}
