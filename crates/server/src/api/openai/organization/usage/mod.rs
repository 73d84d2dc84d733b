//! What was used and what it cost: the books of the asker's workspace, in buckets of the calendar.

mod asked;
mod costs;
mod kinds;

use std::collections::BTreeMap;

use axum::response::Response;
use axum::routing::get;
use fakeai_telemetry::{Account, Used};
use serde_json::{Map, Value, json};

pub(super) use self::asked::values;
use self::asked::{Asked, Bounds};
use self::kinds::{KINDS, Kind};
use crate::api::Endpoint;
use crate::api::openai::vector_stores::usage_bytes;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::json as json_answer;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let usage = KINDS.iter().map(|kind| {
        let show = async move |context: Context| {
            let shown = usage(&context, kind);
            shown.map(|page| json_answer(&page)).map_err(|error| context.validation(error))
        };
        Endpoint::api("GET", kind.path, kind.operation, get(show))
    });
    let stored = Endpoint::api("GET", STORES, "usage-vector-stores", get(vector_stores));
    usage.chain([stored, costs::endpoint()]).collect()
}

const STORES: &str = "/organization/usage/vector_stores";

/// Widths of buckets: name, seconds, how many are usual, how many there may be.
const WIDTHS: Bounds = &[("1m", 60, 60, 1440), ("1h", 3600, 24, 168), ("1d", 86_400, 7, 31)];

fn usage(context: &Context, kind: &Kind) -> Result<Value, ApiError> {
    let asked = Asked::of(context, WIDTHS, kind.groups, kind.filters)?;
    Ok(asked.page(|from, until| {
        sums(context, &asked, (from, until), kind.takes, |group, used| {
            let mut result = Map::from_iter([("object".to_owned(), Value::from(kind.object))]);
            result.extend(kind.counts.iter().map(|(name, count)| ((*name).to_owned(), count(used).into())));
            result.extend(group);
            result.into()
        })
    }))
}

/// What was used in one bucket, a result for each group.
fn sums(
    context: &Context,
    asked: &Asked,
    (from, until): (i64, i64),
    takes: fn(&Account, &Used) -> bool,
    shown: impl Fn(Map<String, Value>, &Used) -> Value,
) -> Vec<Value> {
    let mut groups: BTreeMap<Vec<Option<String>>, Used> = BTreeMap::new();
    context.app().ledger.look(|archive| {
        for (_, account, used) in archive.books().between(context.workspace_name(), from, until) {
            if takes(account, used) && asked.wants(account) {
                groups.entry(asked.group(account)).or_default().merge(used);
            }
        }
    });
    groups.into_iter().map(|(group, used)| shown(asked.named(group), &used)).collect()
}

/// What stores take now, in the bucket of the present: what they took earlier is not kept.
async fn vector_stores(context: Context) -> Result<Response, ApiError> {
    let asked = Asked::of(&context, WIDTHS, &["project_id"], &["project_ids"]);
    let asked = asked.map_err(|error| context.validation(error))?;
    let (bytes, now) = (usage_bytes(&context)?, context.created());
    let page = asked.page(|from, until| {
        // Stores have no project, so none is left once some are asked for.
        if bytes == 0 || !(from..until).contains(&now) || asked.filters_by("project_ids") {
            return Vec::new();
        }
        vec![json!({"object": "organization.usage.vector_stores.result", "usage_bytes": bytes, "project_id": null})]
    });
    Ok(json_answer(&page))
}
