//! The organisation's audit log as clients read it.

use axum::response::Response;
use axum::routing::get;
use serde_json::Value;

use super::usage::values;
use crate::api::Endpoint;
use crate::api::openai::listing::{List, page};
use crate::audit;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{Query, json as json_answer};

pub(super) fn endpoint() -> Endpoint {
    Endpoint::api("GET", "/organization/audit_logs", "list-audit-logs", get(list))
}

async fn list(context: Context) -> Result<Response, ApiError> {
    let query = Query::of(context.path());
    let asked = Asked::of(&query).map_err(|error| context.validation(error))?;
    let entries = audit::entries(&context, |entry| asked.wants(entry)).await?;
    let id = |entry: &Value| entry["id"].as_str().unwrap_or_default().to_owned();
    let entries: Vec<(String, Value)> = entries.into_iter().map(|entry| (id(&entry), entry)).collect();
    let (entries, has_more) = page(entries, |(id, _)| id, &query).map_err(|error| context.validation(error))?;
    Ok(json_answer(&List::new(entries.into_iter().map(|(_, entry)| entry).collect(), has_more)))
}

/// Which entries are asked for.
#[derive(Debug)]
struct Asked {
    /// From and up to, Unix seconds.
    from: i64,
    until: i64,
    projects: Vec<String>,
    kinds: Vec<String>,
    actors: Vec<String>,
    emails: Vec<String>,
    resources: Vec<String>,
    /// Of a tenant only; there is none.
    is_tenants: bool,
}

impl Asked {
    fn of(query: &Query) -> Result<Self, ApiError> {
        let moment = |how: &str| {
            let name = format!("effective_at[{how}]");
            let Some(text) = query.get(&name) else { return Ok(None) };
            text.parse::<i64>().map(Some).map_err(|_| {
                ApiError::invalid(format!("Invalid type for '{name}': expected an integer, but got a string instead."))
                    .param(name.as_str())
                    .code("invalid_type")
            })
        };
        let above = moment("gt")?.map(|moment| moment.saturating_add(1));
        let below = moment("lt")?.map(|moment| moment.saturating_sub(1));
        Ok(Self {
            from: above.unwrap_or(i64::MIN).max(moment("gte")?.unwrap_or(i64::MIN)),
            until: below.unwrap_or(i64::MAX).min(moment("lte")?.unwrap_or(i64::MAX)),
            projects: values(query, "project_ids"),
            kinds: values(query, "event_types"),
            actors: values(query, "actor_ids"),
            emails: values(query, "actor_emails"),
            resources: values(query, "resource_ids"),
            is_tenants: query.get("tenant_only") == Some("true"),
        })
    }

    fn wants(&self, entry: &Value) -> bool {
        let kind = entry["type"].as_str().unwrap_or_default();
        let is_one = |wanted: &[String], found: &[&Value]| {
            wanted.is_empty()
                || found.iter().filter_map(|value| value.as_str()).any(|value| wanted.iter().any(|one| one == value))
        };
        let (key, session) = (&entry["actor"]["api_key"], &entry["actor"]["session"]);
        let actors = [&key["id"], &key["user"]["id"], &key["service_account"]["id"], &session["user"]["id"]];
        let details = &entry[kind];
        let mut targets = vec![&details["id"], &details["principal_id"]];
        targets.extend(details["certificates"].as_array().into_iter().flatten().map(|one| &one["id"]));
        !self.is_tenants
            && entry["effective_at"].as_i64().is_some_and(|at| (self.from..=self.until).contains(&at))
            && is_one(&self.kinds, &[&entry["type"]])
            && is_one(&self.projects, &[&entry["project"]["id"]])
            && is_one(&self.actors, &actors)
            && is_one(&self.emails, &[&key["user"]["email"], &session["user"]["email"]])
            && is_one(&self.resources, &targets)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn asked(query: &str) -> Asked {
        Asked::of(&Query::of(&format!("/x?{query}"))).unwrap()
    }

    #[test]
    fn every_filter_filters() {
        let entry = json!({
            "id": "audit_log-1", "type": "role.assignment.created", "effective_at": 100, "project": {"id": "proj_a"},
            "actor": {"type": "api_key", "api_key": {"id": "key_1", "user": {"id": "user-1", "email": "a@b.c"}}},
            "role.assignment.created": {"id": "role_1", "principal_id": "user-2"},
        });
        for query in [
            "",
            "effective_at[gte]=100&effective_at%5Blt%5D=101",
            "project_ids[]=x&project_ids[]=proj_a",
            "actor_ids=user-1",
            "event_types[]=role.assignment.created",
            "actor_ids[]=key_1",
            "actor_emails[]=a@b.c",
            "resource_ids[]=user-2",
        ] {
            assert!(asked(query).wants(&entry), "{query}");
        }
        for query in [
            "effective_at[gt]=100",
            "effective_at[lte]=99",
            "project_ids[]=proj_b",
            "event_types[]=project.created",
            "actor_ids[]=key_2",
            "actor_emails[]=b",
            "resource_ids[]=role_2",
            "tenant_only=true",
        ] {
            assert!(!asked(query).wants(&entry), "{query}");
        }
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(text in any::<String>(), moment in any::<i64>()) {
            let _ = Asked::of(&Query::of(&format!("/x?{text}")));
            let both = asked(&format!("effective_at[gt]={moment}&effective_at[lt]={moment}"));
            let entry = json!({"effective_at": moment});
            prop_assert!(!both.wants(&entry));
        }
    }
}
