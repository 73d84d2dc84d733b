//! The sockets of one worker: PUB for its batches, ROUTER for those that were missed.
//!
//! Each subscriber has a queue of 100,000 batches in the library, as many as vLLM's default high-water mark; what is
//! beyond is dropped for that subscriber, as PUB sockets do, and shows as a gap in the numbers. A replay that its client
//! does not read holds up other replays, never the batches.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fakeai_core::{Clock, Tasks};
use zeromq::prelude::*;
use zeromq::{PubSocket, RouterRecvHalf, RouterSendHalf, RouterSocket, ZmqMessage};

use crate::endpoint::Endpoint;
use crate::error::EventsError;
use crate::feed::Feed;
use crate::msgpack::{Style, encode};
use crate::replay::{END_OF_REPLAY, Request};

/// Batches that are taken from a feed at once.
const AT_ONCE: usize = 256;

/// The sockets of one worker.
pub struct Sockets {
    publisher: PubSocket,
    /// Where to connect to, if it is not bound.
    peer: Option<Endpoint>,
    replay: Option<RouterSocket>,
    topic: Bytes,
    style: Style,
}

impl std::fmt::Debug for Sockets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Sockets").field("topic", &self.topic).field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl Sockets {
    /// Binds what is to be bound, and tells `feed` where. `endpoint` and `replay_endpoint` are those of rank 0;
    /// `interface` stands for `*`. Must be called inside the runtime it will run on.
    ///
    /// # Errors
    /// [`EventsError::Bind`] for addresses that are taken or not ours, [`EventsError::Endpoint`] for ports beyond all.
    pub async fn open(
        feed: &Feed,
        (endpoint, replay_endpoint): (&Endpoint, Option<&Endpoint>),
        interface: &str,
        topic: &str,
        style: Style,
    ) -> Result<Self, EventsError> {
        let mut publisher = PubSocket::new();
        let here = endpoint.of_rank(feed.rank(), interface)?;
        let (shown, peer) = if endpoint.is_bound() {
            (bind(&mut publisher, &here).await?, None)
        } else {
            (here.to_string(), Some(here))
        };
        let mut replay = None;
        let mut shown_replay = None;
        if let Some(endpoint) = replay_endpoint {
            let mut router = RouterSocket::new();
            shown_replay = Some(bind(&mut router, &endpoint.of_rank(feed.rank(), interface)?).await?);
            replay = Some(router);
        }
        feed.set_endpoints(Some(shown), shown_replay);
        feed.begin_sending();
        Ok(Self { publisher, peer, replay, topic: Bytes::copy_from_slice(topic.as_bytes()), style })
    }

    /// Sends what `feed` gets, until `tasks` are stopped. Must be called inside the runtime it was opened on.
    pub fn run(self, feed: &Arc<Feed>, clock: &Clock, tasks: &Tasks) {
        let Self { publisher, peer, replay, topic, style } = self;
        if let Some(router) = replay {
            let (sender, receiver) = router.split();
            tasks.spawn(serve(receiver, sender, Arc::clone(feed), style));
        }
        tasks.spawn(send(publisher, peer, topic, style, Arc::clone(feed), clock.clone()));
    }
}

async fn bind(socket: &mut impl Socket, endpoint: &Endpoint) -> Result<String, EventsError> {
    let bound = socket.bind(&endpoint.to_string()).await;
    let bound =
        bound.map_err(|error| EventsError::Bind { endpoint: endpoint.to_string(), reason: error.to_string() })?;
    Ok(bound.to_string())
}

/// How long after a peer could not be reached it is tried again.
const RETRY: Duration = Duration::from_secs(1);

async fn send(
    mut publisher: PubSocket,
    peer: Option<Endpoint>,
    topic: Bytes,
    style: Style,
    feed: Arc<Feed>,
    clock: Clock,
) {
    if let Some(peer) = peer {
        while let Err(error) = publisher.connect(&peer.to_string()).await {
            tracing::warn!(%peer, %error, "KV events have nowhere to go yet");
            clock.sleep(RETRY).await;
        }
    }
    loop {
        let changed = feed.changed();
        let due = feed.flush(clock.now());
        let batches = feed.take_queued(AT_ONCE);
        if batches.is_empty() {
            match due {
                None => changed.await,
                Some(due) => tokio::select! {
                    () = changed => {}
                    () = clock.sleep_until(due) => {}
                },
            }
            continue;
        }
        for batch in batches {
            let frames = [topic.clone(), sequence(batch.sequence), Bytes::from(encode(&batch, style))];
            if let Err(error) = publisher.send(message(frames)).await {
                tracing::warn!(%error, sequence = batch.sequence, "a batch of KV events was not sent");
            }
        }
        // Other work of the thread first: a queue may be long.
        tokio::task::yield_now().await;
    }
}

/// Answers requests for batches that were missed.
async fn serve(mut receiver: RouterRecvHalf, mut sender: RouterSendHalf, feed: Arc<Feed>, style: Style) {
    while let Ok(frames) = receiver.recv().await {
        let request = match Request::parse(&frames.into_vec()) {
            Ok(request) => request,
            Err(error) => {
                tracing::warn!(%error, "a replay request was passed over");
                continue;
            }
        };
        if let Err(error) = answer(&request, &mut sender, &feed, style).await {
            tracing::debug!(%error, "a replay ended early");
        }
    }
}

async fn answer(request: &Request, sender: &mut RouterSendHalf, feed: &Feed, style: Style) -> zeromq::ZmqResult<()> {
    let identity = Bytes::copy_from_slice(&request.identity);
    let reply = |number, payload| message([identity.clone(), Bytes::new(), sequence(number), payload]);
    // What comes after the request is published anyway.
    let (mut next, end) = (request.start, feed.next_sequence());
    while next < end {
        let batches = feed.kept_from(next, AT_ONCE);
        let Some(last) = batches.last() else { break };
        next = last.sequence + 1;
        for batch in batches.iter().filter(|batch| batch.sequence < end) {
            sender.send(reply(batch.sequence, Bytes::from(encode(batch, style)))).await?;
        }
    }
    sender.send(reply(END_OF_REPLAY, Bytes::new())).await
}

fn sequence(number: u64) -> Bytes {
    Bytes::copy_from_slice(&number.to_be_bytes())
}

fn message<const FRAMES: usize>(frames: [Bytes; FRAMES]) -> ZmqMessage {
    let mut frames = frames.into_iter();
    let mut message = ZmqMessage::from(frames.next().unwrap_or_default());
    frames.for_each(|frame| message.push_back(frame));
    message
}
