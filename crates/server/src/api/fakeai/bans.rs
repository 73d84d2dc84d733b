//! `/fakeai/bans`: clients that are not heard, looked at and let go.

use std::time::Duration;

use axum::response::Response;
use axum::routing::{delete, get, post};
use fakeai_core::Tick;
use fakeai_guard::{Ban, Client, Offence};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::List;
use crate::api::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::gate::Bans;
use crate::wire::{JsonBody, PathText, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("GET", "/fakeai/bans", "listBans", get(list)),
        Endpoint::own("POST", "/fakeai/bans", "createBan", post(create)),
        Endpoint::own("DELETE", "/fakeai/bans/{client}", "deleteBan", delete(delete_one)),
    ]
}

#[derive(Serialize)]
struct BanWire {
    object: &'static str,
    client: String,
    offence: &'static str,
    seconds_left: f64,
    offences: Vec<(&'static str, usize)>,
}

impl BanWire {
    fn of(bans: &Bans, ban: &Ban, now: Tick) -> Self {
        let offences = bans.watch.offences(ban.client, now);
        Self {
            object: "fakeai.ban",
            client: ban.client.to_string(),
            offence: ban.offence.name(),
            seconds_left: ban.until.since(now).as_secs_f64(),
            offences: offences.into_iter().map(|(offence, count)| (offence.name(), count)).collect(),
        }
    }
}

fn bans(context: &Context) -> Result<&Bans, ApiError> {
    context.app().gate.bans.as_ref().ok_or_else(|| {
        ApiError::invalid("This server bans nobody: start it with --enable-abuse-detection.")
            .status(StatusCode::NOT_FOUND)
    })
}

fn now(context: &Context) -> Tick {
    context.app().kit.clock.now()
}

async fn list(context: Context) -> Result<Response, ApiError> {
    let (bans, now) = (bans(&context)?, now(&context));
    let data = bans.watch.bans(now).iter().map(|ban| BanWire::of(bans, ban, now)).collect();
    Ok(json(&List { object: "list", data }))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NewBan {
    client: Option<String>,
    seconds: Option<f64>,
}

async fn create(JsonBody(context, wire): JsonBody<NewBan>) -> Result<Response, ApiError> {
    let client = read(&wire.client.ok_or_else(|| ApiError::missing("client"))?)?;
    let seconds = wire.seconds.unwrap_or(300.0);
    let lasts = Duration::try_from_secs_f64(seconds).ok().filter(|lasts| lasts.as_secs() <= 366 * 86_400);
    let lasts =
        lasts.ok_or_else(|| ApiError::invalid("'seconds' is a number of seconds up to a year.").param("seconds"))?;
    let (bans, now) = (bans(&context)?, now(&context));
    let ban = bans.watch.ban_for(client, Offence::FailedLogin, lasts, now);
    Ok(json(&BanWire::of(bans, &ban, now)))
}

async fn delete_one(context: Context, PathText(client): PathText<String>) -> Result<Response, ApiError> {
    let client = read(&client)?;
    if bans(&context)?.watch.lift(client, now(&context)) {
        return list(context).await;
    }
    Err(ApiError::invalid(format!("{client} is not banned.")).status(StatusCode::NOT_FOUND))
}

fn read(text: &str) -> Result<Client, ApiError> {
    // The slash of a network cannot stand in a path.
    let text = text.replace("%2F", "/");
    text.parse().map_err(|error| ApiError::invalid(format!("Invalid 'client': {error}.")).param("client"))
}
