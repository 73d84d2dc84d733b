//! The body that makes a job.

use std::sync::Arc;

use fakeai_catalog::ModelCard;
use fakeai_core::Seed;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::examples::{FEWEST, Reading, Survey};
use super::job::{Job, JobError};
use super::method::Method;
use super::schedule::Schedule;
use crate::api::openai::chat::metadata;
use crate::api::openai::files::File;
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;
use crate::wire::{Range, integer};

/// Longest suffix, characters.
const LONGEST_SUFFIX: usize = 64;
/// Most integrations.
const MOST_INTEGRATIONS: usize = 5;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct JobWire {
    model: Option<String>,
    training_file: Option<String>,
    validation_file: Option<String>,
    hyperparameters: Option<Value>,
    method: Option<Value>,
    suffix: Option<String>,
    integrations: Option<Vec<Value>>,
    seed: Option<i64>,
    metadata: Option<Map<String, Value>>,
}

impl JobWire {
    /// The job it asks for, if all of it is right. Reads its files, which takes as long as they are large.
    pub(super) async fn checked(self, context: &Context) -> Result<Job, ApiError> {
        let Self { model, training_file, validation_file, hyperparameters, method, suffix, .. } = self;
        let model = model.filter(|model| !model.is_empty()).ok_or_else(|| ApiError::missing("model"))?;
        let training_file = training_file.ok_or_else(|| ApiError::missing("training_file"))?;
        let method = Method::read(method.as_ref(), hyperparameters.as_ref())?;
        let seed = integer("seed", self.seed, Range::new(0, i64::from(i32::MAX)))?;
        let suffix = suffix_of(suffix)?;
        let integrations = integrations_of(self.integrations)?;
        metadata(self.metadata.as_ref())?;
        let card = trainable(context, &model)?;
        context.note().model = Some(card.id.as_str().into());
        let files = [("training_file", Some(training_file.as_str())), ("validation_file", validation_file.as_deref())];
        for (param, file) in files {
            if let Some(file) = file {
                usable(context, param, file).await?;
            }
        }
        let reading = Reading {
            kind: method.kind,
            model: card.kind,
            tokenizer: card.tokenizer,
            window_tokens: card.context_window_tokens,
        };
        let training = survey(context, reading, &training_file).await?;
        let validation = match &validation_file {
            Some(file) => Some(survey(context, reading, file).await?),
            None => None,
        };
        let id = context.id("ftjob-", 24);
        let organization = context.note().caller.as_ref().and_then(|caller| caller.organization.clone());
        let organization = organization.map_or_else(|| "org-fakeai".to_owned(), |name| name.to_string());
        let own = organization.strip_prefix("org-").unwrap_or(&organization);
        let base = model.strip_prefix("ft:").and_then(|rest| rest.split(':').next()).unwrap_or(&card.id);
        Ok(Job {
            tuned: format!("ft:{base}:{own}:{suffix}:{}", context.id("", 8)),
            result_file: context.id("file-", 22),
            error: error(&training_file, &training, validation.as_ref()),
            seed: seed.unwrap_or_else(|| (Seed::new(0).derive(&id).value() >> 33).cast_signed()),
            model: card.id.clone(),
            organization,
            training_file,
            validation_file,
            method,
            integrations,
            metadata: self.metadata,
            schedule: Schedule::new(Moment::now(context.clock()), context.app().settings.jobs.fine_tuning),
            training,
            validation,
            delivered: false,
            version: None,
            id,
        })
    }
}

fn suffix_of(suffix: Option<String>) -> Result<String, ApiError> {
    const PARAM: &str = "suffix";
    let Some(suffix) = suffix else { return Ok(String::new()) };
    if suffix.chars().count() > LONGEST_SUFFIX {
        return Err(ApiError::too_long(PARAM, LONGEST_SUFFIX, suffix.chars().count()));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b' ');
    if suffix.is_empty() || !suffix.bytes().all(plain) {
        let message = "Invalid 'suffix': expected letters, digits, dashes, dots and underscores, at least one.";
        return Err(ApiError::invalid(message).param(PARAM).code("invalid_value"));
    }
    // As a part of a name.
    Ok(suffix.trim().to_ascii_lowercase().replace([' ', '.', '_'], "-"))
}

