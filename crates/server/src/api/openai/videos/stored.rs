//! How videos are kept, and what they are at a moment.

use std::time::Duration;

use fakeai_media::Film;
use fakeai_store::{Change, Document, Retention};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ask::Ask;
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;

pub(super) const KIND: &str = "video";
/// How long a job waits, and how long a second of video takes.
const QUEUED: Duration = Duration::from_secs(1);
const A_SECOND: Duration = Duration::from_secs(1);
/// How long content can be fetched, seconds.
const KEPT_SECONDS: u64 = 24 * 3600;

/// A video.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Video {
    pub id: String,
    pub model: String,
    prompt: String,
    /// `1280x720`.
    pub size: String,
    pub seconds: u32,
    remixed_from: Option<String>,
    created: Moment,
    /// Decides what is seen.
    seed: u64,
}

impl Video {
    /// A new one.
    pub(super) fn new(context: &Context, ask: Ask) -> Self {
        let Ask { model, prompt, size, seconds, of } = ask;
        // What is made of a video looks like it, but not the same.
        let seed = of.as_ref().map_or_else(|| context.workspace().seed().derive("video").value(), |of| of.seed);
        Self {
            id: context.hex_id("video_", 48),
            seed: fakeai_core::Seed::new(seed).derive(&model).derive(&prompt).value(),
            model,
            prompt,
            size,
            seconds,
            remixed_from: of.map(|of| of.id),
            created: Moment::now(context.clock()),
        }
    }

    pub(super) fn read(document: &Document) -> Option<Self> {
        serde_json::from_slice(&document.body).ok()
    }

    pub(super) async fn find(context: &Context, id: &str) -> Result<Self, ApiError> {
        let found = context.documents().get(KIND, id).await?;
        found.as_ref().and_then(Self::read).ok_or_else(|| ApiError::no_such("video", id))
    }

    /// The video of an id, if it is done and not over.
    pub(super) async fn completed(context: &Context, id: &str) -> Result<Self, ApiError> {
        let video = Self::find(context, id).await?;
        let now = Moment::now(context.clock());
        if now < video.done() {
            let message = format!("Video is not ready yet, use GET /v1/videos/{id} to check status.");
            return Err(ApiError::invalid(message).code("video_not_ready"));
        }
        if now >= video.done() + Duration::from_secs(KEPT_SECONDS) {
            let message = format!("The content of video '{id}' is expired.");
            return Err(ApiError::invalid(message).status(http::StatusCode::NOT_FOUND).code("video_expired"));
        }
        Ok(video)
    }

    pub(super) fn change(&self) -> Result<Change, ApiError> {
        let body = serde_json::to_vec(self).map_err(|_| ApiError::internal())?;
        Ok(Change::put(KIND, &*self.id, body).retained(Retention::Kept))
    }

    fn work(&self) -> Duration {
        A_SECOND * self.seconds
    }

    /// When it is done.
    fn done(&self) -> Moment {
        self.created + QUEUED + self.work()
    }

    /// What it looks like.
    pub(super) fn film(&self) -> Film {
        let (width, height) = self.size.split_once('x').unwrap_or_default();
        let side = |text: &str| text.parse().unwrap_or_default();
        Film { seed: self.seed, width: side(width), height: side(height), seconds: self.seconds }
    }

    /// As it is shown now.
    pub(super) fn object(&self, context: &Context) -> Value {
        let (now, begun, done) = (Moment::now(context.clock()), self.created + QUEUED, self.done());
        let (status, progress) = if now < begun {
            ("queued", 0)
        } else if now < done {
            let share = now.since(begun).as_secs_f64() / self.work().as_secs_f64();
            ("in_progress", ((100.0 * share) as i64).clamp(0, 99))
        } else {
            ("completed", 100)
        };
        let completed = (status == "completed").then(|| done.unix());
        json!({
            "id": self.id,
            "object": "video",
            "model": self.model,
            "status": status,
            "progress": progress,
            "created_at": self.created.unix(),
            "completed_at": completed,
            "expires_at": completed.map(|completed| completed + KEPT_SECONDS as i64),
            "prompt": self.prompt,
            "size": self.size,
            "seconds": self.seconds.to_string(),
            "remixed_from_video_id": self.remixed_from,
            "error": null,
        })
    }
}
