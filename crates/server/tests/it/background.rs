//! Responses in the background: their state follows from their token times and now.

use fakeai_engine::{Jittered, Knobs, LatencyModel};
use http::Method;
use serde_json::{Value, json};

use crate::harness::{TestServer, millis, ready, request};
use crate::responses::{ask, events, kinds};

/// The first token after 100 ms, then one each 10 ms.
fn slow() -> TestServer {
    TestServer::with(|settings| {
        settings.latency = LatencyModel::Knobs(Knobs {
            ttft: Jittered { mean_ms: 100.0, jitter_percent: 0.0, deviation_ms: 0.0 },
            itl: Jittered { mean_ms: 10.0, jitter_percent: 0.0, deviation_ms: 0.0 },
            ..Knobs::default()
        });
    })
}

async fn begin(server: &TestServer, extra: Value) -> Value {
    let mut body = ask("Tell me about the sea.", json!({"background": true}));
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let answer = server.post("/v1/responses", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn path(response: &Value) -> String {
    format!("/v1/responses/{}", response["id"].as_str().unwrap())
}

#[tokio::test]
async fn it_is_queued_then_in_progress_then_completed() {
    let server = slow();
    let made = begin(&server, json!({})).await;
    assert_eq!((made["status"].as_str(), &made["output"]), (Some("queued"), &json!([])));
    assert!(made.get("usage").is_none());
    let status = async |after| {
        server.clock.advance(millis(after));
        server.get(&path(&made)).await.json()["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status(0).await, "queued");
    assert_eq!(status(60).await, "in_progress");
    assert_eq!(status(60).await, "in_progress");
    assert_eq!(status(60_000).await, "completed");
    let done = server.get(&path(&made)).await.json();
    assert!(done["usage"]["output_tokens"].as_u64().unwrap() > 0);
    let (status, error) = server.post(&format!("{}/cancel", path(&made)), json!({})).await.error();
    assert_eq!((status, error["message"].as_str()), (400, Some("Cannot cancel a completed response.")));
}

#[tokio::test]
async fn cancelling_freezes_it() {
    let server = slow();
    let made = begin(&server, json!({})).await;
    server.clock.advance(millis(130));
    let cancel = format!("{}/cancel", path(&made));
    let cancelled = server.send(request(Method::POST, &cancel, None)).await.json();
    assert_eq!(cancelled["status"], "cancelled");
    server.clock.advance(millis(60_000));
    assert_eq!(server.get(&path(&made)).await.json(), cancelled);
    assert_eq!(server.send(request(Method::POST, &cancel, None)).await.json(), cancelled);
    let said = events(&server.get(&format!("{}?stream=true", path(&made))).await);
    let deltas = kinds(&said).into_iter().filter(|kind| *kind == "response.output_text.delta").count();
    assert_eq!(deltas, 4, "one at 100 ms, and three until 130");
}

#[tokio::test]
async fn what_runs_in_the_foreground_is_not_cancelled() {
    let server = TestServer::new();
    let made = server.post("/v1/responses", ask("x", json!({}))).await.json();
    let (status, error) = server.post(&format!("{}/cancel", path(&made)), json!({})).await.error();
    assert_eq!((status, error["message"].as_str()), (400, Some("Cannot cancel a synchronous response.")));
    assert_eq!(server.post("/v1/responses/resp_none/cancel", json!({})).await.status, 404);
}

#[tokio::test]
async fn a_stream_taken_up_again_goes_on_live() {
    let server = slow();
    let made = begin(&server, json!({"stream": false})).await;
    server.clock.advance(millis(125));
    let url = format!("{}?stream=true&starting_after=2", path(&made));
    let mut body = server.open(request(Method::GET, &url, None)).await.into_body();
    let first = ready(&mut body).unwrap();
    assert_eq!(first.matches("event: response.output_text.delta").count(), 3, "{first}");
    assert!(
        first.starts_with(
            "event: response.output_item.added\ndata: {\"type\":\"response.output_item.added\",\"sequence_number\":3"
        ),
        "{first}"
    );
    assert_eq!(ready(&mut body), None);
    server.clock.advance(millis(5));
    assert_eq!(ready(&mut body).unwrap().matches("event: response.output_text.delta").count(), 1);
    server.clock.advance(millis(60_000));
    let mut rest = String::new();
    while let Some(more) = ready(&mut body) {
        rest += &more;
    }
    assert!(rest.contains("event: response.completed\n"));
}

#[tokio::test]
async fn a_streamed_one_begins_in_the_queue() {
    let server = slow();
    let body = ask("Tell me about the sea.", json!({"background": true, "stream": true}));
    let said = server.post("/v1/responses", body).await;
    let all = events(&said);
    assert_eq!(kinds(&all)[..3], ["response.created", "response.queued", "response.in_progress"]);
    assert_eq!(all[0]["response"]["status"], "queued");
    let again = server.get(&format!("{}?stream=true", path(&all[0]["response"]))).await;
    assert_eq!(again.text(), said.text());
}

#[tokio::test]
async fn events_leave_before_the_first_token() {
    let server = slow();
    let post = request(Method::POST, "/v1/responses", Some(ask("x", json!({"stream": true}))));
    let mut body = server.open(post).await.into_body();
    let first = ready(&mut body).unwrap();
    assert!(first.starts_with("event: response.created\n") && first.contains("event: response.in_progress\n"));
    assert!(!first.contains("output_item"));
    assert_eq!(ready(&mut body), None);
}
