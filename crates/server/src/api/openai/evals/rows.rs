//! The rows of a run, read from where they are.

use fakeai_schema::Schema;
use serde_json::{Value, json};

use super::answered;
use super::source::Rows;
use crate::api::openai::files::{File, read_whole};
use crate::api::openai::service::Service;
use crate::context::Context;
use crate::error::ApiError;

/// Most rows of a run, and most bytes of its file.
const MOST_ROWS: usize = 50_000;
const MOST_BYTES: u64 = 64 << 20;
/// Stored completions fetched at a time.
const PAGE: usize = 100;

/// A row: an item, and its sample if it brings one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub item: Value,
    pub sample: Option<Value>,
}

impl Row {
    /// A row as it is written.
    pub(super) fn new(row: &Value) -> Self {
        let sample = row.get("sample").filter(|sample| !sample.is_null());
        Self { item: row["item"].clone(), sample: sample.cloned() }
    }
}

/// What is wrong with the rows, so that the run fails: a code and a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong(pub &'static str, pub String);

impl From<ApiError> for Wrong {
    fn from(error: ApiError) -> Self {
        Self(error.code.unwrap_or("invalid_data_source"), error.message.into_owned())
    }
}

/// Reads the rows.
pub(super) async fn read(context: &Context, service: &Service, rows: &Rows) -> Result<Vec<Row>, Wrong> {
    match rows {
        Rows::Content(rows) => Ok(rows.iter().map(Row::new).collect()),
        Rows::File(id) => {
            let file = File::find(context, id).await?;
            if file.bytes > MOST_BYTES {
                return Err(Wrong("file_too_large", format!("The file has more than {MOST_BYTES} bytes.")));
            }
            lines(&read_whole(context, &file).await?)
        }
        Rows::Stored(query, limit) => stored(service, query, *limit).await,
        Rows::Responses(wish) => Ok(answered::rows(context, wish, MOST_ROWS).await?),
    }
}

/// The rows of a file of JSON lines.
fn lines(content: &[u8]) -> Result<Vec<Row>, Wrong> {
    let mut rows = Vec::new();
    for (index, line) in content.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let row = serde_json::from_slice::<Value>(line).ok().filter(|row| row["item"].is_object());
        let what = || format!("Line {} is not a JSON object with an object 'item'.", index + 1);
        rows.push(Row::new(&row.ok_or_else(|| Wrong("invalid_row", what()))?));
        if rows.len() > MOST_ROWS {
            return Err(Wrong("too_many_rows", format!("The file has more than {MOST_ROWS} rows.")));
        }
    }
    Ok(rows)
}

/// Stored chat completions: what was asked is the item, what was answered the sample.
async fn stored(service: &Service, query: &[(&str, String)], limit: usize) -> Result<Vec<Row>, Wrong> {
    let within = |name: &str| query.iter().find(|(known, _)| *known == name)?.1.parse::<i64>().ok();
    let (after, before) = (within("created_after"), within("created_before"));
    let mut words = format!("/v1/chat/completions?limit={PAGE}&order=asc");
    for (name, value) in query {
        match (*name, value.split_once('=')) {
            ("model", _) => words += &["&model=", &escaped(value)].concat(),
            ("metadata", Some((key, value))) => {
                words += &["&metadata[", &escaped(key), "]=", &escaped(value)].concat();
            }
            _ => {}
        }
    }
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let (status, list) = service.get(&format!("{words}{cursor}")).await;
        if !status.is_success() {
            let what = list["error"]["message"].as_str().unwrap_or("The stored completions cannot be read.");
            return Err(Wrong("invalid_data_source", what.to_owned()));
        }
        for completion in list["data"].as_array().into_iter().flatten() {
            let created = completion["created"].as_i64().unwrap_or_default();
            if after.is_some_and(|after| created < after) || before.is_some_and(|before| created > before) {
                continue;
            }
            if rows.len() >= limit.min(MOST_ROWS) {
                return Ok(rows);
            }
            let id = completion["id"].as_str().unwrap_or_default();
            let (_, messages) =
                service.get(&format!("/v1/chat/completions/{id}/messages?order=asc&limit={PAGE}")).await;
            let input = messages["data"].as_array().cloned().unwrap_or_default();
            let asked = |message: &Value| json!({"role": message["role"], "content": message["content"]});
            let input: Vec<Value> = input.iter().map(asked).collect();
            rows.push(Row { item: json!({"input": input, "completion_id": id}), sample: Some(completion.clone()) });
        }
        match list["last_id"].as_str().filter(|_| list["has_more"] == true) {
            Some(last) => cursor = format!("&after={last}"),
            None => return Ok(rows),
        }
    }
}

/// A value of a query.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// The first row that is not as the eval's schema of items says.
pub(super) fn check(rows: &[Row], config: &Value) -> Result<(), Wrong> {
    let schema = &config["schema"]["properties"]["item"];
    let Ok(schema) = Schema::parse(schema) else { return Ok(()) };
    for (index, row) in rows.iter().enumerate() {
        if let Some(problem) = schema.problem(&row.item) {
            return Err(Wrong(
                "invalid_row",
                format!("The item of row {} does not fit its schema: {problem}.", index + 1),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_rows_and_the_wrong_one_is_named() {
        let rows = lines(b"{\"item\": {\"a\": 1}}\n\n{\"item\": {}, \"sample\": {\"output_text\": \"x\"}}").unwrap();
        assert_eq!((rows.len(), rows[1].sample.clone()), (2, Some(json!({"output_text": "x"}))));
        assert!(lines(b"{\"item\": {}}\n{\"a\": 1}").unwrap_err().1.starts_with("Line 2"));
        let config = json!({"schema": {"properties": {"item": {"type": "object", "required": ["b"]}}}});
        assert!(check(&rows, &config).unwrap_err().1.starts_with("The item of row 1"));
        assert_eq!(escaped("a b/ü"), "a%20b%2F%C3%BC");
    }

    proptest! {
        #[test]
        fn any_bytes_are_rows_or_refused(text in "(\\{\"item\": ?\\{\\}\\}|[{}\":item\n ]){0,40}") {
            let _ = lines(text.as_bytes());
        }
    }
}
