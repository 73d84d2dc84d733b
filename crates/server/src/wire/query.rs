//! Query strings, and the pages they ask for.

use fakeai_store::Page;

use super::{Range, integer};
use crate::error::ApiError;

/// A query's pairs, decoded.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// The pairs of `path`'s query.
    pub(crate) fn of(path: &str) -> Self {
        let query = path.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self(pairs.collect())
    }

    /// The first value of `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs().find_map(|(key, value)| (key == name).then_some(value))
    }

    /// All pairs in order.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// `after`, `before`, `limit` (1 to 100, 20 unless said) and `order`.
    pub(crate) fn page(&self, descending: bool) -> Result<Page, ApiError> {
        self.page_of(descending, 20, 100)
    }

    /// The same with `usual` elements where nothing is said, and `most` of them.
    pub(crate) fn page_of(&self, descending: bool, usual: i64, most: i64) -> Result<Page, ApiError> {
        let limit = match self.get("limit") {
            None => usual,
            Some(text) => {
                let number = text.parse().map_err(|_| {
                    ApiError::invalid("Invalid type for 'limit': expected an integer, but got a string instead.")
                        .param("limit")
                        .code("invalid_type")
                })?;
                integer("limit", Some(number), Range::new(1, most))?.unwrap_or(usual)
            }
        };
        let descending = match self.get("order") {
            None => descending,
            Some("asc") => false,
            Some("desc") => true,
            Some(other) => return Err(ApiError::unsupported_value("order", other, &["asc", "desc"])),
        };
        let cursor = |name| self.get(name).map(str::to_owned);
        Ok(Page { after: cursor("after"), before: cursor("before"), limit: limit as usize, descending })
    }
}

/// Percent-decoding; what is no escape stays, what is no UTF-8 is replaced.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match (bytes[at], escape.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
                continue;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pairs_are_decoded() {
        let query = Query::of("/x?metadata%5Bkey%5D=a+b%21&limit=5&flag&bad=%zz");
        let pairs: Vec<_> = query.pairs().collect();
        assert_eq!(pairs, [("metadata[key]", "a b!"), ("limit", "5"), ("flag", ""), ("bad", "%zz")]);
        assert_eq!(query.page(true).unwrap().limit, 5);
        for wrong in ["/x?limit=0", "/x?limit=101", "/x?limit=x", "/x?order=up"] {
            assert!(Query::of(wrong).page(false).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_query_is_read(text in any::<String>()) {
            let _ = Query::of(&format!("/x?{text}")).page(false);
        }
    }
}
