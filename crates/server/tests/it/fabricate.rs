//! Ids that nobody made, where the server makes objects up for them.

use http::Method;
use serde_json::json;

use crate::harness::{TestServer, request};

#[tokio::test]
async fn made_up_ids_answer_with_an_object_of_their_kind() {
    let server = TestServer::with(|settings| settings.fabricate = true);
    for (path, object) in [
        ("/v1/files/file-x", "file"),
        ("/v1/videos/video_x", "video"),
        ("/v1/evals/eval_x/runs/evalrun_x", "eval.run"),
        ("/v1/organization/projects/proj_x", "organization.project"),
        ("/v1/organization/projects/proj_x/users/user_x", "organization.project.user"),
        ("/v1/threads/thread_x", "thread"),
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text());
        assert_eq!(answer.headers["x-fakeai-fabricated"], "true");
        assert_eq!((&answer.json()["object"], answer.json()), (&json!(object), server.get(path).await.json()));
        assert_eq!(answer.json()["id"], path.rsplit('/').next().unwrap());
    }
    let gone = server.send(request(Method::DELETE, "/v1/files/file-x", None)).await;
    assert_eq!((gone.status.as_u16(), &gone.json()["deleted"]), (200, &json!(true)));
    assert_eq!(server.get("/v1/evals/eval_x/runs").await.json()["data"], json!([]));
    let real = server.post("/v1/organization/projects", json!({"name": "Book"})).await.json();
    let answer = server.get(&format!("/v1/organization/projects/{}", real["id"].as_str().unwrap())).await;
    assert_eq!((answer.json(), answer.headers.get("x-fakeai-fabricated")), (real, None));
    assert_eq!(server.get("/v1/nothing/x").await.status.as_u16(), 404, "there is no such kind");
    let server = TestServer::new();
    assert_eq!(server.get("/v1/files/file-x").await.status.as_u16(), 404, "off unless asked for");
}
