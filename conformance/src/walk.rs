//! Every operation of the document, asked once: is there a route? Lists that need nothing are judged too.

use anyhow::Result;
use serde_json::{Value, json};

use crate::document::{Document, Operation};
use crate::judge::Judge;
use crate::report::Report;
use crate::scenarios::quick_server;
use crate::server::Server;
use crate::trial::Trial;

/// Asks each operation of a server of its own, so that nothing is left behind for the scenarios.
pub(crate) async fn all<'a>(document: &'a Document, judge: &Judge<'a>, report: &mut Report<'a>) -> Result<()> {
    let server = quick_server()?;
    for operation in document.operations() {
        let answered = knock(&server, operation).await?;
        if answered {
            report.answered(&operation.id);
        } else if report.is_declared(&operation.id) {
            report.wrong(&operation.id, "walk", "it is declared, but has no route");
        }
        // What is one object may not be there yet; scenarios make it.
        let is_one = operation.path.ends_with("/spend_limit");
        let is_plain_list =
            operation.method == "GET" && operation.path_parameters() == 0 && !operation.needs_query && !is_one;
        if answered && is_plain_list {
            let mut trial = Trial::new(document, judge, &server, report, "walk");
            trial.list(&operation.id, &[], "").await?;
        }
    }
    Ok(())
}

/// Whether somebody answers where the operation should be, whatever the answer. The request is one that cannot do
/// anything: without what it needs, for ids that do not exist.
async fn knock(server: &Server, operation: &Operation) -> Result<bool> {
    let body: Option<Value> = (operation.method != "GET").then(|| json!({}));
    let answer = server.send(&operation.method, &operation.filled(&[]), body.as_ref()).await?;
    Ok(!answer.is_unrouted())
}
