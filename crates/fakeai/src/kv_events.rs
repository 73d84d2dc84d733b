//! From the configuration of KV events to what the server is told, vLLM's own JSON included.

use fakeai_server::settings::{Endpoint, FeedSettings, Format, Hashes, KvEvents, Style};
use serde::Deserialize;

use crate::config::{HashForm, KvEvents as Section, StructForm};

/// vLLM's `--kv-events-config` (`vllm/config/kv_events.py`).
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct VllmConfig {
    enable_kv_cache_events: Option<bool>,
    publisher: Option<Publisher>,
    endpoint: Option<String>,
    replay_endpoint: Option<String>,
    buffer_steps: Option<usize>,
    hwm: Option<usize>,
    max_queue_size: Option<usize>,
    topic: Option<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Publisher {
    Null,
    Zmq,
}

impl VllmConfig {
    /// What is accepted, in words.
    pub(crate) const ALLOWED: &'static str = "a JSON object with enable_kv_cache_events, publisher (zmq or null), endpoint, replay_endpoint, topic, \
         buffer_steps, hwm or max_queue_size";

    /// Whether it is such an object.
    pub(crate) fn is_valid(text: &str) -> bool {
        text.is_empty() || Self::parse(text).is_some()
    }

    fn parse(text: &str) -> Option<Self> {
        // Structs would also be read from arrays, field by field.
        let config: Self = serde_json::from_str(text).ok().filter(|_| text.trim_start().starts_with('{'))?;
        let is_valid = |text: &Option<String>| text.as_deref().is_none_or(is_endpoint);
        (is_valid(&config.endpoint) && is_valid(&config.replay_endpoint)).then_some(config)
    }
}

/// Where vLLM publishes unless it is told otherwise.
const DEFAULT_ENDPOINT: &str = "tcp://*:5557";
/// No endpoint.
const NONE: &str = "none";

/// Whether it is an endpoint, none, or unset.
pub(crate) fn is_endpoint(text: &str) -> bool {
    matches!(text, "" | NONE) || text.parse::<Endpoint>().is_ok()
}

/// How events are told; `None` if they are not.
pub(crate) fn settings(section: &Section) -> Option<KvEvents> {
    let Section {
        enabled,
        config,
        endpoint,
        replay_endpoint,
        topic,
        buffer_steps,
        max_queue_size,
        batch_size,
        format,
        block_hashes,
    } = section.clone();
    let vllm = VllmConfig::parse(&config).unwrap_or_default();
    if !vllm.enable_kv_cache_events.unwrap_or(enabled || !endpoint.is_empty()) {
        return None;
    }
    let endpoint = vllm.endpoint.unwrap_or(endpoint);
    let endpoint = match (vllm.publisher, endpoint.as_str()) {
        (Some(Publisher::Null), _) | (_, NONE) => None,
        (_, "") => DEFAULT_ENDPOINT.parse().ok(),
        (_, other) => other.parse().ok(),
    };
    // The library's queues of subscribers can't be made shorter, but ours before them can.
    let queue = vllm.max_queue_size.unwrap_or(max_queue_size).min(vllm.hwm.unwrap_or(usize::MAX)).max(1);
    Some(KvEvents {
        endpoint,
        replay_endpoint: vllm.replay_endpoint.unwrap_or(replay_endpoint).parse().ok(),
        topic: vllm.topic.unwrap_or(topic),
        style: Style {
            format: match format {
                StructForm::Arrays => Format::Arrays,
                StructForm::Maps => Format::Maps,
            },
            hashes: match block_hashes {
                HashForm::Integers => Hashes::Integers,
                HashForm::Bytes => Hashes::Bytes,
            },
        },
        feed: FeedSettings {
            buffer_steps: vllm.buffer_steps.unwrap_or(buffer_steps),
            max_queue_size: queue,
            batch_size,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(config: &str) -> Option<KvEvents> {
        assert!(VllmConfig::is_valid(config), "{config}");
        settings(&Section { config: config.to_owned(), ..Section::default() })
    }

    #[test]
    fn vllms_flag_means_what_it_means_there() {
        assert!(with("").is_none() && with("{}").is_none() && with(r#"{"endpoint": "tcp://*:1"}"#).is_none());
        let events = with(r#"{"enable_kv_cache_events": true, "topic": "kv-events", "hwm": 7}"#).unwrap();
        assert_eq!(events.endpoint.unwrap().to_string(), "tcp://*:5557");
        assert_eq!((events.topic.as_str(), events.feed.max_queue_size), ("kv-events", 7));
        let null = r#"{"enable_kv_cache_events": true, "publisher": "null", "replay_endpoint": "tcp://*:2"}"#;
        let events = with(null).unwrap();
        assert!(events.endpoint.is_none() && events.replay_endpoint.is_some());
        for wrong in ["[]", "{\"publisher\": \"nats\"}", "{\"endpoint\": \"ipc:///x\"}", "{\"what\": 1}", "true"] {
            assert!(!VllmConfig::is_valid(wrong), "{wrong}");
        }
    }

    #[test]
    fn an_endpoint_turns_events_on() {
        let section = Section { endpoint: "tcp://indexer:5557".to_owned(), batch_size: 16, ..Section::default() };
        let events = settings(&section).unwrap();
        assert_eq!((events.endpoint.unwrap().is_bound(), events.feed.batch_size), (false, 16));
        assert!(settings(&Section { enabled: true, endpoint: NONE.to_owned(), ..section }).unwrap().endpoint.is_none());
    }
}
