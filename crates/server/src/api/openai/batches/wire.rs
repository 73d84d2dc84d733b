//! The body that makes a batch.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::batch::{Batch, Owner, Progress};
use super::schedule::Schedule;
use crate::api::openai::chat::metadata;
use crate::api::openai::files::{Expiry, File};
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;

/// What batches are made for.
const ENDPOINTS: [&str; 8] = [
    "/v1/responses",
    "/v1/chat/completions",
    "/v1/embeddings",
    "/v1/completions",
    "/v1/moderations",
    "/v1/images/generations",
    "/v1/images/edits",
    "/v1/videos",
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct BatchWire {
    input_file_id: Option<String>,
    endpoint: Option<String>,
    completion_window: Option<String>,
    metadata: Option<Map<String, Value>>,
    output_expires_after: Option<Expiry>,
}

impl BatchWire {
    /// The batch it asks for, if all of it is right.
    pub(super) async fn checked(self, context: &Context) -> Result<Batch, ApiError> {
        let Self { input_file_id, endpoint, completion_window, metadata: pairs, output_expires_after } = self;
        let input_file_id = input_file_id.ok_or_else(|| ApiError::missing("input_file_id"))?;
        let endpoint = endpoint.ok_or_else(|| ApiError::missing("endpoint"))?;
        if !ENDPOINTS.contains(&&*endpoint) {
            return Err(ApiError::unsupported_value("endpoint", &endpoint, &ENDPOINTS));
        }
        match completion_window.as_deref() {
            None => return Err(ApiError::missing("completion_window")),
            Some("24h") => {}
            Some(other) => return Err(ApiError::unsupported_value("completion_window", other, &["24h"])),
        }
        metadata(pairs.as_ref())?;
        let expiry = output_expires_after.as_ref().map(|expiry| expiry.lifetime("output_expires_after"));
        let output_seconds = expiry.transpose()?.flatten();
        let file = File::find(context, &input_file_id).await.map_err(|error| error.param("input_file_id"))?;
        if file.purpose != "batch" {
            let message = format!(
                "Invalid file purpose for 'input_file_id': expected 'batch', but file '{}' has the purpose '{}'.",
                file.id, file.purpose
            );
            return Err(ApiError::invalid(message).param("input_file_id").code("invalid_file_purpose"));
        }
        let created = Moment::now(context.clock());
        let caller = context.note().caller.as_deref().map(Owner::from);
        Ok(Batch {
            id: context.hex_id("batch_", 32),
            endpoint,
            input_file_id,
            metadata: pairs,
            output_seconds,
            caller,
            schedule: Schedule::new(created, context.app().settings.jobs.batch),
            input_bytes: file.bytes,
            checked: None,
            errors: Vec::new(),
            progress: Progress { reached: created, ..Progress::default() },
            began: None,
            finalizing: None,
            cancelling: None,
            expired: false,
            ended: None,
            output_file_id: None,
            error_file_id: None,
            version: None,
        })
    }
}
