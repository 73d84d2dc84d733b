//! Videos: jobs by the clock, and their content.

use std::time::Duration;

use fakeai_media::{image_size, video_facts};
use http::Method;
use serde_json::{Value, json};

use crate::harness::{TestServer, form, request};

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap_or_else(|| panic!("no id: {object}"))
}

async fn made(server: &TestServer, body: Value) -> Value {
    let made = server.post("/v1/videos", body).await;
    assert_eq!(made.status.as_u16(), 200, "{}", made.text());
    made.json()
}

#[tokio::test]
async fn a_video_is_queued_made_and_fetched() {
    let server = TestServer::new();
    let video = made(&server, json!({"prompt": "A cat", "size": "1280x720", "seconds": 4})).await;
    insta::assert_json_snapshot!("video_queued", video);
    let path = format!("/v1/videos/{}", id(&video));
    assert_eq!(server.get(&format!("{path}/content")).await.error().1["code"], "video_not_ready");
    server.clock.advance(Duration::from_secs(3));
    let video = server.get(&path).await.json();
    assert_eq!((&video["status"], &video["progress"]), (&json!("in_progress"), &json!(50)));
    server.clock.advance(Duration::from_secs(2));
    let video = server.get(&path).await.json();
    assert_eq!((&video["status"], &video["progress"]), (&json!("completed"), &json!(100)));
    let content = server.get(&format!("{path}/content")).await;
    assert_eq!(content.headers["content-type"], "video/mp4");
    let facts = video_facts(&content.body).unwrap();
    assert_eq!((facts.width, facts.height, facts.frames_per_second), (1280, 720, Some(30.0)));
    assert!((facts.seconds - 4.0).abs() < 1e-6);
    for (variant, size) in [("thumbnail", (320, 180)), ("spritesheet", (640, 360))] {
        let picture = server.get(&format!("{path}/content?variant={variant}")).await;
        assert_eq!(
            (&picture.headers["content-type"], image_size(&picture.body)),
            (&"image/webp".parse().unwrap(), Some(size))
        );
    }
    assert_eq!(server.get(&format!("{path}/content?variant=audio")).await.error().1["param"], "variant");
    server.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(server.get(&format!("{path}/content")).await.status.as_u16(), 404, "it is over");
    assert_eq!(server.send(request(Method::DELETE, &path, None)).await.json()["object"], "video.deleted");
    assert_eq!(server.get(&path).await.status.as_u16(), 404);
}

#[tokio::test]
async fn videos_are_made_of_videos() {
    let server = TestServer::new();
    let first = made(&server, json!({"prompt": "A cat", "model": "sora-2-pro"})).await;
    let of = json!({"id": id(&first)});
    let early = server.post(&format!("/v1/videos/{}/remix", id(&first)), json!({"prompt": "x"})).await;
    assert_eq!(early.error().1["code"], "video_not_ready");
    server.clock.advance(Duration::from_secs(60));
    let remix = server.post(&format!("/v1/videos/{}/remix", id(&first)), json!({"prompt": "At night"})).await.json();
    assert_eq!((&remix["remixed_from_video_id"], &remix["model"]), (&first["id"], &json!("sora-2-pro")));
    let body = json!({"video": of, "prompt": "It jumps", "seconds": "8"});
    let longer = server.post("/v1/videos/extensions", body).await.json();
    assert_eq!((&longer["seconds"], &longer["size"]), (&json!("12"), &first["size"]));
    let edit = form("/v1/videos/edits", &[("video[id]", id(&first)), ("prompt", "Two cats")], &[]);
    assert_eq!(server.send(edit).await.json()["seconds"], "4");
    let thumbnail =
        async |video: &Value| server.get(&format!("/v1/videos/{}/content?variant=thumbnail", id(video))).await.body;
    server.clock.advance(Duration::from_secs(60));
    assert_ne!(thumbnail(&first).await, thumbnail(&remix).await);
    let list = server.get("/v1/videos?limit=1").await.json();
    assert_eq!(list["has_more"], true);
}

#[tokio::test]
async fn what_is_wrong_with_a_video_is_named() {
    let server = TestServer::new();
    for (path, body, param) in [
        ("/v1/videos", json!({}), "prompt"),
        ("/v1/videos", json!({"prompt": ""}), "prompt"),
        ("/v1/videos", json!({"prompt": "x", "seconds": "5"}), "seconds"),
        ("/v1/videos", json!({"prompt": "x", "size": "1x1"}), "size"),
        ("/v1/videos", json!({"prompt": "x", "input_reference": {}}), "input_reference"),
        (
            "/v1/videos",
            json!({"prompt": "x", "input_reference": {"image_url": "data:image/png;base64,AAAA"}}),
            "input_reference",
        ),
        ("/v1/videos/edits", json!({"prompt": "x"}), "video"),
        ("/v1/videos/extensions", json!({"prompt": "x", "video": {"id": "y"}}), "seconds"),
    ] {
        let (status, error) = server.post(path, body).await.error();
        assert_eq!((status, &error["param"]), (400, &json!(param)), "{path}: {error}");
    }
    let pixel = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00";
    let small = form("/v1/videos", &[("prompt", "x")], &[("input_reference", "a.png", pixel)]);
    assert_eq!(server.send(small).await.error().1["code"], "invalid_size");
    let broken = form("/v1/videos/edits", &[("prompt", "x")], &[("video", "a.mp4", b"no video")]);
    assert_eq!(server.send(broken).await.error().1["code"], "invalid_video");
    let missing = json!({"prompt": "x", "video": {"id": "video_none"}});
    assert_eq!(server.post("/v1/videos/edits", missing).await.status.as_u16(), 404);
}
