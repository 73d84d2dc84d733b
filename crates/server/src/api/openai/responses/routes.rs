//! The endpoints of responses.

use axum::response::Response;
use axum::routing::{delete, get, post};
use fakeai_writer::{Choice, Generation};
use serde_json::json;

use super::events::{Events, Replay};
use super::stored::{self, State};
use super::{compact, create, socket};
use crate::api::Endpoint;
use crate::body::stream;
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::{Answer, Pace};
use crate::wire::{PathText, Query, json as json_answer};

pub(in crate::api::openai) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::api("POST", "/responses", "createResponse", post(create::create)),
        Endpoint::api("GET", "/responses", "connectResponses", get(socket::connect)),
        Endpoint::api("POST", "/responses/input_tokens", "Getinputtokencounts", post(create::count)),
        Endpoint::api("POST", "/responses/compact", "Compactconversation", post(compact::compact)),
        Endpoint::api("GET", "/responses/{response_id}", "getResponse", get(get_one)),
        Endpoint::api("DELETE", "/responses/{response_id}", "deleteResponse", delete(delete_one)),
        Endpoint::api("POST", "/responses/{response_id}/cancel", "cancelResponse", post(cancel)),
        Endpoint::api("GET", "/responses/{response_id}/input_items", "listInputItems", get(input_items)),
    ]
}

async fn get_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let found = stored::get(&context, &id)?;
    let query = Query::of(context.path());
    let clock = context.clock();
    let after = query.get("starting_after").map(|text| {
        text.parse::<u64>().map_err(|_| {
            ApiError::invalid("Invalid type for 'starting_after': expected an integer, but got a string instead.")
                .param("starting_after")
                .code("invalid_type")
        })
    });
    let after = after.transpose()?;
    let streams = query.get("stream").is_some_and(|value| matches!(value, "true" | "True" | "1"));
    if !streams {
        if after.is_some() {
            return Err(ApiError::invalid("The 'starting_after' parameter is only allowed when 'stream' is enabled.")
                .param("starting_after"));
        }
        return Ok(json_answer(&found.at(clock)));
    }
    let obfuscation = query.get("include_obfuscation") == Some("true");
    let cancelled = found.state(clock) == State::Cancelled;
    let (segments, flow) = found.replay(clock);
    let choices = vec![Choice { segments, ..Choice::default() }];
    let answer = Answer {
        generation: Generation { choices, ..Generation::default() },
        paces: vec![Pace::Planned(flow)],
        ..Answer::default()
    };
    Ok(stream(context.clone(), answer, Events::new(found.response, obfuscation, Replay { after, cancelled })))
}

async fn delete_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    stored::delete(&context, &id).await?;
    Ok(json_answer(&json!({"id": id, "object": "response", "deleted": true})))
}

async fn cancel(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let _turn = context.workspace().space().alone(&id).await;
    let mut found = stored::get(&context, &id)?;
    let state = found.state(context.clock());
    let refused = |message| context.validation(ApiError::invalid(message));
    let Some(schedule) = &mut found.schedule else {
        return Err(refused("Cannot cancel a synchronous response."));
    };
    match state {
        State::Done => return Err(refused("Cannot cancel a completed response.")),
        // Asked twice, it stays as it is.
        State::Cancelled => {}
        State::Queued | State::InProgress => {
            schedule.cancel(context.clock());
            stored::put(&context, &found).await?;
        }
    }
    Ok(json_answer(&found.at(context.clock())))
}

async fn input_items(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let found = stored::get(&context, &id)?;
    Ok(json_answer(&stored::page_of(&context, found.input)?))
}
