//! Kinds of usage: what belongs to each, and what is counted of it.

use fakeai_telemetry::{Account, Used};

/// A count that results show: its name, and where it is found.
pub(super) type Count = (&'static str, fn(&Used) -> u64);

/// A kind of usage.
pub(super) struct Kind {
    pub path: &'static str,
    /// The operation of OpenAI's document.
    pub operation: &'static str,
    /// What a result is called.
    pub object: &'static str,
    pub counts: &'static [Count],
    /// Whether it belongs here.
    pub takes: fn(&Account, &Used) -> bool,
    /// What it can be grouped by.
    pub groups: &'static [&'static str],
    /// What it can be filtered by.
    pub filters: &'static [&'static str],
}

const GROUPS: &[&str] = &["project_id", "user_id", "api_key_id", "model"];
const FILTERS: &[&str] = &["project_ids", "user_ids", "api_key_ids", "models"];
const REQUESTS: Count = ("num_model_requests", |used| used.requests);
const INPUT: Count = ("input_tokens", |used| used.prompt_tokens);

/// Endpoints that have a kind of their own.
const OWN: [&str; 5] =
    ["/v1/embeddings", "/v1/moderations", "/v1/images/", "/v1/audio/speech", "/v1/audio/transcriptions"];

fn is_at(account: &Account, path: &str) -> bool {
    account.endpoint.starts_with(path)
}

pub(super) static KINDS: [Kind; 9] = [
    Kind {
        path: "/organization/usage/completions",
        operation: "usage-completions",
        object: "organization.usage.completions.result",
        counts: &[
            INPUT,
            ("input_cached_tokens", |used| used.cached_tokens),
            ("input_uncached_tokens", |used| used.prompt_tokens.saturating_sub(used.cached_tokens)),
            ("output_tokens", |used| used.completion_tokens),
            REQUESTS,
        ],
        // Everything in which a model reads or writes text has no other kind.
        takes: |account, used| {
            used.prompt_tokens + used.completion_tokens > 0 && !OWN.iter().any(|path| is_at(account, path))
        },
        groups: &["project_id", "user_id", "api_key_id", "model", "batch", "service_tier"],
        filters: &["project_ids", "user_ids", "api_key_ids", "models", "batch"],
    },
    Kind {
        path: "/organization/usage/embeddings",
        operation: "usage-embeddings",
        object: "organization.usage.embeddings.result",
        counts: &[INPUT, REQUESTS],
        takes: |account, _| is_at(account, "/v1/embeddings"),
        groups: GROUPS,
        filters: FILTERS,
    },
    Kind {
        path: "/organization/usage/moderations",
        operation: "usage-moderations",
        object: "organization.usage.moderations.result",
        counts: &[INPUT, REQUESTS],
        takes: |account, _| is_at(account, "/v1/moderations"),
        groups: GROUPS,
        filters: FILTERS,
    },
    Kind {
        path: "/organization/usage/images",
        operation: "usage-images",
        object: "organization.usage.images.result",
        counts: &[("images", |used| used.units.images), REQUESTS],
        takes: |_, used| used.units.images > 0,
        groups: &["project_id", "user_id", "api_key_id", "model", "size", "source"],
        filters: &["project_ids", "user_ids", "api_key_ids", "models", "sources", "sizes"],
    },
    Kind {
        path: "/organization/usage/audio_speeches",
        operation: "usage-audio-speeches",
        object: "organization.usage.audio_speeches.result",
        counts: &[("characters", |used| used.units.characters), REQUESTS],
        takes: |account, _| is_at(account, "/v1/audio/speech"),
        groups: GROUPS,
        filters: FILTERS,
    },
    Kind {
        path: "/organization/usage/audio_transcriptions",
        operation: "usage-audio-transcriptions",
        object: "organization.usage.audio_transcriptions.result",
        counts: &[("seconds", |used| used.units.audio_seconds), REQUESTS],
        takes: |account, _| is_at(account, "/v1/audio/transcriptions"),
        groups: GROUPS,
        filters: FILTERS,
    },
    Kind {
        path: "/organization/usage/code_interpreter_sessions",
        operation: "usage-code-interpreter-sessions",
        object: "organization.usage.code_interpreter_sessions.result",
        counts: &[("num_sessions", |used| used.units.code_sessions)],
        takes: |_, used| used.units.code_sessions > 0,
        groups: &["project_id"],
        filters: &["project_ids"],
    },
    Kind {
        path: "/organization/usage/file_search_calls",
        operation: "usage-file-search-calls",
        object: "organization.usage.file_searches.result",
        counts: &[("num_requests", |used| used.units.file_searches)],
        takes: |_, used| used.units.file_searches > 0,
        groups: &["project_id", "user_id", "api_key_id", "vector_store_id"],
        filters: &["project_ids", "user_ids", "api_key_ids"],
    },
    Kind {
        path: "/organization/usage/web_search_calls",
        operation: "usage-web-search-calls",
        object: "organization.usage.web_searches.result",
        counts: &[("num_requests", |used| used.units.web_searches), REQUESTS],
        takes: |_, used| used.units.web_searches > 0,
        groups: &["project_id", "user_id", "api_key_id", "model", "context_level"],
        filters: &["project_ids", "user_ids", "api_key_ids", "models"],
    },
];

/// `image.generation`, `image.edit` or `image.variation`. Pictures that a tool painted are generated.
pub(super) fn source(account: &Account) -> &'static str {
    match account.endpoint {
        "/v1/images/edits" => "image.edit",
        "/v1/images/variations" => "image.variation",
        _ => "image.generation",
    }
}