fn integrations_of(given: Option<Vec<Value>>) -> Result<Option<Vec<Value>>, ApiError> {
    let Some(list) = given else { return Ok(None) };
    if list.len() > MOST_INTEGRATIONS {
        return Err(ApiError::too_many("integrations", MOST_INTEGRATIONS, list.len()));
    }
    for (place, integration) in list.iter().enumerate() {
        let param = |field: &str| format!("integrations[{place}].{field}");
        match integration["type"].as_str() {
            Some("wandb") => {}
            None => return Err(ApiError::missing(&param("type"))),
            Some(other) => return Err(ApiError::unsupported_value(&param("type"), other, &["wandb"])),
        }
        if !integration["wandb"]["project"].is_string() {
            return Err(ApiError::missing(&param("wandb.project")));
        }
    }
    Ok(Some(list))
}

/// The card of a model that can be tuned.
fn trainable(context: &Context, model: &str) -> Result<Arc<ModelCard>, ApiError> {
    let refused = |message: String| ApiError::invalid(message).param("model").code("model_not_available");
    let unknown = || refused(format!("Model {model} is not available for fine-tuning or does not exist."));
    let card = context.app().peek_model(context.workspace(), model).map_err(|_| unknown())?;
    if card.capabilities.fine_tuning {
        return Ok(card);
    }
    if context.app().catalog.get(model).is_none() {
        return Err(unknown());
    }
    Err(refused(format!("The specified base model '{model}' does not support fine-tuning.")))
}

/// Refuses a file that cannot be used.
async fn usable(context: &Context, param: &str, id: &str) -> Result<(), ApiError> {
    let unknown = || {
        let message = format!("invalid {param}: {id}");
        ApiError::invalid(message).param(param).code("invalid_file_id")
    };
    let file = File::find(context, id).await.map_err(|error| match error.status {
        http::StatusCode::NOT_FOUND => unknown(),
        _ => error,
    })?;
    if file.purpose != "fine-tune" {
        let message = format!("The {param} '{id}' must have purpose 'fine-tune', but it has '{}'.", file.purpose);
        return Err(ApiError::invalid(message).param(param).code("invalid_file_purpose"));
    }
    Ok(())
}

/// Reads a file where it keeps nobody waiting.
async fn survey(context: &Context, reading: Reading, file: &str) -> Result<Survey, ApiError> {
    let (space, file) = (context.workspace().space().clone(), file.to_owned());
    let runtime = tokio::runtime::Handle::current();
    let done = context.app().kit.tasks.compute(move || runtime.block_on(reading.survey(space, &file))).await;
    Ok(done.ok_or_else(ApiError::internal)??)
}

/// Why a job with these files fails.
fn error(file: &str, training: &Survey, validation: Option<&Survey>) -> Option<JobError> {
    let broken = |param: &str, what: &str, survey: &Survey| {
        let wrong = survey.wrong.as_ref()?;
        let message = format!("The job failed due to an invalid {what} file. {wrong}");
        Some(JobError { code: format!("invalid_{param}"), message, param: Some(param.to_owned()) })
    };
    let few = || {
        let examples = training.examples;
        let count = if examples == 1 { "1 example".to_owned() } else { format!("{examples} examples") };
        let message = format!("'{file}' contains {count}. Training file must have at least {FEWEST} examples.");
        let error =
            JobError { code: "invalid_n_examples".to_owned(), message, param: Some("training_file".to_owned()) };
        (examples < FEWEST).then_some(error)
    };
    broken("training_file", "training", training)
        .or_else(few)
        .or_else(|| broken("validation_file", "validation", validation?))
}
