//! What was spent, US dollars a day.

use axum::routing::get;
use serde_json::{Map, Value, json};

use super::asked::{Asked, Bounds};
use super::sums;
use crate::api::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::json as json_answer;

const WIDTHS: Bounds = &[("1d", 86_400, 7, 180)];

pub(super) fn endpoint() -> Endpoint {
    let show = async |context: Context| {
        let shown = costs(&context);
        shown.map(|page| json_answer(&page)).map_err(|error| context.validation(error))
    };
    Endpoint::api("GET", "/organization/costs", "usage-costs", get(show))
}

fn costs(context: &Context) -> Result<Value, ApiError> {
    let groups = ["project_id", "line_item", "api_key_id"];
    let asked = Asked::of(context, WIDTHS, &groups, &["project_ids", "api_key_ids"])?;
    Ok(asked.page(|from, until| {
        sums(
            context,
            &asked,
            (from, until),
            |_, used| used.cost_usd > 0.0,
            |group, used| {
                let amount = json!({"value": used.cost_usd, "currency": "usd"});
                let head = [("object", "organization.costs.result".into()), ("amount", amount)];
                let mut result = Map::from_iter(head.map(|(name, value): (_, Value)| (name.to_owned(), value)));
                result.extend(group);
                result.into()
            },
        )
    }))
}
