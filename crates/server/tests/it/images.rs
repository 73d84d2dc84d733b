//! `/v1/images`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fakeai_engine::LatencyModel;
use fakeai_media::art::{Look, Sketch, paint};
use fakeai_media::{Picture, Writing, image_size};
use http::{Method, Request};
use serde_json::{Value, json};

use super::harness::{Answer, TestServer, millis, ready, request};

const GENERATE: &str = "/v1/images/generations";

fn decoded(one: &Value) -> Vec<u8> {
    STANDARD.decode(one["b64_json"].as_str().unwrap()).unwrap()
}

async fn generate(server: &TestServer, body: Value) -> Value {
    let answer = server.post(GENERATE, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// A path, fields and files of a form.
type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, Vec<(&'a str, &'a [u8])>);

/// A form of fields and files: name, bytes.
async fn form(server: &TestServer, path: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--xyz\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    for (name, bytes) in files {
        body.extend(
            format!("--xyz\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"a.png\"\r\n\r\n").bytes(),
        );
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--xyz--\r\n");
    let request =
        Request::builder().method(Method::POST).uri(path).header("content-type", "multipart/form-data; boundary=xyz");
    server.send(request.body(body.into()).unwrap()).await
}

fn source(width: u32, height: u32) -> Picture {
    paint(&Sketch { prompt: "a red house", width, height, seed: 1, look: Look::default(), caption: "" })
}

fn png(picture: &Picture) -> Vec<u8> {
    picture.encode(Writing::Png).unwrap()
}

/// Opaque, with a hole of a quarter in the middle.
fn mask(width: u32, height: u32) -> Picture {
    let mut mask = Picture::filled(width, height, [0, 0, 0, 255]);
    for (at, pixel) in mask.rgba.chunks_exact_mut(4).enumerate() {
        let (x, y) = (at as u32 % width, at as u32 / width);
        if (width / 4..width * 3 / 4).contains(&x) && (height / 4..height * 3 / 4).contains(&y) {
            pixel[3] = 0;
        }
    }
    mask
}

#[tokio::test]
async fn gpt_image_gives_pictures_and_counts_them() {
    let server = TestServer::new();
    let answer = generate(
        &server,
        json!({"model": "gpt-image-1", "prompt": "A cute baby sea otter", "quality": "low", "size": "1024x1536"}),
    )
    .await;
    assert_eq!(image_size(&decoded(&answer["data"][0])), Some((1024, 1536)));
    assert_eq!(
        (&answer["size"], &answer["quality"], &answer["background"]),
        (&json!("1024x1536"), &json!("low"), &json!("opaque"))
    );
    assert_eq!(answer["usage"]["output_tokens"], 408);
    assert_eq!(answer["usage"]["input_tokens_details"]["image_tokens"], 0);
    let records = server.get("/metrics/requests").await.json().to_string();
    assert!(records.contains("/v1/images/generations") && records.contains("408"), "{records}");
}

#[tokio::test]
async fn pictures_differ_by_prompt_and_by_number_and_not_by_run() {
    let body =
        json!({"model": "dall-e-2", "prompt": "a boat", "n": 2, "size": "256x256", "response_format": "b64_json"});
    let (one, other) = (TestServer::new(), TestServer::new());
    let (first, again) = (generate(&one, body.clone()).await, generate(&other, body.clone()).await);
    assert_eq!(first["data"], again["data"]);
    assert_ne!(first["data"][0], first["data"][1]);
    assert_ne!(generate(&one, body).await["data"], first["data"]);
}

#[tokio::test]
async fn every_format_is_what_it_says() {
    let server = TestServer::new();
    for (format, begin) in [("png", &b"\x89PNG"[..]), ("jpeg", b"\xff\xd8\xff"), ("webp", b"RIFF")] {
        let answer = generate(&server, json!({"model": "gpt-image-1-mini", "prompt": "sea", "size": "1024x1024", "quality": "low", "output_format": format})).await;
        assert!(decoded(&answer["data"][0]).starts_with(begin));
        assert_eq!(answer["output_format"], format);
    }
    let body = |compression| json!({"model": "gpt-image-1", "prompt": "sea", "output_format": "jpeg", "output_compression": compression});
    let size = |answer: &Value| decoded(&answer["data"][0]).len();
    assert!(size(&generate(&server, body(20)).await) < size(&generate(&server, body(95)).await));
    let clear = generate(
        &server,
        json!({"model": "gpt-image-1", "prompt": "a fox", "background": "transparent", "size": "1024x1024"}),
    )
    .await;
    assert_eq!(Picture::decode(&decoded(&clear["data"][0])).unwrap().pixel(0, 0)[3], 0);
    assert_eq!(clear["background"], "transparent");
}

#[tokio::test]
async fn a_url_is_good_until_it_expires() {
    let server = TestServer::new();
    let body = json!({"model": "dall-e-3", "prompt": "A city at night"}).to_string();
    let asked = Request::builder()
        .method(Method::POST)
        .uri(GENERATE)
        .header("host", "pictures.test:8000")
        .header("content-type", "application/json");
    let answer = server.send(asked.body(body.into()).unwrap()).await.json();
    assert!(answer["data"][0]["revised_prompt"].as_str().unwrap().contains("city at night"));
    let url = answer["data"][0]["url"].as_str().unwrap();
    let path = url.strip_prefix("http://pictures.test:8000").unwrap().to_owned();
    let picture = server.get(&path).await;
    assert_eq!((picture.status.as_u16(), image_size(&picture.body)), (200, Some((1024, 1024))));
    assert_eq!(picture.headers["content-type"], "image/png");
    assert_eq!(picture.headers["cache-control"], "private, max-age=3600, immutable");
    let with = |name: &'static str, value: String| {
        Request::builder().uri(&path).header(name, value).body(String::new().into()).unwrap()
    };
    let tag = picture.headers["etag"].to_str().unwrap().to_owned();
    let known = server.send(with("if-none-match", tag)).await;
    assert_eq!((known.status.as_u16(), known.body.len()), (304, 0));
    let part = server.send(with("range", "bytes=0-7".to_owned())).await;
    assert_eq!((part.status.as_u16(), &part.body[..]), (206, &b"\x89PNG\r\n\x1a\n"[..]));
    server.clock.advance(millis(3_600_001));
    assert_eq!(server.get(&path).await.status, 404);
    assert_eq!(server.get("/images/img-none.png").await.status, 404);
    assert_eq!(server.get("/images/none").await.status, 404);
}

#[tokio::test]
async fn each_workspace_has_its_own_pictures() {
    let server = TestServer::new();
    let answer = server.post("/w/one/v1/images/generations", json!({"prompt": "x", "size": "256x256"})).await.json();
    let url = answer["data"][0]["url"].as_str().unwrap();
    let path = &url[url.find("/w/").unwrap()..];
    assert_eq!(server.get(path).await.status, 200);
    assert_eq!(server.get(path.strip_prefix("/w/one").unwrap()).await.status, 404);
}

#[tokio::test]
async fn a_stream_shows_unfinished_pictures_when_they_are_due() {
    let server = TestServer::with(|settings| {
        settings.latency = LatencyModel::Profile;
        settings.response_delay.variance = 0.0;
        settings.images.delay = Some(millis(9000));
    });
    let body = json!({"model": "gpt-image-1", "prompt": "a lighthouse", "size": "1024x1024", "quality": "medium", "stream": true, "partial_images": 2});
    let response = server.open(request(Method::POST, GENERATE, Some(body))).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    let mut body = response.into_body();
    assert_eq!(ready(&mut body), None);
    let mut events = Vec::new();
    for _ in 0..3 {
        server.clock.advance(millis(3000));
        let text = ready(&mut body).unwrap();
        let (head, data) = text.split_once('\n').unwrap();
        let event: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(head, format!("event: {}", event["type"].as_str().unwrap()));
        assert_eq!(image_size(&decoded(&event)), Some((1024, 1024)));
        events.push(event);
    }
    assert_eq!(ready(&mut body), None);
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        ["image_generation.partial_image", "image_generation.partial_image", "image_generation.completed"]
    );
    assert_eq!(events[1]["partial_image_index"], 1);
    assert_eq!(events[2]["usage"]["output_tokens"], 1056 + 200);
}

