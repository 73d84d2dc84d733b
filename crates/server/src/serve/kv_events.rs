//! The sockets for KV events, one pair for each worker.

use fakeai_events::EventsError;

use crate::app::App;
use crate::settings::{Address, KvEvents};

/// Opens the sockets that the settings ask for, if there is a physical engine.
pub(super) async fn publish(app: &App) -> Result<(), EventsError> {
    let Some(KvEvents { endpoint: Some(endpoint), replay_endpoint, topic, style, .. }) = &app.settings.kv_events else {
        return Ok(());
    };
    // What is meant by `*`: whoever wants the network to reach the server says so with its host.
    let interface = match &app.settings.listen.address {
        Address::Tcp(host, _) => host.as_str(),
        Address::Unix(_) => "127.0.0.1",
    };
    for feed in app.drivers.feeds() {
        open(app, feed, (endpoint, replay_endpoint.as_ref()), interface, topic, *style).await?;
    }
    Ok(())
}

#[cfg(feature = "zmq")]
async fn open(
    app: &App,
    feed: &std::sync::Arc<fakeai_events::Feed>,
    endpoints: (&fakeai_events::Endpoint, Option<&fakeai_events::Endpoint>),
    interface: &str,
    topic: &str,
    style: fakeai_events::Style,
) -> Result<(), EventsError> {
    let sockets = fakeai_events::Sockets::open(feed, endpoints, interface, topic, style).await?;
    sockets.run(feed, &app.kit.clock, &app.kit.tasks);
    Ok(())
}

#[cfg(not(feature = "zmq"))]
#[expect(clippy::unused_async, reason = "with sockets it waits")]
async fn open(
    _app: &App,
    _feed: &std::sync::Arc<fakeai_events::Feed>,
    (endpoint, _): (&fakeai_events::Endpoint, Option<&fakeai_events::Endpoint>),
    _interface: &str,
    _topic: &str,
    _style: fakeai_events::Style,
) -> Result<(), EventsError> {
    let reason = "this binary was built without the feature zmq".to_owned();
    Err(EventsError::Endpoint { endpoint: endpoint.to_string(), reason })
}
