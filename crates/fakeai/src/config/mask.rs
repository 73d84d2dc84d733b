//! No secret leaves: API keys and passwords are cut out of every value that is shown.

use std::borrow::Cow;

/// What begins an API key.
const KEY_START: &str = "sk-";

/// `text` with its API keys shown as `sk-…abcd` and the password of a URL as `…`.
pub fn masked(text: &str) -> Cow<'_, str> {
    let text = without_keys(text);
    match without_password(&text) {
        Some(shown) => Cow::Owned(shown),
        None => text,
    }
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
    use super::masked;

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