#[tokio::test]
async fn pictures_take_the_time_of_their_quality() {
    let server = TestServer::with(|settings| {
        settings.latency = LatencyModel::Profile;
        settings.response_delay.variance = 0.0;
    });
    let before = server.clock.now();
    generate(&server, json!({"model": "gpt-image-1", "prompt": "x", "size": "1024x1024", "quality": "medium"})).await;
    let between = server.clock.now();
    let medium = between.since(before);
    generate(&server, json!({"model": "gpt-image-1", "prompt": "x", "size": "1024x1024", "quality": "low"})).await;
    let low = server.clock.now().since(between);
    assert_eq!(medium, millis(8000));
    assert_eq!(low, millis(3200));
}

#[tokio::test]
async fn an_edit_changes_the_picture_inside_its_mask_only() {
    let server = TestServer::new();
    let (picture, hole) = (source(1024, 1024), mask(1024, 1024));
    let fields =
        [("model", "gpt-image-1"), ("prompt", "an orange fox"), ("size", "1024x1024"), ("quality", "low"), ("n", "1")];
    let answer = form(&server, "/v1/images/edits", &fields, &[("image", &png(&picture)), ("mask", &png(&hole))]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let edited = Picture::decode(&decoded(&answer["data"][0])).unwrap();
    let mut changed = 0;
    for (at, (one, other)) in edited.rgba.chunks_exact(4).zip(picture.rgba.chunks_exact(4)).enumerate() {
        if hole.rgba[at * 4 + 3] == 255 {
            assert_eq!(one, other);
        } else {
            changed += usize::from(one != other);
        }
    }
    assert!(changed > 512 * 512 / 2, "{changed}");
    assert_eq!(answer["usage"]["input_tokens_details"]["image_tokens"], 194);
}

#[tokio::test]
async fn edits_come_as_json_too_with_several_pictures() {
    let server = TestServer::new();
    let url = |picture: &Picture| format!("data:image/png;base64,{}", STANDARD.encode(png(picture)));
    let image = |picture: &Picture| json!({"image_url": url(picture)});
    let (one, other) = (source(300, 200), source(200, 200));
    let body = json!({"model": "gpt-image-1", "prompt": "Put them together", "images": [image(&one), image(&other)], "quality": "low"});
    let answer = server.post("/v1/images/edits", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    // As near to the first picture's shape as there is a size.
    assert_eq!(image_size(&decoded(&answer.json()["data"][0])), Some((1536, 1024)));
    let fetched = json!({"prompt": "x", "images": [{"image_url": "https://example.com/a.png"}]});
    assert_eq!(server.post("/v1/images/edits", fetched).await.error().1["code"], "invalid_image_url");
    let uploaded = form(&server, "/v1/files", &[("purpose", "vision")], &[("file", &png(&one))]).await.json();
    let body = json!({"prompt": "sepia", "images": [{"file_id": uploaded["id"]}], "stream": true});
    let answer = server.post("/v1/images/edits", body).await;
    assert!(answer.text().starts_with("event: image_edit.completed\n"), "{}", answer.text());
}

#[tokio::test]
async fn variations_are_pictures_of_the_size_asked_for() {
    let server = TestServer::new();
    let fields = [("n", "2"), ("size", "256x256"), ("response_format", "b64_json")];
    let answer = form(&server, "/v1/images/variations", &fields, &[("image", &png(&source(300, 300)))]).await.json();
    assert_eq!(answer["data"].as_array().unwrap().len(), 2);
    assert_eq!(image_size(&decoded(&answer["data"][1])), Some((256, 256)));
    assert_ne!(answer["data"][0], answer["data"][1]);
}

#[tokio::test]
async fn each_mistake_in_json_has_openais_words() {
    let server = TestServer::new();
    let mut seen = Vec::new();
    for body in [
        json!({}),
        json!({"prompt": ""}),
        json!({"prompt": 7}),
        json!({"prompt": "x".repeat(1001)}),
        json!({"model": "dall-e-3", "prompt": "x", "n": 2}),
        json!({"prompt": "x", "n": 0}),
        json!({"prompt": "x", "n": 11}),
        json!({"prompt": "x", "n": "two"}),
        json!({"prompt": "x", "size": "99x99"}),
        json!({"model": "gpt-image-1", "prompt": "x", "size": "512x512"}),
        json!({"model": "gpt-image-2", "prompt": "x", "size": "1000x1000"}),
        json!({"model": "gpt-image-2", "prompt": "x", "size": "1600x320"}),
        json!({"model": "gpt-image-1", "prompt": "x", "response_format": "url"}),
        json!({"model": "dall-e-3", "prompt": "x", "background": "transparent"}),
        json!({"model": "dall-e-2", "prompt": "x", "style": "vivid"}),
        json!({"model": "dall-e-3", "prompt": "x", "style": "wild"}),
        json!({"model": "gpt-image-1", "prompt": "x", "quality": "hd"}),
        json!({"model": "gpt-image-1", "prompt": "x", "output_format": "gif"}),
        json!({"model": "gpt-image-1", "prompt": "x", "output_compression": 50}),
        json!({"model": "gpt-image-1", "prompt": "x", "output_format": "jpeg", "background": "transparent"}),
        json!({"model": "gpt-image-1", "prompt": "x", "stream": true, "partial_images": 4}),
        json!({"model": "gpt-image-1", "prompt": "x", "stream": true, "n": 2}),
    ] {
        let (status, error) = server.post(GENERATE, body).await.error();
        seen.push(format!("{status} {} {} {}", error["code"], error["param"], error["message"].as_str().unwrap()));
    }
    insta::assert_snapshot!(seen.join("\n"));
}

#[tokio::test]
async fn each_mistake_in_a_form_has_openais_words() {
    let server = TestServer::new();
    let (opaque, small) = (png(&source(64, 64)), png(&mask(32, 32)));
    let wide = png(&source(64, 32));
    let mut bomb = opaque.clone();
    // The header says 60,000 pixels a side; its checksum is not looked at before that.
    bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    let (dalle, gpt) = (("model", "dall-e-2"), ("model", "gpt-image-1"));
    let prompt = ("prompt", "x");
    let (edits, variations) = ("/v1/images/edits", "/v1/images/variations");
    let cases: Vec<Case<'_>> = vec![
        (edits, vec![gpt, prompt], vec![]),
        (edits, vec![gpt], vec![("image", &opaque)]),
        (edits, vec![gpt, prompt], vec![("image", b"not an image")]),
        (edits, vec![gpt, prompt], vec![("image", &opaque[..opaque.len() / 2])]),
        (edits, vec![gpt, prompt], vec![("image", &bomb)]),
        (edits, vec![gpt, prompt], vec![("image", &opaque), ("mask", &small)]),
        (edits, vec![gpt, prompt], vec![("image", &opaque), ("mask", &opaque)]),
        (edits, vec![gpt, prompt, ("image", "text")], vec![]),
        (edits, vec![("model", "dall-e-3"), prompt], vec![("image", &opaque)]),
        (edits, vec![dalle, prompt], vec![("image", &opaque)]),
        (edits, vec![dalle, prompt], vec![("image", &wide)]),
        (edits, vec![dalle, prompt], vec![("image", b"\xff\xd8\xff\xe0")]),
        (edits, vec![dalle, prompt], vec![("image", &opaque), ("image", &opaque)]),
        (variations, vec![("model", "gpt-image-1")], vec![("image", &opaque)]),
        (variations, vec![("n", "many")], vec![("image", &opaque)]),
        (variations, vec![("size", "1x1")], vec![("image", &opaque)]),
        (variations, vec![], vec![]),
    ];
    let mut seen = Vec::new();
    for (path, fields, files) in cases {
        let (status, error) = form(&server, path, &fields, &files).await.error();
        seen.push(format!("{status} {} {} {}", error["code"], error["param"], error["message"].as_str().unwrap()));
    }
    insta::assert_snapshot!(seen.join("\n"));
}

#[tokio::test]
async fn a_server_that_refuses_harm_paints_none() {
    let server = TestServer::with(|settings| settings.writer.safety.refusals = true);
    let (status, error) = server
        .post(GENERATE, json!({"model": "gpt-image-1", "prompt": "His guts spilled onto the floor while he screamed."}))
        .await
        .error();
    assert_eq!((status, error["code"].as_str()), (400, Some("moderation_blocked")));
}

#[tokio::test]
async fn the_tool_of_responses_paints_real_pictures() {
    let server = TestServer::new();
    let body = json!({"model": "gpt-4o", "input": "Draw a cat with a hat", "stream": true,
        "tools": [{"type": "image_generation", "partial_images": 1, "output_format": "webp", "size": "1024x1024"}]});
    let text = server.post("/v1/responses", body).await.text();
    let events: Vec<Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let partial = events.iter().find(|event| event["type"] == "response.image_generation_call.partial_image").unwrap();
    let done = events
        .iter()
        .find(|event| event["type"] == "response.output_item.done" && event["item"]["type"] == "image_generation_call")
        .unwrap();
    let bytes = |text: &Value| STANDARD.decode(text.as_str().unwrap()).unwrap();
    let (unfinished, finished) = (bytes(&partial["partial_image_b64"]), bytes(&done["item"]["result"]));
    assert_ne!(unfinished, finished);
    assert_eq!((image_size(&unfinished), image_size(&finished)), (Some((1024, 1024)), Some((1024, 1024))));
    assert!(finished.starts_with(b"RIFF"));
}
