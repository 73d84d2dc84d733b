//! What is asked of the books: a span of time, buckets, groups, filters, a page.

use fakeai_telemetry::Account;
use serde_json::{Map, Value, json};

use super::kinds::source;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{Query, Range, integer};

/// Widths of buckets: name, seconds, how many are usual, how many there may be.
pub(super) type Bounds = &'static [(&'static str, i64, i64, i64)];

/// All filters there are. Those that a kind does not take are refused: the books do not know what they ask for.
const FILTERS: [&str; 9] = [
    "project_ids",
    "user_ids",
    "api_key_ids",
    "models",
    "batch",
    "sources",
    "sizes",
    "vector_store_ids",
    "context_levels",
];
/// The last second that can be asked for: in the year 9999.
const LAST: i64 = 253_402_300_799;
/// What begins the cursor of a page; where it begins follows, in hexadecimal digits.
const PAGE: &str = "page_";

/// What is asked.
#[derive(Debug)]
pub(super) struct Asked {
    /// Where the page begins, and where what is asked for ends, Unix seconds; whole buckets.
    from: i64,
    until: i64,
    /// Seconds of a bucket.
    width: i64,
    /// Buckets of a page.
    limit: i64,
    groups: Vec<String>,
    filters: Vec<(&'static str, Vec<String>)>,
    /// What results can be grouped by.
    known: Vec<&'static str>,
}

impl Asked {
    /// Reads the query of a request.
    ///
    /// # Errors
    /// What is wrong with it, as 400.
    pub(super) fn of(
        context: &Context,
        widths: Bounds,
        groups: &[&'static str],
        filters: &[&'static str],
    ) -> Result<Self, ApiError> {
        let query = Query::of(context.path());
        let start = whole(&query, "start_time", Range::new(0, LAST))?.ok_or_else(|| ApiError::missing("start_time"))?;
        let end = whole(&query, "end_time", Range::new(0, LAST))?;
        if end.is_some_and(|end| end <= start) {
            return Err(ApiError::invalid("'end_time' must be after 'start_time'.").param("end_time"));
        }
        let name = query.get("bucket_width").unwrap_or("1d");
        let Some((_, width, usual, most)) = widths.iter().find(|(known, ..)| *known == name).copied() else {
            let names: Vec<&str> = widths.iter().map(|(name, ..)| *name).collect();
            return Err(ApiError::unsupported_value("bucket_width", name, &names));
        };
        let limit = whole(&query, "limit", Range::new(1, most))?.unwrap_or(usual);
        let first = start.div_euclid(width) * width;
        // Up to the present, which belongs to it.
        let end = end.unwrap_or_else(|| context.created().max(start) + 1);
        let from = query.get("page").map_or(Ok(first), |page| cursor(page, first, width))?;
        let asked = values(&query, "group_by");
        if let Some(other) = asked.iter().find(|asked| !groups.contains(&asked.as_str())) {
            return Err(ApiError::unsupported_value("group_by", other, groups));
        }
        Ok(Self {
            from,
            until: (end + width - 1).div_euclid(width) * width,
            width,
            limit,
            groups: asked,
            filters: filters_of(&query, filters)?,
            known: groups.to_vec(),
        })
    }

    /// Whether what is asked for is filtered by `name`.
    pub(super) fn filters_by(&self, name: &str) -> bool {
        self.filters.iter().any(|(known, _)| *known == name)
    }

    /// Whether an account passes all filters.
    pub(super) fn wants(&self, account: &Account) -> bool {
        self.filters.iter().all(|(filter, wanted)| {
            let group = match *filter {
                "batch" => "batch",
                plural => plural.trim_end_matches('s'),
            };
            let value = part(account, group);
            value.is_some_and(|value| wanted.contains(&value))
        })
    }

    /// The group of an account.
    pub(super) fn group(&self, account: &Account) -> Vec<Option<String>> {
        self.groups.iter().map(|group| part(account, group)).collect()
    }

    /// A group as results show it: what is not grouped by is null.
    pub(super) fn named(&self, group: Vec<Option<String>>) -> Map<String, Value> {
        let mut shown: Map<String, Value> = self.known.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
        for (name, value) in self.groups.iter().zip(group) {
            let value = match value {
                Some(text) if name == "batch" => Value::from(text == "true"),
                Some(text) => text.into(),
                None => Value::Null,
            };
            shown.insert(name.clone(), value);
        }
        shown
    }

    /// The page, with the results of each of its buckets.
    pub(super) fn page(&self, results: impl Fn(i64, i64) -> Vec<Value>) -> Value {
        let end = self.until.min(self.from.saturating_add(self.limit * self.width));
        let buckets = (0..).map(|number| self.from + number * self.width).take_while(|start| *start < end);
        let data: Vec<Value> = buckets
            .map(|start| {
                let end = start + self.width;
                json!({"object": "bucket", "start_time": start, "end_time": end, "results": results(start, end)})
            })
            .collect();
        let next = (end < self.until).then(|| format!("{PAGE}{end:x}"));
        json!({"object": "page", "data": data, "has_more": next.is_some(), "next_page": next})
    }
}

/// What an account is by this; `None` where it is nothing, or nobody knows.
fn part(account: &Account, by: &str) -> Option<String> {
    let caller = account.caller.as_deref();
    let of_pictures = account.endpoint.starts_with("/v1/images/");
    match by {
        "project_id" => caller?.project.as_deref().map(str::to_owned),
        "user_id" => caller?.user.as_deref().map(str::to_owned),
        "size" if of_pictures => account.grade.map(str::to_owned),
        "service_tier" if !of_pictures => account.grade.map(str::to_owned),
        "api_key_id" => caller?.key.as_deref().map(str::to_owned),
        "model" => account.model.as_deref().map(str::to_owned),
        // There are no finer items than models, and endpoints of none.
        "line_item" => Some(account.model.as_deref().unwrap_or(account.endpoint).to_owned()),
        "batch" => Some(account.is_batch.to_string()),
        "source" => Some(source(account).to_owned()),
        _ => None,
    }
}

fn whole(query: &Query, name: &'static str, range: Range<i64>) -> Result<Option<i64>, ApiError> {
    let Some(text) = query.get(name) else { return Ok(None) };
    let number = text.parse().map_err(|_| {
        ApiError::invalid(format!("Invalid type for '{name}': expected an integer, but got a string instead."))
            .param(name)
            .code("invalid_type")
    })?;
    integer(name, Some(number), range)
}

/// All values of a list: `name=a&name=b`, `name[]=a`, `name[0]=a` or `name=a,b`.
pub(in crate::api::openai::organization) fn values(query: &Query, name: &str) -> Vec<String> {
    let of_it = |key: &str| {
        let rest = key.strip_prefix(name)?;
        (rest.is_empty() || (rest.starts_with('[') && rest.ends_with(']'))).then_some(())
    };
    let found = query.pairs().filter_map(|(key, value)| of_it(key).map(|()| value));
    found.flat_map(|value| value.split(',')).filter(|value| !value.is_empty()).map(str::to_owned).collect()
}

fn filters_of(query: &Query, known: &[&'static str]) -> Result<Vec<(&'static str, Vec<String>)>, ApiError> {
    let mut filters = Vec::new();
    for name in FILTERS {
        let wanted = values(query, name);
        if wanted.is_empty() {
            continue;
        }
        if !known.contains(&name) {
            let message = format!("Unsupported parameter: '{name}' is not supported by this server for this usage.");
            return Err(ApiError::invalid(message).param(name).code("unsupported_parameter"));
        }
        filters.push((name, wanted));
    }
    Ok(filters)
}

/// Where a page begins: a bucket of what is asked for.
fn cursor(page: &str, first: i64, width: i64) -> Result<i64, ApiError> {
    let start = page.strip_prefix(PAGE).and_then(|digits| i64::from_str_radix(digits, 16).ok());
    let start = start.filter(|start| (first..=LAST).contains(start) && start % width == 0);
    start.ok_or_else(|| ApiError::invalid("Invalid 'page': it is no cursor of these buckets.").param("page"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_are_read_in_every_form() {
        let query = Query::of("/x?models=a&models=b&models%5B%5D=c&models%5B0%5D=d,e&modelsx=f");
        assert_eq!(values(&query, "models"), ["a", "b", "c", "d", "e"]);
    }

    proptest! {
        #[test]
        fn any_cursor_is_read_or_refused(page in any::<String>(), digits in any::<i64>()) {
            let _ = cursor(&page, 0, 60);
            let read = cursor(&format!("{PAGE}{digits:x}"), 0, 60);
            prop_assert!(read.is_err() || (read.as_ref().unwrap() % 60 == 0));
        }

        #[test]
        fn any_query_is_read(text in any::<String>()) {
            let query = Query::of(&format!("/x?{text}"));
            let _ = (values(&query, "models"), whole(&query, "limit", Range::new(1, 7)), filters_of(&query, &["models"]));
        }
    }
}
