//! `web_search`: nothing is searched; the one result is at example.com, which is reserved for examples (RFC 2606).

use serde_json::{Value, json};

use super::{Asked, Performed, Steps, query};

pub(super) const CUES: &[&str] = &[
    "search the web",
    "search the internet",
    "search online",
    "web search",
    "look up online",
    "google ",
    " latest ",
    " news ",
    " news?",
    " news.",
    "browse ",
];

pub(super) fn perform(asked: &Asked<'_>) -> Vec<Performed> {
    let query = query(asked.text);
    let words = query.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).take(8);
    let slug = words.map(str::to_lowercase).collect::<Vec<_>>().join("-");
    let url = format!("https://example.com/{}", slug.chars().filter(char::is_ascii).collect::<String>());
    let mut action = json!({"type": "search", "query": query, "queries": [query]});
    if asked.include.sources {
        action["sources"] = json!([{"type": "url", "url": url}]);
    }
    let title = format!("Simulated result: {query}");
    vec![Performed {
        item: json!({
            "id": asked.ids.next("ws_"), "type": "web_search_call", "status": "completed", "action": action,
        }),
        told: Some(("web_search", format!("1 result (simulated, the web is not reached): \"{query}\" at {url}"))),
        sources: vec![("example.com".to_owned(), url)],
        written: title,
        ..Performed::default()
    }]
}

pub(super) fn steps(item: &Value) -> Steps {
    Steps::plain(item).bare(
        &["response.web_search_call.in_progress", "response.web_search_call.searching"],
        &["response.web_search_call.completed"],
    )
}
