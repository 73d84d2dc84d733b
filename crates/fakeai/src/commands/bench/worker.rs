//! One connection that sends request after request.

use std::sync::Arc;
use std::time::Duration;

use fakeai_core::{Clock, Tasks, Tick};
use memchr::memmem;
use serde::Deserialize;

use super::plan::Plan;
use super::progress::Progress;
use super::tally::{Sample, Tally};
use crate::client::{Body, Client, ErrorObject, sse};
use crate::error::Error;

/// One connection that sends request after request.
pub(super) struct Worker {
    plan: Arc<Plan>,
    clock: Clock,
    client: Client,
    progress: Arc<Progress>,
    tally: Arc<Tally>,
}

impl Worker {
    pub(super) fn new(
        plan: &Arc<Plan>,
        clock: &Clock,
        tasks: &Tasks,
        progress: &Arc<Progress>,
        tally: &Arc<Tally>,
    ) -> Self {
        Self {
            plan: Arc::clone(plan),
            clock: clock.clone(),
            client: Client::new(plan.url.clone(), tasks.clone()),
            progress: Arc::clone(progress),
            tally: Arc::clone(tally),
        }
    }

    /// Works until there is nothing left to do.
    pub(super) async fn run(mut self) {
        while self.progress.claim(self.clock.now()) {
            let timeout = self.plan.timeout;
            let late = Error::TimedOut { url: self.plan.url.to_string(), seconds: timeout.as_secs_f64() };
            let result = tokio::time::timeout(timeout, self.request()).await.unwrap_or(Err(late));
            match &result {
                Ok(sample) => self.tally.add(sample),
                Err(error) => self.tally.fail(error),
            }
            self.progress.count();
            if matches!(result, Err(Error::NoServer { .. })) {
                self.clock.sleep(RECONNECT_AFTER).await;
            }
        }
    }

    async fn request(&mut self) -> Result<Sample, Error> {
        let begun = self.clock.now();
        let body = self.client.post("/v1/chat/completions", self.plan.body.clone()).await?;
        match (self.plan.is_streaming, body.is_stream) {
            (true, true) => Stream::new(begun).read(body, &self.clock).await,
            (false, false) => read_whole(body, begun, &self.clock).await,
            (true, false) => Err(Error::Answer("no stream, though asked for".to_owned())),
            (false, true) => Err(Error::Answer("a stream, though not asked for".to_owned())),
        }
    }
}

/// A server that is away is not asked in a busy loop.
const RECONNECT_AFTER: Duration = Duration::from_millis(50);

#[derive(Default, Deserialize)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
}

/// What is looked at in JSON: the chunk with the usage, an error, or a whole answer.
#[derive(Deserialize)]
struct Message {
    usage: Option<Usage>,
    error: Option<ErrorObject>,
}

async fn read_whole(body: Body, begun: Tick, clock: &Clock) -> Result<Sample, Error> {
    let bytes = body.bytes().await?;
    let latency = clock.now().since(begun);
    let message: Message = serde_json::from_slice(&bytes).map_err(|_| Error::Answer("no JSON".to_owned()))?;
    let Usage { prompt_tokens, completion_tokens } = message.usage.unwrap_or_default();
    Ok(Sample { latency, prompt_tokens, completion_tokens, ..Sample::default() })
}

/// A stream that is being read.
struct Stream {
    begun: Tick,
    /// When the last token came.
    last: Option<Tick>,
    sample: Sample,
    is_done: bool,
    error: Option<Error>,
}

impl Stream {
    fn new(begun: Tick) -> Self {
        Self { begun, last: None, sample: Sample::default(), is_done: false, error: None }
    }

    async fn read(mut self, mut body: Body, clock: &Clock) -> Result<Sample, Error> {
        let mut parser = sse::Parser::default();
        while let Some(bytes) = body.chunk().await? {
            let now = clock.now();
            parser.feed(&bytes, |data| self.event(data, now)).map_err(|error| Error::Answer(error.to_string()))?;
        }
        self.sample.latency = clock.now().since(self.begun);
        if self.sample.completion_tokens == 0 {
            // A server that does not count: one token a chunk.
            self.sample.completion_tokens = u64::from(self.last.is_some()) + self.sample.itl.len() as u64;
        }
        match self.error {
            Some(error) => Err(error),
            None if self.is_done => Ok(self.sample),
            None => Err(Error::Answer("the stream ended without [DONE]".to_owned())),
        }
    }

    /// Looks at an event no closer than it must: parsing every chunk would measure the parser.
    fn event(&mut self, data: &[u8], now: Tick) {
        if data == b"[DONE]" {
            self.is_done = true;
        } else if has_content(data) {
            match self.last.replace(now) {
                None => self.sample.ttft = Some(now.since(self.begun)),
                Some(last) => self.sample.itl.push(now.since(last)),
            }
        } else if has_usage(data) || data.starts_with(b"{\"error\"") {
            match serde_json::from_slice(data) {
                Ok(Message { error: Some(error), .. }) => self.error = Some(error.into_stream_error()),
                Ok(Message { usage, .. }) => {
                    let usage = usage.unwrap_or_default();
                    self.sample.prompt_tokens = usage.prompt_tokens;
                    self.sample.completion_tokens = usage.completion_tokens;
                }
                Err(_) => self.error = Some(Error::Answer("an event that is no JSON".to_owned())),
            }
        }
    }
}

/// Whether a chunk carries text: `"content":"x`, also the reasoning's. The first chunk's content is empty.
fn has_content(chunk: &[u8]) -> bool {
    let text = value_of(chunk, b"content\":").and_then(|value| value.strip_prefix(b"\""));
    text.is_some_and(|text| text.first() != Some(&b'"'))
}

/// Whether a chunk carries the token counts.
fn has_usage(chunk: &[u8]) -> bool {
    value_of(chunk, b"\"usage\":").is_some_and(|value| value.starts_with(b"{"))
}

/// What follows the first `name` in `json`.
fn value_of<'a>(json: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    memmem::find(json, name).map(|at| json[at + name.len()..].trim_ascii_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_chunks_with_text_are_tokens() {
        assert!(has_content(br#"{"choices":[{"delta":{"content":"Hi"}}]}"#));
        assert!(has_content(br#"{"choices":[{"delta":{"reasoning_content":"Hm"}}]}"#));
        assert!(has_content(br#"{"choices":[{"delta":{"content":"\""}}]}"#));
        assert!(!has_content(br#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#));
        assert!(has_content(br#"{"choices": [{"delta": {"content": "Hi"}}]}"#));
        assert!(!has_content(br#"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":null}"#));
    }

    #[test]
    fn only_the_last_chunk_has_usage() {
        assert!(has_usage(br#"{"choices":[],"usage":{"prompt_tokens":1}}"#));
        assert!(!has_usage(br#"{"choices":[],"usage":null}"#));
    }
}
