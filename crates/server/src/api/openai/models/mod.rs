//! Models: list, get, capabilities, delete.

mod wire;

use axum::response::Response;
use axum::routing::get;
use http::StatusCode;

use self::wire::{CapabilitiesWire, Deleted, ModelList, ModelWire};
use crate::adapters::Loaded;
use crate::api::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::tuned;
use crate::wire::{PathText, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::api("GET", "/models", "listModels", get(list)),
        // Ids may hold slashes, so what follows the id is looked at by hand.
        Endpoint::api("GET", "/models/{*model}", "retrieveModel", get(get_one)),
        Endpoint::api("DELETE", "/models/{*model}", "deleteModel", axum::routing::delete(delete)),
    ]
}

async fn list(context: Context) -> Response {
    let own = context.workspace().models();
    let tuned = tuned::list(context.workspace());
    let tuned: Vec<_> = tuned.iter().map(|model| model.card(&context.app().catalog)).collect();
    let cards = context.app().catalog.iter().chain(&own).chain(&tuned);
    let adapters = context.app().adapters.as_ref().map(Loaded::list).unwrap_or_default();
    let adapters = adapters.iter().map(ModelWire::of_adapter);
    json(&ModelList::new(cards.map(|card| ModelWire::from(&**card)).chain(adapters).collect()))
}

async fn get_one(context: Context, PathText(path): PathText) -> Result<Response, ApiError> {
    if let Some(model) = path.strip_suffix("/capabilities").filter(|model| !model.is_empty()) {
        let card = context.app().peek_model(context.workspace(), model)?;
        return Ok(json(&CapabilitiesWire::of(&card, model)));
    }
    let card = context.app().peek_model(context.workspace(), &path)?;
    let mut wire = ModelWire::from(&*card);
    // An alias answers by the name it was asked by.
    wire.id = &path;
    Ok(json(&wire))
}

async fn delete(context: Context, PathText(model): PathText) -> Result<Response, ApiError> {
    let made = context.workspace().delete_model(&model);
    if tuned::delete(context.workspace(), &model).await? || made {
        return Ok(json(&Deleted::new(&model)));
    }
    if context.app().catalog.get(&model).is_some() {
        let message = "You have insufficient permissions for this operation: only models you own can be deleted.";
        return Err(ApiError::invalid(message).status(StatusCode::FORBIDDEN).code("insufficient_permissions"));
    }
    Err(ApiError::invalid(format!("The model '{model}' does not exist"))
        .status(StatusCode::NOT_FOUND)
        .param("model")
        .code("model_not_found"))
}
