//! Adapters (`LoRA`) that come and go while the server runs, in vLLM's words.

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::StatusCode;
use serde::Deserialize;

use crate::adapters::{Loaded, NotLoaded};
use crate::api::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::JsonBody;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::api("POST", "/load_lora_adapter", "loadLoraAdapter", post(load)),
        Endpoint::api("POST", "/unload_lora_adapter", "unloadLoraAdapter", post(unload)),
    ]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AdapterRequest {
    lora_name: Option<String>,
    lora_path: Option<String>,
}

async fn load(JsonBody(context, wire): JsonBody<AdapterRequest>) -> Result<Response, ApiError> {
    let adapters = adapters(&context)?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let Some((name, path)) = given(wire.lora_name).zip(given(wire.lora_path)) else {
        return Err(ApiError::invalid("Both 'lora_name' and 'lora_path' must be provided."));
    };
    if context.app().catalog.get(&name).is_some() {
        return Err(ApiError::invalid(format!("'{name}' is the name of a model.")).param("lora_name"));
    }
    adapters.load(&name, &path, context.created()).map_err(|error| {
        ApiError::invalid(match error {
            NotLoaded::Already => format!("The lora adapter '{name}' has already been loaded."),
            NotLoaded::TooMany => "Too many lora adapters are loaded; unload one first.".to_owned(),
        })
    })?;
    Ok(format!("Success: LoRA adapter '{name}' added successfully.").into_response())
}

async fn unload(JsonBody(context, wire): JsonBody<AdapterRequest>) -> Result<Response, ApiError> {
    let adapters = adapters(&context)?;
    let name = wire.lora_name.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| ApiError::invalid("'lora_name' must be provided.").param("lora_name"))?;
    if !adapters.unload(&name) {
        return Err(ApiError::invalid(format!("The lora adapter '{name}' cannot be found."))
            .status(StatusCode::NOT_FOUND)
            .param("lora_name"));
    }
    Ok(format!("Success: LoRA adapter '{name}' removed successfully.").into_response())
}

fn adapters(context: &Context) -> Result<&Loaded, ApiError> {
    context.app().adapters.as_ref().ok_or_else(|| {
        let message = "This server takes no LoRA adapters: start it with --engine and --enable-lora.";
        ApiError::invalid(message)
    })
}
