//! Lists as clients page through them: `limit`, `order`, `after` and `before`.

use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use crate::error::ApiError;
use crate::wire::Query;

/// A page of objects on the wire.
#[derive(Debug, Serialize)]
pub(super) struct List {
    object: &'static str,
    data: Vec<Value>,
    first_id: Option<String>,
    last_id: Option<String>,
    has_more: bool,
}

impl List {
    /// A page of objects that have an `id`.
    pub(super) fn new(data: Vec<Value>, has_more: bool) -> Self {
        let id = |item: Option<&Value>| item.and_then(|item| item["id"].as_str()).map(str::to_owned);
        Self { object: "list", first_id: id(data.first()), last_id: id(data.last()), data, has_more }
    }
}

/// The part of `all`, oldest first, that `query` asks for, newest first unless it says otherwise; and whether there is
/// more beyond it. With `before` alone it is the page that ends there.
pub(super) fn page<T>(mut all: Vec<T>, id: impl Fn(&T) -> &str, query: &Query) -> Result<(Vec<T>, bool), ApiError> {
    let page = query.page(true)?;
    if page.descending {
        all.reverse();
    }
    let place = |param: &'static str, cursor: Option<&str>| {
        let Some(cursor) = cursor else { return Ok(None) };
        let found = all.iter().position(|item| id(item) == cursor);
        found.map(Some).ok_or_else(|| {
            ApiError::invalid(format!("Invalid '{param}': no object of id '{cursor}'."))
                .param(param)
                .status(StatusCode::NOT_FOUND)
        })
    };
    let after = place("after", page.after.as_deref())?;
    let end = place("before", page.before.as_deref())?.unwrap_or(all.len());
    let start = after.map_or(0, |after| after + 1).min(end);
    let found = end - start;
    let skipped = if page.is_backwards() { start + found.saturating_sub(page.limit) } else { start };
    let part = all.into_iter().skip(skipped).take(found.min(page.limit)).collect();
    Ok((part, found > page.limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> (Vec<&'static str>, bool) {
        page(vec!["a", "b", "c", "d"], |item| item, &Query::of(&format!("/x?{query}"))).unwrap()
    }

    #[test]
    fn pages_begin_after_and_end_before() {
        assert_eq!(asked(""), (vec!["d", "c", "b", "a"], false));
        assert_eq!(asked("order=asc&limit=2"), (vec!["a", "b"], true));
        assert_eq!(asked("order=asc&limit=2&after=b"), (vec!["c", "d"], false));
        assert_eq!(asked("order=asc&limit=2&before=d"), (vec!["b", "c"], true));
        assert_eq!(asked("limit=2&before=b"), (vec!["d", "c"], false));
        assert_eq!(asked("order=asc&after=a&before=d"), (vec!["b", "c"], false));
        assert_eq!(asked("order=asc&after=d&before=a"), (vec![], false));
        let wrong = page(vec!["a"], |item| item, &Query::of("/x?before=z")).unwrap_err();
        assert_eq!(wrong.status, StatusCode::NOT_FOUND);
    }
}
