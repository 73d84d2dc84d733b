//! A line of a batch's file as a request.

use serde::Deserialize;
use serde_json::value::RawValue;

/// A line as a request: what of it has to be known.
#[derive(Debug, Deserialize)]
pub(super) struct Entry<'a> {
    /// What the client calls it.
    #[serde(borrow, default)]
    pub custom_id: Option<&'a RawValue>,
    /// `POST`.
    #[serde(borrow, default)]
    pub method: Option<&'a RawValue>,
    /// The endpoint.
    #[serde(borrow, default)]
    pub url: Option<&'a RawValue>,
    /// The body of the request, as it stands there.
    #[serde(borrow, default)]
    pub body: Option<&'a RawValue>,
}

impl<'a> Entry<'a> {
    /// The entry of a line, if it is a JSON object.
    pub(super) fn read(text: &'a [u8]) -> Option<Self> {
        let object = text.first() == Some(&b'{');
        object.then(|| serde_json::from_slice(text).ok()).flatten()
    }
}

/// A field that is a string.
pub(super) fn string(field: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(field?.get()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_line_is_an_entry_or_none(text in any::<Vec<u8>>()) {
            let _ = Entry::read(&text);
        }
    }
}
